import type { Node } from './nodes.js'

// Tested in test/contract/compile.test.ts.

/**
 * Text that is the same for the same declaration: properties sorted, notes and rules left out, recursions numbered as
 * they come, because the names of definitions say nothing.
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
      written[number] = textOf(node, refOf)
    }
    return `#${number}`
  }
  return [textOf(root, refOf), ...written].join(';')
}

function textOf (node: Node, refOf: (name: string) => string): string {
  const text = (inner: Node): string => textOf(inner, refOf)
  switch (node.kind) {
    case 'any':
    case 'never':
    case 'boolean':
      return node.kind
    case 'values': return `values${JSON.stringify([...node.values].map(value => JSON.stringify(value)).sort())}`
    case 'number': return write('number', [node.integer, node.min, node.max, node.above, node.below, node.multipleOf])
    case 'string': {
      const spec = node.policy === null ? null : Object.entries(node.policy.spec).sort(([a], [b]) => a < b ? -1 : 1)
      return write('string', [node.min, node.max, String(node.pattern), node.format?.name ?? null, spec])
    }
    case 'bytes': return write('bytes', [node.min, node.max])
    case 'array': {
      const { contains } = node
      const holds = contains === null ? '' : `${text(contains.node)}${write('', [contains.min, contains.max])}`
      return `${write('array', [node.min, node.max, node.unique])}[${text(node.items)}][${holds}]`
    }
    case 'tuple': return `tuple[${node.items.map(text).join()}]`
    case 'union': return `union[${node.variants.map(text).join()}]`
    case 'all': return `all[${node.parts.map(text).join()}]`
    case 'not': return `not[${text(node.node)}]`
    case 'object': {
      // before recursions in them are numbered
      const sorted = node.properties.toSorted((a, b) => a.name < b.name ? -1 : 1)
      const properties = sorted.map(({ name, required, node: inner }) =>
        `${JSON.stringify(name)}${required ? '' : '?'}:${text(inner)}`)
      const extra = node.extra === null ? '' : `${String(node.extraNames)}:${text(node.extra)}`
      return `${write('object', [node.min, node.max])}{${properties.join()}}{${extra}}`
    }
    case 'ref': return refOf(node.name)
  }
}

// JSON has no Infinity, and null would be an absent limit as well: it is one.
const write = (kind: string, values: readonly unknown[]): string => kind + JSON.stringify(values)
