import type { FastifyInstance } from 'fastify'
import { warnChanged } from './changed.js'

/**
 * The value given to Fastify's `trustProxy`, false where none was; undefined where it can't be seen, which is warned
 * of.
 */
export function readTrustProxy (fastify: FastifyInstance): unknown {
  // initialConfig, which is public, leaves it out.
  const key = Object.getOwnPropertySymbols(fastify).find(symbol => symbol.description === 'fastify.options')
  const options: unknown = key === undefined ? undefined : (fastify as unknown as Record<symbol, unknown>)[key]
  if (typeof options !== 'object' || options === null) {
    warnChanged(fastify.log, 'trust-proxy', 'a proxy that is missing from trustProxy, or trustProxy: true, is not ' +
      'warned of')
    return undefined
  }
  return (options as { readonly trustProxy?: unknown }).trustProxy ?? false
}
