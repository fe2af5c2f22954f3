import type { FastifyBaseLogger, FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { FastifyError } from '@fastify/error'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AuthStrategy, Authorize, Refusal } from '../../types/gate.js'
import { addressKey } from './address.js'
import { clientAddress, forgetSession, prepareReply, refusalBody, writeRefusal } from './answer.js'
import { authenticate, authorize } from './authenticate.js'
import { type ConnectionCaps, Connections } from './connections.js'
import { checkHandshake } from './handshake.js'
import type { HostPolicy } from './host.js'
import type { OriginPolicy } from './origin.js'
import { type Handshake, PendingHandshakes, type RouteInput, isOver, signalOf } from './pending.js'
import type { UpgradeLimiter } from './rate.js'
import { REFUSALS } from './refusals.js'
import { SecurityLog } from './security-log.js'
import { chooseSubprotocol, type SubprotocolPolicy } from './subprotocol.js'
import { checkTransport } from './transport.js'

/** What one WebSocket route asks of a handshake, compiled at boot. */
export interface RoutePolicy {
  readonly url: string
  /** Null: public. */
  readonly auth: AuthStrategy | null
  readonly authorize: Authorize | null
  readonly origin: OriginPolicy
  readonly limiters: readonly UpgradeLimiter[]
  readonly subprotocols: SubprotocolPolicy
  /** The same URL also answers plain HTTP. */
  readonly hasHttpHandler: boolean
  readonly readInput: ((request: FastifyRequest) => RouteInput | null) | null
}

export interface GateOptions {
  readonly host: HostPolicy
  readonly requireTls: boolean
  readonly caps: ConnectionCaps
  readonly ipv6Prefix: number
  /** A session plugin's hook runs before this gate's. */
  readonly behindSession: boolean
  /** False where X-Forwarded-For is never believed. */
  readonly behindProxy: boolean
  readonly authTimeout: number
  readonly handshakeTimeout: number
  readonly log: FastifyBaseLogger
}

/** Key in a route's `config` under which the gate finds its policy. */
export const POLICY = Symbol('fastify-ws-guard.policy')

interface PolicyConfig { readonly [POLICY]?: RoutePolicy }

// An answer is not `sent` while an asynchronous onSend hook is at work. Meanwhile Fastify would run the hooks that follow one
// which forgot `return reply`, and the handler.
function noteAnswer (reply: FastifyReply, handshake: Handshake): void {
  const { send } = reply
  reply.send = function (payload) {
    handshake.answered = true
    return send.call(this, payload)
  }
}

// Fastify takes a hook's return for "go on", unless the reply was sent.
function goNoFurther (): Promise<never> {
  return new Promise(() => {})
}

function destroy (this: Duplex): void {
  this.destroy()
}

/**
 * The checks in their order (docs/gate.md), and the one door out. `onUpgrade` sees every upgrade request first,
 * `checkHeaders` is the instance-level `onRequest` hook, `admit` the route-level one that runs after every session
 * plugin's hook whatever the order of registration.
 */
export class Gate {
  readonly connections: Connections
  readonly #pending: PendingHandshakes
  readonly #options: GateOptions
  readonly #security: SecurityLog
  readonly #policies = new Set<RoutePolicy>()
  #draining = false

  constructor (options: GateOptions) {
    this.#options = options
    this.connections = new Connections(options.caps)
    this.#security = new SecurityLog(options.log)
    this.#pending = new PendingHandshakes({
      authTimeout: options.authTimeout,
      handshakeTimeout: options.handshakeTimeout,
      onAuthTimeout: handshake => { this.#expire(handshake, { code: 'WSG_ERR_AUTH_TIMEOUT', retryAfter: 5 }) },
      onTimeout: handshake => { if (!handshake.refused) this.#expire(handshake, { code: 'WSG_ERR_HANDSHAKE_TIMEOUT' }) },
      onSettled: () => { this.connections.settle() },
      onClosed: ({ slots }) => { this.connections.leave(slots) },
    })
  }

  get pending (): number { return this.#pending.size }

  addPolicy (policy: RoutePolicy): void {
    this.#policies.add(policy)
  }

  /** Key that the per-address cap and the upgrade limits share. */
  readonly keyOf = (request: FastifyRequest): string => addressKey(clientAddress(request), this.#options.ipv6Prefix)

  /** First listener of the server's `upgrade` event. */
  readonly onUpgrade = (raw: IncomingMessage, socket: Duplex): void => {
    const handshake = this.#pending.start(raw, socket)
    handshake.overCap = this.connections.enter() ?? this.#claimEarly(raw, handshake)
    handshake.malformed = checkHandshake(raw)
    // The upgrade listener behind this one adds its own later; between the two an RST would be uncaught.
    socket.on('error', destroy)
    // A session plugin that was registered before us would ask its store for a handshake that is refused anyway.
    if (!this.#options.behindSession) return
    if (handshake.overCap !== null || handshake.malformed !== null || this.#isHopeless(raw)) delete raw.headers.cookie
  }

  #isHopeless (raw: IncomingMessage): boolean {
    if (this.#draining) return true
    const { origin, host, 'x-forwarded-host': forwarded } = raw.headers
    if (forwarded === undefined && this.#options.host.check(host) !== null) return true
    for (const policy of this.#policies) {
      if (policy.origin.check(origin) === null) return false
    }
    return true
  }

  // Where the socket's address is the client's for certain, its slot is taken before any hook runs: one address could fill
  // the pending cap while a session plugin that was registered before us waits for its store.
  #claimEarly (raw: IncomingMessage, { slots }: Handshake): Refusal | null {
    if (this.#options.behindProxy && raw.headers['x-forwarded-for'] !== undefined) return null
    return this.connections.claimAddress(slots, addressKey(raw.socket?.remoteAddress, this.#options.ipv6Prefix))
  }

  /** Instance-level `onRequest`: all that needs only headers. Plain HTTP requests leave at the first line. */
  readonly checkHeaders = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    const handshake = this.#pending.of(request.raw)
    if (handshake === undefined) {
      done()
      return
    }
    // Answered at a deadline without Fastify, or gone: its reply must stay silent.
    if (handshake.refused || handshake.closed) {
      reply.hijack()
      return
    }
    // A hook before this one has begun to answer and forgot to return its reply: going on would run the handler as well.
    if (reply.statusCode !== 200) {
      handshake.answered = true
      return
    }
    handshake.request = request
    handshake.reply = reply
    handshake.config = request.routeOptions.config
    noteAnswer(reply, handshake)
    const policy = (handshake.config as PolicyConfig | undefined)?.[POLICY]
    const refusal = this.#judgeHeaders(request, handshake, policy)
    if (refusal !== null) {
      done(this.#refuse(request, reply, refusal, handshake))
      return
    }
    if (policy!.limiters.length === 0) {
      done()
      return
    }
    const [first, ...others] = policy!.limiters
    const rate = first !== undefined && others.length === 0 ? first(request) : this.#judgeRate(request, policy!)
    rate.then(
      late => { if (!isOver(handshake)) done(late === null ? undefined : this.#refuse(request, reply, late, handshake)) },
      () => { if (!isOver(handshake)) done(this.#refuse(request, reply, { code: 'WSG_ERR_AUTH_UNAVAILABLE' }, handshake)) }
    )
  }

  #judgeHeaders (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy | undefined): Refusal | null {
    if (this.#draining) return { code: 'WSG_ERR_DRAINING', retryAfter: 1 }
    const { malformed, overCap, slots } = handshake
    if (malformed !== null) return malformed
    if (policy === undefined) return { code: 'WSG_ERR_ROUTE_NOT_FOUND' }
    const outside = checkTransport(request.protocol, this.#options.requireTls) ??
      this.#options.host.check(request.host === '' ? undefined : request.host) ??
      policy.origin.check(request.raw.headers.origin)
    if (outside !== null) return outside
    const offer = chooseSubprotocol(request.raw, policy.subprotocols)
    if (offer.refusal !== null) return offer.refusal
    handshake.subprotocol = offer.chosen
    if (overCap !== null || slots.address !== null) return overCap
    return this.connections.claimAddress(slots, this.keyOf(request))
  }

  async #judgeRate (request: FastifyRequest, policy: RoutePolicy): Promise<Refusal | null> {
    for (const limiter of policy.limiters) {
      const refusal = await limiter(request)
      if (refusal !== null) return refusal
    }
    return null
  }

  /** Route-level `onRequest`, last of the route's own: who is it, and may they. Sets the mark that lets the handler run. */
  admit (policy: RoutePolicy): (request: FastifyRequest, reply: FastifyReply) => Promise<void> {
    return async (request, reply) => {
      const handshake = this.#pending.of(request.raw)
      if (handshake === undefined) {
        if (policy.hasHttpHandler) return
        throw this.#refuse(request, reply, { code: 'WSG_ERR_UPGRADE_REQUIRED' })
      }
      if (isOver(handshake)) return await goNoFurther()
      // The header checks did not run: a scope this plugin's hooks do not reach.
      if (handshake.request !== request) throw this.#refuse(request, reply, { code: 'WSG_ERR_NOT_ADMITTED' }, handshake)
      const refusal = await this.#judgeIdentity(request, handshake, policy)
      // Answered at the deadline meanwhile, or the client left: no further hook may run for who was not admitted.
      if (isOver(handshake)) return await goNoFurther()
      if (refusal !== null) throw this.#refuse(request, reply, refusal, handshake)
      handshake.admitted = true
    }
  }

  async #judgeIdentity (request: FastifyRequest, handshake: Handshake, policy: RoutePolicy): Promise<Refusal | null> {
    if (policy.auth !== null) {
      const { identity, refusal } = await authenticate(policy.auth, { request, get signal () { return signalOf(handshake) } })
      if (refusal !== null) return refusal
      // Answered at the deadline, or gone: a slot taken now would never be given back.
      if (isOver(handshake)) return null
      const capped = this.connections.claimIdentity(handshake.slots, `${typeof identity.id}:${identity.id}`)
      if (capped !== null) return capped
      request.wsIdentity = identity
    }
    let input: RouteInput = { params: request.params, query: request.query }
    if (policy.readInput !== null) {
      const read = policy.readInput(request)
      if (read === null) return { code: 'WSG_ERR_PARAMS_INVALID' }
      input = read
      handshake.input = read
    }
    if (policy.authorize === null) return null
    return await authorize(policy.authorize, request.wsIdentity, input.params, input.query, request)
  }

  /** Path parameters and query that the contract accepted. */
  inputOf (request: FastifyRequest): RouteInput {
    return this.#pending.of(request.raw)?.input ?? { params: request.params, query: request.query }
  }

  /** The `config` of the route that `raw` was routed to. */
  configOf (raw: IncomingMessage): unknown {
    return this.#pending.of(raw)?.config
  }

  /** True when `raw` may become a WebSocket; otherwise it is answered here and nothing more happens to it. */
  mayUpgrade (raw: IncomingMessage, socket: Duplex): boolean {
    const handshake = this.#pending.of(raw)
    if (handshake !== undefined && handshake.admitted && !isOver(handshake) && !this.#draining) return true
    if (handshake?.closed === true) return false
    if (handshake?.answered === true) {
      if (!handshake.refused) this.#report({ code: 'WSG_ERR_NOT_ADMITTED', value: 'a hook has answered; it has to return its reply' }, handshake.request ?? undefined)
      return false
    }
    const code = this.#draining ? 'WSG_ERR_DRAINING' : 'WSG_ERR_NOT_ADMITTED'
    this.#report({ code }, undefined)
    if (handshake !== undefined) handshake.refused = true
    writeRefusal(socket, { code })
    return false
  }

  subprotocolOf (raw: IncomingMessage): string | false {
    return this.#pending.of(raw)?.subprotocol ?? false
  }

  /** The 101 is written. */
  complete (raw: IncomingMessage): void {
    const handshake = this.#pending.of(raw)
    const response = handshake?.reply?.raw
    // The socket would keep the hijacked response, and with it the request, for as long as the WebSocket lives.
    if (handshake !== undefined && response?.socket === handshake.socket) response.detachSocket(response.socket)
    this.#pending.complete(raw)
  }

  /** Instance-level `onSend`: what others answer to an upgrade request is closed, and tells nothing of an inner error. */
  readonly onSend = (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: (error: Error | null, payload: unknown) => void): void => {
    const handshake = this.#pending.of(request.raw)
    if (handshake === undefined) {
      done(null, payload)
      return
    }
    handshake.answered = true
    reply.header('connection', reply.hasHeader('upgrade') ? 'upgrade, close' : 'close')
    if (handshake.refused || reply.statusCode < 500) {
      done(null, payload)
      return
    }
    // Before admission a failing hook is, as far as we can know, the session's store.
    const code = handshake.admitted ? 'WSG_ERR_HOOK_FAILED' : 'WSG_ERR_AUTH_UNAVAILABLE'
    this.#refuse(request, reply, handshake.admitted ? { code } : { code, retryAfter: 5 }, handshake)
    reply.code(REFUSALS[code].statusCode).type('application/json; charset=utf-8')
    done(null, refusalBody(code))
  }

  /** Instance-level `onResponse`, which a 101 never reaches: an answered handshake keeps no socket. */
  readonly onResponse = (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    // @fastify/websocket does the same, but not for what was refused before its own onRequest hook. Not at once: the answer's
    // last write callback is still to come, and destroying under it makes an error that nobody reads.
    const handshake = this.#pending.of(request.raw)
    if (handshake !== undefined) process.nextTick(() => { handshake.socket.destroy() })
    done()
  }

  isUpgrade (raw: IncomingMessage): boolean {
    return this.#pending.of(raw) !== undefined
  }

  /** From here on every handshake is refused with 503. */
  drain (): void {
    this.#draining = true
  }

  stop (): void {
    this.#pending.stop()
    this.#security.stop()
  }

  #refuse (request: FastifyRequest, reply: FastifyReply, refusal: Refusal, handshake?: Handshake): FastifyError {
    if (handshake !== undefined) handshake.refused = true
    prepareReply(reply, refusal)
    forgetSession(request)
    this.#report(refusal, request)
    return REFUSALS[refusal.code].error()
  }

  #expire (handshake: Handshake, refusal: Refusal): void {
    const { request, reply, socket } = handshake
    // What another hook answers is stuck on its way: a second answer would run into it.
    if (handshake.answered) {
      this.#report(refusal, request ?? undefined)
      return
    }
    if (request !== null && reply !== null && !reply.sent) {
      reply.send(this.#refuse(request, reply, refusal, handshake))
      return
    }
    handshake.refused = true
    this.#report(refusal, request ?? undefined)
    writeRefusal(socket, refusal)
  }

  #report (refusal: Refusal, request: FastifyRequest | undefined): void {
    const { code, value, cause } = refusal
    this.#security.refused({
      code,
      statusCode: REFUSALS[code].statusCode,
      reqId: request?.id ?? '',
      route: request?.routeOptions.url,
      ip: request === undefined ? undefined : clientAddress(request),
      value,
      cause,
    }, request?.log)
  }
}
