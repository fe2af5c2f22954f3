import { isUnique } from '../inbound/runtime.js'
import {
  isContainer, type ArrayNode, type Node, type ObjectNode, type SchemaTree, type UnionNode,
} from '../tree/nodes.js'
import { escapeText, isDictionary, quote, writeAny } from './runtime.js'
import { inlineOf, repairedString } from './scalars.js'
import { Text, sourceOf, type Piece } from './text.js'

// Tested in test/contract/serializer.test.ts.

/** The JSON text of what is declared, or undefined when the value breaks the schema. Throws what a getter throws. */
export type Write = (value: unknown) => string | undefined

/** The serializer's code. */
export function generateWriter (tree: SchemaTree): Write {
  return new Generator(tree).compile()
}

// Nothing from the schema becomes source text except numbers and JSON.stringify-ed strings; expressions, formats and
// sets are handed in by a table.
class Generator {
  readonly #tree: SchemaTree
  readonly #table: unknown[] = []
  readonly #functions: string[] = []
  readonly #names = new Map<Node, string>()

  constructor (tree: SchemaTree) {
    this.#tree = tree
  }

  compile (): Write {
    const root = this.#function(this.#tree.root)
    const { isArray } = Array
    const { isFinite, isInteger } = Number
    const helpers = {
      quote,
      escape: escapeText,
      any: writeAny,
      isDictionary,
      isUnique,
      isArray,
      keys: Object.keys,
      isFinite,
      isInteger,
    }
    const constants = this.#table.map((_, index) => `const t${index} = table[${index}]`)
    const source = ['"use strict"', ...constants, ...this.#functions, `return ${root}`].join('\n')
    // eslint-disable-next-line no-new-func
    const factory = new Function('table', ...Object.keys(helpers), source) as (...args: unknown[]) => Write
    return factory(this.#table, ...Object.values(helpers))
  }

  /** Hands a value to the generated code; the name it has there. */
  readonly #keep = (value: unknown): string => `t${this.#table.push(value) - 1}`

  /** The function that writes a node; undefined from it is a refusal. */
  #function (node: Node): string {
    if (node.kind === 'any') return 'any'
    if (node.kind === 'ref') return this.#function(this.#tree.definitions.get(node.name)!)
    const known = this.#names.get(node)
    if (known !== undefined) return known
    const name = `f${this.#names.size}`
    this.#names.set(node, name)
    this.#functions.push(`function ${name} (v) {\n${this.#body(node)}\n}`)
    return name
  }

  #body (node: Node): string {
    const inline = inlineOf(node, 'v', this.#keep)
    if (inline !== null) return `return ${inline.test} ? ${sourceOf(inline.text)} : undefined`
    switch (node.kind) {
      case 'string': return repairedString(node, this.#keep)
      case 'object': return this.#object(node)
      case 'array': return this.#array(node)
      case 'tuple': return this.#tuple(node.items)
      case 'union': return this.#union(node)
      case 'values': {
        const texts = new Map<unknown, string>(node.values.map(value => [value, JSON.stringify(value)]))
        return `return ${this.#keep(texts)}.get(v)`
      }
      case 'not': return `return ${this.#function(node.node)}(v) === undefined ? "" : undefined`
      case 'all': {
        const parts = node.parts.map((part, i) => `const r${i} = ${this.#function(part)}(v)`)
        const fits = parts.map((_, i) => `r${i} !== undefined`).join(' && ')
        return `${parts.join('\n')}\nreturn ${fits} ? r0 : undefined`
      }
      default: return 'return undefined'
    }
  }

  /** Adds the statements that refuse `v`, and gives its text. */
  #value (node: Node, v: string, lines: string[]): readonly Piece[] {
    const inline = inlineOf(node, v, this.#keep)
    if (inline !== null) {
      lines.push(`if (!${inline.test}) return undefined`)
      return inline.text
    }
    lines.push(`const ${v}t = ${this.#function(node)}(${v})`, `if (${v}t === undefined) return undefined`)
    return [{ source: `${v}t` }]
  }

  #object (node: ObjectNode): string {
    const counted = node.min > 0 || node.max < Infinity
    const count = counted ? ['n++'] : []
    const text = new Text()
    const lines = [node.extra === null
      ? 'if (typeof v !== "object" || v === null || isArray(v)) return undefined'
      : 'if (!isDictionary(v)) return undefined']
    if (counted) lines.push('let n = 0')
    let certain = false
    text.literal('{')
    for (const [index, { name, node: inner, required }] of node.properties.entries()) {
      const quoted = JSON.stringify(name)
      const v = `v${index}`
      lines.push(`const ${v} = v[${quoted}]`)
      const body = required ? lines : []
      // An optional property may or may not be there, so what comes before it must be in `s` by then.
      if (!required) text.flush(lines)
      const value = this.#value(inner, v, body)
      if (certain) text.literal(`,${quoted}:`)
      else if (index === 0) text.literal(`${quoted}:`)
      else text.expression(`(s.length === 1 ? ${JSON.stringify(`${quoted}:`)} : ${JSON.stringify(`,${quoted}:`)})`)
      text.add(value)
      body.push(...count)
      if (required) {
        certain = true
      } else {
        text.flush(body)
        lines.push(`if (${v} !== undefined) {`, ...body, '}')
      }
    }
    if (node.extra !== null) this.#extra(node, node.extra, text, lines, count)
    if (node.min > 0) lines.push(`if (n < ${node.min}) return undefined`)
    if (node.max < Infinity) lines.push(`if (n > ${node.max}) return undefined`)
    text.literal('}')
    lines.push(`return ${text.result()}`)
    return lines.join('\n')
  }

  #extra (node: ObjectNode, extra: Node, text: Text, lines: string[], count: readonly string[]): void {
    text.flush(lines)
    // `__proto__` is no name a contract can mean, and a peer would refuse it
    const taken = this.#keep(new Set(['__proto__', ...node.properties.map(({ name }) => name)]))
    const names = node.extraNames === null ? '' : ` || !${this.#keep(node.extraNames)}.test(k)`
    lines.push('for (const k of keys(v)) {', `if (${taken}.has(k)${names}) continue`, 'const x = v[k]',
      'if (x === undefined) continue', `const xt = ${this.#function(extra)}(x)`,
      'if (xt === undefined) return undefined', 's += (s.length === 1 ? "" : ",") + quote(k) + ":" + xt', ...count, '}')
  }

  #array (node: ArrayNode): string {
    const lines = ['if (!isArray(v)) return undefined', 'const n = v.length']
    if (node.min > 0) lines.push(`if (n < ${node.min}) return undefined`)
    if (node.max < Infinity) lines.push(`if (n > ${node.max}) return undefined`)
    const { contains } = node
    if (contains !== null) lines.push('let found = 0')
    lines.push('let s = "["', 'for (let i = 0; i < n; i++) {', 'const x = v[i]')
    const text = this.#value(node.items, 'x', lines)
    if (contains !== null) lines.push(`if (${this.#function(contains.node)}(x) !== undefined) found++`)
    // The comma is joined with what begins an item, and the first item is told apart by its index.
    const [start, ...tail] = text
    const opening = start !== undefined && 'literal' in start ? start.literal : ''
    const items = opening === '' ? text : tail
    const comma = `(i === 0 ? ${JSON.stringify(opening)} : ${JSON.stringify(`,${opening}`)})`
    lines.push(`s += ${sourceOf([{ source: comma }, ...items])}`, '}')
    if (node.unique) lines.push('if (!isUnique(JSON.parse(s + "]"))) return undefined')
    if (contains !== null) {
      lines.push(`if (found < ${contains.min}) return undefined`)
      if (contains.max < Infinity) lines.push(`if (found > ${contains.max}) return undefined`)
    }
    lines.push('return s + "]"')
    return lines.join('\n')
  }

  #tuple (items: readonly Node[]): string {
    const lines = [`if (!isArray(v) || v.length !== ${items.length}) return undefined`]
    const text = new Text()
    text.literal('[')
    for (const [index, item] of items.entries()) {
      lines.push(`const v${index} = v[${index}]`)
      const value = this.#value(item, `v${index}`, lines)
      if (index > 0) text.literal(',')
      text.add(value)
    }
    text.literal(']')
    lines.push(`return ${text.result()}`)
    return lines.join('\n')
  }

  #union ({ variants, tag }: UnionNode): string {
    const tagged = variants.flatMap((variant, i) => (tag?.values[i] ?? []).map(value => ({ variant, value })))
    const rest = variants.filter((_, i) => (tag?.values[i] ?? null) === null)
    const holds = (node: Node): boolean => isContainer(node, this.#tree.definitions)
    const isWide = variants.filter(holds).length > 1 && rest.some(holds)
    const take = isWide ? 'if (r !== undefined && r.length > best.length) best = r' : 'if (r !== undefined) return r'
    const lines = ['let r', ...isWide ? ['let best = ""'] : []]
    if (tag !== null) {
      const cases = tagged.map(({ value, variant }) =>
        `case ${JSON.stringify(value)}: r = ${this.#function(variant)}(v); break`)
      lines.push('if (typeof v === "object" && v !== null && !isArray(v)) {',
        `switch (v[${JSON.stringify(tag.name)}]) {`, ...cases, '}', take, '}')
    }
    for (const variant of rest) {
      const inline = inlineOf(variant, 'v', this.#keep)
      if (inline !== null) lines.push(`if (${inline.test}) return ${sourceOf(inline.text)}`)
      else lines.push(`r = ${this.#function(variant)}(v)`, take)
    }
    lines.push(isWide ? 'return best === "" ? undefined : best' : 'return undefined')
    return lines.join('\n')
  }
}
