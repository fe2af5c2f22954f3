import type { CallReply, CallRequest, Part, Sendable, Wire } from '../../types/wire.js'
import type { Codec } from './codec.js'
import type { Off } from './emitter.js'
import type { ClientCode, ClientError } from './error.js'
import type { ClientState, LinkOptions, StateChange } from './link.js'
import type { Pace } from './outbox.js'

/** What `createClient` takes. docs/clients.md describes each option. */
export interface ClientOptions<C> extends LinkOptions {
  /** `envelope({ … })` where the contract renames or flattens its envelope, or has a binary message; `checked(…)`. */
  readonly codec?: Codec
  /** A message while there is no connection: it waits (`queue`, the default), or `send` returns false (`drop`). */
  readonly offline?: { readonly [K in keyof Part<C, 'inbound'>]?: 'queue' | 'drop' }
  /** Calls that may be made twice: sent again when the connection broke before their reply. All others fail. */
  readonly idempotent?: readonly (keyof Part<C, 'calls'>)[]
  /** Messages and calls that wait for the connection or the pace. Default 256. */
  readonly queue?: number
  /** How fast messages are sent. A server that wants it slower says so by itself. */
  readonly pace?: Pace
}

/** Options of one call. */
export interface CallOptions {
  /** Milliseconds; overrides the client's. */
  readonly timeout?: number
  /** Cancels the call, on the server as well. */
  readonly signal?: AbortSignal
}

/** Why a call failed: an error that it declares, or one that any call can meet. */
export type CallError<E = {}> =
  { [K in keyof E]: ClientError<K & string, Wire<E[K]>> }[keyof E] | ClientError<ClientCode, undefined>

/** How a call ended. */
export type CallResult<R, E = {}> =
  { readonly ok: true, readonly data: R } | { readonly ok: false, readonly error: CallError<E> }

/** Events of the client itself. */
export interface ClientEvents {
  readonly state: StateChange
  /** A message was refused, or something of ours failed. Without a listener it goes to the console. */
  readonly error: ClientError
  /** The server does not know who we are (any more), and `auth` has not helped. Followed by `closed`. */
  readonly unauthenticated: StateChange
  /** The server speaks another version of the contract: reload. Followed by `closed`. */
  readonly stale: StateChange
  /** For good: by `close()`, or by a close code that says so. `connect()` starts anew. */
  readonly closed: StateChange
}

type Subscribe<D> = (listener: (data: D) => unknown) => Off

/** A client of the contract `C`. Nothing is connected before the first use. */
export interface Client<C> {
  /** Only a type, by which functions that take a client know its contract. There is no such member. */
  readonly contract?: C
  readonly state: ClientState
  /** Adds a listener, for all connections to come. Returns its own end. */
  readonly on: { readonly [K in keyof Part<C, 'outbound'>]: Subscribe<Wire<Part<C, 'outbound'>[K]>> }
  /** Sends a message, now or as soon as that is possible. False: it was dropped. */
  readonly send: { readonly [K in keyof Part<C, 'inbound'>]: (data: Sendable<Wire<Part<C, 'inbound'>[K]>>) => boolean }
  /** Resolves with the reply, or rejects with a `ClientError`. `attempt` knows its type. */
  readonly calls: {
    readonly [K in keyof Part<C, 'calls'>]:
    (request: Sendable<CallRequest<Part<C, 'calls'>[K]>>, options?: CallOptions) =>
    Promise<CallReply<Part<C, 'calls'>[K]>>
  }
  /** Listens to the client itself. Returns its own end. */
  listen <K extends keyof ClientEvents> (event: K, listener: (data: ClientEvents[K]) => unknown): Off
  /** Connects without waiting for the first use; after `closed`, anew. */
  connect (): void
  /** Ends it for good: what waits is dropped, calls fail with `closed`. Default 1000. */
  close (code?: number, reason?: string): void
}
