// Tested in test/attack/first-message.test.ts.
import type { AnyIdentity, Credential, Identity } from '../../types/gate.js'
import { expiryOf } from '../identity/expiry.js'
import type { CloseName } from '../protocol/codes.js'
import { AUTH_TYPE } from '../protocol/envelope.js'
import type { EnvelopeKeys } from '../protocol/envelope.js'
import { readOwn } from './own-message.js'
import type { Fields } from './own-message.js'
import type { AuthNotice } from './protocol-text.js'

/** A socket whose token can be replaced by a new one. */
export interface Renewable {
  readonly open: boolean
  readonly bearer: { readonly identity: Identity | null, readonly credential: Credential | null }
  assume (identity: Identity): Promise<void> | null
}

/**
 * What comes of a new token on an open socket: `renewed`; `again`, it is not valid; `failed`, nobody can tell; or a
 * close, because of whom it belongs to.
 */
export type Renewed = 'renewed' | 'again' | 'failed' | CloseName

/** Puts the identity of a token in the place of a socket's own. Never rejects. */
export type Renew = (socket: Renewable, token: string, signal: AbortSignal) => Promise<Renewed>

/** Longest time that a client is told, also where there is no end: a timer of more than 24 days would fire at once. */
const LONGEST = 86_400_000

/** The token of a message `$auth`; null: it has none. */
export function tokenIn (message: Fields, { data: key }: EnvelopeKeys): string | null {
  const data = key === null ? message : message[key]
  const token = typeof data === 'object' && data !== null ? (data as { readonly token?: unknown }).token : null
  return typeof token === 'string' ? token : null
}

/** The token of a frame that is a message `$auth`; null: it is another, or none. */
export function readToken (frame: string, keys: EnvelopeKeys): string | null {
  const message = readOwn(frame, keys, AUTH_TYPE)
  return message === null ? null : tokenIn(message, keys)
}

/** When the next token is due. */
export function noticeOf (identity: AnyIdentity | null): AuthNotice {
  return { expiresIn: Math.max(0, Math.min(LONGEST, Math.floor(expiryOf(identity) - Date.now()))) }
}
