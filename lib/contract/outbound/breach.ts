import { WSG_ERR_OUTBOUND_INVALID } from '../../errors/coded.js'
import { findFaults, type Fault } from '../faults.js'
import { resolve, type Constant, type Node, type NumberNode, type SchemaTree, type StringNode } from '../tree/nodes.js'

// Tested in test/contract/serializer.test.ts.

/**
 * The error of a value that the serializer refused: where it breaks its schema, what was expected there and what kind
 * of value came, never the value. `thrown`: what was thrown while it was written.
 */
export function breachError (tree: SchemaTree, value: unknown, thrown?: { readonly cause: unknown }): Error {
  const [fault] = findFaults(tree, value, null)
  if (fault === undefined) return errorOf(`${tree.where}: the value changed while it was read`, thrown)
  // keys of a record may come from users, and what could disturb a log line is replaced
  const path = fault.path.replace(/[^\x20-\x7e\p{L}\p{N}]/gu, '?')
  const message = `${tree.where}: ${path === '' ? 'the value' : path} is expected to be ` +
    `${problemExpectation(fault, tree)}, came ${cameOf(fault)}`
  return errorOf(message, thrown ?? ('cause' in fault ? { cause: fault.cause } : undefined))
}

function errorOf (message: string, thrown: { readonly cause: unknown } | undefined): Error {
  return thrown === undefined ? new WSG_ERR_OUTBOUND_INVALID(message) : new WSG_ERR_OUTBOUND_INVALID(message, thrown)
}

function cameOf ({ problem, node, value, cause }: Fault): string {
  if (problem === 'getter') return 'a getter that threw'
  if (problem !== 'threw' || node.kind === 'any') return shapeOf(value)
  return cause instanceof RangeError ? 'something nested without end' : 'something that threw while it was read'
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
    case 'bytes': return `a Uint8Array of ${node.min} to ${node.max} bytes`
    case 'not': return `anything but ${expectation(node.node, tree)}`
    case 'all': return node.parts.map(part => expectation(part, tree)).join(' and ')
    case 'union': return node.variants.map(variant => expectation(variant, tree)).join(' or ')
    default: return 'an object'
  }
}

function stringExpectation ({ policy, min, max, pattern, format }: StringNode): string {
  return limited('a string', [
    policy !== null && `well-formed, of the policy ${policy.spec.policy}`,
    min > 0 && `at least ${min} characters`,
    max < Infinity && `at most ${max} characters`,
    pattern !== null && `matching ${pattern}`,
    format !== null && `format ${format.name}${format.name === 'date-time' ? '; write a Date with toISOString()' : ''}`,
  ])
}

function numberExpectation ({ integer, min, max, above, below, multipleOf }: NumberNode): string {
  return limited(integer ? 'an integer' : 'a finite number', [
    min > -Infinity && `>= ${min}`,
    max < Infinity && `<= ${max}`,
    above > -Infinity && `> ${above}`,
    below < Infinity && `< ${below}`,
    multipleOf !== 0 && `a multiple of ${multipleOf}`,
  ])
}

function limited (name: string, limits: readonly (string | false)[]): string {
  const given = limits.filter(limit => limit !== false)
  return given.length === 0 ? name : `${name} (${given.join(', ')})`
}

function oneOf (values: readonly Constant[]): string {
  const shown = values.map(value => JSON.stringify(value)).join(', ')
  return values.length === 1 ? shown : `one of ${shown}`
}

/** What kind of value came, never the value. */
function shapeOf (value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (value instanceof Date) return 'a Date'
  if (typeof value === 'string') return `a string of ${value.length} characters`
  if (typeof value === 'number') return Number.isFinite(value) ? 'another number' : String(value)
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}
