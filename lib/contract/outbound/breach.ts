import { findFaults, type Fault, type Side } from '../faults.js'
import { resolve, type Constant, type Node, type NumberNode, type SchemaTree, type StringNode } from '../tree/nodes.js'
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

const OURS: Side = {
  most: 1,
  work: Infinity,
  levels: Infinity,
  isAny: value => JSON.stringify(value) !== undefined,
  isInteger: Number.isInteger,
  isObject: (value, node) => node.extra === null ? isObject(value) : isDictionary(value),
  read: (source, name) => source[name],
  // what the serializer writes; the rest is left out, not refused
  names: (source, { extra, extraNames }) => extra === null
    ? []
    : Object.keys(source).filter(name =>
      name !== '__proto__' && extraNames?.test(name) !== false && source[name] !== undefined),
  isName: () => true,
  tellsNames: true,
  string (given, { policy, min, max, pattern, format }) {
    const value = policy === null ? given : given.length > policy.rawMax ? undefined : policy.apply(given)
    if (value === undefined) return 'characters'
    if (value.length < min) return 'short'
    if (value.length > max) return 'long'
    return pattern?.test(value) === false || format?.test(value) === false ? 'format' : null
  },
  tellsNearest: true,
}

/** Finds the first breach; null when the value fits. Slow path: it is asked once the serializer has refused. */
export function breachOf (tree: SchemaTree, value: unknown): Breach | null {
  const [fault] = findFaults(tree, value, OURS)
  if (fault === undefined) return null
  const { problem, node, cause } = fault
  // keys of a record may come from users, and what could disturb a log line is replaced
  const path = fault.path.replace(/[^\x20-\x7e\p{L}\p{N}]/gu, '?')
  const expected = problemExpectation(fault, tree)
  if (problem === 'getter') return { path, expected, came: 'a getter that threw', cause }
  if (problem !== 'threw') return { path, expected, came: kindOf(fault.value) }
  const read = cause instanceof RangeError ? 'something nested without end' : 'something that threw while it was read'
  return { path, expected, came: node.kind === 'any' ? kindOf(fault.value) : read, cause }
}

/** What was expected where something is wrong, with the bound that was broken. */
function problemExpectation ({ node, problem }: Fault, tree: SchemaTree): string {
  if (node.kind === 'array') {
    switch (problem) {
      case 'few': return `an array of at least ${node.min} items`
      case 'many': return `an array of at most ${node.max} items`
      case 'contains': return 'an array that contains what `contains` asks for'
      case 'unique': return 'an array without duplicates'
    }
  }
  if (node.kind === 'tuple') return `an array of exactly ${node.items.length} items`
  if (node.kind === 'object' && problem === 'few') return `an object with at least ${node.min} properties`
  if (node.kind === 'object' && problem === 'many') return `an object with at most ${node.max} properties`
  if (node.kind === 'union' && problem === 'tag') return oneOf(node.tag!.values.flatMap(list => list ?? []))
  if (node.kind === 'union' && problem === 'forms') {
    return `one of: ${node.variants.map(variant => expectation(variant, tree)).join('; ')}`
  }
  return expectation(node, tree)
}

function expectation (given: Node, tree: SchemaTree): string {
  const node = resolve(given, tree.definitions)!
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
    case 'not': return `anything but ${expectation(node.node, tree)}`
    case 'all': return node.parts.map(part => expectation(part, tree)).join(' and ')
    case 'union': return node.variants.map(variant => expectation(variant, tree)).join(' or ')
    default: return 'an object'
  }
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
