import type { FastifyRequest } from 'fastify'
import type { AuthenticateContext, AuthStrategy, Authorize, Identity, Refusal } from '../../types/gate.js'

/** Who a handshake is from, or why it is refused. */
export type Authentication = { readonly identity: Identity, readonly refusal: null } | { readonly identity: null, readonly refusal: Refusal }

const refuse = (refusal: Refusal): Authentication => ({ identity: null, refusal })

/**
 * Asks a strategy who is there. Null is 401; a throw, a rejection or something that is no identity is 503: a credential
 * that could not be judged is never taken for a missing one.
 */
export async function authenticate (strategy: AuthStrategy, context: AuthenticateContext): Promise<Authentication> {
  try {
    const identity: Identity | null | undefined = await strategy.authenticate(context)
    if (identity === null || identity === undefined) return refuse({ code: 'WSG_ERR_UNAUTHENTICATED', value: strategy.name })
    if (typeof identity !== 'object' || (typeof identity.id !== 'string' && typeof identity.id !== 'number')) {
      return refuse({ code: 'WSG_ERR_AUTH_UNAVAILABLE', value: `${strategy.name}: identity without an id` })
    }
    return { identity, refusal: null }
  } catch (error) {
    return refuse({ code: 'WSG_ERR_AUTH_UNAVAILABLE', value: strategy.name, cause: error })
  }
}

/** Asks the route whether this identity may connect. Only `true` admits; a throw is 503. */
export async function authorize (
  decide: Authorize, identity: Identity | null, params: unknown, query: unknown, request: FastifyRequest
): Promise<Refusal | null> {
  try {
    // A public route has no identity; its `authorize` is typed for that where it is written.
    const allowed = await decide({ identity, params, query, request } as Parameters<Authorize>[0])
    return allowed === true ? null : { code: 'WSG_ERR_FORBIDDEN' }
  } catch (error) {
    return { code: 'WSG_ERR_AUTH_UNAVAILABLE', value: 'authorize', cause: error }
  }
}
