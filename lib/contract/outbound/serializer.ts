import { Generator, type List } from '../code/generator.js'
import { bounds, refuse } from '../code/scalars.js'
import { isUnique } from '../inbound/runtime.js'
import type { Node, ObjectNode, SchemaTree, ValuesNode } from '../tree/nodes.js'
import { breachError } from './breach.js'
import { escapeText, isDictionary, quote, writeAny } from './runtime.js'

// Tested in test/contract/serializer.test.ts.

/** Writes a value as JSON text. Throws WSG_ERR_OUTBOUND_INVALID. */
export type Serializer = (value: unknown) => string

/**
 * Compiles a tree to a function that writes JSON text of declared properties only, in declared order, and checks the
 * value while it writes: each property is read once, so what was checked is what leaves.
 *
 * - Properties the schema does not name are left out, at every level. `additionalProperties: true` names nothing;
 *   a schema there, a Record's pattern and Unknown do.
 * - A field's text policy holds: a value that it refuses is refused, and with `clean` what it makes of it leaves.
 * - Of several variants of a union that fit, the one that keeps most is written.
 * - `toJSON` is called only inside Any and Unknown. A property that is `undefined` counts as absent.
 * - Numbers are finite, `-0` is written `0`, a Date is refused where a string is declared.
 */
export function compileSerializer (tree: SchemaTree): Serializer {
  const write = new TextGenerator(tree, false).writer()
  return value => {
    let text: string | undefined
    try {
      text = write(value)
    } catch (cause) {
      throw breachError(tree, value, { cause })
    }
    if (text === undefined) throw breachError(tree, value)
    return text
  }
}

/** A piece of a text: a constant, or the source of an expression that gives a string or a number. */
type Piece = { readonly literal: string } | { readonly source: string }

const QUOTE: Piece = { literal: '"' }

class TextGenerator extends Generator {
  protected readonly weight = 'r.length'

  /** The JSON text of what is declared, or undefined when the value breaks the schema. Throws what a getter throws. */
  writer (): (value: unknown) => string | undefined {
    const helpers = { any: writeAny, quote, escape: escapeText, isDictionary, isUnique, keys: Object.keys }
    return this.compile(helpers, root => `return v => ${root}(v, 0)`) as (value: unknown) => string | undefined
  }

  protected object (node: ObjectNode): string {
    const lines = [node.extra === null
      ? 'if (typeof v !== "object" || v === null || isArray(v)) return'
      : 'if (!isDictionary(v)) return', 'let n = 0']
    const isWhole = node.extra === null && node.properties.every(({ required }) => required)
    if (!isWhole) lines.push('let s = "{"')
    // what comes before a property that may be absent has to be in `s` by then
    let pending: Piece[] = isWhole ? [{ literal: '{' }] : []
    const flush = (): void => {
      if (pending.length > 0) lines.push(`s += ${join(pending)}`)
      pending = []
    }
    let isFirst: boolean | null = true
    for (const [i, { name, node: inner, required }] of node.properties.entries()) {
      const x = `x${i}`
      const value = this.value(inner, x)
      const key = `${JSON.stringify(name)}:`
      const member: Piece[] = [{ literal: isFirst === false ? `,${key}` : key }, ...this.#pieces(inner, x)]
      const listed = isFirst === null ? afterComma('s.length === 1', member) : member
      lines.push(`let ${x} = v[${JSON.stringify(name)}]`)
      if (required) {
        lines.push(value, 'n++')
        pending.push(...listed)
        isFirst = false
      } else {
        flush()
        lines.push(`if (${x} !== undefined) {\nn++\n${value}s += ${join(listed)}\n}`)
        isFirst &&= null
      }
    }
    if (node.extra !== null) {
      flush()
      lines.push(this.#extra(node, node.extra))
    }
    lines.push(refuse(...bounds('n', node)), `return ${isWhole ? '' : 's + '}${join([...pending, { literal: '}' }])}`)
    return lines.join('\n')
  }

  #extra (node: ObjectNode, extra: Node): string {
    // `__proto__` is no name a contract can mean, and a peer would refuse it
    const taken = this.keep(new Set(['__proto__', ...node.properties.map(({ name }) => name)]))
    const names = node.extraNames === null ? '' : ` || !${this.keep(node.extraNames)}.test(k)`
    return `for (const k of keys(v)) {
if (${taken}.has(k)${names}) continue
let x = v[k]
if (x === undefined) continue
${this.value(extra, 'x')}n++
s += (s.length === 1 ? "" : ",") + quote(k) + ":" + ${join(this.#pieces(extra, 'x'))}
}`
  }

  protected list (items: Node): List {
    const item = join(afterComma('i === 0', this.#pieces(items, 'x')))
    return { start: 'let s = "["', add: `s += ${item}`, items: 'JSON.parse(s + "]")', end: 's + "]"' }
  }

  protected tuple (items: readonly Node[]): string {
    const members = items.flatMap((item, i) => [{ literal: i === 0 ? '' : ',' }, ...this.#pieces(item, `x${i}`)])
    return join([{ literal: '[' }, ...members, { literal: ']' }])
  }

  protected result (node: Node, x: string): string {
    return join([{ literal: '' }, ...this.#pieces(node, x)])
  }

  /** The text of a node, of which `value` has left in `x` what is written. */
  #pieces (node: Node, x: string): readonly Piece[] {
    switch (node.kind) {
      case 'string': return [QUOTE, { source: `escape(${x})` }, QUOTE]
      case 'values': return this.#constant(node, x)
      case 'all': return this.#pieces(node.parts[0]!, x)
      default: return [{ source: x }]
    }
  }

  #constant ({ values }: ValuesNode, x: string): readonly Piece[] {
    const texts = values.map(value => JSON.stringify(value))
    if (texts.length === 1) return [{ literal: texts[0]! }]
    if (texts.every((text, i) => text === `"${values[i]}"`)) return [QUOTE, { source: x }, QUOTE]
    return [{ source: `${this.keep(new Map(values.map((value, i) => [value, texts[i]!])))}.get(${x})` }]
  }
}

/** The pieces with a comma in front, unless they are `first`. */
function afterComma (first: string, pieces: readonly Piece[]): readonly Piece[] {
  const [start, ...rest] = merged(pieces)
  const literal = start !== undefined && 'literal' in start ? start.literal : ''
  const comma = { source: `(${first} ? ${JSON.stringify(literal)} : ${JSON.stringify(`,${literal}`)})` }
  return [comma, ...literal === '' ? pieces : rest]
}

/** Neighbouring constants as one. */
function merged (pieces: readonly Piece[]): readonly Piece[] {
  const all: Piece[] = []
  for (const piece of pieces) {
    const last = all.at(-1)
    if (last !== undefined && 'literal' in last && 'literal' in piece) {
      all[all.length - 1] = { literal: last.literal + piece.literal }
    } else {
      all.push(piece)
    }
  }
  return all
}

/** The source of one expression. A string if one of the pieces is. */
function join (pieces: readonly Piece[]): string {
  return merged(pieces).map(piece => 'literal' in piece ? JSON.stringify(piece.literal) : piece.source).join(' + ')
}
