import type { FastifySessionObject } from '@fastify/session'

/** `ok` answers in the next turn; `slow` after `delay` milliseconds; `down` with an error; `hang` never. */
export type StoreMode = 'ok' | 'slow' | 'down' | 'hang'

/** A session store that can be broken at will, and counts what it is asked. */
export class TestStore {
  mode: StoreMode = 'ok'
  /** Milliseconds an answer takes in mode `slow`. */
  delay = 2000
  gets = 0
  sets = 0
  destroys = 0
  /** Sessions as JSON text: what is read is never the object that was written. */
  readonly sessions = new Map<string, string>()

  get (id: string, callback: (error: Error | null, session?: FastifySessionObject | null) => void): void {
    this.gets++
    this.#answer(callback, () => {
      const stored = this.sessions.get(id)
      callback(null, stored === undefined ? null : JSON.parse(stored) as FastifySessionObject)
    })
  }

  set (id: string, session: FastifySessionObject, callback: (error?: Error) => void): void {
    this.sets++
    this.#answer(callback, () => {
      this.sessions.set(id, JSON.stringify(session))
      callback()
    })
  }

  destroy (id: string, callback: (error?: Error) => void): void {
    this.destroys++
    this.#answer(callback, () => {
      this.sessions.delete(id)
      callback()
    })
  }

  #answer (fail: (error: Error) => void, succeed: () => void): void {
    if (this.mode === 'hang') return
    if (this.mode === 'down') setImmediate(() => fail(new Error('session store is down')))
    else if (this.mode === 'slow') setTimeout(succeed, this.delay).unref()
    else setImmediate(succeed)
  }
}
