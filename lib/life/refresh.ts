// Tested in test/life/refresh.test.ts.
import type { Identity } from '../../types/gate.js'
import type { IdentityChange, Whom } from '../../types/revoke-refresh.js'
import { refuseAnswer } from '../callbacks/refuse-answer.js'
import { isThenable } from '../callbacks/thenable.js'
import { WSG_ERR_HANDLER, WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { identityFault, isId } from '../identity/identity-fault.js'
import { readId } from '../identity/read-id.js'

const WHERE = 'wsGuard.refresh'

/** Who a user's sockets are from now on. */
export interface Refresh {
  readonly id: Identity['id']
  /** Whatever was said before counts no more. */
  readonly isWhole: boolean
  /** Who one of them is; null: it is taken away. Throws where nobody can tell. */
  readonly apply: (identity: Identity, whom: Whom) => Identity | null
}

const fault = (problem: string): Error => new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: ${problem}`)

/** Reads what it was given: an identity, or an id and what decides per socket. Throws WSG_ERR_SOCKET_ARGUMENT. */
export function readRefresh (given: unknown, change: unknown): Refresh {
  return change === undefined ? byIdentity(given) : byChange(readId(given, WHERE), change)
}

function byIdentity (given: unknown): Refresh {
  const wrong = identityFault(given)
  if (wrong !== null) {
    const hint = isId(given) ? '; beside an id write what decides: identity => ({ ...identity, roles: [] })' : ''
    throw fault(`expected an identity, got ${wrong}${hint}`)
  }
  const identity = given as Identity
  return { id: identity.id, isWhole: true, apply: former => keepingEnd(identity, former) }
}

function byChange (id: Identity['id'], change: unknown): Refresh {
  if (typeof change !== 'function') throw fault(`expected a function identity => identity, got ${got(change)}`)
  const decide = change as IdentityChange
  return { id, isWhole: false, apply: (former, whom) => decided(decide(former, whom), former) }
}

function decided (answer: unknown, former: Identity): Identity | null {
  if (answer === null) return null
  const expected = `${WHERE}: expected an identity or null at once from its function`
  if (isThenable(answer)) refuseAnswer(answer, expected)
  const wrong = identityFault(answer)
  if (wrong !== null) throw new WSG_ERR_HANDLER(`${expected}, got ${wrong}`)
  const identity = answer as Identity
  if (identity.id !== former.id) throw new WSG_ERR_HANDLER(`${WHERE}: expected the id of the one given, got another`)
  return keepingEnd(identity, former)
}

/** A new identity that says nothing of its end has the end of the former one: a refresh of roles is no new token. */
function keepingEnd (identity: Identity, { expires }: Identity): Identity {
  return expires !== undefined && identity.expires === undefined ? { ...identity, expires } : identity
}
