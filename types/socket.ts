import type { Identity, Register } from './gate.js'
import type {
  AnyContract, CallErrors, CallRequest, ParamsOf, Part, QueryOf, Reply, Sendable, Wire,
} from './wire.js'

export type { ParamsOf, Part, QueryOf } from './wire.js'

/** Typed senders, one method per outbound message. */
export type Senders<C> = {
  /**
   * Sends this message. True: it is on its way, or held for a slow reader; false: it was not sent, because the socket
   * is closed or the message's `whenSlow` has dropped it. Throws WSG_ERR_OUTBOUND_INVALID when `data` breaks the
   * contract.
   */
  readonly [K in keyof Part<C, 'outbound'>]: (data: Sendable<Wire<Part<C, 'outbound'>[K]>>) => boolean
}

/** Senders to many sockets. They return how many were reached. */
export type GroupSenders<C> = {
  readonly [K in keyof Part<C, 'outbound'>]: (data: Sendable<Wire<Part<C, 'outbound'>[K]>>) => number
}

/** Some of a group. */
export interface Audience<C> {
  readonly send: GroupSenders<C>
}

/** The sockets of one route that joined one key. */
export interface Group<C> extends Audience<C> {
  readonly size: number
  /** Each message is encoded and framed once for all members. */
  readonly send: GroupSenders<C>
  /** All but this socket: whoever speaks need not hear itself. */
  except (socket: { readonly id: string }): Audience<C>
  /** Who is in it, each identity once. Nobody of a public route. */
  members (): Identity[]
  /**
   * Takes all sockets of an identity out of the group; they stay open. What is sent to the group from here on does not
   * reach them, nor does what was held for a slow reader. Returns how many. Ids are compared by their text. Whether
   * they may come back `mayJoin` says. Throws WSG_ERR_SOCKET_ARGUMENT.
   */
  evict (whom: { readonly identity: Identity['id'] }): number
  /**
   * Closes every member, as `GuardedSocket.close` does; for a group per user, that is a logout. Returns how many were
   * open.
   */
  close (code?: number, reason?: string): number
}

/**
 * A group's name. A list is encoded without ambiguity: `['a', 'b:c']` and `['a:b', 'c']` differ. So do types:
 * `['user', 7]` and `['user', '7']` are two groups, as the identities 7 and '7' are two users. Say with `Register`
 * which names there are, and the other one does not compile.
 */
export type GroupKey = Register extends { groups: infer G } ? Readonly<G> : string | readonly (string | number)[]

type Taking<C, K> = C extends unknown
  ? K extends keyof Part<C, 'outbound'> ? (data: Sendable<Wire<Part<C, 'outbound'>[K]>>) => void : never
  : never

/** The members of one key on several routes. `C`: a union of their contracts. */
export interface SharedGroup<C> {
  readonly size: number
  /** One method per message that all of the contracts declare; its data fits each of them. */
  readonly send: {
    readonly [K in keyof Part<C, 'outbound'>]:
    (data: [Taking<C, K>] extends [(data: infer D) => void] ? D : never) => number
  }
}

/** What is left of a budget at this moment. */
export interface BudgetUsage {
  /** `socket`, `identity`, `address`, or the name of one of the application's. */
  readonly budget: string
  /** The route whose own it is; null: it is shared by all routes that have none, or the socket's. */
  readonly route: string | null
  /** Tokens that are left. */
  readonly remaining: number
  /** Tokens that can be saved up. */
  readonly burst: number
  /** Tokens that come back per second. */
  readonly rate: number
}

/** Whose budgets are asked for. */
export type UsageQuery =
  | { readonly identity: Identity['id'] }
  | { readonly budget: string, readonly key: string | number }

/** What `mayJoin` decides on. */
export interface JoinContext<S, I = Identity> {
  readonly identity: I
  readonly key: GroupKey
  readonly socket: S
}

/** An admitted connection, as handlers see it. */
export interface GuardedSocket<C extends AnyContract = AnyContract, I = Identity, S = unknown> {
  /** Unique in this process. */
  readonly id: string
  /** What the strategy returned; null on a `public` route. */
  readonly identity: I
  readonly params: ParamsOf<C>
  readonly query: QueryOf<C>
  /** What the route's `state` returned for this socket. */
  readonly state: S
  /** False once a close was begun by either side; nothing is delivered from then on. */
  readonly open: boolean
  /** Bytes accepted by `send` that the network has not taken yet. */
  readonly bufferedAmount: number
  readonly send: Senders<C>
  /**
   * Resolves once the network has taken everything sent so far, or the socket is closed. Await it between the parts of
   * something large: whoever sends faster than the peer reads is otherwise closed 1013 (`messages.sendBuffer`).
   */
  flushed (): Promise<void>
  /** What is left of its own and of each shared budget; nothing when it is closed. */
  usage (): BudgetUsage[]
  /**
   * Adds this socket to a group of its route. Left by itself on close. True: it is in the group; false: the route's
   * `mayJoin` said no, or the socket is closed.
   */
  join (key: GroupKey): boolean
  leave (key: GroupKey): void
  group (key: GroupKey): Group<C>
  /**
   * Begins the closing handshake; cut off after `websocket.closeTimeout` (3 s) if the peer does not answer. `reason` is
   * at most 123 bytes. Throws WSG_ERR_SOCKET_ARGUMENT.
   */
  close (code?: number, reason?: string): void
}

/** What a handler is given beside its message. */
export interface MessageContext {
  /** Fires at the handler's deadline, when the call is cancelled, and when the socket closes. */
  readonly signal: AbortSignal
}

/** `fail.code(data)` builds the declared error to throw. */
export type Failures<E> = { readonly [K in keyof E]: (data: Sendable<Wire<E[K]>>) => Error }

/** What a call handler is given beside its request. */
export interface CallContext<E = {}> extends MessageContext {
  readonly fail: Failures<E>
}

/** A message authorized by more than roles. */
export interface GuardedHandler<D, S, X, R> {
  /** False refuses this message with `forbidden`. */
  readonly authorize: (data: D, socket: S) => boolean | Promise<boolean>
  readonly handle: (data: D, socket: S, context: X) => R
}

export type Handler<D, S, X, R> = ((data: D, socket: S, context: X) => R) | GuardedHandler<D, S, X, R>

/** One handler per inbound message. What it returns is awaited when it is a promise, and otherwise ignored. */
export type MessageHandlers<C extends AnyContract, I, S> = {
  readonly [K in keyof Part<C, 'inbound'>]:
  Handler<Wire<Part<C, 'inbound'>[K]>, GuardedSocket<C, I, S>, MessageContext, unknown>
}

/** One handler per call; it returns the reply, or throws what `fail` built. */
export type CallHandlers<C extends AnyContract, I, S, Loose = never> = {
  readonly [K in keyof Part<C, 'calls'>]: Handler<
    CallRequest<Part<C, 'calls'>[K]>,
    GuardedSocket<C, I, S>,
    CallContext<CallErrors<Part<C, 'calls'>[K]>>,
    Reply<Part<C, 'calls'>[K]> | Loose>
}
