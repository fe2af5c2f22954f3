import { constantText, escapeText, isDictionary, quote, readOwn, writeAny } from './serializer-text.js'
import { hasRest, isInherited, takenKeys, type ArrayPlan, type NumberPlan, type ObjectPlan, type Plan, type StringPlan, type UnionPlan } from './serializer-plan.js'
import type { Write } from './serializer-closure.js'

/** A piece of the text: a constant, or the source of an expression that gives a string or a number. */
type Piece = { readonly literal: string } | { readonly source: string }

/** A scalar written in place: a test and, when it holds, its text. */
interface Inline { readonly test: string, readonly text: readonly Piece[] }

const QUOTE: Piece = { literal: '"' }

/** Constants compared one by one up to this many; a Set above. */
const MAX_CHAIN = 8

/**
 * The writer as generated code. Nothing from the schema becomes source text except numbers and
 * `JSON.stringify`-ed strings; expressions, formats and sets are handed in beside it.
 * Throws EvalError where code generation is forbidden.
 */
export function generatedWriter (plan: Plan): Write {
  const code = new Code()
  const root = code.functionOf(plan)
  const build = new Function('table', code.source(root)) as (table: readonly unknown[]) => Write // eslint-disable-line no-new-func
  return build(code.table)
}

class Code {
  readonly table: unknown[] = [quote, escapeText, writeAny, Array.isArray, Object.keys, Number.isFinite, Number.isInteger, isDictionary, readOwn]
  readonly #bodies: string[] = []
  readonly #names = new Map<Plan, string>()

  source (root: string): string {
    const names = ['quote', 'escape', 'any', 'isArray', 'keys', 'isFinite', 'isInteger', 'isDictionary', 'readOwn']
    const constants = this.table.map((_, index) => `const ${names[index] ?? `t${index}`} = table[${index}]`)
    return ['"use strict"', ...constants, ...this.#bodies, `return ${root}`].join('\n')
  }

  /** Hands a value to the generated code; the name it has there. */
  hand (value: unknown): string {
    return `t${this.table.push(value) - 1}`
  }

  /** The function that writes a plan; undefined from it is a refusal. */
  functionOf (plan: Plan): string {
    if (plan.kind === 'any') return 'any'
    const known = this.#names.get(plan)
    if (known !== undefined) return known
    const name = `f${this.#names.size}`
    this.#names.set(plan, name)
    const body = this.#body(plan)
    this.#bodies.push(`function ${name} (v) {\n${body}\n}`)
    return name
  }

  #body (plan: Plan): string {
    const inline = this.#inline(plan, 'v')
    if (inline !== null) return `return ${inline.test} ? ${sourceOf(inline.text)} : undefined`
    switch (plan.kind) {
      case 'object': return this.#object(plan)
      case 'array': return this.#array(plan)
      case 'tuple': return this.#tuple(plan.items)
      case 'union': return this.#union(plan)
      case 'enum': return `return ${this.hand(new Map<unknown, string>(plan.values.map(value => [value, constantText(value)])))}.get(v)`
      case 'not': return `return ${this.functionOf(plan.plan)}(v) === undefined ? "" : undefined`
      case 'both': return this.#both(plan.plans)
      case 'ref': return plan.target === null ? 'return undefined' : `return ${this.functionOf(plan.target)}(v)`
      default: return 'return undefined'
    }
  }

  #inline (plan: Plan, v: string): Inline | null {
    switch (plan.kind) {
      case 'string': return { test: this.#stringTest(plan, v), text: [QUOTE, { source: `escape(${v})` }, QUOTE] }
      case 'number': return { test: numberTest(plan, v), text: [{ source: v }] }
      case 'boolean': return { test: `(typeof ${v} === "boolean")`, text: [{ source: `(${v} ? "true" : "false")` }] }
      case 'null': return { test: `(${v} === null)`, text: [{ literal: 'null' }] }
      case 'enum': return this.#inlineEnum(plan.values, v)
      default: return null
    }
  }

  #stringTest (plan: StringPlan, v: string): string {
    const tests = [`typeof ${v} === "string"`]
    if (plan.min > 0) tests.push(`${v}.length >= ${number(plan.min)}`)
    if (plan.max !== -1) tests.push(`${v}.length <= ${number(plan.max)}`)
    if (plan.wellFormed) tests.push(`${v}.isWellFormed()`)
    if (plan.pattern !== null) tests.push(`${this.hand(plan.pattern)}.test(${v})`)
    if (plan.format !== null) tests.push(`${this.hand(plan.format)}(${v})`)
    return `(${tests.join(' && ')})`
  }

  #inlineEnum (values: readonly (string | number | boolean)[], v: string): Inline | null {
    const [only] = values
    if (only !== undefined && values.length === 1) return { test: `(${v} === ${constantText(only)})`, text: [{ literal: constantText(only) }] }
    if (!values.every(value => typeof value === 'string' && JSON.stringify(value) === `"${value}"`)) return null
    const test = values.length > MAX_CHAIN
      ? `${this.hand(new Set(values))}.has(${v})`
      : `(${values.map(value => `${v} === ${JSON.stringify(value)}`).join(' || ')})`
    return { test, text: [QUOTE, { source: v }, QUOTE] }
  }

  /** Adds the statements that refuse `v`, and gives its text. */
  #value (plan: Plan, v: string, lines: string[], refuse = 'return undefined'): readonly Piece[] {
    const inline = this.#inline(plan, v)
    if (inline !== null) {
      lines.push(`if (!${inline.test}) ${refuse}`)
      return inline.text
    }
    lines.push(`const ${v}t = ${this.functionOf(plan)}(${v})`, `if (${v}t === undefined) ${refuse}`)
    return [{ source: `${v}t` }]
  }

  #object (plan: ObjectPlan): string {
    const rest = hasRest(plan)
    const counted = plan.min > 0 || plan.max !== -1
    const count = counted ? ['n++'] : []
    const text = new Text()
    const lines = [rest ? 'if (!isDictionary(v)) return undefined' : 'if (typeof v !== "object" || v === null || isArray(v)) return undefined']
    if (counted) lines.push('let n = 0')
    let certain = false
    text.literal('{')
    for (const [index, { name, plan: inner, required }] of plan.properties.entries()) {
      const quoted = JSON.stringify(name)
      const v = `v${index}`
      lines.push(`const ${v} = ${isInherited(name) ? `readOwn(v, ${quoted})` : `v[${quoted}]`}`)
      const body = required ? lines : []
      // An optional property may or may not be there, so what comes before it must be in `s` by then.
      if (!required) text.flush(lines)
      const value = this.#value(inner, v, body)
      if (certain) text.literal(`,${quoted}:`)
      else if (index === 0) text.literal(`${quoted}:`)
      else text.expression(`(s.length === 1 ? ${JSON.stringify(`${quoted}:`)} : ${JSON.stringify(`,${quoted}:`)})`)
      text.add(value)
      body.push(...count)
      if (required) certain = true
      else {
        text.flush(body)
        lines.push(`if (${v} !== undefined) {`, ...body, '}')
      }
    }
    if (rest) this.#rest(plan, text, lines, count)
    if (plan.min > 0) lines.push(`if (n < ${number(plan.min)}) return undefined`)
    if (plan.max !== -1) lines.push(`if (n > ${number(plan.max)}) return undefined`)
    text.literal('}')
    lines.push(`return ${text.result()}`)
    return lines.join('\n')
  }

  #rest (plan: ObjectPlan, text: Text, lines: string[], count: readonly string[]): void {
    text.flush(lines)
    const otherwise = plan.additional === null ? 'null' : this.functionOf(plan.additional)
    const writer = plan.patterns.reduceRight((last, { pattern, plan: inner }) => `${this.hand(pattern)}.test(k) ? ${this.functionOf(inner)} : ${last}`, otherwise)
    lines.push('for (const k of keys(v)) {', `const w = ${this.hand(takenKeys(plan))}.has(k) ? null : ${writer}`, 'const x = w === null ? undefined : v[k]',
      'if (x === undefined) continue', 'const xt = w(x)', 'if (xt === undefined) return undefined',
      's += (s.length === 1 ? "" : ",") + quote(k) + ":" + xt', ...count, '}')
  }

  #array (plan: ArrayPlan): string {
    const lines = ['if (!isArray(v)) return undefined', 'const n = v.length']
    if (plan.min > 0) lines.push(`if (n < ${number(plan.min)}) return undefined`)
    if (plan.max !== -1) lines.push(`if (n > ${number(plan.max)}) return undefined`)
    const { contains } = plan
    if (plan.unique) lines.push(`const seen = new ${this.hand(Set)}()`)
    if (contains !== null) lines.push('let found = 0')
    lines.push('let s = "["', 'for (let i = 0; i < n; i++) {', 'const x = v[i]')
    const text = this.#value(plan.items, 'x', lines)
    if (plan.unique) lines.push(`seen.add(${sourceOf(text)})`)
    if (contains !== null) lines.push(`if (${this.functionOf(contains.plan)}(x) !== undefined) found++`)
    // The comma is joined with what begins an item, and the first item is told apart by its index.
    const [start, ...tail] = text
    const opening = start !== undefined && 'literal' in start ? start.literal : ''
    const items = opening === '' ? text : tail
    lines.push(`s += ${sourceOf([{ source: `(i === 0 ? ${JSON.stringify(opening)} : ${JSON.stringify(`,${opening}`)})` }, ...items])}`, '}')
    if (plan.unique) lines.push('if (seen.size !== n) return undefined')
    if (contains !== null) {
      lines.push(`if (found < ${number(contains.min)}) return undefined`)
      if (contains.max !== -1) lines.push(`if (found > ${number(contains.max)}) return undefined`)
    }
    lines.push('return s + "]"')
    return lines.join('\n')
  }

  #tuple (items: readonly Plan[]): string {
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

  #union ({ variants, tag }: UnionPlan): string {
    if (tag !== null) {
      const cases = tag.values.map((value, index) => `case ${JSON.stringify(value)}: return ${this.functionOf(variants[index] as Plan)}(v)`)
      return ['if (typeof v !== "object" || v === null || isArray(v)) return undefined',
        `switch (v[${JSON.stringify(tag.name)}]) {`, ...cases, 'default: return undefined', '}'].join('\n')
    }
    const lines: string[] = []
    for (const [index, variant] of variants.entries()) {
      const inline = this.#inline(variant, 'v')
      if (inline !== null) lines.push(`if (${inline.test}) return ${sourceOf(inline.text)}`)
      else lines.push(`const r${index} = ${this.functionOf(variant)}(v)`, `if (r${index} !== undefined) return r${index}`)
    }
    return [...lines, 'return undefined'].join('\n')
  }

  #both (plans: readonly Plan[]): string {
    const lines = plans.map((plan, index) => `const r${index} = ${this.functionOf(plan)}(v)\nif (r${index} === undefined) return undefined`)
    return [...lines, 'return r0'].join('\n')
  }
}

/** Collects one string concatenation, with neighbouring constants joined. */
class Text {
  #pieces: string[] = []
  #literal = ''
  #declared = false

  literal (text: string): void {
    this.#literal += text
  }

  add (pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      if ('literal' in piece) this.literal(piece.literal)
      else this.expression(piece.source)
    }
  }

  expression (source: string): void {
    this.#close()
    this.#pieces.push(source)
  }

  /** Puts what was collected so far into the variable `s`. */
  flush (lines: string[]): void {
    this.#close()
    if (this.#pieces.length === 0) return
    lines.push(`${this.#declared ? 's +=' : 'let s ='} ${this.#pieces.join(' + ')}`)
    this.#declared = true
    this.#pieces = []
  }

  result (): string {
    this.#close()
    return [...(this.#declared ? ['s'] : []), ...this.#pieces].join(' + ')
  }

  #close (): void {
    if (this.#literal !== '') this.#pieces.push(JSON.stringify(this.#literal))
    this.#literal = ''
  }
}

/** One expression that is always a string. */
function sourceOf (pieces: readonly Piece[]): string {
  const text = new Text()
  text.add(pieces)
  const source = text.result()
  return pieces.length === 1 ? `("" + ${source})` : `(${source})`
}

function numberTest (plan: NumberPlan, v: string): string {
  const tests = [`${plan.integer ? 'isInteger' : 'isFinite'}(${v})`]
  if (plan.min !== null) tests.push(`${v} >= ${number(plan.min)}`)
  if (plan.max !== null) tests.push(`${v} <= ${number(plan.max)}`)
  if (plan.above !== null) tests.push(`${v} > ${number(plan.above)}`)
  if (plan.below !== null) tests.push(`${v} < ${number(plan.below)}`)
  if (plan.multipleOf !== null) tests.push(`${v} % ${number(plan.multipleOf)} === 0`)
  return `(${tests.join(' && ')})`
}

/** A number as source text; in brackets, for `-1` after an operator. */
const number = (value: number): string => `(${Number(value)})`
