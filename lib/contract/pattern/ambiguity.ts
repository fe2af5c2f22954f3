import { ANY_CHAR, type CharSet, type PatternNode } from './parse.js'

// A backtracking engine takes as many steps as there are paths through the pattern's automaton. Paths multiply where
// one loop can be walked in two ways on the same text (exponential), or where one loop hands over to another at more
// than one place (polynomial). Weber & Seidl, "On the degree of ambiguity of finite automata", 1991: EDA and IDA.

/** Characters (positions) of an unfolded pattern; beyond it nothing is proven. */
const MAX_POSITIONS = 300
/** Steps of the search; beyond it nothing is proven. Some 50 ms. */
const MAX_STEPS = 2_000_000
/** Short repetitions are unfolded, so that `[a-z]{2,3}[a-z]{2}` isn't taken for two loops. */
const MAX_UNFOLDED = 8
const MAX_UNFOLDED_FIXED = 64
/** Places where a path may split without a loop; each at most doubles the work. */
const MAX_CHOICES = 8

const TOO_COMPLEX = 'it is too complex to be judged'

interface Part { readonly first: readonly number[], readonly last: readonly number[], readonly nullable: boolean }

class Unprovable extends Error {}

/** Why the paths may multiply, or null when they provably don't. Never throws. */
export function findAmbiguity (node: PatternNode, anchored: boolean): string | null {
  try {
    const automaton = new Automaton()
    // an unanchored search starts over at every character, as if a loop stood in front
    automaton.finish(anchored ? node : { type: 'cat', nodes: [{ type: 'repeat', node: { type: 'set', set: ANY_CHAR }, min: 0, max: Infinity }, node] })
    return automaton.findFault(anchored)
  } catch (error) {
    return error instanceof Unprovable ? error.message : TOO_COMPLEX
  }
}

/** Glushkov's automaton: a state per character of the pattern, entered by reading that character. */
class Automaton {
  readonly #sets: CharSet[] = []
  /** Edges, kept twice where the pattern has two ways to go: that is the ambiguity of `(a*)*`. */
  readonly #next: number[][] = []
  #start: readonly number[] = []
  #steps = 0

  finish (node: PatternNode): void {
    this.#start = this.#build(node).first
  }

  findFault (anchored: boolean): string | null {
    const reach = this.#sets.map((_, state) => this.#reachable(state))
    const component = this.#sets.map((_, state) => this.#sets.findIndex((__, other) => other === state || (reach[state]!.has(other) && reach[other]!.has(state))))
    const loops = this.#sets.map((_, state) => state).filter(state => reach[state]!.has(state))
    if (loops.some(state => component[state] === state && this.#splitsInLoop(loops.filter(other => component[other] === state)))) {
      return 'one repetition can match the same text in two ways (exponential)'
    }
    for (const from of loops) {
      for (const to of loops) {
        if (component[from] !== component[to] && reach[from]!.has(to) && this.#handsOver(from, to, component, reach)) {
          return anchored || from !== 0
            ? 'two repetitions can share the same text (quadratic or worse)'
            : 'a repetition is searched from every character (quadratic); anchor the pattern with ^ and $'
        }
      }
    }
    const choices = [this.#start, ...this.#next].filter(edges => edges.some((a, i) => edges.some((b, j) => j > i && this.#overlap(a, b)))).length
    return choices > MAX_CHOICES ? 'it has many places where two alternatives fit the same text' : null
  }

  #build (node: PatternNode): Part {
    switch (node.type) {
      case 'empty': return { first: [], last: [], nullable: true }
      case 'set': {
        const state = this.#sets.push(node.set) - 1
        if (state >= MAX_POSITIONS) throw new Unprovable(TOO_COMPLEX)
        this.#next.push([])
        return { first: [state], last: [state], nullable: false }
      }
      case 'cat': return node.nodes.reduce<Part>((left, right) => this.#join(left, this.#build(right)), { first: [], last: [], nullable: true })
      case 'alt': {
        const parts = node.nodes.map(inner => this.#build(inner))
        return { first: parts.flatMap(part => part.first), last: parts.flatMap(part => part.last), nullable: parts.some(part => part.nullable) }
      }
      case 'repeat': return this.#repeat(node)
    }
  }

  #repeat ({ node, min, max }: Extract<PatternNode, { type: 'repeat' }>): Part {
    if (max === 0) return { first: [], last: [], nullable: true }
    if (max === 1 || (isFixed(node) && max <= (min === max ? MAX_UNFOLDED_FIXED : MAX_UNFOLDED))) {
      let optional: PatternNode = { type: 'empty' }
      // a{1,3} as a(a(a)?)?: unfolding it as aa?a? would make it ambiguous
      for (let i = max; i > min; i--) optional = { type: 'alt', nodes: [{ type: 'cat', nodes: [node, optional] }, { type: 'empty' }] }
      return this.#build({ type: 'cat', nodes: [...Array<PatternNode>(min).fill(node), optional] })
    }
    const part = this.#build(node)
    this.#connect(part.last, part.first)
    return { ...part, nullable: part.nullable || min === 0 }
  }

  #join (left: Part, right: Part): Part {
    this.#connect(left.last, right.first)
    return {
      first: left.nullable ? [...left.first, ...right.first] : left.first,
      last: right.nullable ? [...left.last, ...right.last] : right.last,
      nullable: left.nullable && right.nullable,
    }
  }

  #connect (from: readonly number[], to: readonly number[]): void {
    for (const state of from) {
      this.#step(to.length)
      this.#next[state]!.push(...to)
    }
  }

  #reachable (state: number): Set<number> {
    const seen = new Set<number>()
    const work = [...this.#next[state]!]
    for (let next = work.pop(); next !== undefined; next = work.pop()) {
      if (seen.has(next)) continue
      seen.add(next)
      this.#step(this.#next[next]!.length)
      work.push(...this.#next[next]!)
    }
    return seen
  }

  /** EDA: within one loop two different paths on one text lead from a state back to it. */
  #splitsInLoop (states: readonly number[]): boolean {
    const inside = new Set(states)
    const edges = new Map(states.map(state => [state, this.#next[state]!.filter(next => inside.has(next))]))
    if ([...edges.values()].some(list => new Set(list).size !== list.length)) return true
    const moves = (a: number, b: number): [number, number][] => this.#pairs(edges.get(a)!, edges.get(b)!)
    for (const state of states) {
      const seen = new Set<number>()
      const work: [a: number, b: number, apart: boolean][] = [[state, state, false]]
      for (let pair = work.pop(); pair !== undefined; pair = work.pop()) {
        for (const [a, b] of moves(pair[0], pair[1])) {
          const apart = pair[2] || a !== b
          if (apart && a === state && b === state) return true
          const key = (a * MAX_POSITIONS + b) * 2 + (apart ? 1 : 0)
          if (seen.has(key)) continue
          seen.add(key)
          work.push([a, b, apart])
        }
      }
    }
    return false
  }

  /** IDA: some text leads from `from` to itself, from `from` to `to`, and from `to` to itself. */
  #handsOver (from: number, to: number, component: readonly number[], reach: readonly Set<number>[]): boolean {
    const left = (state: number): number[] => this.#next[state]!.filter(next => component[next] === component[from])
    const middle = (state: number): number[] => this.#next[state]!.filter(next => next === to || reach[next]!.has(to))
    const right = (state: number): number[] => this.#next[state]!.filter(next => component[next] === component[to])
    const seen = new Set<number>()
    const work: [number, number, number][] = [[from, from, to]]
    for (let triple = work.pop(); triple !== undefined; triple = work.pop()) {
      const thirds = right(triple[2])
      for (const [a, b] of this.#pairs(left(triple[0]), middle(triple[1]))) {
        for (const c of thirds) {
          this.#step(1)
          if (!this.#overlap(a, b, c)) continue
          if (a === from && b === to && c === to) return true
          const key = (a * MAX_POSITIONS + b) * MAX_POSITIONS + c
          if (seen.has(key)) continue
          seen.add(key)
          work.push([a, b, c])
        }
      }
    }
    return false
  }

  #pairs (left: readonly number[], right: readonly number[]): [number, number][] {
    const pairs: [number, number][] = []
    for (const a of left) {
      for (const b of right) {
        this.#step(1)
        if (a === b || this.#overlap(a, b)) pairs.push([a, b])
      }
    }
    return pairs
  }

  #overlap (a: number, b: number, c: number = b): boolean {
    const [x, y, z] = [this.#sets[a]!, this.#sets[b]!, this.#sets[c]!]
    for (let i = 0; i < x.length; i++) if (x[i] === 1 && y[i] === 1 && z[i] === 1) return true
    return false
  }

  #step (count: number): void {
    this.#steps += count
    if (this.#steps > MAX_STEPS) throw new Unprovable(TOO_COMPLEX)
  }
}

/** True when the node has one length only, so that repeating it a few times adds no choice of its own. */
function isFixed (node: PatternNode): boolean {
  switch (node.type) {
    case 'empty':
    case 'set':
      return true
    case 'cat': return node.nodes.every(isFixed)
    case 'alt': return node.nodes.length === 1 && isFixed(node.nodes[0]!)
    case 'repeat': return node.min === node.max && isFixed(node.node)
  }
}
