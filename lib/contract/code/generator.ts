import {
  isContainer, MAX_RECURSION, type ArrayNode, type Node, type NumberNode, type ObjectNode, type SchemaTree,
  type StringNode, type UnionNode, type ValuesNode,
} from '../tree/nodes.js'

// Tested in test/contract/accept.test.ts and test/contract/serializer.test.ts.

/**
 * Writes one function for each node of a tree; what it returns is made of a value that fits, and undefined of any
 * other. What is made of one, a clean copy or JSON text, subclasses say.
 *
 * Only names and constants of the contract are written into the source, all through JSON.stringify; everything else
 * (patterns, policies, sets) is handed in by a table.
 */
export abstract class Generator {
  protected readonly tree: SchemaTree
  readonly #table: unknown[] = []
  readonly #functions: string[] = []
  readonly #names = new Map<Node, string>()

  constructor (tree: SchemaTree) {
    this.tree = tree
  }

  /** The root's function, handed to `end`, which is the source of what is returned. */
  protected compile (helpers: object, end: (root: string) => string): unknown {
    const root = this.function(this.tree.root)
    const constants = this.#table.map((_, index) => `const t${index} = table[${index}]`)
    const source = ['"use strict"', 'const { isArray } = Array', ...constants, ...this.#functions, end(root)].join('\n')
    // eslint-disable-next-line no-new-func
    const factory = new Function('table', ...Object.keys(helpers), source) as (...args: unknown[]) => unknown
    return factory(this.#table, ...Object.values(helpers))
  }

  /** Hands a value to the generated code; the name it has there. */
  protected readonly keep = (value: unknown): string => `t${this.#table.push(value) - 1}`

  /** A function of its own for the node: `v` is the value, `d` the recursions around it, `p` what its text can hold. */
  protected function (node: Node): string {
    let name = this.#names.get(node)
    if (name === undefined) {
      name = `f${this.#names.size}`
      this.#names.set(node, name)
      this.#functions.push(`function ${name} (v, d, p) {\n${this.#body(node)}\n}`)
    }
    return name
  }

  #body (node: Node): string {
    switch (node.kind) {
      case 'object': return this.object(node)
      case 'array': return this.#array(node)
      case 'union': return this.#union(node)
      case 'tuple': {
        const items = node.items.map((item, i) => `let x${i} = v[${i}]\n${this.value(item, `x${i}`)}`)
        const test = refuse('!isArray(v)', `v.length !== ${items.length}`)
        return `${test}${items.join('')}return ${this.tuple(node.items)}`
      }
      default: return `${this.value(node, 'v')}return ${this.result(node, 'v')}`
    }
  }

  /** Statements that replace the variable `x` by what is made of it, scalars by their clean value; or return. */
  protected value (node: Node, x: string): string {
    switch (node.kind) {
      case 'any': return `${x} = any(${x}, p)\n${refuse(`${x} === undefined`)}`
      case 'all': return node.parts.map(part => this.value(part, x)).join('')
      case 'not': return refuse(`${this.function(node.node)}(${x}, d, p) !== undefined`)
      case 'ref': {
        const name = this.function(this.tree.definitions.get(node.name)!)
        return (this.theirs ? refuse(`d === ${MAX_RECURSION}`) : '') + call(name, x, 'd + 1')
      }
      case 'object':
      case 'array':
      case 'tuple':
      case 'union':
        return call(this.function(node), x, 'd')
      default: return scalar(node, x, this.keep, this.theirs)
    }
  }

  #array (node: ArrayNode): string {
    const { items, unique, contains } = node
    const { start, add, items: list, end } = this.list(items)
    const count = contains === null ? '' : `if (${this.function(contains.node)}(x, d, p) !== undefined) found++\n`
    return `${refuse('!isArray(v)', ...lengths('v', node))}${contains === null ? '' : 'let found = 0\n'}${start}
for (let i = 0; i < v.length; i++) {
let x = v[i]
${count}${this.value(items, 'x')}${add}
}
${contains === null ? '' : refuse(...bounds('found', contains))}` +
      `${unique ? refuse(`!isUnique(${list})`) : ''}return ${end}`
  }

  #union (node: UnionNode): string {
    const { variants, tag } = node
    const isTagged = (i: number): boolean => tag !== null && tag.values[i] !== null
    const weight = this.isWide(node) ? this.weight : null
    const take = weight === null
      ? 'if (r !== undefined) return r\n'
      : `if (r !== undefined && ${weight.of} > most) { most = ${weight.of}; best = r }\n${weight.after}`
    const attempt = (variant: Node): string => `r = ${this.function(variant)}(v, d, p)\n`
    const lines = ['let r, best, most = -1\n', weight?.before]
    if (tag !== null) {
      const index = new Map(tag.values.flatMap((list, i) => (list ?? []).map(value => [value, i])))
      const cases = variants.map((variant, i) => isTagged(i) ? `case ${i}: ${attempt(variant)}break\n` : '')
      lines.push(`if (typeof v === 'object' && v !== null && !isArray(v)) {
switch (${this.keep(index)}.get(v[${JSON.stringify(tag.name)}])) {\n${cases.join('')}}\n${take}}\n`)
    }
    for (const variant of variants.filter((_, i) => !isTagged(i))) lines.push(attempt(variant), take)
    return `${lines.join('')}${weight?.end ?? ''}return best`
  }

  /** True where several variants may fit: the one that keeps most, by `weight`, is meant. */
  protected isWide ({ variants, tag }: UnionNode): boolean {
    if (tag !== null && !tag.values.includes(null)) return false
    return variants.filter(variant => isContainer(variant, this.tree.definitions)).length > 1
  }

  /** Values come from a peer. */
  protected abstract readonly theirs: boolean
  /** How much a variant keeps. */
  protected abstract readonly weight: Weight
  /** What is made of an object. */
  protected abstract object (node: ObjectNode): string
  /** How a list is made: statements, one of which adds `x`, and expressions of its items and of the whole. */
  protected abstract list (items: Node): List
  /** Of `x0`, `x1`, … */
  protected abstract tuple (items: readonly Node[]): string
  /** Of what `value` has left in `x`. */
  protected abstract result (node: Node, x: string): string
}

/** Statements that replace `x` by what a function makes of it. */
const call = (name: string, x: string, depth: string): string =>
  `${x} = ${name}(${x}, ${depth}, p)\n${refuse(`${x} === undefined`)}`

/** Statements before the first variant, after each and after the last, and how much is kept `of` the value by `r`. */
export interface Weight { readonly before: string, readonly of: string, readonly after: string, readonly end: string }

export interface List { readonly start: string, readonly add: string, readonly items: string, readonly end: string }

// What is no container: statements that replace the variable `x` by its clean value, or return.

/** Hands a value to the generated code; the name it has there. */
type Keep = (value: unknown) => string

/** More constants than this are looked up in a Set instead of compared one by one. */
const MAX_CHAIN = 8

/** A statement that returns when one of the tests holds. */
export const refuse = (...tests: readonly string[]): string =>
  tests.length === 0 ? '' : `if (${tests.join(' || ')}) return\n`

/** Tests for a count that is too large or too small. */
export function bounds (count: string, { min, max }: { readonly min: number, readonly max: number }): string[] {
  return [...max < Infinity ? [`${count} > ${max}`] : [], ...min > 0 ? [`${count} < ${min}`] : []]
}

/** Tests for what is longer or shorter. */
const lengths = (x: string, limits: { readonly min: number, readonly max: number }): string[] =>
  bounds(`${x}.length`, limits)

/** `theirs`: it comes from a peer. Lengths come before what they bound. */
function scalar (node: Node, x: string, keep: Keep, theirs: boolean): string {
  switch (node.kind) {
    case 'boolean': return refuse(`typeof ${x} !== 'boolean'`)
    case 'values': return constants(node, x, keep)
    case 'number': return number(node, x, theirs)
    case 'string': return string(node, x, keep, theirs)
    case 'bytes': return refuse(`!(${x} instanceof Uint8Array)`, ...lengths(x, node))
    default: return 'return\n'
  }
}

function constants ({ values }: ValuesNode, x: string, keep: Keep): string {
  const test = values.length > MAX_CHAIN
    ? `!${keep(new Set(values))}.has(${x})`
    : values.map(value => `${x} !== ${JSON.stringify(value)}`).join(' && ')
  return refuse(test) + (values.includes(0) ? `if (${x} === 0) ${x} = 0\n` : '')
}

function number ({ integer, min, max, above, below, multipleOf }: NumberNode, x: string, theirs: boolean): string {
  const kind = !integer ? 'isFinite' : theirs ? 'isSafeInteger' : 'isInteger'
  const limits = [['<', min], ['>', max], ['<=', above], ['>=', below]] as const
  const tests = limits.filter(([, bound]) => Number.isFinite(bound)).map(([sign, bound]) => `${x} ${sign} ${bound}`)
  // adding 0 turns -0 into 0
  return refuse(`!Number.${kind}(${x})`, ...tests, ...multipleOf === 0 ? [] : [`${x} % ${multipleOf} !== 0`]) +
    `${x} = ${x} + 0\n`
}

function string (node: StringNode, x: string, keep: Keep, theirs: boolean): string {
  const { policy, pattern, format } = node
  const rest = [
    ...pattern === null ? [] : [`!${keep(pattern)}.test(${x})`],
    ...format === null ? [] : [`!${keep(format.test)}(${x})`],
  ]
  const kind = `typeof ${x} !== 'string'`
  if (policy === null) {
    return refuse(kind, ...lengths(x, node), ...theirs ? [`!(p || plainString(${x}))`] : [], ...rest)
  }
  const repairs = policy.spec.clean
  const blame = theirs ? `blame(${keep(node)}, ${x})` : ''
  return refuse(kind, ...lengths(x, repairs ? { min: 0, max: policy.rawMax } : node)) +
    (theirs && policy.takesAscii ? 'if (p !== "ascii") ' : '') + `{
const y = ${keep(policy.apply)}(${x})
if (y === undefined) { ${blame}; return }
${x} = y
}\n` + refuse(...repairs ? lengths(x, node) : [], ...rest)
}
