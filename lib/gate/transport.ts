import type { Refusal } from '../../types/gate.js'

// Schemes have no case (RFC 3986 section 3.1), and Traefik says `wss` of an upgrade.
const TLS = /^(?:https|wss)$/i

/**
 * Did the handshake come over TLS where it must? `protocol` is Fastify's `request.protocol`, which believes
 * X-Forwarded-Proto only from an address listed in `trustProxy`.
 * A refusal is not a redirect: WebSocket clients do not follow one (RFC 6455 section 4.1 allows it, browsers do not).
 */
export function checkTransport (protocol: string | undefined, requireTls: boolean): Refusal | null {
  if (!requireTls || (protocol !== undefined && TLS.test(protocol))) return null
  return { code: 'WSG_ERR_TLS_REQUIRED', value: protocol ?? 'none' }
}
