import { REFUSED } from '../../protocol/refused.js'
import type { ObjectShape, Shape, ShapeTree } from '../schema/shape.js'

// Path parameters and query strings are text. Where the contract declares another type at the top level, exactly the canonical
// spelling of a value is turned into it, so that a client can't smuggle " 1", "0x10" or "" past the check as a number.

/**
 * Turns texts into what the schema declares: numbers, booleans, and arrays from one or several values. Everything else is
 * left to the sanitizer. REFUSED when the value is not an object. Never throws.
 */
export function compileUrlValues (tree: ShapeTree): (value: unknown) => unknown {
  const root = tree.root.kind === 'object' ? tree.root : null
  const converts = root === null ? [] : root.properties.filter(property => needsConversion(property.shape))
  if (root === null || converts.length === 0) return value => value
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return REFUSED
    const copy: Record<string, unknown> = { ...value }
    for (const { name, shape } of converts) {
      if (Object.hasOwn(copy, name)) copy[name] = convert(shape, copy[name])
    }
    return copy
  }
}

/** A path's or query's shape must be an object of texts. */
export function isUrlShape (shape: Shape): shape is ObjectShape {
  return shape.kind === 'object'
}

function needsConversion (shape: Shape): boolean {
  switch (shape.kind) {
    case 'number':
    case 'boolean':
    case 'array':
    case 'union':
      return true
    case 'values': return shape.values.some(value => typeof value !== 'string')
    default: return false
  }
}

function convert (shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'number': return typeof value === 'string' && /^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,20})?$/.test(value) ? Number(value) : value
    case 'boolean': return value === 'true' ? true : value === 'false' ? false : value
    case 'values': return shape.values.find(known => String(known) === value) ?? value
    case 'array': return (Array.isArray(value) ? value : [value]).slice(0, shape.max + 1).map(item => convert(shape.items, item))
    case 'union': return shape.variants.map(variant => convert(variant, value)).find(converted => converted !== value) ?? value
    default: return value
  }
}
