import type { ContractLimits, Plainness, ScanFault } from '../../../types/contract.js'
import type { EnvelopeKeys } from '../../protocol/envelope.js'
import { MAX_ANY_DEPTH } from '../tree/nodes.js'

// Tested in test/contract/scan.test.ts.

const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const OPEN_ARRAY = 0x5b
const BACKSLASH = 0x5c
const CLOSE_ARRAY = 0x5d
const OPEN_OBJECT = 0x7b
const CLOSE_OBJECT = 0x7d

/** Characters of a string that are read one by one before the engine's search takes over. */
const SHORT = 24

/** Values in keys of the envelope that nobody reads, at most. */
const IGNORED_NODES = 1024

/**
 * A judge of raw text: how deep it nests and how many values it holds, before `JSON.parse` builds any of them. One
 * pass, linear, no allocation but for keys of the envelope. Text that isn't JSON is left to the parser. What stands
 * in a key that the envelope does not have is ignored later, so it does not count against the contract; it has a
 * budget of its own.
 */
export function compileScan (limits: ContractLimits, envelope: EnvelopeKeys): (text: string) => ScanFault | null {
  const { depth: maxDepth, nodes: maxNodes } = limits
  const { type, data, id } = envelope
  const mostIgnored = Math.max(maxDepth, 1 + MAX_ANY_DEPTH)
  /** The key that ends here, in a text that may hold escapes. A flat envelope has no other keys. */
  const isOurs = (key: string): boolean =>
    data === null || key === type || key === data || key === id || key.includes('\\')
  return text => {
    const length = text.length
    // every value costs a character, and every level an opening: most messages are decided by two searches
    if (length <= maxNodes && !hasMoreOpenings(text, maxDepth)) return null
    let depth = 0
    let nodes = 0
    let ignored = 0
    let counts = true
    let beforeKey = false
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i)
      if (code === QUOTE) {
        const start = i + 1
        i = skipString(text, start, length)
        if (depth === 1 && beforeKey) {
          counts = isOurs(text.slice(start, Math.min(i, start + MAX_KEY)))
          beforeKey = false
        }
      } else if (code === COMMA || code === COLON) {
        if (depth === 1 && code === COMMA) beforeKey = counts = true
        if (counts) nodes++
        else if (++ignored > IGNORED_NODES) return 'too_many_nodes'
      } else if (code === OPEN_OBJECT || code === OPEN_ARRAY) {
        if (counts) nodes++
        else if (++ignored > IGNORED_NODES) return 'too_many_nodes'
        if (++depth > (counts ? maxDepth : mostIgnored)) return 'too_deep'
        if (depth === 1) beforeKey = code === OPEN_OBJECT
      } else if (code === CLOSE_OBJECT || code === CLOSE_ARRAY) {
        depth--
      }
    }
    return nodes > maxNodes ? 'too_many_nodes' : null
  }
}

/** UTF-16 units of a key that can be one of the envelope's, and one more. */
const MAX_KEY = 65

/** True when the text has more `{` and `[` than that, those inside strings included. */
function hasMoreOpenings (text: string, most: number): boolean {
  let count = 0
  for (let i = text.indexOf('{'); i !== -1; i = text.indexOf('{', i + 1)) if (++count > most) return true
  for (let i = text.indexOf('['); i !== -1; i = text.indexOf('[', i + 1)) if (++count > most) return true
  return false
}

/** Index of the quote that ends the string, or the text's length. */
function skipString (text: string, start: number, length: number): number {
  let i = start
  const short = Math.min(length, start + SHORT)
  for (; i < short; i++) {
    const code = text.charCodeAt(i)
    if (code === QUOTE) return i
    if (code === BACKSLASH) i++
  }
  for (;;) {
    const end = text.indexOf('"', i)
    if (end === -1) return length
    // an odd run of backslashes escapes the quote
    let before = end
    while (before > i && text.charCodeAt(before - 1) === BACKSLASH) before--
    if (((end - before) & 1) === 0) return end
    i = end + 1
  }
}

/**
 * True when the JSON text spells no character as `\uXXXX`. Then no key or string in its value holds NUL or a lone
 * surrogate: JSON has no other spelling of a control character (RFC 8259 section 7), and text that was decoded from
 * UTF-8 holds no half of a pair. `ascii` when they hold nothing but printable ASCII: as many bytes as characters, no
 * escape at all, and no DEL. `bytes`: of the text's UTF-8 form, where they are known.
 */
export function isPlain (text: string, bytes?: number): Plainness {
  if (text.length === bytes && !text.includes('\\') && !text.includes('\x7f')) return 'ascii'
  return !text.includes('\\u')
}

/**
 * False when no key of the text can be forbidden, so that the parsed value needn't be walked. `plain` is what `isPlain`
 * says of the text: letters of a key that are not spelt with `\u` stand there as they are.
 */
export function mayHoldForbiddenKey (text: string, plain: Plainness): boolean {
  // `__proto__` has it, and so has `prototype`, without which `constructor` is harmless
  return plain === false || text.includes('proto')
}

/**
 * True when `__proto__`, or `constructor` holding `prototype`, is an own key anywhere. Iterative: depth is no matter.
 */
export function hasForbiddenKey (value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  const work: object[] = [value]
  for (let item = work.pop(); item !== undefined; item = work.pop()) {
    if (Array.isArray(item)) {
      for (const inner of item as unknown[]) if (typeof inner === 'object' && inner !== null) work.push(inner)
      continue
    }
    for (const key of Object.keys(item)) {
      if (key === '__proto__') return true
      const inner = (item as Record<string, unknown>)[key]
      if (typeof inner !== 'object' || inner === null) continue
      if (key === 'constructor' && Object.hasOwn(inner, 'prototype')) return true
      work.push(inner)
    }
  }
  return false
}
