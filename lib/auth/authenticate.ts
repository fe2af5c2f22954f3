import type { AuthenticateContext, Authentication, AuthStrategy, Identity, Refusal } from '../../types/gate.js'
import { expiryOf, hasExpired } from '../identity/expiry.js'
import { identityFault } from '../identity/identity-fault.js'
import { isThenable } from '../callbacks/thenable.js'
import { type Named, refusalOf, unauthenticated } from './refusal-of.js'

const refuse = (refusal: Refusal): Authentication => ({ identity: null, refusal })

/**
 * Asks a strategy who is there. Null is 401. A throw or a rejection with the status 401 or 403
 * (`request.jwtVerify()`) is that; any other, and something that is no identity, is 503: a credential that could not
 * be judged is never taken for a missing one. A promise only where the strategy makes one.
 */
export function authenticate (
  strategy: AuthStrategy, context: AuthenticateContext
): Authentication | Promise<Authentication> {
  try {
    const found = strategy.authenticate(context)
    return isThenable(found) ? whenFound(strategy, found) : judge(strategy, found)
  } catch (error) {
    return refuse(refusalOf(error, strategy))
  }
}

/** The same of what was asked already. */
export async function whenFound (strategy: Named, found: PromiseLike<Identity | null>): Promise<Authentication> {
  try {
    return judge(strategy, await found)
  } catch (error) {
    return refuse(refusalOf(error, strategy))
  }
}

function judge (strategy: Named, identity: Identity | null | undefined): Authentication {
  if (identity === null || identity === undefined) return refuse(unauthenticated(strategy))
  const fault = identityFault(identity)
  if (fault !== null) {
    const value = `${strategy.name}: expected an identity, got ${fault}`
    return refuse({ code: 'WSG_ERR_AUTH_UNAVAILABLE', value })
  }
  return hasExpired(expiryOf(identity)) ? refuse(unauthenticated(strategy)) : { identity, refusal: null }
}
