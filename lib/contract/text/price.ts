import type { WsText } from './spec.js'

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
