import { bounds, Generator, refuse, type List } from '../code/generator.js'
import { escapeText, isDictionary, isUnique, quote, writeAny } from '../code/runtime.js'
import type { Node, ObjectNode, SchemaTree, ValuesNode } from '../tree/nodes.js'
import { breachError } from './breach.js'

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
  const write = new TextGenerator(tree).writer()
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

/** A place in a text where the value of an expression stands. JSON has no NUL that could be taken for one of these. */
const hole = (source: string): string => `\0${source}\0`

/** The source of a text with holes. A string if one of the holes is, or if there is anything beside one. */
const sourceOf = (text: string): string =>
  text.split('\0').map((part, i) => i % 2 === 1 ? part : JSON.stringify(part)).filter(part => part !== '""').join(' + ')

const append = (text: string): string => text === '' ? '' : `s += ${sourceOf(text)}\n`

/** In front of a member that may be the first. */
const COMMA = hole('(s === "" ? "{" : ",")')

class TextGenerator extends Generator {
  protected readonly theirs = false
  protected readonly weight = { before: '', of: 'r.length', after: '', end: '' }

  /** The JSON text of what is declared, or undefined when the value breaks the schema. Throws what a getter throws. */
  writer (): (value: unknown) => string | undefined {
    const helpers = { any: writeAny, quote, escape: escapeText, isDictionary, isUnique, keys: Object.keys }
    return this.compile(helpers, root => `return v => ${root}(v, 0)`) as (value: unknown) => string | undefined
  }

  protected object (node: ObjectNode): string {
    const { properties, extra } = node
    const lines = [refuse(extra === null ? 'typeof v !== "object" || v === null || isArray(v)' : '!isDictionary(v)')]
    // what comes before a property that may be absent has to be in `s` by then
    let pending = ''
    let comma = '{'
    for (const [i, { name, node: inner, required }] of properties.entries()) {
      const x = `x${i}`
      const key = JSON.stringify(name)
      const value = this.value(inner, x)
      const member = `${comma}${key}:${this.#text(inner, x)}`
      lines.push(`let ${x} = v[${key}]\n`)
      if (required) {
        lines.push(`${value}n++\n`)
        pending += member
        comma = ','
      } else {
        lines.push(append(pending), `if (${x} !== undefined) {\nn++\n${value}${append(member)}}\n`)
        pending = ''
        if (comma === '{') comma = COMMA
      }
    }
    if (extra !== null) {
      lines.push(append(pending), this.#extra(node, extra))
      pending = ''
    }
    const end = comma === ',' ? '}' : hole('(s === "" ? "{}" : "}")')
    const text = sourceOf(hole('s') + pending + end)
    return `let n = 0, s = ""\n${lines.join('')}${refuse(...bounds('n', node))}return ${text}`
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
${append(`${COMMA}${hole('quote(k)')}:${this.#text(extra, 'x')}`)}}
`
  }

  protected list (items: Node): List {
    const add = append(hole('(i === 0 ? "" : ",")') + this.#text(items, 'x'))
    return { start: 'let s = "["', add, items: 'JSON.parse(s + "]")', end: 's + "]"' }
  }

  protected tuple (items: readonly Node[]): string {
    return sourceOf(`[${items.map((item, i) => this.#text(item, `x${i}`)).join(',')}]`)
  }

  protected result (node: Node, x: string): string {
    return `"" + ${sourceOf(this.#text(node, x))}`
  }

  /** The text of a node, of which `value` has left in `x` what is written. */
  #text (node: Node, x: string): string {
    switch (node.kind) {
      case 'string': return `"${hole(`escape(${x})`)}"`
      case 'values': return this.#constant(node, x)
      case 'all': return this.#text(node.parts[0]!, x)
      default: return hole(x)
    }
  }

  #constant ({ values }: ValuesNode, x: string): string {
    const texts = values.map(value => JSON.stringify(value))
    if (texts.length === 1) return texts[0]!
    if (texts.every((text, i) => text === `"${values[i]}"`)) return `"${hole(x)}"`
    return hole(`${this.keep(new Map(values.map((value, i) => [value, texts[i]!])))}.get(${x})`)
  }
}
