import type { FastifyRequest } from 'fastify'
import type { AnyIdentity, AuthStrategy, Identity } from '../../types/gate.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { got } from '../errors/got.js'

/** The part of @fastify/session's session object that the strategy reads. */
interface LoadedSession {
  readonly sessionId?: string
  readonly encryptedSessionId?: string
  readonly cookie?: { readonly originalExpires?: Date | string | null, readonly expires?: Date | string | null }
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
  if (name === undefined) return false
  return header.split(';').filter(pair => pair.slice(0, pair.indexOf('=')).trim() === name).length > 1
}

function isExpired (session: LoadedSession): boolean {
  // The plugin moves `expires` forward when it loads a session; `originalExpires` is what the store holds.
  const expires = session.cookie?.originalExpires ?? session.cookie?.expires
  return expires !== null && expires !== undefined && !(new Date(expires).getTime() > Date.now())
}

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
  return {
    name: 'session',
    needs: { credential: 'cookie', session: true },
    authenticate ({ request }) {
      const session = (request as { session?: LoadedSession | null }).session
      // Without an id it is the placeholder that the plugin leaves where the cookie's path does not match.
      if (session === null || session === undefined || typeof session.sessionId !== 'string') return null
      if (isExpired(session)) return null
      if (typeof session.encryptedSessionId === 'string' && isCookieDoubled(request, session.encryptedSessionId)) {
        request.log.warn({ event: 'ws.auth.cookie_doubled' }, 'session cookie sent twice')
        return null
      }
      const identity = identify(session as SessionShape)
      return identity instanceof Promise ? identity.then(found => found ?? null) : identity ?? null
    },
  }
}
