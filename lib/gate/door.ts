// Tested in test/attack/answered.test.ts.
import type { FastifyError } from '@fastify/error'
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../types/gate.js'
import type { Events } from '../events/events.js'
import { escapeForLog } from '../log/log-safe.js'
import { prepareReply, refusalBody, writeAnswer, writeRefusal } from './answer.js'
import type { Adviser } from './advice.js'
import { clientAddress } from './client-address.js'
import { type Judged, policyOf } from './policy.js'
import { type Handshake, handshakeOf, hasBegun } from './record.js'
import { REFUSALS, statusOf } from './refusals.js'
import { redactTarget } from './serialize-upgrade.js'
import { tell } from './tell.js'

/** Seconds that a client waits when the store of its session, or a strategy, has failed. */
export const RETRY_AUTH = 5

type OnSendDone = (error: Error | null, payload?: unknown) => void

/** The one door out: whatever a handshake is answered instead of a 101 is decided, told and written here. */
export class Door {
  readonly #events: Events
  /** Null in production. */
  readonly #advise: Adviser | null
  /** In development: the `detail` of what is refused, by its handshake, or by its request where it is none. */
  readonly #details = new WeakMap<object, string>()

  constructor (events: Events, advise: Adviser | null = null) {
    this.#events = events
    this.#advise = advise
  }

  /**
   * Refuses in a Fastify hook: the coded error to throw. `handshake` is null for a plain request to a WebSocket
   * route, or to another that is held to the same rules, which are `judged` then.
   */
  refuse (
    request: FastifyRequest, reply: FastifyReply, refusal: Refusal, handshake: Handshake | null,
    judged: Judged | null = handshake
  ): FastifyError {
    const error = REFUSALS[refusal.code].error()
    if (refusal.statusCode !== undefined) error.statusCode = refusal.statusCode
    if (handshake !== null) {
      handshake.refusal = refusal
      handshake.error = error
    }
    prepareReply(reply, refusal)
    this.report(refusal, request, handshake, judged)
    return error
  }

  /** Refuses at a deadline, from outside of any hook. */
  expire (handshake: Handshake, refusal: Refusal): void {
    const { request, reply } = handshake
    // What another hook answers is stuck on its way: a second answer would run into it.
    if (handshake.answered || hasBegun(handshake)) {
      handshake.refusal = refusal
      this.report(refusal, request, handshake)
    } else if (request === null || reply === null || reply.sent) this.turnAway(handshake, refusal)
    else reply.send(this.refuse(request, reply, refusal, handshake))
  }

  /** Writes a refusal itself that error handlers and hooks of the application were to answer, and have not. */
  insist (handshake: Handshake): void {
    const { refusal, reply, socket } = handshake
    if (refusal === null || hasBegun(handshake) || socket.writableEnded) return
    // Whoever answers after all writes into nothing.
    if (reply?.raw.socket === socket) reply.raw.detachSocket(reply.raw.socket)
    this.#write(handshake, refusal)
  }

  /** Refuses without Fastify: no reply is within reach. `raw`: where Fastify has never seen it. */
  turnAway (handshake: Handshake, refusal: Refusal, raw?: IncomingMessage): void {
    handshake.refusal = refusal
    this.report(refusal, handshake.request, handshake)
    this.#write(handshake, refusal, raw)
  }

  #write (handshake: Handshake, refusal: Refusal, raw = handshake.request?.raw): void {
    const detail = this.#details.get(handshake)
    if (raw === undefined || !tell(handshake, raw, refusal, detail)) writeRefusal(handshake.socket, refusal, detail)
  }

  /** Notes when somebody begins to answer, and with what. */
  watch (reply: FastifyReply, handshake: Handshake): void {
    // An answer is not `sent` while an asynchronous onSend hook is at work. Meanwhile Fastify would run the hooks
    // that follow one which forgot `return reply`, and the handler.
    handshake.send = reply.send
    reply.send = sendWatched
  }

  /**
   * Instance-level `onSend`, before all others: what is answered to an upgrade request is written here. A hook that
   * came after and threw would make Fastify send its error's text; so would what the application itself has thrown.
   */
  readonly onSend = (request: FastifyRequest, reply: FastifyReply, payload: unknown, done: OnSendDone): void => {
    const handshake = handshakeOf(request.raw)
    if (handshake === undefined) {
      done(null, withDetail(payload, this.#details.get(request)))
      return
    }
    handshake.answered = true
    const isInside = reply.statusCode >= 500 || handshake.thrown
    if (handshake.refusal === null && isInside) this.#cover(request, reply, handshake)
    // Written at the deadline meanwhile.
    if (handshake.socket.writableEnded) return
    const detail = this.#details.get(handshake)
    if (handshake.refusal !== null && tell(handshake, request.raw, handshake.refusal, detail)) return
    const isText = typeof payload === 'string' || Buffer.isBuffer(payload) || payload === undefined || payload === null
    if (handshake.refusal === null && !isText) {
      reply.header('connection', 'close')
      done(null, payload)
      return
    }
    if (handshake.refusal !== null && (handshake.spoiled || !isText)) {
      reply.code(statusOf(handshake.refusal)).type('application/json; charset=utf-8')
      writeAnswer(reply, handshake.socket, refusalBody(handshake.refusal, detail))
    } else {
      writeAnswer(reply, handshake.socket, isText ? withDetail(payload, detail) ?? '' : '')
    }
  }

  // An error of the application, or its own 5xx: its status and its Retry-After stay, its text does not.
  #cover (request: FastifyRequest, reply: FastifyReply, handshake: Handshake): void {
    const { statusCode } = reply
    let refusal: Refusal = { code: 'WSG_ERR_HOOK_REFUSED', statusCode, value: `status ${statusCode}` }
    // Nobody chooses 500. Before admission it is, as far as we can know, the session's store that failed.
    if (statusCode === 500) {
      refusal = handshake.admitted
        ? { code: 'WSG_ERR_HOOK_FAILED' }
        : { code: 'WSG_ERR_AUTH_UNAVAILABLE', retryAfter: RETRY_AUTH }
    }
    this.refuse(request, reply, refusal, handshake)
    handshake.spoiled = true
  }

  /** Instance-level `onResponse`, which a 101 never reaches: an answered handshake keeps no socket. */
  readonly onResponse = (request: FastifyRequest, _reply: FastifyReply, done: HookHandlerDoneFunction): void => {
    // @fastify/websocket does the same, but not for what was refused before its own onRequest hook. Not at once: the
    // answer's last write callback is still to come, and destroying under it makes an error that nobody reads.
    const handshake = handshakeOf(request.raw)
    if (handshake !== undefined) process.nextTick(() => { handshake.socket.destroy() })
    done()
  }

  /** One event per refusal; nothing of it goes to the peer, but in development the advice. */
  report (
    refusal: Refusal, request: FastifyRequest | null, handshake: Handshake | null, judged: Judged | null = handshake
  ): void {
    const { code, value, cause } = refusal
    const detail = this.#detailOf(refusal, request, judged)
    const owner = handshake ?? request
    if (owner !== null && detail !== undefined) this.#details.set(owner, detail)
    const { event, level } = REFUSALS[code]
    // A proxy that is believed may still pass on what its client wrote.
    const ip = request === null ? undefined : clientAddress(request)
    this.#events.publish('refused', () => ({
      app: this.#events.app,
      event,
      level,
      code,
      statusCode: statusOf(refusal),
      reqId: request?.id ?? '',
      route: request?.routeOptions.url,
      ip: ip === undefined ? undefined : escapeForLog(ip),
      identity: handshake?.identity?.id,
      value: value === undefined ? undefined : escapeForLog(value),
      ...(cause === undefined ? {} : { error: cause }),
      ...(detail === undefined ? {} : { detail }),
    }))
  }

  #detailOf (refusal: Refusal, request: FastifyRequest | null, judged: Judged | null): string | undefined {
    const policy = judged?.policy ?? (request === null ? null : policyOf(request))
    const [path = ''] = redactTarget(request?.url ?? '').split(/[?#;]/, 1)
    return this.#advise?.({ ...refusal, policy, strategy: judged?.strategy ?? null, path })
  }
}

/** `payload` with the `detail` of a refusal, where it is the body that Fastify makes of a coded error. */
function withDetail<T> (payload: T, detail: string | undefined): T | string {
  if (detail === undefined || typeof payload !== 'string') return payload
  try {
    const body: unknown = JSON.parse(payload)
    const isOurs = typeof body === 'object' && body !== null && Object.hasOwn(body, 'code')
    return isOurs ? JSON.stringify({ ...body, detail }) : payload
  } catch {
    // An error handler of the application has made something else of it.
    return payload
  }
}

/** One function for all replies: a closure would keep its handshake, and costs each of them. */
function sendWatched (this: FastifyReply, payload?: unknown): FastifyReply {
  const handshake = handshakeOf(this.request.raw)!
  handshake.answered = true
  handshake.thrown = payload instanceof Error
  if (handshake.error !== null && payload instanceof Error && payload !== handshake.error) handshake.spoiled = true
  return handshake.send!.call(this, payload)
}
