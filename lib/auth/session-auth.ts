import type { FastifyRequest } from 'fastify'
import type { AnyIdentity, AuthStrategy, Identity, SessionReader, SessionSource } from '../../types/gate.js'
import { isPlain } from '../errors/check-keys.js'
import { WSG_ERR_OPTION, WSG_ERR_SESSION_COOKIE } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { hasExpired } from '../identity/expiry.js'
import { countCookies } from './cookie-header.js'
import { reading } from './reads.js'

type Time = Date | string | null

/** The part of @fastify/session's session object that the strategy reads. */
interface LoadedSession {
  readonly sessionId?: string
  readonly encryptedSessionId?: string
  readonly cookie?: { readonly originalExpires?: Time, readonly expires?: Time }
}

/** What @fastify/session adds to a request. */
interface LoadedRequest {
  readonly session?: LoadedSession | null
  readonly sessionStore?: SessionReader
}

type SessionShape = import('fastify').FastifyRequest extends { session: infer S } ? S : Record<string, unknown>

/**
 * True when the session cookie came more than once: a sibling subdomain can plant a second one ("cookie tossing"), and
 * which of the two wins differs between parsers.
 */
function isCookieDoubled (request: FastifyRequest, signed: string): boolean {
  const header = request.raw.headers.cookie
  const cookies = (request as { cookies?: Readonly<Record<string, string | undefined>> }).cookies
  if (header === undefined || cookies === undefined || !header.includes(';')) return false
  const name = Object.keys(cookies).find(key => cookies[key] === signed || cookies[key]?.endsWith(signed))
  return name !== undefined && countCookies(header, name) > 1
}

/** In milliseconds since the epoch; null: not by itself; NaN, which is no time to come: nobody can tell. */
function timeOf (expires: Time | undefined): number | null {
  return expires === null || expires === undefined ? null : new Date(expires).getTime()
}

/**
 * One that nobody changes: a store in memory hands out the object that it keeps, and what was changed in place in there
 * would look as if nothing were new. Instances of classes stay what they are, and so does what holds itself.
 */
function ownCopy<I> (identity: I): I {
  try {
    return copyOf(identity)
  } catch {
    return identity
  }
}

/** By hand: each handshake comes by here, and `structuredClone` takes ten times as long. */
function copyOf<T> (value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(copyOf) as T
  if (value instanceof Date) return new Date(value) as T
  if (!isPlain(value)) return value
  const copy = { ...value } as { [key: string]: unknown }
  for (const key of Object.keys(copy)) copy[key] = copyOf(copy[key])
  return copy as T
}

/** What sessions out of the store have of the methods that loaded ones have: they are read, never written. */
const STORED = Object.freeze({
  get (this: Readonly<Record<string, unknown>>, key: string): unknown { return this[key] },
})

/**
 * Authenticates by @fastify/session. `identify` is called with the session that the handshake's cookie names and
 * returns who that is, or null: an anonymous session is an object too, so its presence proves nothing.
 * The session is read, never written: a save from an open socket would bring a logged-out session back.
 * Throws WSG_ERR_OPTION where `identify` is no function.
 */
export function sessionAuth<I extends AnyIdentity = Identity> (
  identify: (session: SessionShape) => I | null | undefined | Promise<I | null | undefined>
): AuthStrategy<I> {
  if (typeof identify !== 'function') {
    throw new WSG_ERR_OPTION(`sessionAuth: expected a function such as session => session.user, got ${got(identify)}`)
  }
  const ask = (session: object): I | null | Promise<I | null> => {
    const identity = identify(session as SessionShape)
    return identity instanceof Promise ? identity.then(found => ownCopy(found ?? null)) : ownCopy(identity ?? null)
  }
  const source: SessionSource = {
    // What is stored has the time it was loaded with as well, which is the former one.
    expiryOf: stored => timeOf((stored as LoadedSession).cookie?.expires),
    identify: (sessionId, stored) => ask({ __proto__: STORED, ...stored, sessionId }) as Identity,
  }
  return reading(['session cookie'], {
    name: 'session',
    needs: { credential: 'cookie', session: true },
    isPresent: ({ request, sessionCookie }) => countCookies(request.raw.headers.cookie, sessionCookie) > 0,
    authenticate (context) {
      const { request } = context
      const { session, sessionStore: store } = request as FastifyRequest & LoadedRequest
      // Without an id it is the placeholder that the plugin leaves where the cookie's path does not match.
      if (session === null || session === undefined || typeof session.sessionId !== 'string') return null
      // The plugin moves `expires` forward when it loads a session; `originalExpires` is what the store holds.
      const expires = timeOf(session.cookie?.originalExpires ?? session.cookie?.expires)
      if (hasExpired(expires)) return null
      if (typeof session.encryptedSessionId === 'string' && isCookieDoubled(request, session.encryptedSessionId)) {
        throw new WSG_ERR_SESSION_COOKIE('sent twice')
      }
      if (store !== undefined) {
        context.provenBy({ kind: 'session', session: { id: session.sessionId, store, expires, source } })
      }
      return ask(session)
    },
  })
}
