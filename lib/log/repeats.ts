/** Milliseconds in which repeats are counted instead of told. */
const WINDOW = 10_000
/** Kinds that are told apart in one window; what comes beyond is counted with the rest. */
const MAX_KINDS = 500
const REST = ''

/** Tells a thing when it happens first, and how often it was repeated once per window: a peer must not fill the log. */
export class Repeats {
  readonly #counts = new Map<string, number>()
  readonly #summary: (kind: string, count: number) => void
  readonly #timer: NodeJS.Timeout

  /**
   * `summary` gets each kind that was repeated, every 10 s and at `stop`; the empty one stands for all that were too
   * many and had no other.
   */
  constructor (summary: (kind: string, count: number) => void) {
    this.#summary = summary
    this.#timer = setInterval(() => { this.flush() }, WINDOW)
    this.#timer.unref()
  }

  /**
   * True for the first of its kind in this window, which is to be told; the others are counted. `rest` is the kind it
   * belongs to where too many are told apart.
   */
  isFirst (kind: string, rest = REST): boolean {
    const key = this.#counts.has(kind) || this.#counts.size < MAX_KINDS ? kind : rest
    const count = this.#counts.get(key)
    this.#counts.set(key, count === undefined ? 0 : count + 1)
    return count === undefined
  }

  flush (): void {
    for (const [kind, count] of this.#counts) if (count > 0) this.#summary(kind, count)
    this.#counts.clear()
  }

  stop (): void {
    clearInterval(this.#timer)
    this.flush()
  }
}
