import type { FastifyRequest } from 'fastify'
import { escapeForLog } from '../log/log-safe.js'
import { clientAddress } from './client-address.js'

/**
 * What a log line says of an upgrade request: Fastify's own fields, with the query string left out, because browsers
 * can pass a token nowhere else.
 */
export function serializeUpgrade (request: FastifyRequest): Record<string, unknown> {
  const url = request.url ?? ''
  const query = url.search(/[?#;]/)
  const address = clientAddress(request) ?? request.raw?.socket?.remoteAddress
  return {
    method: request.method,
    url: escapeForLog(query === -1 ? url : `${url.slice(0, query + 1)}[redacted]`),
    host: typeof request.host === 'string' ? escapeForLog(request.host) : undefined,
    // Behind a proxy the peer is the proxy. What that passes on may be what its client wrote.
    remoteAddress: address === undefined ? undefined : escapeForLog(address),
    remotePort: request.raw?.socket?.remotePort,
  }
}
