/** Milliseconds between two looks at what is counted. */
const LOOK = 1000
/** Looks for which a kind is counted before that is told. */
const LOOKS = 10
/** Kinds that are told apart at a time. */
const MAX_KINDS = 500
/** Of these, at most so many that one peer is to blame for. */
const MAX_OF_PEER = 20

interface Count {
  readonly peer: string | undefined
  /** The look that it begins with. */
  readonly since: number
  /** Lines that it has had since then. */
  lines: number
  repeats: number
}

/**
 * Tells a thing when it happens first, and then how often it was repeated: one line per kind in 10 s, for as long as it
 * goes on. A peer must not fill the log, nor take from others the place to be told in.
 */
export class Repeats {
  // In the order of their begin.
  readonly #counts = new Map<string, Count>()
  readonly #kindsOf = new Map<string, number>()
  readonly #summary: (kind: string, count: number) => void
  readonly #lines: number
  readonly #timer: NodeJS.Timeout
  #looks = 0

  /**
   * `summary` gets each kind that was repeated, 10 s after it was told last and at `stop`. `lines` are what a kind may
   * have in 10 s, its summary among them.
   */
  constructor (summary: (kind: string, count: number) => void, lines = 1) {
    this.#summary = summary
    this.#lines = lines
    this.#timer = setInterval(() => { this.#look() }, LOOK)
    this.#timer.unref()
  }

  /**
   * True for the first of its kind, which is to be told; the others are counted until there is none for 10 s. Where too
   * many kinds are told apart, in all or of this `peer`, it is one of `rest`. That always has a place, so it is made of
   * the application's words only, such as a code and a route.
   */
  isFirst (kind: string, rest: string, peer?: string): boolean {
    const isApart = this.#counts.has(kind) || this.#hasRoom(peer)
    const key = isApart ? kind : rest
    const count = this.#counts.get(key) ?? this.#begin(key, isApart ? peer : undefined)
    if (count.lines < this.#lines) {
      count.lines++
      return true
    }
    count.repeats++
    return false
  }

  /** Tells of all kinds now. */
  flush (): void {
    for (const [kind, count] of [...this.#counts]) this.#tell(kind, count)
  }

  stop (): void {
    clearInterval(this.#timer)
    this.flush()
  }

  #hasRoom (peer: string | undefined): boolean {
    if (this.#counts.size >= MAX_KINDS) return false
    return peer === undefined || (this.#kindsOf.get(peer) ?? 0) < MAX_OF_PEER
  }

  #begin (kind: string, peer: string | undefined): Count {
    // Not the next look, which may come at once: whole seconds from there on.
    const count: Count = { peer, since: this.#looks + 1, lines: 0, repeats: 0 }
    this.#counts.set(kind, count)
    if (peer !== undefined) this.#kindsOf.set(peer, (this.#kindsOf.get(peer) ?? 0) + 1)
    return count
  }

  #end (kind: string, peer: string | undefined): void {
    this.#counts.delete(kind)
    if (peer === undefined) return
    const left = this.#kindsOf.get(peer)! - 1
    if (left === 0) this.#kindsOf.delete(peer)
    else this.#kindsOf.set(peer, left)
  }

  #look (): void {
    this.#looks++
    for (const [kind, count] of this.#counts) {
      if (this.#looks - count.since < LOOKS) return
      this.#tell(kind, count)
    }
  }

  /** One that goes on is counted on: its next line is ten seconds away. */
  #tell (kind: string, { peer, repeats }: Count): void {
    if (repeats === 0) {
      this.#end(kind, peer)
      return
    }
    this.#counts.delete(kind)
    this.#counts.set(kind, { peer, since: this.#looks, lines: 1, repeats: 0 })
    this.#summary(kind, repeats)
  }
}
