import type { RouteModel } from './model.js'
import type { FastifyRequest, RouteShorthandOptions } from 'fastify'
import type { AnyContract, ContractSpec } from './contract.js'
import type { Authorize, Identity } from './gate.js'
import type { MessageOptions } from './message-options.js'
import type { RouteGuardOptions } from './options.js'
import type {
  CallHandlers, Group, GroupKey, GuardedSocket, JoinContext, MessageHandlers, ParamsOf, Part, QueryOf,
} from './socket.js'
import type { CallReply, Reply, Sendable } from './wire.js'
import type { NoOther } from './unknown-key.js'
import type { ContractVersion } from './versions.js'

/** Who a handler sees: nobody on a public route. */
export type IdentityOf<I, Public extends boolean> = Public extends true ? null : I

/** Fastify's own route options that make sense on a WebSocket; docs/options.md says why others do not boot. */
type FastifyPart = Pick<RouteShorthandOptions,
  'onRequest' | 'preValidation' | 'preHandler' | 'config' | 'constraints' | 'logLevel' | 'prefixTrailingSlash'>

/** What `app.wsRoute` takes beside handlers. */
interface RouteOptions<C extends AnyContract, I, Public extends boolean, S>
  extends Omit<RouteGuardOptions<I>, 'authorize' | 'public'>, FastifyPart {
  /** This route's message limits; what is left out is the plugin's. */
  readonly messages?: MessageOptions
  /** True: anyone with an allowed Origin may connect; `identity` is null. */
  readonly public?: Public
  readonly authorize?: Authorize<IdentityOf<I, Public>, ParamsOf<C>, QueryOf<C>>
  /** Older contracts that this route goes on serving, to clients that name their fingerprints. */
  readonly versions?: readonly ContractVersion<C>[]
  /** A handler for each inbound message. */
  readonly on?: object
  /** A handler for each call. */
  readonly calls?: object
  /**
   * Makes a new socket's `state`, what this application keeps for each; called before `onOpen`, which may fill it. A
   * throw closes 1011, and no handler sees the socket.
   */
  readonly state?: () => S
  /**
   * Called once the socket is admitted; messages wait until it settles. A throw closes 1011. What it returns is awaited
   * when it is a promise, and otherwise ignored.
   */
  readonly onOpen?: (socket: GuardedSocket<C, IdentityOf<I, Public>, S>, request: FastifyRequest) => unknown
  /**
   * Decides at each `socket.join`, and of the groups it is in when its identity was refreshed: those that it may no
   * longer be in it leaves. Only true lets in. Left out: code that calls `join` decides.
   */
  readonly mayJoin?:
  (context: JoinContext<GuardedSocket<C, IdentityOf<I, Public>, S>, IdentityOf<I, Public>>) => boolean
  /** Called once when the socket is gone, with the code and reason of the closing handshake (1006: none). */
  readonly onClose?:
  (socket: GuardedSocket<C, IdentityOf<I, Public>, S>, code: number, reason: string) => unknown
}

interface WithMessages<C extends AnyContract, I, Public extends boolean, S> extends RouteOptions<C, I, Public, S> {
  readonly on: MessageHandlers<C, IdentityOf<I, Public>, S>
}
interface WithCalls<C extends AnyContract, I, Public extends boolean, S, Loose>
  extends RouteOptions<C, I, Public, S> {
  readonly calls: CallHandlers<C, IdentityOf<I, Public>, S, Loose>
}
interface WithBoth<C extends AnyContract, I, Public extends boolean, S, Loose>
  extends WithMessages<C, I, Public, S> {
  readonly calls: CallHandlers<C, IdentityOf<I, Public>, S, Loose>
}

/**
 * Second argument of `app.wsRoute`. A part is required as soon as the contract has messages for it. One interface each:
 * of an intersection the compiler would tell all parts before it says what is wrong. `Loose` is what a call may reply
 * beside its reply.
 */
export type WsRouteHandlers<
  C extends AnyContract, I = Identity, Public extends boolean = false, S = unknown, Loose = never
> =
  keyof Part<C, 'inbound'> extends never
    ? keyof Part<C, 'calls'> extends never ? RouteOptions<C, I, Public, S> : WithCalls<C, I, Public, S, Loose>
    : keyof Part<C, 'calls'> extends never ? WithMessages<C, I, Public, S> : WithBoth<C, I, Public, S, Loose>

/** Anything: replies are judged by `ExactHandlers`, in one sentence. Not `unknown`, which would take their context. */
export type AnyReply = {} | null | void

type GuardedKeys = 'authorize' | 'handle'

/** `{ authorize, handle }` has these two keys only. */
type OnlyGuarded<O> = O extends { readonly [name: string]: Function }
  ? unknown
  : { readonly [K in keyof O as O[K] extends Function ? never : K]: NoOther<O[K], GuardedKeys> }

type Replying<R> = ((...args: never) => R) | { readonly handle: (...args: never) => R }

/** What a handler comes to. */
type ReplyOf<H> = H extends Replying<infer R> ? Awaited<R> : never

/** Paths at which `Got` is not what was `Wanted`. Looked for only where it is not. */
type Mismatch<Got, Wanted, Path extends string = ''> =
  [Got] extends [Wanted] ? never
    : [Got, Wanted] extends [readonly (infer G)[], readonly (infer W)[]] ? Mismatch<G, W, `${Path}/*`>
        : [Got, Wanted] extends [object, { readonly [name: string]: unknown }] ? MismatchIn<Got, Wanted, Path> : Path
type MismatchIn<Got, Wanted, Path extends string> = {
  [K in keyof Wanted & string]: Mismatch<K extends keyof Got ? Got[K] : undefined, Wanted[K], `${Path}/${K}`>
}[keyof Wanted & string]

type WrongReplies<O, Part> = {
  [K in keyof O & keyof Part]: [O[K]] extends [Replying<Reply<Part[K]>>] ? never : K
}[keyof O & keyof Part]

/** Where no place is found, the sentence ends without one; it is never left out. */
type At<Path> = [Path] extends [''] ? '' : ` at ${Exclude<Path, ''> & string}`

type WrongReply<H, S, Of extends string> =
  `the reply${Of} has another type${At<Mismatch<ReplyOf<H>, Sendable<CallReply<S>>>>}`

/** Each call replies what the contract says. */
type RightReplies<O, Part, Where extends string> =
  O extends { readonly [K in keyof Part]?: Replying<Reply<Part[K]>> }
    ? unknown
    : {
        readonly [K in WrongReplies<O, Part>]: {
          readonly [P in WrongReply<O[K], Part[K], ` of '${K & string}'${Where}`>]: never
        }
      }

/** What is wrong with a part of the handlers; where nothing is, nothing. */
type In<Key extends string, Faults> = unknown extends Faults ? unknown : { readonly [K in Key]: Faults }

type Where<C extends AnyContract> = ` in '${C['name']}'`

/**
 * What was handed over has no key that nobody reads, and each call replies what it should. A fresh object literal can't
 * have such a key anyway; a variable or a spread could, and a misspelt `authorise` in it would be no check at all. `H`
 * is never but an object: the last branch is there for the compiler to infer it from.
 */
export type ExactHandlers<H, C extends AnyContract> = H extends object
  ? & NoOther<H, keyof RouteOptions<AnyContract, unknown, boolean, unknown>>
  & (H extends { readonly on: infer O }
    ? In<'on', NoOther<O, keyof Part<C, 'inbound'>, Where<C>> & OnlyGuarded<O>>
    : unknown)
  & (H extends { readonly calls: infer O }
    ? In<'calls',
      NoOther<O, keyof Part<C, 'calls'>, Where<C>> & OnlyGuarded<O> & RightReplies<O, Part<C, 'calls'>, Where<C>>>
    : unknown)
  : H

/** The same for what `wsPolicy` takes. */
export type ExactPolicy<P> = NoOther<P, keyof RouteGuardOptions>

/** What `app.wsRoute` returns: a way to the route's sockets from outside of a handler, e.g. from an HTTP route. */
export interface WsRouteHandle<C extends AnyContract, S = unknown> {
  readonly contract: string
  /**
   * Hash of everything on the wire; a client may offer it as a subprotocol to prove that it was built for this
   * contract.
   */
  readonly fingerprint: string
  /** The sockets of this route that joined `key`. */
  group (key: GroupKey): Group<C>
  /** The open sockets of this route in this process, as handlers see them; a copy. */
  sockets (): GuardedSocket<C, Identity, S>[]
}

/** A contracted route, as generators see it. */
export interface DeclaredContract {
  readonly contract: ContractSpec
  /** Older contracts that its route serves as well. */
  readonly versions: readonly { readonly contract: AnyContract, readonly fingerprint: string }[]
  /** The whole path, prefixes included. */
  readonly url: string
  readonly route: RouteModel
}
