import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../types/gate.js'

/** More header fields than any browser or proxy sends; Node itself silently drops those past 2000. */
const MAX_HEADER_FIELDS = 100

const KEY = /^[+/0-9A-Za-z]{22}==$/

const malformed = (value: string): Refusal => ({ code: 'WSG_ERR_HANDSHAKE_MALFORMED', value })

/** Header fields of which a handshake may carry one line only (RFC 6455 section 4.1, RFC 9110 section 7.2). */
const SINGLE = new Map(
  ['host', 'origin', 'upgrade', 'sec-websocket-key', 'sec-websocket-version'].map((name, index) => [name, 1 << index])
)
/** A bit for each of their lengths. A shift counts modulo 32: names of 36 characters are looked up in vain. */
const SINGLE_LENGTHS = [...SINGLE.keys()].reduce((lengths, name) => lengths | 1 << name.length, 0)

function findDuplicate (rawHeaders: readonly string[]): string | null {
  let seen = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const raw = rawHeaders[i]!
    if ((SINGLE_LENGTHS >> raw.length & 1) === 0) continue
    const name = raw.toLowerCase()
    const bit = SINGLE.get(name) ?? 0
    if ((seen & bit) !== 0) return name
    seen |= bit
  }
  return null
}

/**
 * Is this request a well-formed opening handshake? Called for every upgrade request, before anything else.
 * Judges the raw header lines: Node joins or drops duplicates, and ws accepts versions, methods and bodies that
 * RFC 6455 section 4.2.1 forbids.
 */
export function checkHandshake (raw: IncomingMessage): Refusal | null {
  if (raw.method !== 'GET') return { code: 'WSG_ERR_HANDSHAKE_METHOD', value: raw.method }
  if (raw.httpVersion !== '1.1') return malformed(`HTTP/${raw.httpVersion}`)
  // An absolute-form target names an authority of its own, which would compete with Host (RFC 9112 section 3.2.2).
  if (raw.url === undefined || raw.url[0] !== '/') return malformed('request target not in origin form')

  const headers = raw.headers
  // Absent where the request was injected by a test.
  const rawHeaders: readonly string[] | undefined = raw.rawHeaders
  if (rawHeaders !== undefined) {
    if (rawHeaders.length > MAX_HEADER_FIELDS * 2) return malformed(`${rawHeaders.length / 2} header fields`)
    const duplicate = findDuplicate(rawHeaders)
    if (duplicate !== null) return malformed(`duplicate ${duplicate}`)
  }

  if (headers['transfer-encoding'] !== undefined) return malformed('transfer-encoding in a handshake')
  const length = headers['content-length']
  if (length !== undefined && length !== '0') return malformed('body in a handshake')
  if (String(headers.upgrade).toLowerCase() !== 'websocket') return malformed(`upgrade: ${headers.upgrade}`)
  if (String(headers['sec-websocket-version']) !== '13') {
    return { code: 'WSG_ERR_HANDSHAKE_VERSION', value: String(headers['sec-websocket-version']) }
  }
  if (!KEY.test(String(headers['sec-websocket-key']))) return malformed('sec-websocket-key')
  if (headers.host === undefined && rawHeaders !== undefined) {
    return { code: 'WSG_ERR_HOST_MALFORMED', value: 'missing' }
  }
  return null
}
