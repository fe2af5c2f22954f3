import { isObject } from '../errors/expected.js'
import { MAX_ISSUES } from '../protocol/envelope.js'
import { copyAny, countProperties, isDictionary, isFreeName, isPlainObject, isUnique } from './code/runtime.js'
import type { Blamed } from './inbound/sanitizer.js'
import { numberProblem, stringProblem, type Problem } from './scalar-faults.js'
import { step } from './tree/context.js'
import {
  MAX_RECURSION, type ArrayNode, type Constant, type Node, type ObjectNode, type SchemaTree, type UnionNode,
} from './tree/nodes.js'

// Tested in test/contract/accept.test.ts and test/contract/serializer.test.ts.

// Where a value that was refused does not fit. One walk for both directions; what is said of a fault, to a peer or to
// our caller, is written by inbound/explain.ts and outbound/breach.ts. Slow path.

export interface Fault {
  /** JSON pointer, cut at 128 characters. */
  readonly path: string
  readonly problem: Problem
  /** What was asked for there. */
  readonly node: Node
  /** What stands there; undefined for a property that is missing. */
  readonly value: unknown
  /** What was thrown on the way. */
  readonly cause?: unknown
}

type Source = Readonly<Record<string, unknown>>

const MAX_PATH = 128

/** Nodes that are visited of what a peer sent, in half a millisecond: 5000 numbers, the last of which is wrong. */
const MAX_WORK = 5000

/**
 * The faults of a value, none when it fits as far as can be told. Lengths come before what they bound. `blamed`: what
 * text policies refused of what a peer sent, of which 8 faults are found at most. Null: it is ours, the first is all.
 */
export function findFaults (tree: SchemaTree, value: unknown, blamed: readonly Blamed[] | null): readonly Fault[] {
  const [most, work] = blamed === null ? [1, Infinity] : [MAX_ISSUES, MAX_WORK]
  const finder = new Finder(tree, blamed, most, { left: work })
  finder.visit(tree.root, value, '', 0)
  return finder.faults
}

class Finder {
  readonly faults: Fault[] = []
  readonly #tree: SchemaTree
  readonly #blamed: readonly Blamed[] | null
  readonly #most: number
  readonly #work: { left: number }

  constructor (tree: SchemaTree, blamed: readonly Blamed[] | null, most: number, work: { left: number }) {
    this.#tree = tree
    this.#blamed = blamed
    this.#most = most
    this.#work = work
  }

  get #isOurs (): boolean {
    return this.#blamed === null
  }

  visit (node: Node, value: unknown, path: string, level: number): void {
    if (this.#isDone || this.#work.left-- <= 0) return
    try {
      const problem = this.#look(node, value, path, level)
      if (problem !== null) this.#add(path, problem, node, value)
    } catch (cause) {
      this.#add(path, 'threw', node, value, cause)
    }
  }

  get #isDone (): boolean {
    return this.faults.length >= this.#most || this.#work.left <= 0
  }

  #add (path: string, problem: Problem, node: Node, value: unknown, cause?: unknown): void {
    if (this.faults.length >= this.#most) return
    const cut = path.length > MAX_PATH ? path.slice(0, MAX_PATH).toWellFormed() : path
    this.faults.push({ path: cut, problem, node, value, ...cause !== undefined && { cause } })
  }

  /** The first fault of a part by itself. */
  #first (node: Node, value: unknown, path: string, level: number): Fault | undefined {
    const finder = new Finder(this.#tree, this.#blamed, 1, this.#work)
    finder.visit(node, value, path, level)
    return finder.faults[0]
  }

  /** The problem of the node itself; those of its parts are added. */
  #look (node: Node, value: unknown, path: string, level: number): Problem | null {
    switch (node.kind) {
      case 'any': {
        const copy: unknown = this.#isOurs ? JSON.stringify(value) : copyAny(value)
        if (!this.#isOurs) this.#work.left -= countProperties(copy)
        return copy === undefined ? 'kind' : null
      }
      case 'never': return 'kind'
      case 'boolean': return typeof value === 'boolean' ? null : 'kind'
      case 'values': return node.values.includes(value as Constant) ? null : 'constant'
      case 'number': return numberProblem(node, value, this.#isOurs)
      case 'string': return typeof value === 'string' ? stringProblem(node, value, this.#blamed) : 'kind'
      case 'bytes': {
        const fits = value instanceof Uint8Array && value.length >= node.min && value.length <= node.max
        return fits ? null : 'kind'
      }
      case 'array': return this.#array(node, value, path, level)
      case 'tuple': {
        if (!Array.isArray(value)) return 'kind'
        if (value.length !== node.items.length) return 'many'
        node.items.forEach((item, i) => { this.visit(item, value[i], `${path}/${i}`, level) })
        return null
      }
      case 'object': return this.#object(node, value, path, level)
      case 'union': return this.#union(node, value, path, level)
      case 'all': {
        const found = node.parts.map(part => this.#first(part, value, path, level)).find(fault => fault !== undefined)
        if (found !== undefined) this.faults.push(found)
        return null
      }
      case 'not': return this.#first(node.node, value, path, level) === undefined ? 'kind' : null
      case 'ref': {
        if (level === MAX_RECURSION && !this.#isOurs) return 'levels'
        this.visit(this.#tree.definitions.get(node.name)!, value, path, level + 1)
        return null
      }
    }
  }

  #array (node: ArrayNode, value: unknown, path: string, level: number): Problem | null {
    if (!Array.isArray(value)) return 'kind'
    if (value.length > node.max) return 'many'
    if (value.length < node.min) return 'few'
    const before = this.faults.length
    for (let i = 0; i < value.length && !this.#isDone; i++) this.visit(node.items, value[i], `${path}/${i}`, level)
    if (this.faults.length > before || this.#isDone) return null
    const { contains } = node
    if (contains !== null) {
      const held = value.filter(item => this.#first(contains.node, item, '', level) === undefined).length
      if (held < contains.min || held > contains.max) return 'contains'
    }
    return node.unique && !isUnique(value) ? 'unique' : null
  }

  #object (node: ObjectNode, value: unknown, path: string, level: number): Problem | null {
    if (typeof value !== 'object' || value === null || !isObjectFor(node, value, this.#isOurs)) return 'kind'
    const source = value as Source
    let count = 0
    for (const { name, node: inner, required } of node.properties) {
      const at = step(path, name)
      let property: unknown
      try {
        property = this.#isOurs || Object.hasOwn(source, name) ? source[name] : undefined
      } catch (cause) {
        this.#add(at, 'getter', inner, undefined, cause)
        continue
      }
      if (property !== undefined) count++
      if (property !== undefined || required) this.visit(inner, property, at, level)
    }
    if (this.#isDone) return null
    let fits = true
    for (const name of furtherNames(source, node, this.#isOurs)) {
      if (node.extra === null) return 'undeclared'
      if (++count > node.max || this.#isDone) break
      // the first one that doesn't fit is told, the others are only counted
      if (fits) fits = this.#member(node, name, source[name], path, level)
    }
    return count > node.max ? 'many' : count < node.min ? 'few' : null
  }

  #member (node: ObjectNode, name: string, value: unknown, path: string, level: number): boolean {
    const isOurs = this.#isOurs
    if (!isOurs && !(isFreeName(name) && node.extraNames?.test(name) !== false)) {
      this.#add(path, 'name', node, name)
      return false
    }
    // a name that the peer chose is not repeated
    const found = this.#first(node.extra!, value, isOurs ? step(path, name) : path, level)
    if (found !== undefined) this.faults.push(isOurs ? found : { ...found, path })
    return found === undefined
  }

  #union (node: UnionNode, value: unknown, path: string, level: number): Problem | null {
    const { variants, tag } = node
    if (tag !== null && typeof value === 'object' && value !== null && !Array.isArray(value)) {
      const kind = (value as Source)[tag.name]
      const variant = variants[tag.values.findIndex(list => list?.includes(kind as Constant) === true)]
      if (variant !== undefined) {
        this.visit(variant, value, path, level)
        return null
      }
      if (!tag.values.includes(null)) {
        this.#add(step(path, tag.name), 'tag', node, kind)
        return null
      }
    }
    let nearest: Fault | undefined
    for (const variant of variants) {
      const found = this.#first(variant, value, path, level)
      if (found === undefined) return null
      // the variant that got furthest is most likely the one that was meant
      if (found.path.length > (nearest?.path ?? path.slice(0, MAX_PATH)).length) nearest = found
    }
    if (!this.#isOurs || nearest === undefined) return 'forms'
    this.faults.push(nearest)
    return null
  }
}

function isObjectFor ({ extra }: ObjectNode, value: object, isOurs: boolean): boolean {
  return isOurs ? extra === null ? isObject(value) : isDictionary(value) : isPlainObject(value)
}

/** Names that are not declared. Of ours only those that the serializer writes: the rest is left out. */
function furtherNames (source: Source, node: ObjectNode, isOurs: boolean): readonly string[] {
  const { properties, beside, extra, extraNames, unknown } = node
  if (extra === null && (isOurs || unknown === 'drop')) return []
  const declared = new Set([...properties.map(({ name }) => name), ...beside])
  if (isOurs) {
    return Object.keys(source).filter(name => !declared.has(name) && name !== '__proto__' &&
      extraNames?.test(name) !== false && source[name] !== undefined)
  }
  const names: string[] = []
  // inherited names too, as the sanitizer counts them
  for (const name in source) if (!declared.has(name)) names.push(name)
  return names
}
