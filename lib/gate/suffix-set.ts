const DOT = 46

/**
 * Domains whose subdomains match. Looks at one candidate per distinct length, so that thousands of entries cost what
 * one does. Names are compared as they are: both sides must be canonical.
 */
export class SuffixSet {
  readonly #names = new Set<string>()
  readonly #lengths: number[] = []

  add (name: string): void {
    this.#names.add(name)
    if (!this.#lengths.includes(name.length)) this.#lengths.push(name.length)
  }

  /** True when `text[start, end)` is a proper subdomain of an entry. */
  matches (text: string, start: number, end: number): boolean {
    for (const length of this.#lengths) {
      const dot = end - length - 1
      if (dot > start && text.charCodeAt(dot) === DOT && this.#names.has(text.slice(dot + 1, end))) return true
    }
    return false
  }
}
