import type { FastifyInstance } from 'fastify'
import type { Server } from 'node:http'
import { warnChanged } from './changed.js'

/**
 * The further servers that Fastify makes where a name such as `localhost` has several addresses. Known once it listens:
 * call it in `onListen`.
 */
export function secondaryServers (fastify: FastifyInstance): readonly Server[] {
  const key = Object.getOwnPropertySymbols(fastify).find(symbol => symbol.description === 'fastify.serverBindings')
  const servers: unknown = key === undefined ? undefined : (fastify as unknown as Record<symbol, unknown>)[key]
  if (!Array.isArray(servers)) {
    warnChanged(fastify.log, 'server-bindings', 'where localhost has two addresses, the second one keeps Node\'s ' +
      'headersTimeout')
    return []
  }
  return servers as Server[]
}
