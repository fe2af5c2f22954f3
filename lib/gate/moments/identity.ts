// Tested in test/attack/answered.test.ts and test/gate/gate.test.ts.
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { AuthenticateContext, AuthStrategy, Authorize, Identity, Refusal } from '../../../types/gate.js'
import type { Connections } from '../connections.js'
import type { Door } from '../door.js'
import { type RouteInput, type RoutePolicy, policyOf } from '../policy.js'
import { type Handshake, handshakeOf, hasBegun, isOver, signalOf } from '../record.js'
import type { Room } from '../room.js'

/** Who a handshake is from, or why it is refused. */
export type Authentication =
  | { readonly identity: Identity, readonly refusal: null }
  | { readonly identity: null, readonly refusal: Refusal }

/** How strategies and `authorize` are asked; neither ever throws or rejects. */
export interface Judges {
  readonly authenticate: (strategy: AuthStrategy, context: AuthenticateContext) => Promise<Authentication>
  readonly authorize: (
    decide: Authorize, identity: Identity | null, input: RouteInput, request: FastifyRequest
  ) => Promise<Refusal | null>
}

export interface IdentityParts {
  readonly connections: Connections
  readonly room: Room
  readonly door: Door
  readonly judges: Judges
}

/** Key under which the sockets of an identity are counted. */
export const identityKey = ({ id }: Identity): string => `${typeof id}:${id}`

// Fastify takes a hook's return for "go on", unless the reply was sent.
function goNoFurther (): Promise<never> {
  return new Promise(() => {})
}

/** The third moment: a route-level `onRequest` hook, the last of the route's own. Who is it, and may they. */
export class IdentityMoment {
  readonly #parts: IdentityParts

  constructor (parts: IdentityParts) {
    this.#parts = parts
  }

  /** The hook, the same for every route. It sets the mark that lets the handler run. */
  readonly admit = async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const { door } = this.#parts
    const handshake = handshakeOf(request.raw)
    const policy = policyOf(request)
    if (handshake === undefined) {
      if (policy?.hasHttpHandler === true) return
      throw door.refuse(request, reply, { code: 'WSG_ERR_UPGRADE_REQUIRED' }, null)
    }
    // A hook has begun to answer past Fastify: whatever is written now would run into it.
    if (hasBegun(handshake)) handshake.answered = true
    if (isOver(handshake)) return await goNoFurther()
    // The header checks did not run: a scope this plugin's hooks do not reach.
    if (policy === null || handshake.request !== request) {
      throw door.refuse(request, reply, { code: 'WSG_ERR_NOT_ADMITTED' }, handshake)
    }
    const refusal = await this.#judge(request, reply, handshake, policy)
    // Answered at the deadline meanwhile, or the client left: no further hook may run for who was not admitted.
    if (isOver(handshake)) return await goNoFurther()
    if (refusal !== null) {
      if (COUNTED.has(refusal.code)) for (const limiter of policy.limiters) limiter.punish(request)
      throw door.refuse(request, reply, refusal, handshake)
    }
    handshake.admitted = true
  }

  async #judge (
    request: FastifyRequest, reply: FastifyReply, handshake: Handshake, policy: RoutePolicy
  ): Promise<Refusal | null> {
    // A hook before this one has refused, in its way: it would be a 101 all the same.
    if (reply.statusCode >= 300) return hookRefused(reply)
    if (policy.auth !== null) {
      const refused = await this.#identify(policy.auth, request, handshake)
      if (refused !== null || isOver(handshake)) return refused
    }
    let input: RouteInput = { params: request.params, query: request.query }
    if (policy.readInput !== null) {
      const read = policy.readInput(request)
      if (read === null) return { code: 'WSG_ERR_PARAMS_INVALID' }
      input = handshake.input = read
    }
    if (policy.authorize === null) return null
    return await this.#parts.judges.authorize(policy.authorize, handshake.identity, input, request)
  }

  async #identify (auth: AuthStrategy, request: FastifyRequest, handshake: Handshake): Promise<Refusal | null> {
    const { judges, connections, room } = this.#parts
    const context = { request, get signal () { return signalOf(handshake) } }
    const { identity, refusal } = await judges.authenticate(auth, context)
    if (refusal !== null) return refusal
    // Answered at the deadline, or gone: a slot taken now would never be given back.
    if (isOver(handshake)) return null
    handshake.identity = identity
    const { slots, routeSlots, routeConnections } = handshake
    const key = identityKey(identity)
    const capped = await room.claim('identity', key, handshake, () =>
      connections.claimIdentity(slots, key) ?? routeConnections?.claimIdentity(routeSlots, key) ?? null)
    if (capped === null) request.wsIdentity = identity
    return capped
  }
}

/** What a client is at fault for: such a handshake costs more of its upgrade rate. */
const COUNTED = new Set<Refusal['code']>(['WSG_ERR_UNAUTHENTICATED', 'WSG_ERR_FORBIDDEN', 'WSG_ERR_PARAMS_INVALID'])

/** The refusal for a hook that has set a status and sent nothing. */
export function hookRefused ({ statusCode }: FastifyReply): Refusal {
  return {
    code: 'WSG_ERR_HOOK_REFUSED',
    statusCode: statusCode < 400 ? 403 : statusCode,
    value: `a hook has set status ${statusCode} and not answered`,
  }
}
