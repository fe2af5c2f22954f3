// Tested in test/attack/answered.test.ts and test/gate/gate.test.ts.
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type {
  AuthenticateContext, Authentication, AuthStrategy, Authorize, Identity, Refusal,
} from '../../../types/gate.js'
import type { Connections } from '../connections.js'
import type { Door } from '../door.js'
import { type RouteInput, type RoutePolicy, type Verdict, policyOf } from '../policy.js'
import { type Handshake, handshakeOf, hasBegun, isOver } from '../record.js'
import type { Room } from '../room.js'
import { Question } from './question.js'

/** How strategies and `authorize` are asked; neither ever throws or rejects. Promises where these make one. */
export interface Judges {
  readonly authenticate: (
    strategy: AuthStrategy, context: AuthenticateContext
  ) => Authentication | Promise<Authentication>
  readonly authorize: (
    decide: Authorize, identity: Identity | null, input: RouteInput, request: FastifyRequest
  ) => Verdict | Promise<Verdict>
}

export interface IdentityParts {
  readonly connections: Connections
  readonly room: Room
  readonly door: Door
  readonly judges: Judges
}

/** Key under which the sockets of an identity are counted. */
export const identityKey = ({ id }: Identity): string => `${typeof id}:${id}`

/** The third moment: a route-level `onRequest` hook, the last of the route's own. Who is it, and may they. */
export class IdentityMoment {
  readonly #parts: IdentityParts

  constructor (parts: IdentityParts) {
    this.#parts = parts
  }

  /** The hook, the same for every route. It sets the mark that lets the handler run. */
  readonly admit = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const { door } = this.#parts
    const handshake = handshakeOf(request.raw)
    if (handshake === undefined) {
      if (policyOf(request)?.hasHttpHandler === true) done()
      else done(door.refuse(request, reply, { code: 'WSG_ERR_UPGRADE_REQUIRED' }, null))
      return
    }
    // A hook has begun to answer past Fastify: whatever is written now would run into it.
    if (hasBegun(handshake)) handshake.answered = true
    if (isOver(handshake)) return
    const { policy } = handshake
    // The header checks did not run: a scope this plugin's hooks do not reach.
    if (policy === null || handshake.request !== request) {
      done(door.refuse(request, reply, { code: 'WSG_ERR_NOT_ADMITTED' }, handshake))
      return
    }
    // A hook before this one has refused, in its way: it would be a 101 all the same.
    const verdict = reply.statusCode >= 300 ? hookRefused(reply) : this.#judge(request, handshake, policy)
    if (verdict instanceof Promise) {
      verdict.then(later => { this.#finish(later, handshake, done) }, done)
    } else this.#finish(verdict, handshake, done)
  }

  #finish (refusal: Verdict, handshake: Handshake, done: HookHandlerDoneFunction): void {
    const { request, reply, policy } = handshake
    // Answered at the deadline meanwhile, or the client left: no further hook may run for who was not admitted.
    if (isOver(handshake) || request === null || reply === null || policy === null) return
    if (refusal === null) {
      handshake.admitted = true
      done()
      return
    }
    if (COUNTED.has(refusal.code)) for (const limiter of policy.limiters) limiter.punish(request)
    done(this.#parts.door.refuse(request, reply, refusal, handshake))
  }

  // Each step goes on at once where there is nothing to wait for: a promise would cost each handshake.
  #judge (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy): Verdict | Promise<Verdict> {
    const { strategy } = handshake
    if (strategy === null) return this.#authorize(request, handshake, policy)
    const found = this.#parts.judges.authenticate(strategy, new Question(request, handshake))
    return found instanceof Promise
      ? found.then(later => this.#identified(later, request, handshake, policy))
      : this.#identified(found, request, handshake, policy)
  }

  #identified (
    { identity, refusal }: Authentication, request: FastifyRequest, handshake: Handshake, policy: RoutePolicy
  ): Verdict | Promise<Verdict> {
    // Answered at the deadline, or gone: a slot taken now would never be given back.
    if (refusal !== null || isOver(handshake)) return refusal
    handshake.identity = identity
    const capped = this.#claim(identity, handshake)
    return capped instanceof Promise
      ? capped.then(later => this.#claimed(later, request, handshake, policy))
      : this.#claimed(capped, request, handshake, policy)
  }

  #claimed (
    capped: Verdict, request: FastifyRequest, handshake: Handshake, policy: RoutePolicy
  ): Verdict | Promise<Verdict> {
    if (capped !== null || isOver(handshake)) return capped
    return this.#authorize(request, handshake, policy)
  }

  #claim (identity: Identity, handshake: Handshake): Verdict | Promise<Verdict> {
    const { connections, room } = this.#parts
    const { slots, route } = handshake
    const key = identityKey(identity)
    return room.claim(handshake, () =>
      connections.claimIdentity(slots, key) ?? route?.connections.claimIdentity(route.slots, key) ?? null)
  }

  #authorize (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy): Verdict | Promise<Verdict> {
    let input: RouteInput = request
    if (policy.readInput !== null) {
      const read = policy.readInput(request)
      if (read === null) return { code: 'WSG_ERR_PARAMS_INVALID' }
      input = handshake.input = read
    }
    if (policy.authorize === null) return null
    return this.#parts.judges.authorize(policy.authorize, handshake.identity, input, request)
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
