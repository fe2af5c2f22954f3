import { RegExpParser, type AST } from '@eslint-community/regexpp'

/** Characters (positions) of an unfolded pattern; beyond it nothing is proven. */
const MAX_POSITIONS = 300
/** A repetition is unfolded to that many positions, so that `[a-z]{16}[a-z0-9]{16}` isn't taken for two loops. */
const MAX_UNFOLDED = 64
/** Steps to build an automaton and to search it; beyond it nothing is proven. Some 100 ms on a slow machine. */
const MAX_STEPS = 500_000
/**
 * Paths that may be alive at once. Each costs 2.5-4.3 ns per character (V8 of Node 20, compiled). The usual
 * patterns of an IPv4 address reach 24 of them, at the last of 15 characters.
 */
export const MAX_WAYS = 32

/** The slot of every character that is not ASCII, in a set of characters. */
export const OTHERS = 128

/** Every UTF-16 unit that is not ASCII. Low surrogates come before high ones, so that no two are a pair. */
const OTHER_UNITS = unitsOf(0xdc00, 0x10000) + unitsOf(OTHERS, 0xdc00)
/** Spellings with which an atom can name a pair and no unit of those: itself, by number, by a property. */
const MAYBE_PAIR = /[^\0-\x7f]|\\[pPu]/

/** Positions, and the number of ways to get to each. */
export type Ways = ReadonlyMap<number, number>

/** A part of the pattern: where its text can begin and end. */
interface Part {
  readonly first: Ways
  readonly last: Ways
  /** In how many ways it is walked without a character; 0 where it needs one. */
  readonly empty: number
  /** UTF-16 units of the shortest text that may match. */
  readonly least: number
}

const NOTHING: Part = { first: new Map(), last: new Map(), empty: 1, least: 0 }

/** Nothing is proven of a pattern; the message says why. */
export class Unprovable extends Error {}

/** Glushkov's automaton: a state per character of the pattern, entered by reading that character. */
export class Automaton {
  /** Of each state, the characters that it reads: ASCII one by one, and a slot for all others. */
  readonly sets: Uint8Array[] = []
  /** Of each state, where its paths go on. */
  readonly next: Map<number, number>[] = []
  readonly start: Ways
  /** Every alternative begins with `^`. */
  readonly anchored: boolean
  readonly least: number
  /** There is a repetition without an upper bound. */
  unbounded = false
  #steps = 0
  readonly #flags: string
  readonly #known = new Map<string, Uint8Array>()

  /** Of a source that has passed `new RegExp`. Throws Unprovable. */
  constructor (source: string, flags: string) {
    this.#flags = flags
    if (source.length > 1000) throw new Unprovable('it is longer than 1000 characters')
    const unicode = flags.includes('u')
    const pattern = new RegExpParser().parsePattern(source, 0, source.length, { unicode })
    const { first, least } = this.#build(pattern)
    this.start = first
    this.least = least
    this.anchored = pattern.alternatives.every(({ elements: [node] }) =>
      node?.type === 'Assertion' && node.kind === 'start')
  }

  /** Counts a step. */
  step (): void {
    if (++this.#steps > MAX_STEPS) throw new Unprovable('it is too complex to be judged')
  }

  #build (node: AST.Pattern | AST.Alternative | AST.Element): Part {
    switch (node.type) {
      case 'Alternative':
        return node.elements.reduce<Part>((left, right) => this.#join(left, this.#build(right)), NOTHING)
      case 'Quantifier': return this.#repeat(node)
      case 'Assertion':
        if (node.kind === 'lookbehind') throw new Unprovable('lookbehind can not be judged')
        return node.kind === 'lookahead' ? aside(this.#oneOf(node.alternatives)) : NOTHING
      case 'Backreference': throw new Unprovable('backreferences can not be judged')
      case 'Group':
        if (node.modifiers !== null) throw new Unprovable('inline flags can not be judged')
        return this.#oneOf(node.alternatives)
      case 'Pattern':
      case 'CapturingGroup': return this.#oneOf(node.alternatives)
      default: return this.#character(node.raw)
    }
  }

  #oneOf (alternatives: readonly AST.Alternative[]): Part {
    const parts = alternatives.map(node => this.#build(node))
    // positions of two branches are never the same
    return {
      first: new Map(parts.flatMap(part => [...part.first])),
      last: new Map(parts.flatMap(part => [...part.last])),
      empty: bounded(parts.reduce((ways, part) => ways + part.empty, 0)),
      least: Math.min(...parts.map(part => part.least)),
    }
  }

  #character (atom: string): Part {
    const state = this.sets.push(this.#setOf(atom)) - 1
    if (state >= MAX_POSITIONS) throw new Unprovable('it is too long when its repetitions are written out')
    this.next.push(new Map())
    return { first: new Map([[state, 1]]), last: new Map([[state, 1]]), empty: 0, least: 1 }
  }

  // The engine itself says what an atom matches. Pairs are too many to try: it is yes where the atom may name one.
  #setOf (atom: string): Uint8Array {
    const known = this.#known.get(atom)
    if (known !== undefined) return known
    const test = new RegExp(`^(?:${atom})$`, this.#flags)
    const set = Uint8Array.from({ length: OTHERS + 1 }, (_, code) => test.test(String.fromCharCode(code)) ? 1 : 0)
    const isMaybePair = this.#flags.includes('u') && MAYBE_PAIR.test(atom)
    set[OTHERS] = isMaybePair || new RegExp(atom, this.#flags).test(OTHER_UNITS) ? 1 : 0
    this.#known.set(atom, set)
    return set
  }

  // Rounds that have to be there may be empty, each in its own right; a round beyond them may not (ECMA-262,
  // 22.2.2.3.1 RepeatMatcher).
  #repeat ({ element, min, max }: AST.Quantifier): Part {
    if (max === 0) return NOTHING
    if (max === Infinity) this.unbounded = true
    const before = this.sets.length
    const first = this.#build(element)
    const size = this.sets.length - before
    if (size === 0) {
      // the engine counts such rounds to their end, at every character
      if (min > 1) throw new Unprovable('it repeats what is always empty')
      if (min === 0) return aside(first)
      // behind each way through the first round a second one is tried, and fails for being empty
      return max === 1 ? first : { ...first, empty: bounded(first.empty * (first.empty + 1)) }
    }
    const fits = max === 1 || (max === Infinity ? min + 1 : max) * size <= MAX_UNFOLDED
    const loops = max === Infinity || !fits
    // All paths of x{3,900} are paths of x+ too, unless a round that has to be there can be empty.
    const isLoop = loops && (min <= 1 || !fits) && (min === 0 || first.empty === 0)
    const rounds = isLoop ? 1 : loops ? min + 1 : max
    let part = NOTHING
    for (let i = rounds; i > 0; i--) {
      const round = i === 1 ? first : this.#build(element)
      if (loops && i === rounds) this.#connect(round.last, round.first)
      part = i > min ? { ...this.#join({ ...round, empty: 0 }, part), empty: 1 } : this.#join(round, part)
    }
    return { ...part, least: min * first.least }
  }

  #join (left: Part, right: Part): Part {
    this.#connect(left.last, right.first)
    return {
      first: merge(left.first, right.first, left.empty),
      last: merge(right.last, left.last, right.empty),
      empty: bounded(left.empty * right.empty),
      least: left.least + right.least,
    }
  }

  #connect (from: Ways, to: Ways): void {
    for (const [state, ways] of from) {
      const edges = this.next[state]!
      for (const [target, more] of to) {
        this.step()
        edges.set(target, bounded((edges.get(target) ?? 0) + ways * more))
      }
    }
  }
}

/** What is walked beside the rest and leads nowhere: its ways multiply with those that lead there. */
function aside ({ first, empty }: Part): Part {
  return { ...NOTHING, first, empty: Math.max(1, empty) }
}

function unitsOf (from: number, to: number): string {
  return Array.from({ length: to - from }, (_, i) => String.fromCharCode(from + i)).join('')
}

/** The ways of `one`, and those of `other` where what lies between matches the empty text in so many ways. */
function merge (one: Ways, other: Ways, between: number): Ways {
  if (between === 0) return one
  return new Map([...one, ...[...other].map(([state, ways]) => [state, bounded(ways * between)] as const)])
}

/** Ways on the empty text multiply as others do, and no character need follow for the engine to walk them all. */
function bounded (ways: number): number {
  if (ways <= MAX_WAYS) return ways
  throw new Unprovable(`there are more than ${MAX_WAYS} ways through a part of it that can be empty`)
}
