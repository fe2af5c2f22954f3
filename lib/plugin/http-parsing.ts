import type { Server } from 'node:http'
import { WSG_ERR_OPTION_UNSAFE } from '../errors/coded.js'

/**
 * Throws WSG_ERR_OPTION_UNSAFE for a server whose parser forgives what RFC 9112 forbids: what it takes for one request,
 * the proxy before it may take for two.
 */
export function refuseLenientParser (server: Server): void {
  const { insecureHTTPParser } = server as { readonly insecureHTTPParser?: unknown }
  const flags = [...process.execArgv, ...(process.env['NODE_OPTIONS'] ?? '').split(' ')]
  const isByFlag = flags.includes('--insecure-http-parser')
  if (insecureHTTPParser !== true && !(isByFlag && insecureHTTPParser !== false)) return
  throw new WSG_ERR_OPTION_UNSAFE('insecureHTTPParser: expected false, got true; handshakes could be smuggled in ' +
    'the body of another request')
}

/**
 * Node gives a request's header fields a minute; a handshake, which begins as one, has `deadline` ms. Nothing gets
 * longer.
 */
export function limitHeaderPhase (server: Server, deadline: number): void {
  // 0 switches a timeout off. requestTimeout covers the header fields too, whichever is shorter.
  server.headersTimeout = Math.min(server.headersTimeout || Infinity, server.requestTimeout || Infinity, deadline)
}
