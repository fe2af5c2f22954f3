import type { CostlyFieldModel } from '../../types/model.js'
import { defaultMaxBytes, type WsText } from './text/spec.js'
import { step } from './tree/context.js'
import { partsOf, type Node, type SchemaTree } from './tree/nodes.js'

// Tested in test/contract/cost.test.ts and test/contract/price.test.ts.

// What a message can cost beyond the fair price of its bytes, which the socket pays from `messages.bytes`: texts whose
// policy is dearer are charged to the rate.

/** Nanoseconds per byte that one message may cost. What costs more is charged to the budget of messages. */
export const FAIR_PRICE = 50

// `node bench/worst.js`, rounded up: sanitize-html's own price, and that of the engine's Intl.Segmenter.
const HTML = 1000
const GRAPHEMES = 250

/**
 * What the policy costs at worst: nanoseconds for each UTF-8 byte of what came, on the machine of docs/performance.md.
 * `FAIR_PRICE` for all but two, whose price a library or the engine sets: `html`, and any with `maxGraphemes`.
 */
export function priceOf (wsText: WsText): number {
  const library = wsText.policy === 'html' ? HTML : 0
  const engine = wsText.maxGraphemes === undefined ? 0 : GRAPHEMES
  return Math.max(FAIR_PRICE, library + engine)
}

/** Nanoseconds that a token of the rate is worth: 100 a second are a tenth of a core. */
const TOKEN_NS = 1_000_000

/** The costly fields of a message, the dearest first. `most`: bytes that its frame may have. */
export function costlyFields (tree: SchemaTree, most: number): readonly CostlyFieldModel[] {
  const fields: CostlyFieldModel[] = []
  const followed = new Set<string>()
  const visit = (node: Node, path: string, times: number): void => {
    switch (node.kind) {
      case 'string': {
        const spec = node.policy?.spec
        const price = spec === undefined ? 0 : priceOf(spec)
        if (spec === undefined || price <= FAIR_PRICE) return
        const bytes = product(times, spec.maxBytes ?? defaultMaxBytes(spec))
        fields.push({ path, policy: spec.policy, ns: Math.min(bytes, most) * price })
        return
      }
      case 'ref':
        // once: how often it comes back nobody knows, and by how many ways it can be reached may be exponential
        if (followed.has(node.name)) return
        followed.add(node.name)
        return visit(tree.definitions.get(node.name)!, path, Infinity)
      case 'array': return visit(node.items, `${path}/*`, product(times, node.max))
      case 'object':
        for (const { name, node: inner } of node.properties) visit(inner, step(path, name), times)
        if (node.extra !== null) visit(node.extra, `${path}/*`, product(times, node.max))
        return
      default: for (const part of partsOf(node)) visit(part, path, times)
    }
  }
  visit(tree.root, '', 1)
  return fields.sort((a, b) => b.ns - a.ns)
}

/** Tokens that pay for the fields: 1 at least, and no more than can be saved up. */
export function tokensFor (fields: readonly CostlyFieldModel[], burst: number): number {
  const ns = fields.reduce((sum, field) => sum + field.ns, 0)
  return Math.max(1, Math.min(Math.floor(burst), Math.ceil(ns / TOKEN_NS)))
}

/** 0 of anything is nothing, of what has no bound too. */
const product = (times: number, max: number): number => max === 0 ? 0 : times * max
