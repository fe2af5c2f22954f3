// Tested in test/attack/answered.test.ts and test/gate/gate.test.ts.
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type {
  AuthenticateContext, Authentication, AuthStrategy, Authorize, Identity, Refusal,
} from '../../../types/gate.js'
import { typedKey } from '../../identity/typed-key.js'
import type { Connections } from '../connections.js'
import type { Door } from '../door.js'
import { type RouteInput, type RoutePolicy, type Verdict, policyOf } from '../policy.js'
import { type Handshake, handshakeOf, hasBegun, isOver } from '../record.js'
import type { Room } from '../room.js'
import type { WaitingRoom } from '../waiting-room.js'
import { Question } from './question.js'

/** How strategies and `authorize` are asked; neither ever throws or rejects. Promises where these make one. */
export interface Judges {
  readonly authenticate: (
    strategy: AuthStrategy, context: AuthenticateContext
  ) => Authentication | Promise<Authentication>
  readonly authorize: (
    decide: Authorize, identity: Identity | null, input: RouteInput, request: FastifyRequest, keeper: Handshake
  ) => Verdict | Promise<Verdict>
  /** Is this a handshake without a credential, whose strategy takes one in a first message? */
  readonly comesLater: (strategy: AuthStrategy, context: AuthenticateContext) => boolean
}

export interface IdentityParts {
  readonly waiting: WaitingRoom
  readonly connections: Connections
  readonly room: Room
  readonly door: Door
  readonly judges: Judges
}

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
    punish(refusal, request, policy)
    done(this.#parts.door.refuse(request, reply, refusal, handshake))
  }

  // Each step goes on at once where there is nothing to wait for: a promise would cost each handshake.
  #judge (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy): Verdict | Promise<Verdict> {
    const { strategy } = handshake
    if (strategy === null) return this.#authorize(request, handshake, policy)
    const { judges } = this.#parts
    const question = new Question(request, handshake)
    // Only a contract's messages can be held back: on other routes the application has the socket itself.
    if (policy.subprotocols.fingerprints.length > 0 && judges.comesLater(strategy, question)) {
      return this.#letWait(request, handshake, policy)
    }
    const found = judges.authenticate(strategy, question)
    return found instanceof Promise
      ? found.then(later => this.#identified(later, request, handshake, policy))
      : this.#identified(found, request, handshake, policy)
  }

  /** Let through without an identity, to wait for a first message with one. */
  #letWait (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy): Verdict {
    return readInput(request, handshake, policy) === null
      ? { code: 'WSG_ERR_PARAMS_INVALID' }
      : this.#parts.waiting.enter(handshake, handshake.slots.address)
  }

  /** Judges the token of a first message. Null admits: the request has its identity then. Never rejects. */
  async admitToken (request: FastifyRequest, token: string, signal: AbortSignal): Promise<Verdict> {
    const { door, judges, waiting } = this.#parts
    const handshake = handshakeOf(request.raw)
    const { strategy, policy } = handshake ?? { strategy: null, policy: null }
    const verify = strategy?.verifyToken
    if (handshake === undefined || strategy === null || policy === null || verify === undefined) {
      return { code: 'WSG_ERR_NOT_ADMITTED' }
    }
    // What ended before is no concern of a token that comes after.
    handshake.startedAt = performance.now()
    handshake.credential = { kind: strategy.name, sentBy: 'header', renew: verify }
    const byToken: AuthStrategy = { ...strategy, authenticate: () => verify(token, signal) }
    const found = await judges.authenticate(byToken, new Question(request, handshake))
    const verdict = await this.#identified(found, request, handshake, policy)
    if (verdict === null) {
      waiting.leave(handshake)
      return null
    }
    punish(verdict, request, policy)
    door.report(verdict, request, handshake)
    return verdict
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
    const key = typedKey(identity.id)
    return room.claim(handshake, () =>
      connections.claimIdentity(slots, key) ?? route?.connections.claimIdentity(route.slots, key) ?? null)
  }

  #authorize (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy): Verdict | Promise<Verdict> {
    const input = readInput(request, handshake, policy)
    if (input === null) return { code: 'WSG_ERR_PARAMS_INVALID' }
    if (policy.authorize === null) return null
    return this.#parts.judges.authorize(policy.authorize, handshake.identity, input, request, handshake)
  }
}

/** What the contract takes of path and query; null: it does not. Read once. */
function readInput (request: FastifyRequest, handshake: Handshake, { readInput }: RoutePolicy): RouteInput | null {
  if (readInput === null) return request
  handshake.input ??= readInput(request)
  return handshake.input
}

/** What a client is at fault for: such a handshake costs more of its upgrade rate. */
const COUNTED = new Set<Refusal['code']>(['WSG_ERR_UNAUTHENTICATED', 'WSG_ERR_FORBIDDEN', 'WSG_ERR_PARAMS_INVALID'])

/** Counts a refusal that its client is at fault for once more in each rate of the route. */
export function punish ({ code }: Refusal, request: FastifyRequest, { limiters }: RoutePolicy): void {
  if (COUNTED.has(code)) for (const limiter of limiters) limiter.punish(request)
}

/** The refusal for a hook that has set a status and sent nothing. */
export function hookRefused ({ statusCode }: FastifyReply): Refusal {
  return {
    code: 'WSG_ERR_HOOK_REFUSED',
    statusCode: statusCode < 400 ? 403 : statusCode,
    value: `a hook has set status ${statusCode} and not answered`,
  }
}
