import { REFUSED } from '../../protocol/refused.js'
import { createClosureSanitizer } from './sanitizer-closure.js'
import { copyAny, isFreeName, isPlainObject, isUnique } from './sanitizer-runtime.js'
import { MAX_RECURSION, type ArrayShape, type NumberShape, type ObjectShape, type Shape, type ShapeTree, type StringShape, type UnionShape, type ValuesShape } from '../schema/shape.js'
import { plainString } from '../text/rules.js'

/** A projecting copy: declared own properties only, text policies applied; or REFUSED. Never throws, never mutates. */
export type Sanitizer = (value: unknown) => unknown

/** More values or variants than this are looked up instead of compared one by one. */
const INLINE_VALUES = 8

/**
 * Compiles a sanitizer. Lengths are checked before what they bound (a pattern, a text policy, a loop). Ranges are checked as
 * well. Generated code leaves patterns, formats and uniqueness to the validator, except where a union must choose by them.
 * `interpreted`: closures instead of generated code. They check everything, since there is no validator behind them.
 */
export function compileSanitizer (tree: ShapeTree, options: { readonly interpreted: boolean }): Sanitizer {
  return options.interpreted ? createClosureSanitizer(tree) : new Generator(tree).compile()
}

/** The generated source, for tests. */
export function sanitizerSource (tree: ShapeTree): string {
  return new Generator(tree).source()
}

// Only names and constants of the contract are written into the source, all through JSON.stringify; everything else
// (patterns, policies, sets) is handed in by a table.
class Generator {
  readonly #tree: ShapeTree
  readonly #functions: string[] = []
  readonly #table: unknown[] = []
  readonly #definitions: ReadonlyMap<string, number>

  constructor (tree: ShapeTree) {
    this.#tree = tree
    this.#definitions = new Map([...tree.definitions.keys()].map((name, index) => [name, index]))
  }

  compile (): Sanitizer {
    const source = this.source()
    // eslint-disable-next-line no-new-func
    const factory = new Function('REFUSED', 'table', 'plainString', 'isPlainObject', 'isFreeName', 'isUnique', 'copyAny', source) as (...args: unknown[]) => Sanitizer
    return factory(REFUSED, this.#table, plainString, isPlainObject, isFreeName, isUnique, copyAny)
  }

  source (): string {
    const root = this.#function(this.#tree.root, false)
    for (const [name, index] of this.#definitions) {
      const inner = this.#function(this.#tree.definitions.get(name)!, true)
      this.#functions.push(`function define${index}(v, d) { return d > ${MAX_RECURSION} ? REFUSED : ${inner}(v, d) }`)
    }
    return [
      '"use strict"',
      'const objectPrototype = Object.prototype, getPrototypeOf = Object.getPrototypeOf, isArray = Array.isArray',
      ...this.#table.map((_, index) => `const t${index} = table[${index}]`),
      ...this.#functions,
      `return v => ${root}(v, 0)`,
    ].join('\n')
  }

  #keep (value: unknown): string {
    return `t${this.#table.push(value) - 1}`
  }

  /** A function of its own for the shape; returns its name. `full`: patterns, formats and uniqueness as well. */
  #function (shape: Shape, full: boolean): string {
    const body = shape.kind === 'object'
      ? this.#object(shape, full)
      : shape.kind === 'array'
        ? this.#array(shape, full)
        : shape.kind === 'tuple'
          ? `if (!isArray(v) || v.length !== ${shape.items.length}) return REFUSED\n` +
            shape.items.map((item, i) => `let x${i} = v[${i}]\n${this.#value(item, `x${i}`, full)}`).join('') +
            `return [${shape.items.map((_, i) => `x${i}`).join(', ')}]`
          : shape.kind === 'union'
            ? this.#union(shape, full)
            : `${this.#value(shape, 'v', full)}return v`
    const name = `f${this.#functions.length}`
    this.#functions.push(`function ${name}(v, d) {\n${body}\n}`)
    return name
  }

  /** Statements that replace the variable `x` by its clean value, or return REFUSED. */
  #value (shape: Shape, x: string, full: boolean): string {
    switch (shape.kind) {
      case 'any': return `${x} = copyAny(${x}); if (${x} === REFUSED) return REFUSED\n`
      case 'boolean': return `if (typeof ${x} !== 'boolean') return REFUSED\n`
      case 'values': return this.#values(shape, x)
      case 'number': return number(shape, x)
      case 'string': return this.#string(shape, x, full)
      case 'bytes': return `if (!(${x} instanceof Uint8Array) || ${x}.length > ${shape.max} || ${x}.length < ${shape.min}) return REFUSED\n`
      case 'ref': return `${x} = define${this.#definitions.get(shape.name)!}(${x}, d + 1); if (${x} === REFUSED) return REFUSED\n`
      default: return `${x} = ${this.#function(shape, full)}(${x}, d); if (${x} === REFUSED) return REFUSED\n`
    }
  }

  #values ({ values }: ValuesShape, x: string): string {
    const test = values.length > INLINE_VALUES
      ? `!${this.#keep(new Set(values))}.has(${x})`
      : values.map(value => `${x} !== ${JSON.stringify(value)}`).join(' && ')
    return `if (${test}) return REFUSED\n${values.includes(0) ? `if (${x} === 0) ${x} = 0\n` : ''}`
  }

  #string (shape: StringShape, x: string, full: boolean): string {
    const length = (max: number): string => (max === Infinity ? '' : ` || ${x}.length > ${max}`) + (shape.min === 0 ? '' : ` || ${x}.length < ${shape.min}`)
    const first = `if (typeof ${x} !== 'string'${shape.rawMax === shape.max ? length(shape.max) : ` || ${x}.length > ${shape.rawMax}`}`
    if (shape.clean === null) return `${first} || !plainString(${x})${this.#matches(shape, x, full)}) return REFUSED\n`
    return `${first}) return REFUSED\n${x} = ${this.#keep(shape.clean)}(${x})\n` +
      `if (${x} === undefined${length(shape.max)}${this.#matches(shape, x, full)}) return REFUSED\n`
  }

  #matches (shape: StringShape, x: string, full: boolean): string {
    if (!full) return ''
    return (shape.pattern === null ? '' : ` || !${this.#keep(shape.pattern)}.test(${x})`) +
      (shape.format === null ? '' : ` || !${this.#keep(shape.format)}(${x})`)
  }

  #array (shape: ArrayShape, full: boolean): string {
    const limits = (shape.max === Infinity ? '' : ` || v.length > ${shape.max}`) + (shape.min === 0 ? '' : ` || v.length < ${shape.min}`)
    return `if (!isArray(v)${limits}) return REFUSED
const n = v.length, copy = new Array(n)
for (let i = 0; i < n; i++) {
let x = v[i]
${this.#value(shape.items, 'x', full)}copy[i] = x
}
${full && shape.unique ? 'if (!isUnique(copy)) return REFUSED\n' : ''}return copy`
  }

  #object (shape: ObjectShape, full: boolean): string {
    const required = shape.properties.filter(property => property.required)
    const variable = new Map(shape.properties.map((property, i) => [property, `x${i}`]))
    const lines = [
      `if (typeof v !== 'object' || v === null || (getPrototypeOf(v) !== objectPrototype && !isPlainObject(v))) return REFUSED\nlet n = ${required.length}`,
    ]
    for (const property of shape.properties) {
      const x = variable.get(property)!
      lines.push(`let ${x} = v[${JSON.stringify(property.name)}]`)
      const value = this.#value(property.shape, x, full)
      lines.push(property.required ? value : `if (${x} !== undefined) {\nn++\n${value}}`)
    }
    if (shape.extra === null && shape.unknown === 'refuse') lines.push(this.#countKeys(shape))
    lines.push(`const copy = {${required.map(property => `${JSON.stringify(property.name)}: ${variable.get(property)!}`).join(', ')}}`)
    for (const property of shape.properties) {
      if (!property.required) lines.push(`if (${variable.get(property)!} !== undefined) copy[${JSON.stringify(property.name)}] = ${variable.get(property)!}`)
    }
    if (shape.extra !== null) lines.push(this.#copyExtra(shape, shape.extra, full))
    if (shape.min > 0) lines.push(`if (n < ${shape.min}) return REFUSED`)
    if (shape.max < Infinity) lines.push(`if (n > ${shape.max}) return REFUSED`)
    lines.push('return copy')
    return lines.join('\n')
  }

  // for-in also sees inherited names, so a polluted prototype refuses instead of lending its values
  #countKeys (shape: ObjectShape): string {
    const beside = shape.beside.map(name => `k !== ${JSON.stringify(name)}`).join(' && ')
    return `let c = 0\nfor (const k in v) ${beside === '' ? 'c++' : `if (${beside}) c++`}\nif (c !== n) return REFUSED`
  }

  #copyExtra (shape: ObjectShape, extra: Shape, full: boolean): string {
    const known = [...shape.properties.map(property => property.name), ...shape.beside]
    const skip = known.length === 0 ? '' : `if (${this.#keep(new Set(known))}.has(k)) continue\n`
    const names = shape.extraNames === null ? '' : ` || !${this.#keep(shape.extraNames)}.test(k)`
    return `for (const k in v) {
${skip}if (++n > ${shape.max === Infinity ? 'Infinity' : shape.max} || !isFreeName(k)${names}) return REFUSED
let x = v[k]
${this.#value(extra, 'x', full)}copy[k] = x
}`
  }

  #union (shape: UnionShape, full: boolean): string {
    if (shape.tag !== null) {
      const { name, values } = shape.tag
      const functions = shape.variants.map(variant => this.#function(variant, full))
      const choice = `if (typeof v !== 'object' || v === null) return REFUSED\nconst k = v[${JSON.stringify(name)}]\n`
      if (functions.length > INLINE_VALUES) {
        const index = this.#keep(new Map(values.flatMap((list, i) => list.map(value => [value, i]))))
        return `${choice}switch (${index}.get(k)) {\n${functions.map((f, i) => `case ${i}: return ${f}(v, d)`).join('\n')}\n}\nreturn REFUSED`
      }
      return choice + functions.map((f, i) => `if (${values[i]!.map(value => `k === ${JSON.stringify(value)}`).join(' || ')}) return ${f}(v, d)\n`).join('') + 'return REFUSED'
    }
    return 'let r\n' + shape.variants.map(variant => `r = ${this.#function(variant, true)}(v, d); if (r !== REFUSED) return r\n`).join('') + 'return REFUSED'
  }
}

function number (shape: NumberShape, x: string): string {
  const tests = [
    shape.integer ? `!Number.isSafeInteger(${x})` : `typeof ${x} !== 'number' || !Number.isFinite(${x})`,
    shape.min > -Infinity ? `${x} < ${shape.min}` : '',
    shape.max < Infinity ? `${x} > ${shape.max}` : '',
    shape.above > -Infinity ? `${x} <= ${shape.above}` : '',
    shape.below < Infinity ? `${x} >= ${shape.below}` : '',
    shape.multipleOf === 0 ? '' : `${x} % ${shape.multipleOf} !== 0`,
  ]
  // adding 0 turns -0 into 0
  return `if (${tests.filter(test => test !== '').join(' || ')}) return REFUSED\n${x} = ${x} + 0\n`
}
