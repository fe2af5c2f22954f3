import type { Listener, Off } from './emitter.js'
import { refuseRest } from './refuse-rest.js'

/** Bounds of one iterator. */
export interface IterateOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /** Messages that wait for the loop; beyond it the oldest are dropped. Default 1024. */
  readonly buffer?: number
}

/** Messages of one type as they come. Ends when the client is closed for good. */
export interface MessageIterator<D> extends AsyncIterableIterator<D> {
  /** Messages lost because the loop was too slow. */
  readonly dropped: number
}

export type Subscribe = (listener: Listener) => Off

/** Iterates over what `hear` hears, until `end` fires. Listens from now on: nothing is lost before the first step. */
export function iterate (hear: Subscribe, end: Subscribe, options: IterateOptions = {}): MessageIterator<never> {
  const { signal, buffer = 1024, ...rest } = options
  refuseRest(rest)
  const waiting: unknown[] = []
  let ended = signal?.aborted
  let wake = (): void => {}
  const stop = (): void => {
    ended = true
    for (const off of offs) off()
    wake()
  }
  const offs = [
    end(stop),
    hear(data => {
      if (waiting.push(data) > buffer) {
        waiting.shift()
        iterator.dropped++
      }
      wake()
    }),
  ]
  signal?.addEventListener('abort', stop)
  const iterator = Object.assign((async function * () {
    try {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift()
        if (ended) return
        await new Promise<void>(resolve => { wake = resolve })
      }
    } finally {
      stop()
    }
  })(), { dropped: 0 })
  return iterator as MessageIterator<never>
}
