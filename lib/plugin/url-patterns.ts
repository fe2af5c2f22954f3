/**
 * URLs as options write them: exact, or with everything under them where they end in `*`. The first that fits counts.
 */
export class UrlPatterns {
  readonly #patterns: readonly string[]
  readonly #used = new Set<string>()

  constructor (patterns: readonly string[]) {
    this.#patterns = patterns
  }

  /** The first pattern that `path` fits, or null. A query string does not belong to the path. */
  find (path: string): string | null {
    const query = path.indexOf('?')
    const bare = query === -1 ? path : path.slice(0, query)
    for (const pattern of this.#patterns) {
      if (pattern.endsWith('*') ? bare.startsWith(pattern.slice(0, -1)) : bare === pattern) {
        this.#used.add(pattern)
        return pattern
      }
    }
    return null
  }

  /** Patterns that nothing has fitted. */
  unused (): string[] {
    return this.#patterns.filter(pattern => !this.#used.has(pattern))
  }
}
