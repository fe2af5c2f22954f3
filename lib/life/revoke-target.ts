import { isThenable } from '../callbacks/thenable.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { readId } from '../identity/read-id.js'
import type { Bearer } from './living.js'
import type { Recent } from './recent.js'
import { whomOf } from './whom.js'

const WHERE = 'wsGuard.revoke'
const KEYS = ['identity', 'session', 'where'] as const

/** Whose sockets are to be ended. */
export interface Target {
  /** Is this one meant? Throws what a condition of the application's throws. */
  means (bearer: Bearer, route: string): boolean
  /** Ends those that are meant whose handshake is under way. */
  remember (recent: Recent): void
}

const fault = (problem: string): Error => new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: ${problem}`)

/** Reads what `revoke` was given. Throws WSG_ERR_SOCKET_ARGUMENT: a logout that names nobody must not look like one. */
export function readRevokeTarget (given: unknown): Target {
  const expected = 'expected one of { identity: id }, { session: id } and { where: socket => boolean }'
  if (typeof given !== 'object' || given === null) throw fault(`${expected}, got ${got(given)}`)
  checkKeys(given, KEYS, WHERE, WSG_ERR_SOCKET_ARGUMENT)
  const [name, ...others] = KEYS.filter(key => Object.hasOwn(given, key))
  if (name === undefined) throw fault(`${expected}, got an object with none`)
  if (others.length > 0) throw fault(`${expected}, got ${[name, ...others].join(' and ')}`)
  const { [name]: value } = given as { readonly [K in typeof KEYS[number]]?: unknown }
  return { identity: byIdentity, session: bySession, where: byCondition }[name](value)
}

function byIdentity (given: unknown): Target {
  // By its text: an id out of a URL is a string. To end one too many is the safe side.
  const id = String(readId(given, `${WHERE}: identity`))
  return {
    means: ({ identity }) => identity !== null && String(identity.id) === id,
    remember (recent) { recent.endedUser(id) },
  }
}

function bySession (id: unknown): Target {
  if (typeof id !== 'string' || id === '') {
    throw fault(`session: expected the session's id, as in request.session.sessionId, got ${got(id)}`)
  }
  return {
    means: ({ credential }) => credential?.session?.id === id,
    remember (recent) { recent.endedSession(id, 'revoked') },
  }
}

function byCondition (where: unknown): Target {
  if (typeof where !== 'function') throw fault(`where: expected a function socket => boolean, got ${got(where)}`)
  const means = (bearer: Bearer, route: string): boolean => {
    const { identity, strategy = null } = bearer
    // Nobody yet: whatever is true of that has nothing to do with who it will be.
    if (identity === null && strategy !== null) return false
    const answer: unknown = Reflect.apply(where, undefined, [whomOf(bearer, route)])
    // A promise would be true for everybody.
    if (typeof answer === 'boolean') return answer
    // Its own failure would have no owner.
    if (isThenable(answer)) answer.then(undefined, () => {})
    throw fault(`where: expected true or false from it, got ${got(answer)}`)
  }
  return {
    means,
    remember (recent) { recent.endedWhere((bearer, route) => isTrue(() => means(bearer, route))) },
  }
}

/** A condition that throws is one that holds: nobody can say that this one was not meant. */
function isTrue (condition: () => boolean): boolean {
  try {
    return condition()
  } catch {
    return true
  }
}
