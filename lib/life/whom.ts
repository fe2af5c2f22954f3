import type { Whom } from '../../types/gate.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { readId } from '../identity/read-id.js'
import type { Bearer } from './living.js'

const WHERE = 'wsGuard.revoke'
const KEYS = ['identity', 'session', 'where'] as const

/** Whose sockets are to be ended; one of the three is given. */
export type Target =
  | { readonly kind: 'identity', readonly id: string }
  | { readonly kind: 'session', readonly id: string }
  | { readonly kind: 'where', readonly where: (socket: Whom) => boolean }

const fault = (problem: string): Error => new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: ${problem}`)

/** Reads what `revoke` was given. Throws WSG_ERR_SOCKET_ARGUMENT: a logout that names nobody must not look like one. */
export function readTarget (given: unknown): Target {
  const expected = 'expected one of { identity: id }, { session: id } and { where: socket => boolean }'
  if (typeof given !== 'object' || given === null) throw fault(`${expected}, got ${got(given)}`)
  checkKeys(given, KEYS, WHERE, WSG_ERR_SOCKET_ARGUMENT)
  const named = KEYS.filter(key => Object.hasOwn(given, key))
  if (named.length !== 1) {
    throw fault(`${expected}, got ${named.length === 0 ? 'an object with none' : named.join(' and ')}`)
  }
  const { identity, session, where } = given as { readonly [K in typeof KEYS[number]]?: unknown }
  if (named[0] === 'identity') {
    // By its text: an id out of a URL is a string. To end one too many is the safe side.
    return { kind: 'identity', id: String(readId(identity, `${WHERE}: identity`)) }
  }
  if (named[0] === 'session') {
    if (typeof session === 'string' && session !== '') return { kind: 'session', id: session }
    throw fault(`session: expected the session's id, as in request.session.sessionId, got ${got(session)}`)
  }
  if (typeof where !== 'function') throw fault(`where: expected a function socket => boolean, got ${got(where)}`)
  return {
    kind: 'where',
    where: socket => {
      const answer: unknown = Reflect.apply(where, undefined, [socket])
      // A promise would be true for everybody.
      if (typeof answer !== 'boolean') throw fault(`where: expected true or false from it, got ${got(answer)}`)
      return answer
    },
  }
}

/** What a condition is asked about. */
export function whomOf ({ identity, credential }: Bearer, route: string): Whom {
  return { identity, route, session: credential?.session?.id ?? null }
}
