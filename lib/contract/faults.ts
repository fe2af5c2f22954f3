import { isUnique } from './inbound/runtime.js'
import { step } from './tree/context.js'
import type {
  ArrayNode, Constant, Node, NumberNode, ObjectNode, SchemaTree, StringNode, UnionNode,
} from './tree/nodes.js'

// Tested in test/contract/accept.test.ts and test/contract/serializer.test.ts.

// Where a value that was refused does not fit. One walk for both directions; what is said of a fault, to a peer or to
// our caller, is written by inbound/explain.ts and outbound/breach.ts. Slow path.

export type Problem =
  | 'kind' | 'constant' | 'tag' | 'forms' | 'few' | 'many' | 'unique' | 'contains' | 'small' | 'large' | 'multiple'
  | 'short' | 'long' | 'characters' | 'format' | 'undeclared' | 'name' | 'levels' | 'getter' | 'threw'

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

/** What is judged differently of what a peer sent and of what is ours. */
export interface Side {
  /** Faults that are looked for. */
  readonly most: number
  /** Nodes that are visited at most. What is not found until then isn't found. */
  readonly work: number
  /** Recursions that are followed. */
  readonly levels: number
  readonly isAny: (value: unknown) => boolean
  readonly isInteger: (value: unknown) => boolean
  readonly isObject: (value: object, node: ObjectNode) => boolean
  /** A declared property. */
  readonly read: (source: Source, name: string) => unknown
  /** Properties that may be undeclared. */
  readonly names: (source: Source, node: ObjectNode) => readonly string[]
  readonly isName: (name: string, node: ObjectNode) => boolean
  /** Undeclared names are part of a path; else their faults stand at the place of the whole. */
  readonly tellsNames: boolean
  readonly string: (value: string, node: StringNode) => Problem | null
  /** What a variant of a union found deeper than its root is told instead of the whole union. */
  readonly tellsNearest: boolean
}

const MAX_PATH = 128

/** The faults of a value, none when it fits as far as can be told. Lengths come before what they bound. */
export function findFaults (tree: SchemaTree, value: unknown, side: Side): readonly Fault[] {
  const finder = new Finder(tree, side)
  finder.visit(tree.root, value, '', 0)
  return finder.faults
}

class Finder {
  faults: Fault[] = []
  readonly #tree: SchemaTree
  readonly #side: Side
  readonly #declared = new Map<Node, ReadonlySet<string>>()
  #most: number
  #work: number

  constructor (tree: SchemaTree, side: Side) {
    this.#tree = tree
    this.#side = side
    this.#most = side.most
    this.#work = side.work
  }

  visit (node: Node, value: unknown, path: string, level: number): void {
    if (this.#isDone || this.#work-- <= 0) return
    try {
      const problem = this.#look(node, value, path, level)
      if (problem !== null) this.#add(path, problem, node, value)
    } catch (cause) {
      this.#add(path, 'threw', node, value, cause)
    }
  }

  get #isDone (): boolean {
    return this.faults.length >= this.#most || this.#work <= 0
  }

  #add (path: string, problem: Problem, node: Node, value: unknown, cause?: unknown): void {
    if (this.faults.length >= this.#most) return
    const cut = path.length > MAX_PATH ? path.slice(0, MAX_PATH).toWellFormed() : path
    this.faults.push({ path: cut, problem, node, value, ...cause !== undefined && { cause } })
  }

  /** The first fault of a part by itself. */
  #first (node: Node, value: unknown, path: string, level: number): Fault | undefined {
    const outer = { faults: this.faults, most: this.#most }
    this.faults = []
    this.#most = 1
    try {
      this.visit(node, value, path, level)
      return this.faults[0]
    } finally {
      this.faults = outer.faults
      this.#most = outer.most
    }
  }

  /** The problem of the node itself; those of its parts are added. */
  #look (node: Node, value: unknown, path: string, level: number): Problem | null {
    const side = this.#side
    switch (node.kind) {
      case 'any': return side.isAny(value) ? null : 'kind'
      case 'never': return 'kind'
      case 'boolean': return typeof value === 'boolean' ? null : 'kind'
      case 'values': return node.values.includes(value as Constant) ? null : 'constant'
      case 'number': return this.#number(node, value)
      case 'string': return typeof value === 'string' ? side.string(value, node) : 'kind'
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
        if (level === side.levels) return 'levels'
        this.visit(this.#tree.definitions.get(node.name)!, value, path, level + 1)
        return null
      }
    }
  }

  #number (node: NumberNode, value: unknown): Problem | null {
    if (node.integer ? !this.#side.isInteger(value) : !Number.isFinite(value)) return 'kind'
    const number = value as number
    if (number > node.max || number >= node.below) return 'large'
    if (number < node.min || number <= node.above) return 'small'
    return node.multipleOf === 0 || number % node.multipleOf === 0 ? null : 'multiple'
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
    const side = this.#side
    if (typeof value !== 'object' || value === null || !side.isObject(value, node)) return 'kind'
    const source = value as Source
    let count = 0
    for (const { name, node: inner, required } of node.properties) {
      const at = step(path, name)
      let property: unknown
      try {
        property = side.read(source, name)
      } catch (cause) {
        this.#add(at, 'getter', inner, undefined, cause)
        continue
      }
      if (property !== undefined) count++
      if (property !== undefined || required) this.visit(inner, property, at, level)
    }
    if (this.#isDone) return null
    const declared = this.#declaredOf(node)
    let fits = true
    for (const name of side.names(source, node)) {
      if (declared.has(name)) continue
      if (node.extra === null) return 'undeclared'
      if (++count > node.max || this.#isDone) break
      // the first one that doesn't fit is told, the others are only counted
      if (fits) fits = this.#member(node, name, source[name], path, level)
    }
    return count > node.max ? 'many' : count < node.min ? 'few' : null
  }

  #member (node: ObjectNode, name: string, value: unknown, path: string, level: number): boolean {
    const side = this.#side
    if (!side.isName(name, node)) {
      this.#add(path, 'name', node, name)
      return false
    }
    const found = this.#first(node.extra!, value, side.tellsNames ? step(path, name) : path, level)
    if (found !== undefined) this.faults.push(side.tellsNames ? found : { ...found, path })
    return found === undefined
  }

  #declaredOf (node: ObjectNode): ReadonlySet<string> {
    let names = this.#declared.get(node)
    if (names === undefined) {
      names = new Set([...node.properties.map(property => property.name), ...node.beside])
      this.#declared.set(node, names)
    }
    return names
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
    if (!this.#side.tellsNearest || nearest === undefined) return 'forms'
    this.faults.push(nearest)
    return null
  }
}
