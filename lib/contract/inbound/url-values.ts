import { REFUSED } from '../../protocol/refused.js'
import type { Node, SchemaTree } from '../tree/nodes.js'

// Tested in test/contract/compile.test.ts.

/** The plain spelling of a number. */
const NUMBER = /^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,20})?$/

// Path parameters and query strings are text. Where the contract declares another type at the top level, exactly the
// canonical spelling of a value is turned into it, so that a client can't smuggle " 1", "0x10" or "" past the check
// as a number.

/**
 * Turns texts into what the schema declares: numbers, booleans, and arrays from one or several values. Everything
 * else is left to the sanitizer. REFUSED when the value is not an object. Never throws.
 */
export function compileUrlValues (tree: SchemaTree): (value: unknown) => unknown {
  const root = tree.root.kind === 'object' ? tree.root : null
  const converts = root === null ? [] : root.properties.filter(property => needsConversion(property.node))
  if (root === null || converts.length === 0) return value => value
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return REFUSED
    const copy: Record<string, unknown> = { ...value }
    for (const { name, node } of converts) {
      if (Object.hasOwn(copy, name)) copy[name] = convert(node, copy[name])
    }
    return copy
  }
}

function needsConversion (node: Node): boolean {
  switch (node.kind) {
    case 'number':
    case 'boolean':
    case 'array':
    case 'union':
      return true
    case 'all': return node.parts.some(needsConversion)
    case 'values': return node.values.some(value => typeof value !== 'string')
    default: return false
  }
}

function convert (node: Node, value: unknown): unknown {
  switch (node.kind) {
    case 'number': return typeof value === 'string' && NUMBER.test(value) ? Number(value) : value
    case 'boolean': return value === 'true' ? true : value === 'false' ? false : value
    case 'values': return node.values.find(known => String(known) === value) ?? value
    case 'all': return convert(node.parts[0]!, value)
    case 'array': {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value]
      return list.slice(0, node.max + 1).map(item => convert(node.items, item))
    }
    case 'union': return node.variants.map(variant => convert(variant, value)).find(other => other !== value) ?? value
    default: return value
  }
}
