import { REFUSED } from '../../protocol/refused.js'
import type { Issue } from '../../../types/contract.js'
import { MAX_ISSUES } from '../../protocol/envelope.js'
import { plainString } from '../text/rules.js'
import {
  MAX_RECURSION, type ArrayNode, type Node, type NumberNode, type ObjectNode, type SchemaTree, type StringNode,
  type UnionNode,
} from '../tree/nodes.js'
import { copyAny, isFreeName, isPlainObject, isUnique } from './runtime.js'
import type { Blamed } from './sanitizer.js'

// Tested in test/contract/accept.test.ts.

// Why a payload was refused, for the peer: where and what was expected, never a value, a bound, a pattern or the
// schema, nor a name that the contract doesn't declare. Slow path; ends at the eighth issue, a variant of a union at
// its first, and lengths come first, so that 50,000 bad items cost no more than eight. No text policy is asked a
// second time.

/** UTF-16 units of a path. */
const MAX_PATH = 128

/**
 * Says why a payload that was just refused does not fit; `blamed` is what text policies refused of it. At most 8
 * issues; none when it fits as far as can be told. Never throws for plain data.
 */
export function explain (tree: SchemaTree, value: unknown, blamed: readonly Blamed[]): Issue[] {
  const explainer = new Explainer(tree, blamed, MAX_ISSUES)
  explainer.visit(tree.root, value, '', 0)
  return explainer.issues
}

class Explainer {
  readonly issues: Issue[] = []
  readonly #tree: SchemaTree
  readonly #blamed: readonly Blamed[]
  readonly #most: number

  constructor (tree: SchemaTree, blamed: readonly Blamed[], most: number) {
    this.#tree = tree
    this.#blamed = blamed
    this.#most = most
  }

  visit (node: Node, value: unknown, path: string, depth: number): void {
    if (this.#isFull) return
    switch (node.kind) {
      case 'any': return this.#expect(copyAny(value) !== REFUSED, path, 'expected plain JSON without forbidden names')
      case 'boolean': return this.#expect(typeof value === 'boolean', path, 'expected boolean')
      case 'values': {
        const what = node.values.length === 1 ? 'the declared constant' : 'one of the declared constants'
        return this.#expect(node.values.includes(value as string), path, `expected ${what}`)
      }
      case 'number': return this.#number(node, value, path)
      case 'string': return this.#string(node, value, path)
      case 'bytes': {
        const fits = value instanceof Uint8Array && value.length >= node.min && value.length <= node.max
        return this.#expect(fits, path, 'expected bytes of the declared length')
      }
      case 'array': return this.#array(node, value, path, depth)
      case 'tuple': {
        if (!Array.isArray(value)) return this.#add(path, 'expected array')
        if (value.length !== node.items.length) return this.#add(path, 'expected the declared number of items')
        return node.items.forEach((item, i) => this.visit(item, value[i], `${path}/${i}`, depth))
      }
      case 'object': return this.#object(node, value, path, depth)
      case 'union': return this.#union(node, value, path, depth)
      case 'all': {
        const first = node.parts.map(part => this.#firstOf(part, value, path, depth)).find(issue => issue !== undefined)
        if (first !== undefined) this.issues.push(first)
        return
      }
      case 'ref':
        if (depth === MAX_RECURSION) return this.#add(path, 'expected fewer levels')
        return this.visit(this.#tree.definitions.get(node.name)!, value, path, depth + 1)
    }
  }

  #number (node: NumberNode, value: unknown, path: string): void {
    const is = node.integer ? Number.isSafeInteger(value) : Number.isFinite(value)
    if (!is) return this.#add(path, node.integer ? 'expected integer' : 'expected number')
    const number = value as number
    if (number > node.max || number >= node.below) return this.#add(path, 'expected a smaller number')
    if (number < node.min || number <= node.above) return this.#add(path, 'expected a larger number')
    const isMultiple = node.multipleOf === 0 || number % node.multipleOf === 0
    this.#expect(isMultiple, path, 'expected a multiple of the declared step')
  }

  #string (node: StringNode, value: unknown, path: string): void {
    const { policy } = node
    if (typeof value !== 'string') return this.#add(path, 'expected string')
    if (value.length > (policy?.rawMax ?? node.max)) return this.#add(path, 'expected a shorter string')
    const repairs = policy !== null && policy.spec.clean
    if (!repairs && value.length < node.min) return this.#add(path, 'expected a longer string')
    const refused = policy === null
      ? !plainString(value)
      : this.#blamed.some(one => one.node === node && one.value === value)
    if (refused) return this.#add(path, 'expected text without forbidden characters')
    // of what a policy makes of it only the policy knows
    if (repairs) return
    const { pattern, format } = node
    const fits = (pattern === null || pattern.test(value)) && (format === null || format.test(value))
    this.#expect(fits, path, 'expected the declared format')
  }

  #array (node: ArrayNode, value: unknown, path: string, depth: number): void {
    if (!Array.isArray(value)) return this.#add(path, 'expected array')
    if (value.length > node.max) return this.#add(path, 'expected fewer items')
    if (value.length < node.min) return this.#add(path, 'expected more items')
    for (let i = 0; i < value.length && !this.#isFull; i++) this.visit(node.items, value[i], `${path}/${i}`, depth)
    if (node.unique && this.issues.length === 0 && !isUnique(value)) this.#add(path, 'expected unique items')
  }

  #object (node: ObjectNode, value: unknown, path: string, depth: number): void {
    if (typeof value !== 'object' || value === null || !isPlainObject(value)) return this.#add(path, 'expected object')
    const source = value as Record<string, unknown>
    let count = 0
    for (const { name, required, node: inner } of node.properties) {
      const at = below(path, name)
      if (Object.hasOwn(source, name) && source[name] !== undefined) {
        count++
        this.visit(inner, source[name], at, depth)
      } else if (required) {
        this.#add(at, 'expected required property')
      }
    }
    const known = new Set([...node.properties.map(property => property.name), ...node.beside])
    let fits = true
    for (const name in source) {
      if (this.#isFull) return
      if (known.has(name)) continue
      if (node.extra === null) {
        if (node.unknown === 'refuse') this.#add(path, 'unexpected property')
        break
      }
      if (++count > node.max) return this.#add(path, 'expected fewer properties')
      if (fits) fits = this.#member(node.extra, node.extraNames, name, source[name], path, depth)
    }
    if (count > node.max) this.#add(path, 'expected fewer properties')
    if (count < node.min) this.#add(path, 'expected more properties')
  }

  // A name that the peer chose is not repeated: the first member that does not fit is told at the place of the whole.
  #member (node: Node, names: RegExp | null, name: string, value: unknown, path: string, depth: number): boolean {
    if (!isFreeName(name) || (names !== null && !names.test(name))) {
      this.#add(path, 'expected a property name that is allowed')
      return false
    }
    const first = this.#firstOf(node, value, path, depth)
    if (first !== undefined) this.#add(path, first.message)
    return first === undefined
  }

  #union (node: UnionNode, value: unknown, path: string, depth: number): void {
    const { variants, tag } = node
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    if (tag !== null && isObject) {
      const kind = (value as Record<string, unknown>)[tag.name]
      const index = tag.values.findIndex(list => list?.includes(kind as string) === true)
      if (index !== -1) return this.visit(variants[index]!, value, path, depth)
      if (!tag.values.includes(null)) return this.#add(below(path, tag.name), 'expected one of the declared constants')
    }
    const fits = variants.some(variant => this.#firstOf(variant, value, path, depth) === undefined)
    this.#expect(fits, path, 'expected one of the declared forms')
  }

  #firstOf (node: Node, value: unknown, path: string, depth: number): Issue | undefined {
    const inner = new Explainer(this.#tree, this.#blamed, 1)
    inner.visit(node, value, path, depth)
    return inner.issues[0]
  }

  get #isFull (): boolean {
    return this.issues.length >= this.#most
  }

  #expect (fits: boolean, path: string, message: string): void {
    if (!fits) this.#add(path, message)
  }

  #add (path: string, message: string): void {
    if (this.#isFull) return
    this.issues.push({ path: path.length > MAX_PATH ? path.slice(0, MAX_PATH).toWellFormed() : path, message })
  }
}

/** A JSON pointer's next step (RFC 6901 section 3). */
function below (path: string, name: string): string {
  return `${path}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`
}
