import type { TSchema } from '@sinclair/typebox'
import { isOptional } from '../kind.js'
import type { Place } from './context.js'
import type { Node } from './nodes.js'

// Tested in test/contract/boot-checks.test.ts.

/** Items of an array with uniqueItems from a peer: each is hashed, 2-3 us an object. */
const MAX_UNIQUE_ITEMS = 1024

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
