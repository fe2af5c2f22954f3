// Tested in test/attack/told.test.ts.
import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Refusal, RefusalCode } from '../../types/gate.js'
import { type CloseName, CLOSES } from '../protocol/codes.js'
import { frameClose, frameText } from '../foreign/frames.js'
import { ERROR_TYPE, SUBPROTOCOL } from '../protocol/envelope.js'
import type { Handshake } from './record.js'
import { REFUSALS } from './refusals.js'
import type { SubprotocolPolicy } from './subprotocol.js'

/** Refusals that a page can act on (docs/protocol.md section 2). All others are an HTTP status, whoever asks. */
const BY_CODE: { readonly [C in RefusalCode]?: CloseName } = {
  WSG_ERR_UNAUTHENTICATED: 'unauthenticated',
  WSG_ERR_FORBIDDEN: 'forbidden',
  WSG_ERR_PARAMS_INVALID: 'forbidden',
  WSG_ERR_CONTRACT_MISMATCH: 'stale',
  WSG_ERR_CONNECTIONS_PER_ADDRESS: 'too_many',
  WSG_ERR_CONNECTIONS_PER_IDENTITY: 'too_many',
  WSG_ERR_UPGRADE_RATE: 'too_many',
  WSG_ERR_CONNECTIONS_TOTAL: 'overload',
  WSG_ERR_CONNECTIONS_PENDING: 'overload',
  WSG_ERR_AUTH_TIMEOUT: 'overload',
  WSG_ERR_AUTH_UNAVAILABLE: 'overload',
  WSG_ERR_HOOK_FAILED: 'overload',
  WSG_ERR_DRAINING: 'overload',
}

/** A hook of the application has refused, with a status of its own. */
const BY_STATUS = new Map<number, CloseName>([
  [401, 'unauthenticated'], [403, 'forbidden'], [429, 'too_many'], [503, 'overload'],
])

/** How a refusal closes a socket that is open; undefined: it has no meaning there. */
export function closeOf ({ code, statusCode }: Refusal): CloseName | undefined {
  return BY_CODE[code] ?? BY_STATUS.get(statusCode ?? 0)
}

/** Milliseconds that the peer gets to read why it was refused. */
const LINGER = 1000

/** True when a client says that it knows our close codes, on a route that has them. */
export function knowsCodes (raw: IncomingMessage, { supported }: SubprotocolPolicy): boolean {
  const offers = raw.headers['sec-websocket-protocol']?.split(',').map(offer => offer.trim()) ?? []
  return supported.includes(SUBPROTOCOL) && offers.includes(SUBPROTOCOL)
}

/**
 * Tells a client why it is refused, where it knows our close codes: a 101, one `$error`, the close frame and the end.
 * ws never sees the socket, and nothing that the client sends is read. False where it is to get an HTTP status.
 */
export function tell (
  { socket, reply, policy, mayBeTold }: Handshake, raw: IncomingMessage, refusal: Refusal, detail?: string
): boolean {
  const name = closeOf(refusal)
  if (!mayBeTold || name === undefined || policy === null) return false
  const told = CLOSES[name]
  const retryAfter = retryAfterOf(reply, refusal)
  const error = {
    code: told.reason,
    message: REFUSALS[refusal.code].message,
    ...(retryAfter === undefined ? {} : { retryAfter }),
    detail,
  }
  const message = JSON.stringify({ [policy.subprotocols.typeKey]: ERROR_TYPE, error })
  // The socket would keep the response, and the response would answer.
  if (reply?.raw.socket === socket) reply.raw.detachSocket(reply.raw.socket)
  socket.on('error', () => {})
  const frames = [frameText(message), frameClose(told.code, told.reason)]
  const bytes = frames.map(frame => typeof frame === 'string' ? Buffer.from(frame, 'latin1') : frame)
  socket.end(Buffer.concat([Buffer.from(switching(raw)), ...bytes]))
  // Read and thrown away: closing over unread bytes is a reset, which can overtake what was written.
  socket.resume()
  const timer = setTimeout(() => { socket.destroy() }, LINGER)
  socket.once('end', () => { socket.destroy() })
  socket.once('close', () => { clearTimeout(timer) })
  return true
}

/**
 * Milliseconds until the client may come back. A Retry-After that a hook has set counts, in seconds or as a date
 * (RFC 9110 section 10.2.3).
 */
function retryAfterOf (reply: FastifyReply | null, refusal: Refusal): number | undefined {
  const header = String(reply?.getHeader('retry-after') ?? refusal.retryAfter ?? '').trim()
  const wait = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isSafeInteger(wait) ? Math.max(0, wait) : undefined
}

/** RFC 6455 section 4.2.2. */
function switching (raw: IncomingMessage): string {
  const accept = createHash('sha1')
    .update(`${raw.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  return 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
    `Sec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${SUBPROTOCOL}\r\n\r\n`
}
