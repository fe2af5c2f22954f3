import { isUnique } from '../inbound/runtime.js'
import {
  resolve, type ArrayNode, type Constant, type Node, type NumberNode, type ObjectNode, type SchemaTree, type StringNode,
  type UnionNode,
} from '../tree/nodes.js'
import { isDictionary, isObject } from './runtime.js'

// Tested in test/contract/serializer.test.ts.

/** Where a value breaks its schema, what was expected there and what kind of value came. Never the value. */
export interface Breach {
  /** JSON pointer, cut at 128 characters. */
  readonly path: string
  readonly expected: string
  readonly came: string
  /** What was thrown on the way, when something was. */
  readonly cause?: unknown
}

const MAX_PATH = 128

/** Finds the first breach; null when the value fits. Slow path: it is asked once the serializer has refused. */
export function breachOf (tree: SchemaTree, value: unknown): Breach | null {
  return new Finder(tree).find(tree.root, value, '')
}

class Finder {
  readonly #tree: SchemaTree

  constructor (tree: SchemaTree) {
    this.#tree = tree
  }

  find (given: Node, value: unknown, path: string): Breach | null {
    const node = resolve(given, this.#tree.definitions)!
    try {
      switch (node.kind) {
        case 'object': return this.#object(node, value, path)
        case 'array': return this.#array(node, value, path)
        case 'tuple': return this.#tuple(node.items, value, path)
        case 'union': return this.#union(node, value, path)
        case 'all': return node.parts.map(part => this.find(part, value, path)).find(found => found !== null) ?? null
        case 'not': return this.find(node.node, value, path) === null ? this.#breach(path, node, value) : null
        case 'any': return JSON.stringify(value) === undefined ? this.#breach(path, node, value) : null
        case 'values': return node.values.includes(value as Constant) ? null : this.#breach(path, node, value)
        case 'boolean': return typeof value === 'boolean' ? null : this.#breach(path, node, value)
        case 'number': return fitsNumber(node, value) ? null : this.#breach(path, node, value)
        case 'string': return fitsString(node, value) ? null : this.#breach(path, node, value)
        default: return this.#breach(path, node, value)
      }
    } catch (cause) {
      const came = node.kind === 'any'
        ? kindOf(value)
        : cause instanceof RangeError ? 'something nested without end' : 'something that threw while it was read'
      return { path: cut(path), expected: this.#expectation(node), came, cause }
    }
  }

  #breach (path: string, expected: Node | string, value: unknown): Breach {
    const what = typeof expected === 'string' ? expected : this.#expectation(expected)
    return { path: cut(path), expected: what, came: kindOf(value) }
  }

  #object (node: ObjectNode, value: unknown, path: string): Breach | null {
    if (node.extra === null ? !isObject(value) : !isDictionary(value)) return this.#breach(path, 'an object', value)
    const object = value as Record<string, unknown>
    let count = 0
    for (const { name, node: inner, required } of node.properties) {
      const at = `${path}/${escape(name)}`
      let property: unknown
      try {
        property = object[name]
      } catch (cause) {
        return { path: cut(at), expected: this.#expectation(inner), came: 'a getter that threw', cause }
      }
      if (property === undefined && !required) continue
      const found = this.find(inner, property, at)
      if (found !== null) return found
      count++
    }
    const taken = new Set(['__proto__', ...node.properties.map(({ name }) => name)])
    for (const key of node.extra === null ? [] : Object.keys(object)) {
      if (taken.has(key) || node.extraNames?.test(key) === false || object[key] === undefined) continue
      const found = this.find(node.extra!, object[key], `${path}/${escape(key)}`)
      if (found !== null) return found
      count++
    }
    if (count < node.min) return this.#breach(path, `an object with at least ${node.min} properties`, value)
    return count > node.max ? this.#breach(path, `an object with at most ${node.max} properties`, value) : null
  }

  #array (node: ArrayNode, value: unknown, path: string): Breach | null {
    if (!Array.isArray(value)) return this.#breach(path, 'an array', value)
    if (value.length < node.min) return this.#breach(path, `an array of at least ${node.min} items`, value)
    if (value.length > node.max) return this.#breach(path, `an array of at most ${node.max} items`, value)
    for (let index = 0; index < value.length; index++) {
      const found = this.find(node.items, value[index], `${path}/${index}`)
      if (found !== null) return found
    }
    const { contains } = node
    const held = contains === null ? 0 : value.filter(item => this.find(contains.node, item, '') === null).length
    if (contains !== null && (held < contains.min || held > contains.max)) {
      return this.#breach(path, 'an array that contains what `contains` asks for', value)
    }
    return node.unique && !isUnique(value) ? this.#breach(path, 'an array without duplicates', value) : null
  }

  #tuple (items: readonly Node[], value: unknown, path: string): Breach | null {
    if (!Array.isArray(value) || value.length !== items.length) {
      return this.#breach(path, `an array of exactly ${items.length} items`, value)
    }
    for (const [index, item] of items.entries()) {
      const found = this.find(item, value[index], `${path}/${index}`)
      if (found !== null) return found
    }
    return null
  }

  #union (node: UnionNode, value: unknown, path: string): Breach | null {
    const { variants, tag } = node
    if (tag !== null && isObject(value)) {
      const kind = value[tag.name] as Constant
      const variant = variants[tag.values.findIndex(list => list?.includes(kind) === true)]
      if (variant !== undefined) return this.find(variant, value, path)
      const all = tag.values.flatMap(list => list ?? [])
      if (!tag.values.includes(null)) return this.#breach(`${path}/${escape(tag.name)}`, oneOf(all), kind)
    }
    // The variant that got furthest is most likely the one that was meant.
    let deepest: Breach | null = null
    for (const variant of variants) {
      const found = this.find(variant, value, path)
      if (found === null) return null
      if (found.path.length > (deepest?.path ?? cut(path)).length) deepest = found
    }
    const forms = variants.map(variant => this.#expectation(variant)).join('; ')
    return deepest ?? this.#breach(path, `one of: ${forms}`, value)
  }

  #expectation (given: Node): string {
    const node = resolve(given, this.#tree.definitions)!
    switch (node.kind) {
      case 'any': return 'a value that JSON can hold'
      case 'never': return 'nothing at all'
      case 'boolean': return 'a boolean'
      case 'string': return stringExpectation(node)
      case 'number': return numberExpectation(node)
      case 'values': return oneOf(node.values)
      case 'array':
      case 'tuple':
        return 'an array'
      case 'not': return `anything but ${this.#expectation(node.node)}`
      case 'all': return node.parts.map(part => this.#expectation(part)).join(' and ')
      case 'union': return node.variants.map(variant => this.#expectation(variant)).join(' or ')
      default: return 'an object'
    }
  }
}

function fitsNumber (node: NumberNode, value: unknown): boolean {
  return typeof value === 'number' && (node.integer ? Number.isInteger(value) : Number.isFinite(value)) &&
    value >= node.min && value <= node.max && value > node.above && value < node.below &&
    (node.multipleOf === 0 || value % node.multipleOf === 0)
}

function fitsString (node: StringNode, given: unknown): boolean {
  if (typeof given !== 'string') return false
  const value = node.policy === null ? given : given.length > node.policy.rawMax ? undefined : node.policy.apply(given)
  return value !== undefined && value.length >= node.min && value.length <= node.max &&
    (node.pattern === null || node.pattern.test(value)) && (node.format === null || node.format.test(value))
}

function stringExpectation (node: StringNode): string {
  const limits = []
  if (node.policy !== null) limits.push(`well-formed, of the policy ${node.policy.spec.policy}`)
  if (node.min > 0) limits.push(`at least ${node.min} characters`)
  if (node.max < Infinity) limits.push(`at most ${node.max} characters`)
  if (node.pattern !== null) limits.push(`matching ${node.pattern}`)
  if (node.format?.name === 'date-time') limits.push('format date-time; write a Date with toISOString()')
  else if (node.format !== null) limits.push(`format ${node.format.name}`)
  return limits.length === 0 ? 'a string' : `a string (${limits.join(', ')})`
}

function numberExpectation (node: NumberNode): string {
  const limits = []
  if (node.min > -Infinity) limits.push(`>= ${node.min}`)
  if (node.max < Infinity) limits.push(`<= ${node.max}`)
  if (node.above > -Infinity) limits.push(`> ${node.above}`)
  if (node.below < Infinity) limits.push(`< ${node.below}`)
  if (node.multipleOf !== 0) limits.push(`a multiple of ${node.multipleOf}`)
  const name = node.integer ? 'an integer' : 'a finite number'
  return limits.length === 0 ? name : `${name} (${limits.join(', ')})`
}

function oneOf (values: readonly Constant[]): string {
  const shown = values.map(value => JSON.stringify(value)).join(', ')
  return values.length === 1 ? shown : `one of ${shown}`
}

/** What kind of value came, never the value. */
function kindOf (value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Date) return 'a Date'
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (typeof value === 'number') return Number.isFinite(value) ? 'another number' : String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

/** RFC 6901, with what could disturb a log line replaced: keys of a record may come from users. */
const escape = (key: string): string =>
  key.replaceAll('~', '~0').replaceAll('/', '~1').replace(/[^\x20-\x7e\p{L}\p{N}]/gu, '?')

const cut = (path: string): string => path.length > MAX_PATH ? path.slice(0, MAX_PATH) : path
