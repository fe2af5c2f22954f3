import type { Plainness } from '../../../types/contract.js'
import { REFUSED } from '../../protocol/refused.js'
import { bounds, Generator, refuse, type List } from '../code/generator.js'
import { copyAny, countProperties, isFreeName, isPlainObject, isUnique } from '../code/runtime.js'
import { plainString } from '../text/rules.js'
import { nodesOf } from '../tree/finish.js'
import { partsOf, type Node, type ObjectNode, type SchemaTree, type StringNode, type UnionNode } from '../tree/nodes.js'

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
   * A projecting copy: declared own properties only, everything checked, text policies applied; or REFUSED. Never
   * throws, never mutates. `plain`: what `isPlain` said of the text that the value was parsed from. Default false:
   * every string is read.
   */
  readonly accept: (value: unknown, plain?: Plainness) => unknown
  /** What text policies refused since `accept` was called last. */
  readonly blamed: readonly Blamed[]
}

/** Compiles a sanitizer. Lengths are checked before what they bound: a pattern, a text policy, a loop. */
export function compileSanitizer (tree: SchemaTree): Sanitizer {
  return new CopyGenerator(tree).sanitizer()
}

class CopyGenerator extends Generator {
  protected readonly theirs = true
  // Counted on the way: to look at a copy again would take longer than to make it, at each level of a nested union.
  protected readonly weight = {
    before: 'const before = tally.kept\n',
    of: 'tally.kept - before',
    after: 'tally.kept = before\n',
    end: 'tally.kept = before + most\n',
  }

  /** Only where what is too much is dropped may several variants fit. */
  readonly #drops = [...nodesOf(this.tree)].some(node => node.kind === 'object' && node.unknown === 'drop')

  sanitizer (): Sanitizer {
    const blamed: Blamed[] = []
    const blame = (node: StringNode, value: string): void => {
      if (blamed.length < MAX_BLAMED) blamed.push({ node, value })
    }
    /** Properties that were kept so far, where variants are compared by it. */
    const tally = { kept: 0 }
    const any = (value: unknown, plain: boolean): unknown => {
      const copy = copyAny(value, plain)
      tally.kept += countProperties(copy)
      return copy
    }
    const runtime = { any: this.#drops ? any : copyAny, plainString, isPlainObject, isFreeName, isUnique }
    const helpers = { REFUSED, blame, blamed, tally, ...runtime }
    const accept = this.compile(helpers, root => `const objectPrototype = Object.prototype, { getPrototypeOf } = Object
return (v, plain = false) => {
if (blamed.length !== 0) blamed.length = 0
// nothing here is known to throw; a message is no place to find one out
try {
const copy = ${root}(v, 0, plain)
return copy === undefined ? REFUSED : copy
} catch { return REFUSED }
}`)
    return { accept: accept as Sanitizer['accept'], blamed }
  }

  protected override isWide (node: UnionNode): boolean {
    return this.#drops && super.isWide(node)
  }

  protected object (node: ObjectNode): string {
    const { properties, extra } = node
    const required: string[] = []
    const optional: string[] = []
    const lines = properties.map(({ name, node: inner, required: isRequired }, i) => {
      const key = JSON.stringify(name)
      const value = this.value(inner, `x${i}`)
      if (isRequired) required.push(`${key}: x${i}`)
      else optional.push(`if (x${i} !== undefined) copy[${key}] = x${i}\n`)
      const line = `let x${i} = v[${key}]\n${isRequired ? value : `if (x${i} !== undefined) {\nn++\n${value}}\n`}`
      return { line, price: priceOf(inner) }
    }).toSorted((a, b) => a.price - b.price).map(({ line }) => line)
    const countsKeys = extra === null && node.unknown === 'refuse'
    const count = this.#drops ? 'tally.kept += n\n' : ''
    return `if (typeof v !== "object" || v === null) return
if (getPrototypeOf(v) !== objectPrototype && !isPlainObject(v)) return
let n = ${required.length}
${lines.join('')}${countsKeys ? countKeys(node) : ''}const copy = {${required.join(', ')}}
${optional.join('')}${extra === null ? '' : this.#copyExtra(node, extra)}${refuse(...bounds('n', node))}
${count}return copy`
  }

  #copyExtra (node: ObjectNode, extra: Node): string {
    const known = [...node.properties.map(property => property.name), ...node.beside]
    const skip = known.length === 0 ? '' : `if (${this.keep(new Set(known))}.has(k)) continue\n`
    const names = node.extraNames === null ? [] : [`!${this.keep(node.extraNames)}.test(k)`]
    return `for (const k in v) {
${skip}${refuse(`++n > ${node.max}`, '!isFreeName(k, p)', ...names)}let x = v[k]
${this.value(extra, 'x')}copy[k] = x
}
`
  }

  protected list (): List {
    return { start: 'const copy = new Array(v.length)', add: 'copy[i] = x', items: 'copy', end: 'copy' }
  }

  protected tuple (items: readonly Node[]): string {
    return `[${items.map((_, i) => `x${i}`).join(', ')}]`
  }

  protected result (_: Node, x: string): string {
    return x
  }
}

/** What is dear to copy comes last: most variants of a union that do not fit are found out before. */
function priceOf (node: Node): number {
  switch (node.kind) {
    case 'any': return 3
    case 'object': return node.extra === null ? 2 : 3
    case 'string': return node.policy === null ? 0 : 1
    default: return partsOf(node).length > 0 || node.kind === 'ref' ? 2 : 0
  }
}

// for-in also sees inherited names, so a polluted prototype refuses instead of lending its values
function countKeys (node: ObjectNode): string {
  const beside = node.beside.map(name => `k !== ${JSON.stringify(name)}`).join(' && ')
  return `let c = 0\nfor (const k in v) ${beside === '' ? 'c++' : `if (${beside}) c++`}\nif (c !== n) return\n`
}
