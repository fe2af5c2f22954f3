import type { TSchema } from '@sinclair/typebox'
import { got } from '../../errors/got.js'
import { canonicalText } from './canonical-text.js'
import type { Place } from './context.js'
import { resolve, type Constant, type Node, type ObjectNode } from './nodes.js'
import { checkCounts } from './read-containers.js'
import { hasNumber } from './read-scalars.js'

// Tested in test/contract/boot-checks.test.ts.

/** Most combinations an intersection of unions may multiply to. */
const MAX_COMBINATIONS = 64
const NOTHING_FITS = 'nothing fits all parts of the Type.Intersect'

/** Type.Union, Type.Enum. */
export function readUnion (schema: TSchema, place: Place): Node {
  const variants = (schema.anyOf as unknown[]).map(variant => place.read(variant))
  if (variants.length === 0) place.fail('a union of nothing')
  return unionOf(variants)
}

/** One node for any of these: constants are joined, unions of unions are one. */
function unionOf (given: readonly Node[]): Node {
  const constants = new Set<Constant>()
  const variants: Node[] = []
  for (const variant of given.flatMap(node => node.kind === 'union' ? node.variants : [node])) {
    if (variant.kind !== 'values') {
      variants.push(variant)
      continue
    }
    if (constants.size === 0) variants.push(variant)
    for (const value of variant.values) constants.add(value)
  }
  const all: Node = { kind: 'values', values: [...constants] }
  const joined = variants.map(node => node.kind === 'values' ? all : node)
  const [only] = joined
  if (only !== undefined && joined.length === 1) return only
  // which property tells them apart can be seen when all definitions are there
  return { kind: 'union', variants: joined, tag: null }
}

/** Type.Intersect of objects and of unions of objects: one object with the properties of all. Or of scalars. */
export function readIntersect (schema: TSchema, place: Place): Node {
  const members = schema.allOf as TSchema[]
  if (typeof schema.unevaluatedProperties === 'object') {
    place.fail('unevaluatedProperties can be a boolean only; write the further properties as ' +
      'additionalProperties of one Type.Object')
  }
  const nodes: Node[] = members.map(member => place.read(member)).filter(node => node.kind !== 'any')
  if (nodes.length === 0) {
    if (members.length === 0) place.fail('an intersection of nothing')
    return { kind: 'any' }
  }
  if (nodes.length > 1 && nodes.some(node => isObjectLike(node, place))) {
    const closed = members.some(member => member.additionalProperties === false)
    if (closed) {
      place.fail('a part of Type.Intersect with additionalProperties: false refuses what the other parts ' +
        'declare; put unevaluatedProperties: false on the Type.Intersect, or use Type.Composite')
    }
  }
  const node = nodes.reduce((left, right) => {
    const joined = both(left, right, place)
    return joined.kind === 'never' ? place.fail(NOTHING_FITS) : joined
  })
  if (schema.unevaluatedProperties === false) checkClosed(node, place)
  if (node.kind === 'not' || (node.kind === 'all' && node.parts[0]!.kind === 'not')) {
    place.fail('an Intersect of Not alone declares nothing to write')
  }
  return node
}

/** What the two describe together. */
function both (left: Node, right: Node, place: Place): Node {
  if (canonicalText(left, place.context.definitions) === canonicalText(right, place.context.definitions)) return left
  if (!isObjectLike(left, place) && !isObjectLike(right, place)) return bothScalars(left, right, place)
  const rights = objectsOf(right, place)
  const combined = objectsOf(left, place).flatMap(one => rights.map(other => merge(one, other, place)))
  if (combined.length > MAX_COMBINATIONS) {
    place.fail(`the intersection has more than ${MAX_COMBINATIONS} combinations`)
  }
  // two unions that are told apart by one property: most pairs contradict each other there
  const possible = combined.filter(({ properties }) =>
    properties.every(({ node, required }) => !required || node.kind !== 'never'))
  return possible.length === 0 ? { kind: 'never' } : unionOf(possible)
}

function isObjectLike (node: Node, place: Place): boolean {
  const target = resolve(node, place.context.definitions)
  return target === undefined || target.kind === 'object' || target.kind === 'union'
}

/** JavaScript's name for what a scalar may be; null where nothing is copied by it. */
function typeOf (node: Node): string | null {
  switch (node.kind) {
    case 'boolean':
    case 'number':
    case 'string':
      return node.kind
    case 'values': return new Set(node.values.map(value => typeof value)).size === 1 ? typeof node.values[0] : null
    case 'all': return typeOf(node.parts[0]!)
    default: return null
  }
}

function bothScalars (left: Node, right: Node, place: Place): Node {
  const parts = [left, right].flatMap(node => node.kind === 'all' ? node.parts : [node])
  const types = new Set(parts.filter(part => part.kind !== 'not').map(typeOf))
  if (types.has(null)) {
    place.fail('Type.Intersect takes objects, unions of objects, and scalars of one type; ' +
      'write it as one type')
  }
  if (types.size > 1) {
    place.fail('two parts of Type.Intersect declare this property differently; declare it once')
  }
  if (place.isFromPeer && parts.some(part => part.kind === 'string' && part.policy !== null)) {
    place.fail('a part of Type.Intersect has a text policy, and another one beside it; write it as one type')
  }
  const numbers = parts.filter(part => part.kind === 'number')
  const merged = {
    integer: numbers.some(part => part.integer),
    min: Math.max(...numbers.map(part => part.min)),
    max: Math.min(...numbers.map(part => part.max)),
    above: Math.max(...numbers.map(part => part.above)),
    below: Math.min(...numbers.map(part => part.below)),
    multipleOf: 0,
  }
  const lengths = parts.filter(part => part.kind === 'string')
  if ((numbers.length > 0 && !hasNumber({ kind: 'number', ...merged })) ||
    Math.max(...lengths.map(part => part.min)) > Math.min(...lengths.map(part => part.max))) {
    place.fail(NOTHING_FITS)
  }
  const [first, ...others] = parts.filter(part => part.kind === 'values')
  if (first?.values.every(value => others.some(other => !other.values.includes(value))) === true) {
    return { kind: 'never' }
  }
  // the first one writes, so it must not be one that only refuses
  return { kind: 'all', parts: parts.toSorted((a, b) => Number(a.kind === 'not') - Number(b.kind === 'not')) }
}

function objectsOf (node: Node, place: Place): readonly ObjectNode[] {
  const target = resolve(node, place.context.definitions)
  if (target === undefined) place.fail('an Intersect can not hold the recursive schema it is part of')
  if (target.kind === 'union') return target.variants.flatMap(variant => objectsOf(variant, place))
  if (target.kind !== 'object') {
    place.fail('Type.Intersect takes objects, unions of objects, and scalars of one type; ' +
      'write anything else as one type')
  }
  if (target.extra !== null) {
    place.fail('an open object or record can not be part of Type.Intersect; write one Type.Object')
  }
  return [target]
}

function merge (left: ObjectNode, right: ObjectNode, place: Place): ObjectNode {
  const properties = new Map(left.properties.map(property => [property.name, property]))
  for (const { name, node, required } of right.properties) {
    const other = properties.get(name)
    properties.set(name, other === undefined
      ? { name, node, required }
      : { name, node: both(other.node, node, place.at(name)), required: required || other.required })
  }
  const merged: ObjectNode = {
    ...left,
    properties: [...properties.values()],
    min: Math.max(left.min, right.min),
    max: Math.min(left.max, right.max),
  }
  checkCounts(place, merged)
  return merged
}

function checkClosed (node: Node, place: Place): void {
  if (node.kind === 'union') {
    place.fail('with unevaluatedProperties: false TypeBox only allows properties that all variants have; ' +
      'leave it out (undeclared properties are refused anyway)')
  }
  const odd = node.kind === 'object' ? node.properties.find(({ name }) => !/^[\w-]+$/.test(name)) : undefined
  // TypeBox builds an unescaped pattern out of the names
  if (odd !== undefined) {
    place.fail(`with unevaluatedProperties: false a property can not be named ${got(odd.name)}; ` +
      'use Type.Composite')
  }
}
