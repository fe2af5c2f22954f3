import type { Identity, RefusedEvent } from './gate.js'

/** Who and where: in every event of an admitted socket. */
export interface SocketEvent {
  /** The Fastify instance that the plugin was registered on: tells several in one process apart. */
  readonly app: object
  /** `socket.id`. */
  readonly connId: string
  /** `request.id` of the handshake. */
  readonly reqId: string
  /** `id` of the identity; null on a public route. */
  readonly identity: Identity['id'] | null
  /** The client's address as `trustProxy` reads it, cut and escaped. */
  readonly ip: string
  /** The route's URL as it was declared. */
  readonly route: string
}

/** `fastify-ws-guard:opened`: a handshake was answered 101. */
export interface OpenedEvent extends SocketEvent {
  /** Of the contract that the client was built for; null where it has not said, or the route has none. */
  readonly fingerprint: string | null
}

/**
 * Who began a close. `peer`: the client. `application`: your code. `policy`: a limit or rule of this plugin.
 * `protocol`: the client broke RFC 6455. `drain`: `app.close()`. `heartbeat`: no sign of life. `evicted`: no sign of
 * life, and the place was needed. `network`: the connection broke. `session`: its session was destroyed, regenerated or
 * is somebody else's, or could not be read for too long. `expired`: its session or its identity has run out. `revoked`:
 * `app.wsGuard.revoke`, or `authorize` refused the identity that it has by now.
 */
export type CloseCause =
  | 'peer' | 'application' | 'policy' | 'protocol' | 'drain' | 'heartbeat' | 'evicted' | 'network'
  | 'session' | 'expired' | 'revoked'

/** `fastify-ws-guard:closed`: the socket is gone. Comes once for each `opened`. */
export interface ClosedEvent extends SocketEvent {
  /** Code of the first close frame, whoever sent it; 1006: none. */
  readonly code: number
  /** Reason of that frame, cut and escaped. */
  readonly reason: string
  readonly cause: CloseCause
  /** Milliseconds since `opened`. */
  readonly duration: number
}

/** `fastify-ws-guard:message:refused`: a message was not handled. */
export interface MessageRefusedEvent extends SocketEvent {
  /** A code of docs/protocol.md section 5. */
  readonly code: string
  /** The message's type where the contract has it, else null. */
  readonly type: string | null
  /** Of `rate_limited`, the budget that was short. */
  readonly budget?: string
  /** In development: the reason. It may repeat names that were sent. */
  readonly detail?: string
}

/** `fastify-ws-guard:message:handled`: a handler has settled. */
export interface MessageHandledEvent extends SocketEvent {
  readonly type: string
  /** Milliseconds from its start. */
  readonly duration: number
  /**
   * `failed`: it threw, or its reply breaks the contract. `late`: it had overrun its deadline or was cancelled
   * before.
   */
  readonly outcome: 'ok' | 'failed' | 'late'
}

/** `fastify-ws-guard:handler:failed`: code of yours threw or rejected. */
export interface HandlerFailedEvent extends SocketEvent {
  /**
   * The message's type, the option that failed (`onOpen`, `onClose`, `state`, `mayJoin`, `authorize`,
   * `budgets.<name>`), `auth` for the function of a strategy that was asked about a session again, `refresh` for its
   * function, `write`, or `handler` on a route without a contract.
   */
  readonly type: string
  /** What was thrown; it can be anything. */
  readonly error: unknown
}

/** `fastify-ws-guard:handler:timeout`: a handler overran its deadline. */
export interface HandlerTimeoutEvent extends SocketEvent {
  readonly type: string
}

/** `fastify-ws-guard:slow`: a socket is closed because its client reads too slowly. */
export interface SlowEvent extends SocketEvent {
  /** Bytes that wait for it. */
  readonly bufferedAmount: number
}

/**
 * `fastify-ws-guard:dropped`: a client has missed messages because it reads too slowly, as their `whenSlow` says.
 * Published when it has caught up or is gone, once for each type.
 */
export interface DroppedEvent extends SocketEvent {
  readonly type: string
  /** How many were dropped, or made way for a later one. */
  readonly messages: number
}

/** `fastify-ws-guard:protocol:violated`: the client broke RFC 6455, or a limit of ws. */
export interface ProtocolViolatedEvent extends SocketEvent {
  /** The code of ws's error, such as `WS_ERR_INVALID_UTF8`. */
  readonly code: string
}

/** `fastify-ws-guard:refreshed`: a socket's identity was replaced in place. */
export interface RefreshedEvent extends SocketEvent {}

/** `fastify-ws-guard:join:refused`: `mayJoin` said no, at a `join` or when the identity was refreshed. */
export interface JoinRefusedEvent extends SocketEvent {
  /** Key of the group, a list as JSON; cut and escaped. */
  readonly group: string
}

/** `fastify-ws-guard:store:unavailable`: a session store does not answer; its sessions live on for `sessions.grace`. */
export interface StoreUnavailableEvent {
  readonly app: object
  /** Sessions with open sockets that are in that store. */
  readonly sessions: number
  /** What it said; it can be anything. */
  readonly error: unknown
}

/** `fastify-ws-guard:store:available`: it answers again. */
export interface StoreAvailableEvent {
  readonly app: object
  /** Sessions with open sockets that are in that store. */
  readonly sessions: number
  /** Milliseconds since `store:unavailable`. */
  readonly duration: number
}

/**
 * `fastify-ws-guard:rate:unavailable`: the shared store of an upgrade rate does not answer; a count of this process
 * decides meanwhile. Once in 10 s for as long as it lasts.
 */
export interface RateUnavailableEvent {
  readonly app: object
  /** The route whose limit it is; `all`: the plugin's. */
  readonly limit: string
  /** What it said; it can be anything. Undefined: it did not answer in time. */
  readonly error: unknown
}

/** `fastify-ws-guard:drained`: `app.close()` has ended every socket. */
export interface DrainedEvent {
  readonly app: object
  /** Sockets that were open when it began. */
  readonly sockets: number
  /** Of these, those whose handlers were still at work at `drainTimeout`. */
  readonly cut: number
  /** Milliseconds. */
  readonly duration: number
}

/** Payloads by channel, without the prefix `fastify-ws-guard:`. docs/events.md describes each. */
export interface EventPayloads {
  refused: RefusedEvent
  opened: OpenedEvent
  closed: ClosedEvent
  'message:refused': MessageRefusedEvent
  'message:handled': MessageHandledEvent
  'handler:failed': HandlerFailedEvent
  'handler:timeout': HandlerTimeoutEvent
  slow: SlowEvent
  dropped: DroppedEvent
  'protocol:violated': ProtocolViolatedEvent
  refreshed: RefreshedEvent
  'join:refused': JoinRefusedEvent
  'store:unavailable': StoreUnavailableEvent
  'store:available': StoreAvailableEvent
  'rate:unavailable': RateUnavailableEvent
  drained: DrainedEvent
}
