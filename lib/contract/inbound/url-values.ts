import { REFUSED } from '../../protocol/refused.js'
import type { Node, SchemaTree } from '../tree/nodes.js'
import { compileSanitizer } from './sanitizer.js'

// Tested in test/contract/compile.test.ts.

/** The plain spelling of a number. */
const NUMBER = /^-?(?:0|[1-9]\d{0,20})(?:\.\d{1,20})?$/

// Path parameters and query strings are text. Where the contract declares another type at the top level, exactly the
// canonical spelling of a value is turned into it, so that a client can't smuggle " 1", "0x10" or "" past the check
// as a number.

/**
 * Turns texts into what the schema declares: numbers, booleans, and arrays from one or several values; the rest is
 * the sanitizer's, whose copy or REFUSED is returned. Never throws.
 */
export function compileUrlPart (tree: SchemaTree): (value: unknown) => unknown {
  const { accept } = compileSanitizer(tree)
  const properties = tree.root.kind === 'object' ? tree.root.properties : []
  return value => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return REFUSED
    const copy: Record<string, unknown> = { ...value }
    for (const { name, node } of properties) if (Object.hasOwn(copy, name)) copy[name] = convert(node, copy[name])
    return accept(copy)
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
