import { randomOf, type Random } from './random.js'

// Random regular expressions as trees, and a matcher that backtracks as ECMA-262 says and counts its steps. Both know nothing of lib's
// parser, so that a pattern which that misreads is judged by what it means.

type Tree =
  | { readonly type: 'char', readonly source: string, readonly has: (char: string) => boolean }
  | { readonly type: 'cat' | 'alt', readonly trees: readonly Tree[] }
  | { readonly type: 'ahead', readonly tree: Tree, readonly fits: boolean }
  | { readonly type: 'repeat', readonly tree: Tree, readonly min: number, readonly max: number, readonly source: string, readonly lazy: boolean }

export interface RandomPattern {
  readonly source: string
  /** Steps until the text is matched or refused. Throws TooManySteps. */
  steps (text: string): number
}

export class TooManySteps extends Error {}

/** Steps after which a match is given up. */
export const MAX_STEPS = 200_000

/** What texts are made of; `!` stands for what ends a match. */
export const LETTERS = ['a', 'b', '\u00e9'] as const

const CHARS: readonly (readonly [source: string, has: (char: string) => boolean])[] = [
  ['a', char => char === 'a'], ['b', char => char === 'b'], ['\u00e9', char => char === '\u00e9'], ['\\141', char => char === 'a'], ['b', char => char === 'b'],
  ['[ab]', char => char === 'a' || char === 'b'], ['[^a]', char => char !== 'a'], ['\\w', char => char === 'a' || char === 'b'],
  ['\\W', char => char !== 'a' && char !== 'b'], ['.', () => true], ['[b\\xe9]', char => char === 'b' || char === '\u00e9'], ['\\x61', char => char === 'a'],
  ['\\\u00e9', char => char === '\u00e9'], ['[\\\u00e9]', char => char === '\u00e9'],
]
/** `(?:|)`: empty, in two ways. */
const EMPTY: Tree = { type: 'alt', trees: [{ type: 'cat', trees: [] }, { type: 'cat', trees: [] }] }

const QUANTIFIERS: readonly (readonly [source: string, min: number, max: number])[] = [
  ['?', 0, 1], ['?', 0, 1], ['*', 0, Infinity], ['*', 0, Infinity], ['+', 1, Infinity], ['+', 1, Infinity], ['{2}', 2, 2], ['{0,2}', 0, 2], ['{1,3}', 1, 3],
  ['{2,}', 2, Infinity], ['{1}', 1, 1], ['{0}', 0, 0], ['{5,9}', 5, 9], ['{26}', 26, 26], ['{0,90}', 0, 90], ['{3,99}', 3, 99],
]

/** The pattern of that number. */
export function randomPattern (seed: number): RandomPattern {
  const random = randomOf(seed)
  const tree = randomTree(random, 4)
  const start = random.below(8) > 0
  const end = random.below(8) > 0
  const source = `${start ? '^' : ''}${sourceOf(start || end ? { type: 'cat', trees: [tree] } : tree)}${end ? '$' : ''}`
  return {
    source,
    steps (text) {
      const matcher = new Matcher(text)
      const match = matcher.compile(tree)
      for (let i = 0; i <= (start ? 0 : text.length); i++) if (match(i, at => !end || at === text.length)) break
      return matcher.steps
    },
  }
}

function randomTree (random: Random, depth: number): Tree {
  const kind = depth === 0 ? 0 : random.below(6)
  if (kind < 1) {
    // many of them, since one doubles little
    if (random.below(12) === 0) return { type: 'cat', trees: Array.from({ length: 1 + random.below(5) }, () => EMPTY) }
    const [source, has] = random.pick(CHARS)
    return { type: 'char', source, has }
  }
  if (kind < 4) {
    const [source, min, max] = random.pick(QUANTIFIERS)
    return { type: 'repeat', tree: randomTree(random, depth - 1), min, max, source, lazy: random.below(5) === 0 }
  }
  if (random.below(6) === 0) return { type: 'ahead', tree: randomTree(random, depth - 1), fits: random.below(2) === 0 }
  // an empty list of parts is an empty branch
  const trees = Array.from({ length: random.below(10) === 0 ? 0 : 1 + random.below(3) }, () => randomTree(random, depth - 1))
  return kind === 4 ? { type: 'cat', trees } : { type: 'alt', trees: trees.length < 2 ? [...trees, randomTree(random, depth - 1)] : trees }
}

function sourceOf (tree: Tree): string {
  switch (tree.type) {
    case 'char': return tree.source
    case 'cat': return tree.trees.map(part => part.type === 'alt' ? `(?:${sourceOf(part)})` : sourceOf(part)).join('')
    case 'alt': return tree.trees.map(sourceOf).join('|')
    case 'ahead': return `(?${tree.fits ? '=' : '!'}${sourceOf(tree.tree)})`
    case 'repeat': return `${tree.tree.type === 'char' ? tree.tree.source : `(?:${sourceOf(tree.tree)})`}${tree.source}${tree.lazy ? '?' : ''}`
  }
}

type Continue = (at: number) => boolean
type Match = (at: number, then: Continue) => boolean

/** ECMA-262, 22.2.2.3: matchers and continuations. */
class Matcher {
  steps = 0
  readonly #text: string

  constructor (text: string) {
    this.#text = text
  }

  compile (tree: Tree): Match {
    switch (tree.type) {
      case 'char': return (at, then) => {
        this.#step()
        return at < this.#text.length && tree.has(this.#text[at]!) && then(at + 1)
      }
      case 'cat': {
        const parts = tree.trees.map(part => this.compile(part))
        const from = (index: number, at: number, then: Continue): boolean =>
          index === parts.length ? then(at) : parts[index]!(at, next => from(index + 1, next, then))
        return (at, then) => from(0, at, then)
      }
      case 'alt': {
        const parts = tree.trees.map(part => this.compile(part))
        return (at, then) => parts.some(part => part(at, then))
      }
      case 'ahead': {
        const inner = this.compile(tree.tree)
        return (at, then) => inner(at, () => true) === tree.fits && then(at)
      }
      case 'repeat': {
        const { lazy } = tree
        const round = this.compile(tree.tree)
        const repeat = (min: number, max: number, at: number, then: Continue): boolean => {
          this.#step()
          if (max === 0) return then(at)
          const next: Continue = end => (min > 0 || end !== at) && repeat(Math.max(0, min - 1), max - 1, end, then)
          if (min > 0) return round(at, next)
          return lazy ? then(at) || round(at, next) : round(at, next) || then(at)
        }
        return (at, then) => repeat(tree.min, tree.max, at, then)
      }
    }
  }

  #step (): void {
    if (++this.steps > MAX_STEPS) throw new TooManySteps()
  }
}
