import { ANY_CHAR, OTHERS, type CharSet, type PatternNode } from './parse.js'

// Tested in test/contract/pattern/safety.test.ts and test/fuzz/patterns.test.ts.

// A backtracking engine that finds no match walks every path through the pattern that its text allows. So the paths
// are counted: on each text, how many are alive at once. Where that number has a bound, time is linear in the text.
// Where a repetition can match the same text in two ways it doubles again and again, and where one hands over to
// another at any place it grows with the text (Weber & Seidl, "On the degree of ambiguity of finite automata",
// 1991: EDA and IDA). One bound holds for all three.

/**
 * Paths that may be alive at once. Each costs 2.5-4.3 ns per character (V8 of Node 20, compiled). The usual
 * patterns of an IPv4 address reach 24 of them, at the last of 15 characters.
 */
const MAX_WAYS = 32

/** Characters (positions) of an unfolded pattern; beyond it nothing is proven. */
const MAX_POSITIONS = 300
/** A repetition is unfolded to that many positions, so that `[a-z]{16}[a-z0-9]{16}` isn't taken for two loops. */
const MAX_UNFOLDED = 64
/** Steps of the search; beyond it nothing is proven. Some 100 ms on a slow machine. */
const MAX_STEPS = 500_000

/** A position and the number of ways to get there. */
type Ways = ReadonlyMap<number, number>
/** A part of the pattern: where its text can begin and end, and in how many ways it matches the empty text. */
interface Part { readonly first: Ways, readonly last: Ways, readonly empty: number }

const NOTHING: Part = { first: new Map(), last: new Map(), empty: 1 }

class Fault extends Error {}

/** Why the paths may multiply, or null when they provably don't. Never throws. */
export function findAmbiguity (node: PatternNode, anchored: boolean): string | null {
  if (anchored) return faultOf(node)
  // an unanchored search starts over at every character, as if a loop stood in front
  const skip: PatternNode = { type: 'repeat', node: { type: 'set', set: ANY_CHAR }, min: 0, max: Infinity }
  const fault = faultOf({ type: 'cat', nodes: [skip, node] })
  if (fault === null || faultOf(node) !== null) return fault
  return 'it is searched from every character (quadratic); anchor the pattern with ^ and $'
}

function faultOf (node: PatternNode): string | null {
  try {
    return new Automaton(node).findFault()
  } catch (error) {
    return error instanceof Fault ? error.message : 'it is too complex to be judged'
  }
}

/** Glushkov's automaton: a state per character of the pattern, entered by reading that character. */
class Automaton {
  readonly #sets: CharSet[] = []
  readonly #next: Map<number, number>[] = []
  readonly #start: Ways
  #steps = 0

  constructor (node: PatternNode) {
    this.#start = this.#build(node).first
  }

  /** Counts the live paths on all texts: the subset construction, with numbers in place of members. */
  findFault (): string | null {
    const letters = this.#letters()
    const seen = new Set<string>()
    // those with the most paths first: what multiplies is found before the limit of the search
    const work: { live: Ways, text: string }[][] = []
    const visit = (live: Ways, text: string): boolean => {
      const ways = sum(live)
      if (ways > MAX_WAYS) return false
      const key = [...live].sort(([a], [b]) => a - b).join(' ')
      if (ways > 0 && !seen.has(key)) (work[ways] ??= []).push({ live, text })
      seen.add(key)
      return true
    }
    const step = (from: readonly [Ways, number][], text: string): string | null => {
      for (const { members, sample } of letters) {
        const live = new Map<number, number>()
        for (const [targets, ways] of from) this.#add(live, targets, ways, members)
        if (visit(live, text + sample)) continue
        return `there are more than ${MAX_WAYS} ways through it on ${JSON.stringify(text + sample)}`
      }
      return null
    }
    let fault = step([[this.#start, 1]], '')
    while (fault === null) {
      const item = work.findLast(list => list !== undefined && list.length > 0)?.pop()
      if (item === undefined) return null
      fault = step([...item.live].map(([state, ways]) => [this.#next[state]!, ways]), item.text)
    }
    return fault
  }

  /** Characters that no position tells apart are one letter. */
  #letters (): { readonly members: ReadonlySet<number>, readonly sample: string }[] {
    const letters = new Map<string, { members: Set<number>, sample: string }>()
    // printable characters first: they make the better sample
    for (let i = 0; i <= OTHERS; i++) {
      const slot = i === OTHERS ? OTHERS : (i + 0x61) % OTHERS
      const members = this.#sets.flatMap((set, state) => set[slot] === 1 ? [state] : [])
      const key = members.join()
      const sample = slot === OTHERS ? '\u00e9' : String.fromCharCode(slot)
      if (!letters.has(key)) letters.set(key, { members: new Set(members), sample })
    }
    return [...letters.values()]
  }

  #add (live: Map<number, number>, targets: Ways, ways: number, members: ReadonlySet<number>): void {
    for (const [state, more] of targets) {
      this.#step()
      if (members.has(state)) live.set(state, (live.get(state) ?? 0) + ways * more)
    }
  }

  #build (node: PatternNode): Part {
    switch (node.type) {
      case 'empty': return NOTHING
      case 'set': {
        const state = this.#sets.push(node.set) - 1
        if (state >= MAX_POSITIONS) throw new Fault('it is too long when its repetitions are written out')
        this.#next.push(new Map())
        return { first: new Map([[state, 1]]), last: new Map([[state, 1]]), empty: 0 }
      }
      case 'cat': return node.nodes.reduce<Part>((left, right) => this.#join(left, this.#build(right)), NOTHING)
      case 'alt': {
        const parts = node.nodes.map(inner => this.#build(inner))
        // positions of two branches are never the same
        return {
          first: new Map(parts.flatMap(part => [...part.first])),
          last: new Map(parts.flatMap(part => [...part.last])),
          empty: bounded(parts.reduce((ways, part) => ways + part.empty, 0)),
        }
      }
      // its paths are walked beside the others, and lead nowhere
      case 'ahead': return { first: this.#build(node.node).first, last: new Map(), empty: 1 }
      case 'repeat': return this.#repeat(node)
    }
  }

  // Rounds that have to be there may be empty, each in its own right; a round beyond them may not (ECMA-262,
  // 22.2.2.3.1 RepeatMatcher).
  #repeat ({ node, min, max }: Extract<PatternNode, { type: 'repeat' }>): Part {
    if (max === 0) return NOTHING
    const before = this.#sets.length
    let spare: Part | null = this.#build(node)
    const size = this.#sets.length - before
    const { empty } = spare
    if (size === 0) {
      // the engine counts such rounds to their end, at every character
      if (min > 1) throw new Fault('it repeats what is always empty')
      return { ...NOTHING, empty: min === 0 ? 1 : empty }
    }
    const fits = max === 1 || (max === Infinity ? min + 1 : max) * size <= MAX_UNFOLDED
    // All paths of x{3,900} are paths of x+ too, unless a round that has to be there can be empty.
    const asLoop = !fits || (max === Infinity && min <= 1)
    if (asLoop && (min === 0 || empty === 0)) return this.#loop(spare, min === 0 ? 1 : 0)

    const round = (): Part => {
      const part = spare ?? this.#build(node)
      spare = null
      return part
    }
    let must = NOTHING
    for (let i = 0; i < min; i++) must = this.#join(must, round())
    let may = NOTHING
    if (max === Infinity || !fits) may = this.#loop(round(), 1)
    else for (let i = max; i > min; i--) may = { ...this.#join({ ...round(), empty: 0 }, may), empty: 1 }
    return this.#join(must, may)
  }

  #loop (part: Part, empty: 0 | 1): Part {
    this.#connect(part.last, part.first)
    return { ...part, empty }
  }

  #join (left: Part, right: Part): Part {
    this.#connect(left.last, right.first)
    return {
      first: merge(left.first, right.first, left.empty),
      last: merge(right.last, left.last, right.empty),
      empty: bounded(left.empty * right.empty),
    }
  }

  #connect (from: Ways, to: Ways): void {
    for (const [state, ways] of from) {
      const edges = this.#next[state]!
      for (const [target, more] of to) {
        this.#step()
        edges.set(target, bounded((edges.get(target) ?? 0) + ways * more))
      }
    }
  }

  #step (): void {
    if (++this.#steps > MAX_STEPS) throw new Fault('it is too complex to be judged')
  }
}

function sum (ways: Ways): number {
  let total = 0
  for (const count of ways.values()) total += count
  return total
}

/** The ways of `one`, and those of `other` where what lies between matches the empty text in so many ways. */
function merge (one: Ways, other: Ways, between: number): Ways {
  if (between === 0) return one
  return new Map([...one, ...[...other].map(([state, ways]) => [state, bounded(ways * between)] as const)])
}

/** Ways on the empty text multiply as others do, and no character need follow for the engine to walk them all. */
function bounded (ways: number): number {
  if (ways > MAX_WAYS) throw new Fault(`there are more than ${MAX_WAYS} ways through a part of it that can be empty`)
  return ways
}
