import { STATUS_CODES } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Duplex } from 'node:stream'
import type { Refusal, RefusalCode } from '../../types/gate.js'
import { REFUSALS } from './refusals.js'

/** The body of every refusal: a code and generic words, nothing of the request. */
export function refusalBody (code: RefusalCode): string {
  const { message, statusCode } = REFUSALS[code]
  return JSON.stringify({ statusCode, code, error: STATUS_CODES[statusCode], message })
}

/**
 * Header fields that go with a refusal. HTTP/2 knows no connection-specific ones: there they are malformed (RFC 9113
 * section 8.2.2), and Node throws.
 */
export function refusalHeaders (refusal: Refusal, httpVersionMajor = 1): Record<string, string> {
  const headers: Record<string, string> = {}
  if (httpVersionMajor === 1) {
    // A proxy that believes in a fake 101 must not keep this connection open as a tunnel.
    headers.connection = 'close'
    // RFC 9110: a 426 names the protocol (section 15.5.22), and Upgrade never stands without its connection option (7.8).
    if (REFUSALS[refusal.code].statusCode === 426) {
      headers.upgrade = 'websocket'
      headers.connection = 'upgrade, close'
    }
  }
  if (refusal.retryAfter !== undefined) headers['retry-after'] = String(refusal.retryAfter)
  if (refusal.code === 'WSG_ERR_HANDSHAKE_VERSION') headers['sec-websocket-version'] = '13'
  if (refusal.code === 'WSG_ERR_HANDSHAKE_METHOD') headers.allow = 'GET'
  return headers
}

/** Answers without Fastify: for the socket whose reply is out of reach. Destroyed once written; by the deadline where the peer does not read. */
export function writeRefusal (socket: Duplex, refusal: Refusal): void {
  if (socket.destroyed || !socket.writable) return
  const body = refusalBody(refusal.code)
  const { statusCode } = REFUSALS[refusal.code]
  const lines = Object.entries({
    ...refusalHeaders(refusal), 'content-type': 'application/json; charset=utf-8', 'content-length': String(Buffer.byteLength(body)),
  }).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`, () => { socket.destroy() })
}

/** Takes the session from a refused request, so that @fastify/session's `onSend` writes nothing for it. */
export function forgetSession (request: FastifyRequest): void {
  const holder = request as { session?: unknown }
  try {
    if (holder.session !== undefined && holder.session !== null) holder.session = null
  } catch {
    // Another plugin's getter, which this one can't take away.
  }
}

/** Client address as Fastify sees it; undefined for an injected request without a socket. */
export function clientAddress (request: FastifyRequest): string | undefined {
  try {
    return request.ip
  } catch {
    return undefined
  }
}

/** Sets a refusal's headers on a reply. */
export function prepareReply (reply: FastifyReply, refusal: Refusal): void {
  reply.headers(refusalHeaders(refusal, reply.request.raw.httpVersionMajor))
}
