import { FAIR_PRICE, priceOf } from './text/price.js'
import { defaultMaxBytes } from './text/spec.js'
import { step } from './tree/context.js'
import { partsOf, type Node, type ObjectNode, type SchemaTree, type StringNode } from './tree/nodes.js'

// Tested in test/contract/cost.test.ts.

// What a message can cost beyond the fair price of its bytes, which the socket pays from `messages.bytes`: texts whose
// policy is dearer (text/price.ts) are charged to the rate.

/** Nanoseconds that a token of the rate is worth: 100 a second are a tenth of a core. */
const TOKEN_NS = 1_000_000

/** A field whose text policy costs more than a fair price. */
export interface CostlyField {
  /** JSON pointer, `*` for any item. */
  readonly path: string
  readonly policy: string
  /** At most, of all items together. */
  readonly ns: number
}

/** The costly fields of a message, the dearest first. `most`: bytes that its frame may have. */
export function costlyFields (tree: SchemaTree, most: number): readonly CostlyField[] {
  const fields: CostlyField[] = []
  const followed = new Set<string>()
  const visit = (node: Node, path: string, times: number): void => {
    if (node.kind === 'string') visitString(node, path, times)
    else if (node.kind === 'ref') visitDefinition(node.name, path)
    else if (node.kind === 'array') visit(node.items, `${path}/*`, product(times, node.max))
    else if (node.kind === 'object') visitObject(node, path, times)
    else for (const part of partsOf(node)) visit(part, path, times)
  }
  // once: how often it comes back nobody knows, and by how many ways it can be reached may be exponential
  const visitDefinition = (name: string, path: string): void => {
    if (followed.has(name)) return
    followed.add(name)
    visit(tree.definitions.get(name)!, path, Infinity)
  }
  const visitObject = (node: ObjectNode, path: string, times: number): void => {
    for (const { name, node: inner } of node.properties) visit(inner, step(path, name), times)
    if (node.extra !== null) visit(node.extra, `${path}/*`, product(times, node.max))
  }
  const visitString = ({ policy }: StringNode, path: string, times: number): void => {
    const price = policy === null ? 0 : priceOf(policy.spec)
    if (policy === null || price <= FAIR_PRICE) return
    const bytes = product(times, policy.spec.maxBytes ?? defaultMaxBytes(policy.spec))
    fields.push({ path, policy: policy.spec.policy, ns: Math.min(bytes, most) * price })
  }
  visit(tree.root, '', 1)
  return fields.sort((a, b) => b.ns - a.ns)
}

/** Tokens that pay for the fields: 1 at least, and no more than can be saved up. */
export function tokensFor (fields: readonly CostlyField[], burst: number): number {
  const ns = fields.reduce((sum, field) => sum + field.ns, 0)
  return Math.max(1, Math.min(Math.floor(burst), Math.ceil(ns / TOKEN_NS)))
}

/** 0 of anything is nothing, of what has no bound too. */
const product = (times: number, max: number): number => max === 0 ? 0 : times * max
