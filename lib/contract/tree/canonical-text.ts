import type { Constant, Node, Property } from './nodes.js'

// Tested in test/contract/compile.test.ts.

/** Members of nodes that are written for people, are rules, or follow from the others. */
const LEFT_OUT = { name: undefined, notes: undefined, unknown: undefined, tag: undefined, beside: undefined }

/**
 * Text that is the same for the same declaration: properties and constants sorted, notes and rules left out, recursions
 * numbered as they come, because the names of definitions say nothing. Functions are no JSON, and left out by it.
 */
export function canonicalText (root: Node, definitions: ReadonlyMap<string, Node | null>): string {
  const numbers = new Map<string, number>()
  const written: string[] = []
  const refOf = (name: string): string => {
    const node = definitions.get(name) ?? null
    // still being read
    if (node === null) return `#${JSON.stringify(name)}`
    const number = numbers.get(name) ?? numbers.size
    if (!numbers.has(name)) {
      numbers.set(name, number)
      written[number] = textOf(node)
    }
    return `#${number}`
  }
  // JSON has no Infinity, and null would be an absent limit as well: it is one
  const textOf = (node: Node): string => JSON.stringify(node, (key, value: unknown) => {
    if (value instanceof RegExp) return String(value)
    if (typeof value !== 'object' || value === null) return value
    if (key === 'properties') return (value as readonly Property[]).toSorted((a, b) => a.name < b.name ? -1 : 1)
    if (key === 'values') return (value as readonly Constant[]).map(constant => JSON.stringify(constant)).sort()
    if (Array.isArray(value)) return value
    const node = value as Partial<Node>
    if (node.kind === 'ref') return refOf(node.name!)
    const members = Object.entries(node.kind === undefined ? value : { ...value, ...LEFT_OUT })
    return Object.fromEntries(members.sort(([a], [b]) => a < b ? -1 : 1))
  })
  return [textOf(root), ...written].join(';')
}
