// Tested in test/attack/store-asked.test.ts and test/gate/gate.test.ts.
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { Refusal } from '../../../types/gate.js'
import type { ClientAddresses } from '../client-address.js'
import { type CapRefusal, type Connections, noSlots } from '../connections.js'
import type { Door } from '../door.js'
import type { HostPolicy } from '../host.js'
import type { OriginPolicy } from '../origin.js'
import {
  type JudgedPlain, originFor, type RoutePolicy, type UpgradeLimiter, type Verdict, policyOf,
} from '../policy.js'
import { type Handshake, handshakeOf, isOver, signalOf } from '../record.js'
import type { Room } from '../room.js'
import { chooseSubprotocol } from '../subprotocol.js'
import { knowsCodes } from '../tell.js'
import { checkTransport } from '../transport.js'
import { Question } from './question.js'

export interface HeadersParts {
  readonly host: HostPolicy
  readonly requireTls: boolean
  readonly connections: Connections
  readonly addresses: ClientAddresses
  readonly room: Room
  readonly door: Door
}

/**
 * The second moment: an instance-level `onRequest` hook before all others. All that needs only headers, cheapest
 * first.
 */
export class HeadersMoment {
  readonly #parts: HeadersParts

  constructor (parts: HeadersParts) {
    this.#parts = parts
  }

  /** The hook. Plain HTTP requests leave at its first line. */
  readonly check = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const handshake = handshakeOf(request.raw)
    if (handshake === undefined) {
      done()
      return
    }
    // Answered without Fastify, or gone: its reply must stay silent.
    if (isOver(handshake)) {
      reply.hijack()
      return
    }
    handshake.request = request
    handshake.reply = reply
    const policy = handshake.policy = policyOf(request)
    this.#parts.door.watch(reply, handshake)
    const refusal = this.#judge(request, handshake, policy)
    if (refusal !== null || policy === null) {
      this.#finish(refusal, handshake, done)
      return
    }
    const capped = this.#claimAddress(request, handshake, policy)
    // Who waits for room has been counted before: waiting is for few, and not for who knocks too often.
    const counted = capped instanceof Promise ? capped : capped ?? takeRate(request, handshake, policy)
    const verdict = policy.origin.ask === null ? counted : this.#askOrigin(counted, policy.origin.ask, handshake)
    if (verdict instanceof Promise) {
      verdict.then(later => { this.#finish(later, handshake, done) }, cause => {
        this.#finish({ code: 'WSG_ERR_AUTH_UNAVAILABLE', cause }, handshake, done)
      })
    } else this.#finish(verdict, handshake, done)
  }

  #finish (refusal: Verdict, handshake: Handshake, done: HookHandlerDoneFunction): void {
    const { request, reply } = handshake
    // Gone without an answer: its record is empty.
    if (isOver(handshake) || request === null || reply === null) return
    done(refusal === null ? undefined : this.#parts.door.refuse(request, reply, refusal, handshake))
  }

  /** Transport, Host, Origin and rates of a plain request that is held to the same rules. */
  async checkPlain (
    request: FastifyRequest, { policy, strategy }: JudgedPlain, signal: AbortSignal
  ): Promise<Verdict> {
    const outside = this.#outside(request, originFor(policy, strategy))
    if (outside !== null) return outside
    for (const limiter of policy.limiters) {
      const late = await limiter.take(request)
      if (late !== null) return late
    }
    const { ask } = policy.origin
    return ask === null ? null : await ask(request.raw.headers.origin, { route: policy.url, signal })
  }

  /** Where a request comes from, and how. */
  #outside (request: FastifyRequest, origin: OriginPolicy): Refusal | null {
    const { host, requireTls } = this.#parts
    return checkTransport(request.protocol, requireTls) ??
      host.check(request.host === '' ? undefined : request.host) ?? origin.check(request.raw.headers.origin)
  }

  /** What takes no time. */
  #judge (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy | null): Refusal | null {
    const { connections, addresses } = this.#parts
    if (handshake.malformed !== null) return handshake.malformed
    if (policy === null) return { code: 'WSG_ERR_ROUTE_NOT_FOUND' }
    const { auth } = policy
    const strategy = handshake.strategy = auth?.choose?.(new Question(request, handshake)) ?? auth
    const outside = this.#outside(request, originFor(policy, strategy))
    if (outside !== null) return outside
    // Where the application is still to be asked about the origin, nothing but an HTTP status may be said yet.
    handshake.mayBeTold = policy.origin.ask === null && knowsCodes(request.raw, policy.subprotocols)
    const offer = chooseSubprotocol(request.raw, policy.subprotocols)
    if (offer.refusal !== null) return offer.refusal
    handshake.subprotocol = offer.chosen
    handshake.fingerprint = offer.fingerprint
    if (handshake.overCap !== null) return handshake.overCap
    handshake.address = addresses.keyOf(request)
    return addresses.isListed(request) ? null : connections.claimPending(handshake.slots, handshake.address)
  }

  /** The application's word on an origin, after all else that may wait: a limiter's store, room at a cap. */
  async #askOrigin (
    counted: Verdict | Promise<Verdict>, ask: NonNullable<OriginPolicy['ask']>, handshake: Handshake
  ): Promise<Verdict> {
    const refusal = await counted
    const { request, policy } = handshake
    if (refusal !== null || isOver(handshake) || request === null || policy === null) return refusal
    const context = { route: policy.url, get signal () { return signalOf(handshake) } }
    const foreign = await ask(request.raw.headers.origin, context)
    handshake.mayBeTold = foreign === null && knowsCodes(request.raw, policy.subprotocols)
    return foreign
  }

  #claimAddress (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy): Verdict | Promise<Verdict> {
    const { auth, connections: own } = policy
    const { addresses, connections, room } = this.#parts
    const { slots, address } = handshake
    if (own !== null) {
      handshake.route = { connections: own, slots: noSlots() }
      const full = own.enter()
      if (full !== null) return full
    }
    if (address === null || addresses.isListed(request)) return null
    const take = auth === null ? 'claimAnonymous' : 'claimAddress'
    const claim = (): CapRefusal | null =>
      connections[take](slots, address) ?? handshake.route?.connections[take](handshake.route.slots, address) ?? null
    return room.claim(handshake, claim, () => takeRate(request, handshake, policy))
  }
}

/** Counts the handshake in each rate, until one is exceeded. Most have one. */
function takeRate (request: FastifyRequest, handshake: Handshake, { limiters }: RoutePolicy): Promise<Verdict> | null {
  const [first, ...others] = limiters
  if (first === undefined) return null
  return others.length === 0 ? first.take(request) : takeRates(request, handshake, limiters)
}

async function takeRates (
  request: FastifyRequest, handshake: Handshake, limiters: readonly UpgradeLimiter[]
): Promise<Verdict> {
  for (const limiter of limiters) {
    const late = await limiter.take(request)
    if (late !== null || isOver(handshake)) return late
  }
  return null
}
