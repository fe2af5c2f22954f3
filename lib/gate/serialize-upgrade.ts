import type { FastifyRequest } from 'fastify'
import { escapeForLog } from '../log/log-safe.js'
import { clientAddress } from './client-address.js'

/** A user and a password before the host. */
const USERINFO = /^((?:[a-z][a-z\d+.-]*:)?\/\/)[^/?#;]*@/i

/** A request target without what may be a secret: user and password, and its query string. */
export function redactTarget (target: string): string {
  const query = target.search(/[?#;]/)
  const bare = query === -1 ? target : `${target.slice(0, query + 1)}[redacted]`
  return bare.replace(USERINFO, '$1[redacted]@')
}

/**
 * What a log line says of an upgrade request: Fastify's own fields, with the query string left out, because browsers
 * can pass a token nowhere else, and a user with a password.
 */
export function serializeUpgrade (request: FastifyRequest): Record<string, unknown> {
  const url = request.url ?? ''
  const address = clientAddress(request) ?? request.raw?.socket?.remoteAddress
  return {
    method: request.method,
    url: escapeForLog(redactTarget(url)),
    host: typeof request.host === 'string' ? escapeForLog(request.host) : undefined,
    // Behind a proxy the peer is the proxy. What that passes on may be what its client wrote.
    remoteAddress: address === undefined ? undefined : escapeForLog(address),
    remotePort: request.raw?.socket?.remotePort,
  }
}
