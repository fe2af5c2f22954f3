interface Mark<V> {
  readonly at: number
  readonly value: V
}

/** What happened lately, by key; only the last of each. Times never step back. */
export class Marks<V> {
  // In the order of their times.
  readonly #marks = new Map<string, Mark<V>>()

  get size (): number {
    return this.#marks.size
  }

  set (key: string, at: number, value: V): void {
    this.#marks.delete(key)
    this.#marks.set(key, { at, value })
  }

  /** What happened to `key` at that time or later. */
  since (key: string, time: number): V | undefined {
    const mark = this.#marks.get(key)
    return mark !== undefined && mark.at >= time ? mark.value : undefined
  }

  /** Forgets what is older. */
  forget (before: number): void {
    for (const [key, { at }] of this.#marks) {
      if (at >= before) return
      this.#marks.delete(key)
    }
  }
}
