import type { TSchema } from '@sinclair/typebox'
import { fail, isFromPeer, type Context, type Place } from './context.js'
import type { Node } from './nodes.js'

// Tested in test/contract/boot-checks.test.ts.

/** Items of an array with uniqueItems from a peer: each is hashed, 2-3 us an object. */
const MAX_UNIQUE_ITEMS = 1024

/** Type.Array. */
export function readArray (context: Context, schema: TSchema, path: string, place: Place): Node {
  const max: number = schema.maxItems ?? Infinity
  const min: number = schema.minItems ?? 0
  const unique = schema.uniqueItems === true
  if (schema.items === undefined) fail(context, path, 'an array needs items; write Type.Array(…)')
  if (min > max) fail(context, path, `minItems ${min} is above maxItems ${max}`)
  const counts = schema.contains !== undefined || schema.minContains !== undefined || schema.maxContains !== undefined
  if (isFromPeer(context)) {
    if (max === Infinity && schema.unboundedOnPurpose !== true) {
      fail(context, path, 'an array from a peer needs { maxItems }, or { unboundedOnPurpose: true } to be limited by ' +
        'maxPayload only')
    }
    if (unique && max > MAX_UNIQUE_ITEMS) {
      fail(context, path, `uniqueItems needs { maxItems } of ${MAX_UNIQUE_ITEMS} at most beside it`)
    }
    if (counts) {
      fail(context, path, 'contains, minContains and maxContains are not supported in what a peer sends; ' +
        'check it in the handler')
    }
  }
  if (counts && schema.contains === undefined) {
    fail(context, path, 'minContains and maxContains need contains beside them')
  }
  const { minContains = 1, maxContains = Infinity } = schema
  const contains = counts
    ? { node: context.read(schema.contains, path, place), min: minContains, max: maxContains }
    : null
  const node = context.read(schema.items, `${path}/*`, place)
  const different = node.kind === 'values' ? node.values.length : node.kind === 'boolean' ? 2 : Infinity
  if (unique && min > different) {
    fail(context, path, `minItems ${min} is above the ${different} different items there are`)
  }
  return { kind: 'array', items: node, min, max, unique, contains }
}

/** Type.Tuple. */
export function readTuple (context: Context, schema: TSchema, path: string, place: Place): Node {
  const items = (schema.items ?? []) as unknown[]
  const { length } = items
  if ((schema.minItems ?? length) !== length || (schema.maxItems ?? length) !== length) {
    fail(context, path, `a tuple has as many items as it declares: ${length}; remove minItems and maxItems`)
  }
  return { kind: 'tuple', items: items.map((item, i) => context.read(item, `${path}/${i}`, place)) }
}
