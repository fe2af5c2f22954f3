import type { FastifyInstance } from 'fastify'
import { warnChanged } from './changed.js'
import { memberOf } from './instance-symbol.js'

/**
 * The value given to Fastify's `trustProxy`, false where none was; undefined where it can't be seen, which is warned
 * of.
 */
export function readTrustProxy (fastify: FastifyInstance): unknown {
  // initialConfig, which is public, leaves it out.
  const options = memberOf(fastify, 'fastify.options')
  if (typeof options !== 'object' || options === null) {
    warnChanged(fastify.log, 'trust-proxy', 'a proxy that is missing from trustProxy, or trustProxy: true, is not ' +
      'warned of')
    return undefined
  }
  return (options as { readonly trustProxy?: unknown }).trustProxy ?? false
}
