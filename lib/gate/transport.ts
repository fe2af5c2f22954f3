import type { Refusal } from '../../types/gate.js'

/**
 * Did the handshake come over TLS where it must? `protocol` is Fastify's `request.protocol`, which believes
 * X-Forwarded-Proto only from an address listed in `trustProxy`.
 * A refusal is not a redirect: WebSocket clients do not follow one (RFC 6455 section 4.1 allows it, browsers do not).
 */
export function checkTransport (protocol: string | undefined, requireTls: boolean): Refusal | null {
  if (!requireTls || protocol === 'https') return null
  return { code: 'WSG_ERR_TLS_REQUIRED', value: protocol ?? 'none' }
}
