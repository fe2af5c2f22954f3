import type { FastifyInstance } from 'fastify'
import type { Server } from 'node:http'
import { warnChanged } from './changed.js'
import { memberOf } from './instance-symbol.js'

/**
 * The further servers that Fastify makes where a name such as `localhost` has several addresses. Known once it listens:
 * call it in `onListen`.
 */
export function secondaryServers (fastify: FastifyInstance): readonly Server[] {
  const servers = memberOf(fastify, 'fastify.serverBindings')
  if (!Array.isArray(servers)) {
    warnChanged(fastify.log, 'server-bindings', 'where localhost has two addresses, the second one keeps Node\'s ' +
      'headersTimeout')
    return []
  }
  return servers as Server[]
}
