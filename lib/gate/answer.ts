import { type OutgoingHttpHeaders, STATUS_CODES } from 'node:http'
import type { FastifyReply } from 'fastify'
import type { Duplex } from 'node:stream'
import type { Refusal } from '../../types/gate.js'
import { REFUSALS, statusOf } from './refusals.js'

/** The body of every refusal: a code and generic words, nothing of the request. In development also a `detail`. */
export function refusalBody (refusal: Refusal, detail?: string): string {
  const { code } = refusal
  const statusCode = statusOf(refusal)
  return JSON.stringify({ statusCode, code, error: STATUS_CODES[statusCode], message: REFUSALS[code].message, detail })
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
    // RFC 9110: a 426 names the protocol (section 15.5.22), and Upgrade never stands without its connection option
    // (7.8).
    if (REFUSALS[refusal.code].statusCode === 426) {
      headers.upgrade = 'websocket'
      headers.connection = 'upgrade, close'
    }
  }
  if (refusal.retryAfter !== undefined) headers['retry-after'] = String(refusal.retryAfter)
  if (refusal.challenge !== undefined) headers['www-authenticate'] = refusal.challenge
  if (refusal.code === 'WSG_ERR_HANDSHAKE_VERSION') headers['sec-websocket-version'] = '13'
  if (refusal.code === 'WSG_ERR_HANDSHAKE_METHOD') headers.allow = 'GET'
  return headers
}

/** Sets a refusal's status and headers on a reply. A Retry-After that a hook has set stays. */
export function prepareReply (reply: FastifyReply, refusal: Refusal): void {
  const headers = refusalHeaders(refusal, reply.request.raw.httpVersionMajor)
  if (reply.hasHeader('retry-after')) delete headers['retry-after']
  reply.code(statusOf(refusal)).headers(headers)
}

/** Writes an answer with the status and the headers of a reply, past Fastify's own last step. */
export function writeAnswer (reply: FastifyReply, socket: Duplex, body: string | Buffer): void {
  const { raw } = reply
  const bodiless = reply.statusCode === 204 || reply.statusCode === 304
  try {
    const headers = reply.getHeaders() as OutgoingHttpHeaders
    headers.connection = reply.hasHeader('upgrade') ? 'upgrade, close' : 'close'
    if (!bodiless) headers['content-length'] = Buffer.byteLength(body)
    raw.writeHead(reply.statusCode, headers)
    raw.end(bodiless ? undefined : body)
  } catch {
    // A header that a hook has set and HTTP can't carry, or an answer that was begun without Fastify.
    socket.destroy()
  }
}

/**
 * Answers without Fastify: for the socket whose reply is out of reach. Destroyed once written; by the deadline where
 * the peer does not read.
 */
export function writeRefusal (socket: Duplex, refusal: Refusal, detail?: string): void {
  if (socket.destroyed || !socket.writable) return
  const body = refusalBody(refusal, detail)
  const statusCode = statusOf(refusal)
  const headers = {
    ...refusalHeaders(refusal),
    'content-type': 'application/json; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = `HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n`
  socket.end(head + body, () => { socket.destroy() })
}
