import type { TSchema } from '@sinclair/typebox'
import { got } from '../../errors/got.js'
import { isOptional } from '../kind.js'
import { isSafeName } from '../names.js'
import { POLICY_PATTERN } from '../text/spec.js'
import type { Place } from './context.js'
import { MAX_NAME_LENGTH, type Node, type ObjectNode, type Property } from './nodes.js'
import { compilePattern, patternFlags } from './read-scalars.js'

// Tested in test/contract/boot-checks.test.ts.

/** Items of an array with uniqueItems from a peer: each is hashed, 2-3 us an object. */
const MAX_UNIQUE_ITEMS = 1024
/** Type.Record's patterns for Type.String keys, of 0.34 and of 1.x: any name. */
const ANY_NAME = ['^(.*)$', '^.*$']

/** Type.Object. */
export function readObject (schema: TSchema, place: Place): ObjectNode {
  if (schema.properties === undefined) place.fail('an object needs properties; write Type.Object({ … })')
  const required = new Set<string>(schema.required ?? [])
  const properties = Object.entries<unknown>(schema.properties).map(([name, property]): Property => {
    checkName(place, name)
    if (required.has(name) && isOptional(property)) {
      place.at(name).fail('it is Optional and required at once; build the property and its object with one TypeBox')
    }
    return { name, required: required.has(name), node: place.read(property, name) }
  })
  for (const name of required) {
    checkName(place, name)
    if (!Object.hasOwn(schema.properties as object, name)) {
      place.fail(`required names ${got(name)}, which is not among the properties`)
    }
  }
  const extra = readExtra(schema, place)
  return objectNode(schema, place, { properties, extra, extraNames: null })
}

function readExtra (schema: TSchema, place: Place): Node | null {
  const { additionalProperties: open } = schema
  if (open === undefined || open === false) return null
  if (open !== true) {
    checkNames(schema, place)
    return place.read(open, '*')
  }
  // ours: only a schema declares; `true` tolerates what is there, it does not name it
  if (!place.isFromPeer) return null
  place.checkBound(schema, false, 'additionalProperties: true takes whatever a peer sends; ' +
    'expected a schema with { maxProperties }, or { unboundedOnPurpose: true } beside it')
  return { kind: 'any' }
}

/** Type.Record with names that the peer chooses. */
export function readRecord (schema: TSchema, place: Place): ObjectNode {
  const entries = Object.entries<unknown>(schema.patternProperties ?? {})
  const [entry] = entries
  if (entries.length !== 1 || entry === undefined) {
    place.fail('a record has exactly one pattern; write Type.Record(key, value)')
  }
  const [source, value] = entry
  if (source === POLICY_PATTERN) {
    place.fail('Type.Record does not keep the text policy of its names; ' +
      'write Type.Record(Type.String({ pattern }), value)')
  }
  checkNames(schema, place)
  const written = { source, flags: patternFlags(schema) }
  const extraNames = ANY_NAME.includes(source)
    ? null
    : compilePattern(schema, place, 'the pattern of the names', written, MAX_NAME_LENGTH)
  return objectNode(schema, place, { properties: [], extra: place.read(value, '*'), extraNames })
}

function checkName (place: Place, name: string): void {
  if (!isSafeName(name)) {
    place.fail(`${got(name)} can not be the name of a property: every object inherits it, ` +
      'so that a check for it proves nothing')
  }
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) {
    place.fail(`the name of a property has a control character or a lone surrogate: ${got(name)}`)
  }
}

function checkNames (schema: TSchema, place: Place): void {
  place.checkBound(schema, schema.maxProperties !== undefined,
    'names chosen by a peer need { maxProperties }, or { unboundedOnPurpose: true } to be limited by maxPayload only')
}

type Members = Pick<ObjectNode, 'properties' | 'extra' | 'extraNames'>

function objectNode (schema: TSchema, place: Place, members: Members): ObjectNode {
  const counts = place.range(schema, 'minProperties', 'maxProperties')
  const node: ObjectNode = { kind: 'object', ...members, unknown: place.context.unknown, ...counts, beside: [] }
  checkCounts(place, node)
  return node
}

/** Refuses counts that no object of these properties can have. */
export function checkCounts (place: Place, { properties, extra, min, max }: ObjectNode): void {
  const required = properties.filter(property => property.required).length
  if (required > max) place.fail(`maxProperties ${max} is below the ${required} properties that are required`)
  if (extra === null && min > properties.length) {
    place.fail(`minProperties ${min} is above the ${properties.length} properties that are declared`)
  }
}

/** Type.Array. */
export function readArray (schema: TSchema, place: Place): Node {
  if (schema.items === undefined) place.fail('an array needs items; write Type.Array(…)')
  const { min, max } = place.range(schema, 'minItems', 'maxItems')
  const unique = schema.uniqueItems === true
  const counts = schema.contains !== undefined || schema.minContains !== undefined || schema.maxContains !== undefined
  place.checkBound(schema, max < Infinity,
    'an array from a peer needs { maxItems }, or { unboundedOnPurpose: true } to be limited by maxPayload only')
  if (place.isFromPeer) {
    if (unique && max > MAX_UNIQUE_ITEMS) {
      place.fail(`uniqueItems needs { maxItems } of ${MAX_UNIQUE_ITEMS} at most beside it`)
    }
    if (counts) {
      place.fail('contains, minContains and maxContains are not supported in what a peer sends; ' +
        'check it in the handler')
    }
  }
  if (counts && schema.contains === undefined) {
    place.fail('minContains and maxContains need contains beside them')
  }
  const { minContains = 1, maxContains = Infinity } = schema
  const contains = counts
    ? { node: place.read(schema.contains), min: minContains, max: maxContains }
    : null
  const node = place.read(schema.items, '*')
  const different = node.kind === 'values' ? node.values.length : node.kind === 'boolean' ? 2 : Infinity
  if (unique && min > different) {
    place.fail(`minItems ${min} is above the ${different} different items there are`)
  }
  return { kind: 'array', items: node, min, max, unique, contains }
}

/** Type.Tuple. */
export function readTuple (schema: TSchema, place: Place): Node {
  const items = (schema.items ?? []) as unknown[]
  const { length } = items
  if ((schema.minItems ?? length) !== length || (schema.maxItems ?? length) !== length) {
    place.fail(`a tuple has as many items as it declares: ${length}; remove minItems and maxItems`)
  }
  if (items.some(isOptional)) place.fail('TypeBox requires each item of a tuple; write a Type.Union with Type.Null()')
  return { kind: 'tuple', items: items.map((item, i) => place.read(item, String(i))) }
}
