import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../types/gate.js'
import type { Events } from '../events/events.js'
import { AUTH_FRAME_BYTES } from '../protocol/envelope.js'
import type { ClientAddresses } from './client-address.js'
import { type ConnectionCaps, Connections } from './connections.js'
import type { Adviser } from './advice.js'
import { Door, RETRY_AUTH } from './door.js'
import { policyToTell } from './draining.js'
import type { HostPolicy } from './host.js'
import { HeadersMoment } from './moments/headers.js'
import { IdentityMoment, type Judges, punish } from './moments/identity.js'
import { type HasEnded, SwitchMoment } from './moments/switch.js'
import { UpgradeMoment } from './moments/upgrade.js'
import { PendingHandshakes } from './pending.js'
import { PlainRequests } from './plain-requests.js'
import type { JudgedPlain, RoutePolicy, Verdict } from './policy.js'
import { handshakeOf } from './record.js'
import { type MakeRoom, Room } from './room.js'
import { WaitingRoom } from './waiting-room.js'

/** Of the handshakes that may be under way, one in so many may wait for room at a cap. */
const WAITING_SHARE = 4
/** Of the handshakes under way, and of the sockets that wait for a token, one address may have one in so many. */
export const ADDRESS_SHARE = 4

export interface GateOptions {
  readonly host: HostPolicy
  readonly requireTls: boolean
  readonly caps: ConnectionCaps
  /** Sockets that wait for a first message with a token; one address has a quarter of them at most. */
  readonly unauthenticated: number
  readonly addresses: ClientAddresses
  /** Milliseconds from the upgrade request on. */
  readonly authTimeout: number
  readonly handshakeTimeout: number
  /** Of every WebSocket route that there is by now. */
  readonly policies: () => readonly RoutePolicy[]
  readonly judges: Judges
  readonly hasEnded: HasEnded
  /** Asked before a cap refuses; null where nobody can make room. */
  readonly makeRoom: MakeRoom | null
  readonly events: Events
  /** Null in production. */
  readonly advise: Adviser | null
}

/**
 * A handshake's way through four moments (docs/gate.md): the `upgrade` event, its headers, its identity, the 101.
 * Each is a file of its own in `moments/`; whatever is refused leaves by the one `Door`, and what is known of a
 * handshake is in its record. Here they are put together, for the plugin to hang into Fastify.
 */
export class Gate {
  readonly connections: Connections
  readonly #pending: PendingHandshakes
  readonly #waiting: WaitingRoom
  readonly #door: Door
  readonly #plain: PlainRequests
  readonly #upgrade: UpgradeMoment
  readonly #headers: HeadersMoment
  readonly #identity: IdentityMoment
  readonly #switch: SwitchMoment
  #draining = false

  constructor (options: GateOptions) {
    const { caps, authTimeout, handshakeTimeout, makeRoom, events, judges, hasEnded, advise } = options
    const { host, requireTls, addresses, unauthenticated, policies } = options
    const connections = this.connections = new Connections(caps)
    const waiting = this.#waiting = new WaitingRoom(unauthenticated, Math.ceil(unauthenticated / ADDRESS_SHARE))
    const door = this.#door = new Door(events, advise)
    this.#plain = new PlainRequests(caps, addresses)
    this.#pending = new PendingHandshakes({
      authTimeout,
      handshakeTimeout,
      onAuthTimeout: handshake => { door.expire(handshake, { code: 'WSG_ERR_AUTH_TIMEOUT', retryAfter: RETRY_AUTH }) },
      onTimeout: handshake => {
        if (handshake.refusal === null) door.expire(handshake, { code: 'WSG_ERR_HANDSHAKE_TIMEOUT' })
        door.insist(handshake)
      },
      onUnanswered: handshake => { door.insist(handshake) },
      onSettled: ({ slots, route }) => {
        connections.settle(slots)
        route?.connections.settle(route.slots)
      },
      onClosed: handshake => {
        const { slots, route } = handshake
        waiting.leave(handshake)
        connections.leave(slots)
        route?.connections.leave(route.slots)
      },
    })
    const room = new Room(makeRoom, Math.floor(caps.pending / WAITING_SHARE))
    const isDraining = (): boolean => this.#draining
    this.#upgrade = new UpgradeMoment({
      pending: this.#pending,
      connections,
      door,
      isDraining,
      policyToTell: raw => policyToTell(raw, host, policies()),
    })
    this.#headers = new HeadersMoment({ host, requireTls, addresses, connections, room, door })
    this.#identity = new IdentityMoment({ connections, waiting, room, door, judges })
    this.#switch = new SwitchMoment(this.#pending, door, isDraining, hasEnded)
  }

  get pending (): number { return this.#pending.size }

  /** When the oldest handshake that is under way began, by `performance.now()`; Infinity: there is none. */
  get underWaySince (): number { return Math.min(this.#pending.oldest, this.#waiting.oldest) }

  /** First listener of the server's `upgrade` event. */
  get onUpgrade (): UpgradeMoment['listen'] { return this.#upgrade.listen }

  /** Instance-level `onRequest`, to run before all others. */
  get onRequest (): HeadersMoment['check'] { return this.#headers.check }

  /** Route-level `onRequest` of every WebSocket route, last of the route's own. */
  get admit (): IdentityMoment['admit'] { return this.#identity.admit }

  /** Instance-level `onSend`, to run before all others. */
  get onSend (): Door['onSend'] { return this.#door.onSend }

  /** Instance-level `onResponse`. */
  get onResponse (): Door['onResponse'] { return this.#door.onResponse }

  /** Asked and told by the ws server: see `UpgradeJudge`. */
  get judge (): SwitchMoment { return this.#switch }

  /** True while a request's socket waits for a first message with a token. */
  isWaiting (raw: IncomingMessage): boolean {
    const handshake = handshakeOf(raw)
    return handshake !== undefined && this.#waiting.has(handshake)
  }

  /** Judges a first message. Null admits. Never rejects. */
  admitToken (request: FastifyRequest, token: string, signal: AbortSignal): Promise<Verdict> {
    return this.#identity.admitToken(request, token, signal)
  }

  /** A socket that waited is closed. */
  reportWaiting (request: FastifyRequest, refusal: Refusal): void {
    this.#door.report(refusal, request, handshakeOf(request.raw) ?? null)
  }

  /** Transport, Host, Origin and rate of a plain request; null admits. Never rejects. */
  checkPlain (request: FastifyRequest, judged: JudgedPlain, signal: AbortSignal): Promise<Verdict> {
    return this.#headers.checkPlain(request, judged, signal)
  }

  /** Asks the application about a plain request, under a deadline and a cap. */
  get askPlain (): PlainRequests['ask'] {
    return (request, milliseconds, ask) => this.#plain.ask(request, milliseconds, ask)
  }

  /** Refuses a plain request: the error to throw. What its client is at fault for costs more of its rate. */
  refusePlain (request: FastifyRequest, reply: FastifyReply, refusal: Refusal, judged: JudgedPlain): Error {
    punish(refusal, request, judged.policy)
    return this.#door.refuse(request, reply, refusal, null, judged)
  }

  /** Bytes of the largest message of the route that `raw` was routed to; undefined: the ws server's own limit. */
  readonly payloadLimitOf = (raw: IncomingMessage): number | undefined =>
    this.isWaiting(raw) ? AUTH_FRAME_BYTES : handshakeOf(raw)?.policy?.maxPayload ?? undefined

  isUpgrade (raw: IncomingMessage): boolean {
    return handshakeOf(raw) !== undefined
  }

  /** `preClose`, to run before all others: from here on every handshake is refused with 503. */
  readonly drain = (done: HookHandlerDoneFunction): void => {
    this.#draining = true
    done()
  }

  stop (): void {
    this.#pending.stop()
  }
}
