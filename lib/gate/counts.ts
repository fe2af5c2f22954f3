// Tested in test/gate/connections.test.ts and test/attack/first-message.test.ts.

/** How many sockets each key has. A key is there as long as it has one. */
export class Counts {
  readonly #counts = new Map<string, number>()

  get size (): number { return this.#counts.size }

  /** One more of `key`, up to `cap`. False: it has as many already. */
  take (key: string, cap: number): boolean {
    const count = this.#counts.get(key) ?? 0
    if (count >= cap) return false
    this.#counts.set(key, count + 1)
    return true
  }

  /** Gives one of `key` back, where there is a key. Returns what a slot holds from then on. */
  give (key: string | null): null {
    if (key === null) return null
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left === 0) this.#counts.delete(key)
    else this.#counts.set(key, left)
    return null
  }
}
