/** Removes what was added. Calling it twice does nothing. */
export type Off = () => void

export type Listener<D = never> = (data: D) => unknown

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

/** Listeners by message type. What the client itself tells is under `$` and its name: no message is called so. */
export interface Emitter {
  add: (key: string, listener: Listener) => Off
  emit: (key: string, data?: unknown) => void
  iterate: (key: string, options?: IterateOptions) => MessageIterator<never>
}

export function createEmitter (): Emitter {
  const listeners = new Map<string, Set<Listener<unknown>>>()

  const add = (key: string, listener: Listener<unknown>): Off => {
    const found = listeners.get(key) ?? new Set()
    listeners.set(key, found.add(listener))
    return () => { found.delete(listener) }
  }

  const run = async (listener: Listener<unknown>, data: unknown): Promise<void> => {
    // One that throws stops no other.
    try {
      await listener(data)
    } catch (error) {
      console.error(error)
    }
  }

  const emit = (key: string, data?: unknown): void => {
    const found = [...listeners.get(key) ?? []]
    if (key === '$error' && found.length === 0) console.error(data)
    for (const listener of found) void run(listener, data)
  }

  return {
    add: add as Emitter['add'],
    emit,
    // The listeners are added here and not by the first `next`: nothing in between is lost.
    iterate (key, { signal, buffer = 1024 } = {}) {
      const waiting: unknown[] = []
      let ended = signal?.aborted
      let wake = (): void => {}
      const stop = (): void => {
        ended = true
        for (const off of offs) off()
        wake()
      }
      const offs = [
        add('$closed', stop),
        add(key, data => {
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
    },
  }
}
