// Tested in test/socket/outbox.test.ts.

/** Milliseconds in which a peer has to take as much as the limit while more than the limit waits. */
const PATIENCE = 5000

/** Watches a peer for which more than the limit waits, until less does or it has proven slow. */
export class Patience {
  readonly #limit: number
  readonly #waiting: () => number
  readonly #end: (isSlow: boolean) => void
  #before: number
  #accepted = 0

  /** `end` is called once. */
  constructor (limit: number, before: number, waiting: () => number, end: (isSlow: boolean) => void) {
    this.#limit = limit
    this.#before = before
    this.#waiting = waiting
    this.#end = end
    this.#look()
  }

  /** Counts bytes that wait from now on, so that they don't hide what the peer takes; less than 0: no more. */
  accept (bytes: number): void {
    this.#accepted += bytes
  }

  #look (): void {
    setTimeout(() => {
      const now = this.#waiting()
      if (now <= this.#limit) return this.#end(false)
      if (this.#before + this.#accepted - now < this.#limit) return this.#end(true)
      this.#before = now
      this.#accepted = 0
      this.#look()
    }, PATIENCE).unref()
  }
}
