/** Milliseconds between two looks at what is counted. */
const LOOK = 1000
/** Looks for which a kind is counted before that is told. */
const LOOKS = 10
/** Kinds that are told apart at a time; what comes beyond is counted with the rest. */
const MAX_KINDS = 500
const REST = ''

interface Count {
  /** The look that it begins with. */
  readonly since: number
  repeats: number
}

/**
 * Tells a thing when it happens first, and then how often it was repeated: one line per kind in 10 s, for as long as it
 * goes on. A peer must not fill the log.
 */
export class Repeats {
  // In the order of their begin.
  readonly #counts = new Map<string, Count>()
  readonly #summary: (kind: string, count: number) => void
  readonly #timer: NodeJS.Timeout
  #looks = 0

  /**
   * `summary` gets each kind that was repeated, 10 s after it was told last and at `stop`; the empty one stands for all
   * that were too many and had no other.
   */
  constructor (summary: (kind: string, count: number) => void) {
    this.#summary = summary
    this.#timer = setInterval(() => { this.#look() }, LOOK)
    this.#timer.unref()
  }

  /**
   * True for the first of its kind, which is to be told; the others are counted until there is none for 10 s. `rest` is
   * the kind it belongs to where too many are told apart.
   */
  isFirst (kind: string, rest = REST): boolean {
    const key = this.#counts.has(kind) || this.#counts.size < MAX_KINDS ? kind : rest
    const count = this.#counts.get(key)
    if (count !== undefined) {
      count.repeats++
      return false
    }
    // Not the next look, which may come at once: whole seconds from there on.
    this.#counts.set(key, { since: this.#looks + 1, repeats: 0 })
    return true
  }

  /** Tells of all kinds now. */
  flush (): void {
    for (const [kind, count] of [...this.#counts]) this.#tell(kind, count)
  }

  stop (): void {
    clearInterval(this.#timer)
    this.flush()
  }

  #look (): void {
    this.#looks++
    for (const [kind, count] of this.#counts) {
      if (this.#looks - count.since < LOOKS) return
      this.#tell(kind, count)
    }
  }

  /** One that goes on is counted on: its next line is ten seconds away. */
  #tell (kind: string, { repeats }: Count): void {
    this.#counts.delete(kind)
    if (repeats === 0) return
    this.#counts.set(kind, { since: this.#looks, repeats: 0 })
    this.#summary(kind, repeats)
  }
}
