import { priceOf } from './text/price.js'
import { defaultMaxBytes } from './text/spec.js'
import { partsOf, type Node, type ObjectNode, type SchemaTree, type StringNode } from './tree/nodes.js'
import { step } from './tree/context.js'

// Tested in test/contract/schemas.test.ts.

// What a message's text policies can cost at most, for the boot report: bytes by the policy's price (text/price.ts).

/** What one token of a message's rate should be worth. */
const TOKEN_NS = 1_000_000

/** Tokens a socket has at once by default; a message that costs more would never be handled. */
const MOST_TOKENS = 40

export interface CostlyField {
  /** JSON pointer, `*` for any item. */
  readonly path: string
  readonly policy: string
  readonly ns: number
}

export interface Estimate {
  /** Fields that can cost more than a token, the dearest first. */
  readonly fields: readonly CostlyField[]
  /** A `cost` that charges for them; null where 1 is fair. */
  readonly suggested: number | null
}

/** Which fields of a message are costly. `most` bounds what a frame can hold: maxPayload. */
export function estimateCost (tree: SchemaTree, most: number): Estimate {
  const fields: CostlyField[] = []
  const open = new Set<Node>()
  const visit = (node: Node, path: string, times: number): void => {
    if (open.has(node)) return
    open.add(node)
    if (node.kind === 'string' && node.policy !== null) fields.push({ path, ...costOf(node, times, most) })
    else if (node.kind === 'ref') visit(tree.definitions.get(node.name)!, path, Infinity)
    else if (node.kind === 'array') visit(node.items, `${path}/*`, product(times, node.max))
    else if (node.kind === 'object') visitObject(node, path, times)
    else for (const part of partsOf(node)) visit(part, path, times)
    open.delete(node)
  }
  const visitObject = (node: ObjectNode, path: string, times: number): void => {
    for (const { name, node: inner } of node.properties) visit(inner, step(path, name), times)
    if (node.extra !== null) visit(node.extra, `${path}/*`, product(times, node.max))
  }
  visit(tree.root, '', 1)
  const costly = fields.filter(field => field.ns > TOKEN_NS).sort((a, b) => b.ns - a.ns)
  const total = fields.reduce((ns, field) => ns + field.ns, 0)
  return { fields: costly, suggested: total <= TOKEN_NS ? null : Math.min(MOST_TOKENS, Math.ceil(total / TOKEN_NS)) }
}

/** 0 of anything is nothing, of what has no bound too. */
const product = (times: number, max: number): number => max === 0 ? 0 : times * max

function costOf (node: StringNode, times: number, most: number): Omit<CostlyField, 'path'> {
  const { spec } = node.policy!
  const bytes = Math.min(product(times, spec.maxBytes ?? defaultMaxBytes(spec)), most)
  return { policy: spec.policy, ns: bytes * priceOf(spec) }
}
