// Tested in test/auth/token-auth.test.ts.
import type { FastifyRequest } from 'fastify'
import type { TokenCarrier } from '../../types/auth.js'

/** A credential that a request carries; `text` is null where it is there and can't be one. */
export interface Carried {
  readonly carrier: TokenCarrier
  readonly text: string | null
}

/** Characters of a token at most, wherever it comes from. */
const MAX_TOKEN = 8192

/** RFC 6750 section 2.1; the scheme's name in any case (RFC 9110 section 11.1). */
const BEARER = /^bearer +([-.~+/\w]+=*)$/i
const IS_BEARER = /^bearer(?: |$)/i

/** True for what can be a token: of RFC 6750's characters, and not too long. */
export function isToken (text: unknown): text is string {
  return typeof text === 'string' && text.length <= MAX_TOKEN && /^[-.~+/\w]+=*$/.test(text)
}

/** The token of an Authorization header; undefined: there is none of this scheme. */
export function fromHeader ({ raw }: FastifyRequest): Carried | undefined {
  const { authorization } = raw.headers
  if (authorization === undefined || !IS_BEARER.test(authorization)) return undefined
  // Node drops all but the first line.
  let lines = 0
  for (let i = 0; i < raw.rawHeaders.length; i += 2) if (raw.rawHeaders[i]!.toLowerCase() === 'authorization') lines++
  const text = BEARER.exec(authorization)?.[1]
  return { carrier: 'header', text: lines <= 1 && isToken(text) ? text : null }
}

/** What is offered behind `prefix` in the list of subprotocols; undefined: nothing. Two are none. */
export function fromSubprotocol ({ raw }: FastifyRequest, prefix: string): Carried | undefined {
  const header = raw.headers['sec-websocket-protocol']
  if (header === undefined || !header.includes(prefix)) return undefined
  const found = header.split(',').map(offer => offer.trim()).filter(offer => offer.startsWith(prefix))
  if (found.length === 0) return undefined
  const text = found[0]!.slice(prefix.length)
  return { carrier: 'subprotocol', text: found.length === 1 && text !== '' && text.length <= MAX_TOKEN ? text : null }
}
