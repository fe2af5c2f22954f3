import { REFUSED } from '../../protocol/refused.js'
import { plainString } from '../text/rules.js'
import {
  isContainer, MAX_RECURSION, type ArrayNode, type Node, type ObjectNode, type SchemaTree, type StringNode,
  type UnionNode,
} from '../tree/nodes.js'
import { nodesOf } from '../tree/finish.js'
import { copyAny, countValues, isFreeName, isPlainObject, isUnique } from './runtime.js'
import { length, number, string, values } from './sanitize-scalars.js'
import { compileChecks, INLINE_VALUES, type Check } from './second-opinion.js'

// Tested in test/contract/accept.test.ts.

/** A string that its text policy refused: so that nobody has to ask the policy again. */
export interface Blamed {
  readonly node: StringNode
  readonly value: string
}

/** Refused strings that are remembered of one message. */
const MAX_BLAMED = 8

export interface Sanitizer {
  /**
   * A projecting copy: declared own properties only, text policies applied; or REFUSED. Never throws, never mutates.
   * `plain`: the value was parsed from text that `isPlain` said is plain, so that its strings needn't be read for what
   * no string may hold. Default false: every string is read.
   */
  readonly accept: (value: unknown, plain?: boolean) => unknown
  /** What text policies refused since `accept` was called last. */
  readonly blamed: readonly Blamed[]
}

/**
 * Compiles a sanitizer. Lengths are checked before what they bound (a pattern, a text policy, a loop), and ranges as
 * well. Patterns and formats are left to TypeBox's opinion on the copy, except where a union must choose by them.
 */
export function compileSanitizer (tree: SchemaTree, checks: ReadonlyMap<Node, Check> = compileChecks(tree)): Sanitizer {
  return new Generator(tree, checks).compile()
}

/** The generated source, for tests. */
export function sanitizerSource (tree: SchemaTree): string {
  return new Generator(tree, new Map()).source()
}

// Only names and constants of the contract are written into the source, all through JSON.stringify; everything else
// (patterns, policies, sets) is handed in by a table.
class Generator {
  readonly #tree: SchemaTree
  readonly #checks: ReadonlyMap<Node, Check>
  readonly #functions: string[] = []
  readonly #names = { quick: new Map<Node, string>(), full: new Map<Node, string>() }
  readonly #table: unknown[] = []
  readonly #definitions: ReadonlyMap<string, number>
  readonly #blamed: Blamed[] = []
  readonly #drops: boolean

  constructor (tree: SchemaTree, checks: ReadonlyMap<Node, Check>) {
    this.#tree = tree
    this.#checks = checks
    this.#drops = [...nodesOf(tree)].some(node => node.kind === 'object' && node.unknown === 'drop')
    this.#definitions = new Map([...tree.definitions.keys()].map((name, index) => [name, index]))
  }

  compile (): Sanitizer {
    const source = this.source()
    const blamed = this.#blamed
    const blame = (node: StringNode, value: string): void => {
      if (blamed.length < MAX_BLAMED) blamed.push({ node, value })
    }
    const helpers = { REFUSED, plainString, isPlainObject, isFreeName, isUnique, copyAny, countValues, blame, blamed }
    // eslint-disable-next-line no-new-func
    const factory = new Function('table', ...Object.keys(helpers), source) as (...args: unknown[]) => unknown
    return { accept: factory(this.#table, ...Object.values(helpers)) as Sanitizer['accept'], blamed }
  }

  source (): string {
    const root = this.#function(this.#tree.root, false)
    for (const [name, index] of this.#definitions) {
      const inner = this.#function(this.#tree.definitions.get(name)!, false)
      this.#functions.push(`function define${index}(v, d, p) {`,
        `return d > ${MAX_RECURSION} ? REFUSED : ${inner}(v, d, p)\n}`)
    }
    return [
      '"use strict"',
      'const objectPrototype = Object.prototype, getPrototypeOf = Object.getPrototypeOf, isArray = Array.isArray',
      ...this.#table.map((_, index) => `const t${index} = table[${index}]`),
      ...this.#functions,
      // nothing here is known to throw; a message is no place to find one out
      'return (v, plain) => {\nif (blamed.length !== 0) blamed.length = 0',
      `try { return ${root}(v, 0, plain === true) } catch { return REFUSED }\n}`,
    ].join('\n')
  }

  /** Hands a value to the generated code; the name it has there. */
  readonly #keep = (value: unknown): string => `t${this.#table.push(value) - 1}`

  /** A function of its own for the node; returns its name. `full`: patterns and formats as well. */
  #function (node: Node, full: boolean): string {
    const names = full ? this.#names.full : this.#names.quick
    const known = names.get(node)
    if (known !== undefined) return known
    const name = `f${this.#names.quick.size + this.#names.full.size}`
    names.set(node, name)
    const check = this.#checks.get(node)
    const body = this.#body(node, full)
    this.#functions.push(check === undefined
      ? `function ${name}(v, d, p) {\n${body}\n}`
      : `function ${name}c(v, d, p) {\n${body}\n}\n` +
        `function ${name}(v, d, p) {\nconst r = ${name}c(v, d, p)\n` +
        `return r === REFUSED || !${this.#keep(check)}(r) ? REFUSED : r\n}`)
    return name
  }

  #body (node: Node, full: boolean): string {
    switch (node.kind) {
      case 'object': return this.#object(node, full)
      case 'array': return this.#array(node, full)
      case 'union': return this.#union(node, full)
      case 'tuple': {
        const items = node.items.map((item, i) => `let x${i} = v[${i}]\n${this.#value(item, `x${i}`, full)}`)
        return `if (!isArray(v) || v.length !== ${node.items.length}) return REFUSED\n${items.join('')}` +
          `return [${node.items.map((_, i) => `x${i}`).join(', ')}]`
      }
      default: return `${this.#value(node, 'v', full)}return v`
    }
  }

  /** Statements that replace the variable `x` by its clean value, or return REFUSED. */
  #value (node: Node, x: string, full: boolean): string {
    switch (node.kind) {
      case 'any': return `${x} = copyAny(${x}, p); if (${x} === REFUSED) return REFUSED\n`
      case 'boolean': return `if (typeof ${x} !== 'boolean') return REFUSED\n`
      case 'values': return values(node, x, this.#keep)
      case 'number': return number(node, x)
      case 'string': return string(node, x, full, this.#keep)
      case 'bytes': return `if (!(${x} instanceof Uint8Array)${length(x, node)}) return REFUSED\n`
      case 'all': return node.parts.map(part => this.#value(part, x, full)).join('')
      case 'ref': return call(x, `define${this.#definitions.get(node.name)!}`, 'd + 1')
      case 'never':
      case 'not':
        return 'return REFUSED\n'
      default: return call(x, this.#function(node, full), 'd')
    }
  }

  #array (node: ArrayNode, full: boolean): string {
    return `if (!isArray(v)${length('v', node)}) return REFUSED
const n = v.length, copy = new Array(n)
for (let i = 0; i < n; i++) {
let x = v[i]
${this.#value(node.items, 'x', full)}copy[i] = x
}
${node.unique ? 'if (!isUnique(copy)) return REFUSED\n' : ''}return copy`
  }

  #object (node: ObjectNode, full: boolean): string {
    const { properties, extra } = node
    const required = properties.filter(property => property.required)
    const variable = new Map(properties.map((property, i) => [property, `x${i}`]))
    const lines = [
      'if (typeof v !== "object" || v === null) return REFUSED',
      'if (getPrototypeOf(v) !== objectPrototype && !isPlainObject(v)) return REFUSED',
      `let n = ${required.length}`,
    ]
    for (const property of properties) {
      const x = variable.get(property)!
      lines.push(`let ${x} = v[${JSON.stringify(property.name)}]`)
      const value = this.#value(property.node, x, full)
      lines.push(property.required ? value : `if (${x} !== undefined) {\nn++\n${value}}`)
    }
    if (extra === null && node.unknown === 'refuse') lines.push(countKeys(node))
    const pairs = required.map(property => `${JSON.stringify(property.name)}: ${variable.get(property)!}`)
    lines.push(`const copy = {${pairs.join(', ')}}`)
    for (const property of properties.filter(({ required }) => !required)) {
      const x = variable.get(property)!
      lines.push(`if (${x} !== undefined) copy[${JSON.stringify(property.name)}] = ${x}`)
    }
    if (extra !== null) lines.push(this.#copyExtra(node, extra, full))
    if (node.min > 0) lines.push(`if (n < ${node.min}) return REFUSED`)
    if (node.max < Infinity) lines.push(`if (n > ${node.max}) return REFUSED`)
    lines.push('return copy')
    return lines.join('\n')
  }

  #copyExtra (node: ObjectNode, extra: Node, full: boolean): string {
    const known = [...node.properties.map(property => property.name), ...node.beside]
    const skip = known.length === 0 ? '' : `if (${this.#keep(new Set(known))}.has(k)) continue\n`
    const names = node.extraNames === null ? '' : ` || !${this.#keep(node.extraNames)}.test(k)`
    return `for (const k in v) {
${skip}if (++n > ${node.max} || !isFreeName(k, p)${names}) return REFUSED
let x = v[k]
${this.#value(extra, 'x', full)}copy[k] = x
}`
  }

  #union (node: UnionNode, full: boolean): string {
    const { variants, tag } = node
    const rest = variants.filter((_, i) => tag === null || tag.values[i] === null)
    if (tag !== null && rest.length === 0) {
      const choice = this.#choose(node, full, 'return ')
      return `if (typeof v !== 'object' || v === null) return REFUSED\n${choice}return REFUSED`
    }
    const isWide = this.#isWide(node)
    const take = isWide
      ? 'if (r !== REFUSED) { const n = countValues(r); if (n > most) { most = n; best = r } }\n'
      : 'if (r !== REFUSED) return r\n'
    const tagged = tag === null
      ? ''
      : `if (typeof v === 'object' && v !== null) {\n${this.#choose(node, true, 'r = ')}${take}}\n`
    const others = rest.map(variant => `r = ${this.#function(variant, true)}(v, d, p)\n${take}`).join('')
    const [start, end] = isWide ? [', best = REFUSED, most = -1', 'best'] : ['', 'REFUSED']
    return `let r = REFUSED${start}\n${tagged}${others}return ${end}`
  }

  /** Several variants may fit where what is too much is dropped: the one that keeps most is meant. */
  #isWide (node: UnionNode): boolean {
    return this.#drops && node.variants.filter(variant => isContainer(variant, this.#tree.definitions)).length > 1
  }

  /** The variant that has the tag of `v`, given to `then`. */
  #choose (node: UnionNode, full: boolean, then: string): string {
    const { name, values } = node.tag!
    const tagged = node.variants.flatMap((variant, i) => values[i] === null ? [] : [{ variant, constants: values[i]! }])
    const calls = tagged.map(({ variant }) => `${then}${this.#function(variant, full)}(v, d, p)`)
    const choice = `const k = v[${JSON.stringify(name)}]\n`
    if (node.variants.length > INLINE_VALUES) {
      const index = this.#keep(new Map(tagged.flatMap(({ constants }, i) => constants.map(value => [value, i]))))
      const cases = calls.map((call, i) => `case ${i}: ${call}; break\n`).join('')
      return `${choice}switch (${index}.get(k)) {\n${cases}}\n`
    }
    const tests = tagged.map(({ constants }) => constants.map(value => `k === ${JSON.stringify(value)}`).join(' || '))
    return choice + calls.map((call, i) => `if (${tests[i]!}) ${call}\n`).join('')
  }
}

// for-in also sees inherited names, so a polluted prototype refuses instead of lending its values
function countKeys (node: ObjectNode): string {
  const beside = node.beside.map(name => `k !== ${JSON.stringify(name)}`).join(' && ')
  return `let c = 0\nfor (const k in v) ${beside === '' ? 'c++' : `if (${beside}) c++`}\nif (c !== n) return REFUSED`
}

/** Statements that replace `x` by what a function makes of it. */
const call = (x: string, name: string, depth: string): string =>
  `${x} = ${name}(${x}, ${depth}, p); if (${x} === REFUSED) return REFUSED\n`
