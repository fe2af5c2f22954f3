import type { TestStore } from './store.js'

/** Holds whoever comes to a place until it is opened. */
export class Latch {
  /** Who has ever had to wait. */
  waiting = 0
  readonly #waiters: (() => void)[] = []
  isHeld = false

  async pass (): Promise<void> {
    if (!this.isHeld) return
    this.waiting++
    await new Promise<void>(resolve => { this.#waiters.push(resolve) })
  }

  open (): void {
    this.isHeld = false
    for (const go of this.#waiters.splice(0)) go()
  }
}

/** The store reads at once, and what it read arrives when the latch is opened. */
export function delayReads (store: TestStore, latch: Latch): void {
  const get = store.get.bind(store)
  store.get = (id, callback) => { get(id, (error, session) => { void latch.pass().then(() => { callback(error, session) }) }) }
}
