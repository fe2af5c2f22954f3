// A regular expression as a tree of character sets, for the ambiguity check. Its source has passed `new RegExp`.
// Tested in test/contract/pattern/safety.test.ts and test/fuzz/patterns.test.ts.

/** ASCII code units one by one, and one last slot for everything else: 1 where the atom can match. */
export type CharSet = Uint8Array

/** The slot of every character that is not ASCII. */
export const OTHERS = 128

export type PatternNode =
  | { readonly type: 'empty' }
  | { readonly type: 'set', readonly set: CharSet }
  | { readonly type: 'cat' | 'alt', readonly nodes: readonly PatternNode[] }
  | { readonly type: 'ahead', readonly node: PatternNode }
  | { readonly type: 'repeat', readonly node: PatternNode, readonly min: number, readonly max: number }

export interface ParsedPattern {
  readonly node: PatternNode
  /** Every alternative begins with `^`. */
  readonly anchored: boolean
  /** There is a repetition without an upper bound. */
  readonly unbounded: boolean
}

/** Every character. */
export const ANY_CHAR: CharSet = new Uint8Array(OTHERS + 1).fill(1)

// Without the u flag \u{61} is 61 times "u" and \p{L} the text "p{L}"; with it a pair of surrogates is one character.
const PAIR = 'u[dD][89abAB][0-9a-fA-F]{2}\\\\u[dD][c-fC-F][0-9a-fA-F]{2}'
const ONE = 'u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|c[A-Za-z]|[^]'
const ESCAPE = new RegExp(`^\\\\(?:${ONE})`)
const ESCAPE_UNICODE = new RegExp(`^\\\\(?:u\\{[0-9a-fA-F]+\\}|${PAIR}|[pP]\\{[^}]*\\}|${ONE})`)
/** Spellings of an atom that can match nothing but ASCII. */
const PLAIN = /^(?:[\x20-\x5b\x5d-\x7e]|\\[^a-zA-Z0-9]|\\[dwtnrfv]|\\0(?!\d)|\\x[0-7][0-9a-fA-F])*$/

const EMPTY: PatternNode = { type: 'empty' }

class Unprovable extends Error {}

/** The tree, or why there is none: backreferences and lookbehind can't be expressed. Never throws. */
export function parsePattern (source: string, flags: string): ParsedPattern | { readonly fault: string } {
  try {
    return new Parser(source, flags).parse()
  } catch (error) {
    return { fault: error instanceof Unprovable ? error.message : 'it could not be read' }
  }
}

class Parser {
  #at = 0
  #unbounded = false
  readonly #source: string
  readonly #flags: string
  readonly #sets = new Map<string, CharSet>()

  constructor (source: string, flags: string) {
    this.#source = source
    this.#flags = flags
  }

  parse (): ParsedPattern {
    if (this.#source.length > 1000) throw new Unprovable('it is longer than 1000 characters')
    const anchors: boolean[] = []
    const nodes = [this.#branch(anchors)]
    while (this.#take('|')) nodes.push(this.#branch(anchors))
    if (this.#at < this.#source.length) throw new Unprovable('it could not be read')
    return { node: { type: 'alt', nodes }, anchored: anchors.every(Boolean), unbounded: this.#unbounded }
  }

  #branch (anchors?: boolean[]): PatternNode {
    anchors?.push(this.#source[this.#at] === '^')
    const nodes: PatternNode[] = []
    while (this.#at < this.#source.length && this.#source[this.#at] !== '|' && this.#source[this.#at] !== ')') {
      nodes.push(this.#quantified(this.#atom()))
    }
    return { type: 'cat', nodes }
  }

  #atom (): PatternNode {
    const char = this.#source[this.#at]
    if (char === '^' || char === '$') {
      this.#at++
      return EMPTY
    }
    if (char === '(') return this.#group()
    const start = this.#at
    if (char === '[') {
      this.#skipClass()
    } else if (char === '\\') {
      if (this.#skipEscape() === 'assertion') return EMPTY
    } else {
      this.#at += this.#flags.includes('u') ? String.fromCodePoint(this.#source.codePointAt(start) ?? 0).length : 1
    }
    return { type: 'set', set: this.#setOf(this.#source.slice(start, this.#at)) }
  }

  #group (): PatternNode {
    const opening = /^\((?:\?(?:([:=!])|<[^=!][^>]*>))?/.exec(this.#source.slice(this.#at))!
    if (this.#source[this.#at + opening[0].length] === '?') {
      throw new Unprovable('lookbehind and inline flags can not be judged')
    }
    this.#at += opening[0].length
    const nodes = [this.#branch()]
    while (this.#take('|')) nodes.push(this.#branch())
    if (!this.#take(')')) throw new Unprovable('it could not be read')
    const node: PatternNode = nodes.length === 1 ? nodes[0]! : { type: 'alt', nodes }
    return opening[1] === '=' || opening[1] === '!' ? { type: 'ahead', node } : node
  }

  #skipClass (): void {
    this.#at++
    while (this.#source[this.#at] !== ']') {
      if (this.#at >= this.#source.length) throw new Unprovable('it could not be read')
      this.#at += this.#source[this.#at] === '\\' ? 2 : 1
    }
    this.#at++
  }

  #skipEscape (): 'assertion' | 'character' {
    const rest = this.#source.slice(this.#at)
    if (/^\\[bB]/.test(rest)) {
      this.#at += 2
      return 'assertion'
    }
    // octal numbers and a lone \c, which only old syntax knows, may be several characters long
    if (/^\\(?:[1-9k]|0[0-9]|c(?![A-Za-z]))/.test(rest)) {
      throw new Unprovable('backreferences and octal escapes can not be judged')
    }
    const escape = (this.#flags.includes('u') ? ESCAPE_UNICODE : ESCAPE).exec(rest)
    this.#at += escape === null ? 1 : escape[0].length
    return 'character'
  }

  #quantified (node: PatternNode): PatternNode {
    const found = /^(?:([*+?])|\{(\d+)(,)?(\d+)?\})\??/.exec(this.#source.slice(this.#at))
    if (found === null) return node
    this.#at += found[0].length
    const [, sign, low, comma, high] = found
    const min = sign === undefined ? Number(low) : sign === '+' ? 1 : 0
    const most = comma === undefined ? min : Number(high ?? Infinity)
    const max = sign === undefined ? most : sign === '?' ? 1 : Infinity
    if (max === Infinity) this.#unbounded = true
    return { type: 'repeat', node, min, max }
  }

  #take (char: string): boolean {
    if (this.#source[this.#at] !== char) return false
    this.#at++
    return true
  }

  // The engine itself says which ASCII characters an atom matches; for all others it is yes, unless it is plainly no.
  #setOf (atom: string): CharSet {
    const known = this.#sets.get(atom)
    if (known !== undefined) return known
    const set = new Uint8Array(OTHERS + 1)
    const test = new RegExp(`^(?:${atom})$`, this.#flags)
    for (let code = 0; code < OTHERS; code++) set[code] = test.test(String.fromCharCode(code)) ? 1 : 0
    const plain = PLAIN.test(atom) && atom !== '.' && !atom.startsWith('[^')
    // /k/iu matches U+212A, /s/iu U+017F
    const folded = this.#flags.includes('i') && /[a-z]/i.test(atom)
    set[OTHERS] = plain && !folded ? 0 : 1
    this.#sets.set(atom, set)
    return set
  }
}
