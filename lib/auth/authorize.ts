import type { FastifyRequest } from 'fastify'
import type { Authorize, AuthorizeContext, Identity, Refusal } from '../../types/gate.js'
import { WSG_ERR_REQUEST_GONE } from '../errors/coded.js'
import { isThenable } from '../callbacks/thenable.js'
import { refusalOf } from './refusal-of.js'

/** Who was asked, in refusals. */
const AUTHORIZE = { name: 'authorize' }

/** Where the handshake's request is left for later, if `authorize` looks at it. */
export interface RequestKeeper {
  keptRequest: FastifyRequest | null
}

/** What `authorize` is asked with. A class: a getter in an object literal costs V8 forty times as much. */
class AuthorizeQuestion implements AuthorizeContext<Identity, unknown, unknown> {
  readonly identity: Identity
  readonly params: unknown
  readonly query: unknown
  readonly #request: FastifyRequest | null
  readonly #keeper: RequestKeeper

  constructor (
    identity: Identity, params: unknown, query: unknown, request: FastifyRequest | null, keeper: RequestKeeper
  ) {
    this.identity = identity
    this.params = params
    this.query = query
    this.#request = request
    this.#keeper = keeper
  }

  // A request weighs as much as the rest of an idle socket: it is kept for those only who need it.
  get request (): FastifyRequest {
    if (this.#request === null) throw new WSG_ERR_REQUEST_GONE()
    this.#keeper.keptRequest = this.#request
    return this.#request
  }
}

/**
 * Asks the route whether this identity may connect. Only `true` admits; a throw is 503, with the status 401 or 403
 * that. Like `authenticate` it answers at once where the application does. `request` is the handshake's; when it is
 * asked again, what was kept of it.
 */
export function authorize (
  decide: Authorize,
  identity: Identity | null,
  { params, query }: { readonly params: unknown, readonly query: unknown },
  request: FastifyRequest | null,
  keeper: RequestKeeper
): Refusal | null | Promise<Refusal | null> {
  try {
    // A public route has no identity; its `authorize` is typed for that where it is written.
    const question = new AuthorizeQuestion(identity as Identity, params, query, request, keeper)
    const allowed = decide(question as Parameters<Authorize>[0])
    return isThenable(allowed) ? whenDecided(allowed) : allowOnly(allowed)
  } catch (error) {
    return refusalOf(error, AUTHORIZE)
  }
}

async function whenDecided (decided: PromiseLike<boolean>): Promise<Refusal | null> {
  try {
    return allowOnly(await decided)
  } catch (error) {
    return refusalOf(error, AUTHORIZE)
  }
}

function allowOnly (allowed: unknown): Refusal | null {
  if (allowed === true) return null
  if (allowed === false) return { code: 'WSG_ERR_FORBIDDEN' }
  // A user record, a count, a forgotten return: its kind only, the value may be anything.
  const came = allowed === null ? 'null' : typeof allowed
  return { code: 'WSG_ERR_FORBIDDEN', value: `authorize returned ${came}; only true admits` }
}
