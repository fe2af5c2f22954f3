import type { RouteModel } from './model.js'
import type { RouteShorthandOptions } from 'fastify'
import type { AnyContract } from './contract.js'
import type { Authorize, Identity } from './gate.js'
import type { MessageOptions, RouteGuardOptions } from './options.js'
import type {
  CallHandlers, Group, GroupKey, GuardedSocket, MessageHandlers, ParamsOf, Part, QueryOf,
} from './socket.js'

/** A handler for something the contract does not name can't be written. */
type None = { readonly [name: string]: never }

/** `on` is required as soon as the contract has inbound messages; each of them needs its handler. */
type OnPart<C extends AnyContract, I> =
  keyof Part<C, 'inbound'> extends never ? { readonly on?: None } : { readonly on: MessageHandlers<C, I> }
type CallsPart<C extends AnyContract, I> =
  keyof Part<C, 'calls'> extends never ? { readonly calls?: None } : { readonly calls: CallHandlers<C, I> }

/** Who a handler sees: nobody on a public route. */
export type IdentityOf<I, Public extends boolean> = Public extends true ? null : I

/** Fastify's own route options that make sense on a WebSocket; docs/options.md says why others do not boot. */
type FastifyPart = Pick<RouteShorthandOptions,
  'onRequest' | 'preValidation' | 'preHandler' | 'config' | 'constraints' | 'logLevel' | 'prefixTrailingSlash'>

/** What `app.wsRoute` takes beside handlers. */
interface RouteOptions<C extends AnyContract, I, Public extends boolean>
  extends Omit<RouteGuardOptions<I>, 'authorize' | 'public'>, FastifyPart {
  /** This route's message limits; what is left out is the plugin's. */
  readonly messages?: MessageOptions
  /** True: anyone with an allowed Origin may connect; `identity` is null. */
  readonly public?: Public
  readonly authorize?: Authorize<IdentityOf<I, Public>, ParamsOf<C>, QueryOf<C>>
  /** Called once the socket is admitted; messages wait until it settles. A throw closes 1011. */
  readonly onOpen?: (socket: GuardedSocket<C, IdentityOf<I, Public>>) => void | Promise<void>
  /** Called once when the socket is gone, with the code and reason of the closing handshake (1006: none). */
  readonly onClose?:
  (socket: GuardedSocket<C, IdentityOf<I, Public>>, code: number, reason: string) => void | Promise<void>
}

/** Second argument of `app.wsRoute`. */
export type WsRouteHandlers<C extends AnyContract, I = Identity, Public extends boolean = false> =
  RouteOptions<C, I, Public> & OnPart<C, IdentityOf<I, Public>> & CallsPart<C, IdentityOf<I, Public>>

/**
 * Members that may not be there. No handler or option is one of these strings, and the compiler's message says which
 * name it is; of a `never` it would say that a function is not assignable to it.
 */
type Never<K extends PropertyKey> = { readonly [P in K]?: `'${P & string}' does not exist here` }

/** No key beside those of `Part`. */
type Only<H, Part> = H extends object ? Never<Exclude<keyof H, keyof Part>> : unknown

/** `{ authorize, handle }` has these two keys only. */
type OnlyGuarded<H> = { readonly [K in keyof H]: H[K] extends Function ? unknown : Only<H[K], Guarded> }
interface Guarded { readonly authorize: unknown, readonly handle: unknown }

/** A map of handlers, and each handler in it, without a key too many. */
type OnlyHandlers<H, Part> = Only<H, Part> & OnlyGuarded<H>

/**
 * What was handed over has no key that nobody reads. A fresh object literal can't have one anyway; a variable or a
 * spread could, and a misspelt `authorise` in it would be no check at all.
 */
export type ExactHandlers<H, C extends AnyContract> =
  & Never<Exclude<keyof H, keyof RouteOptions<AnyContract, unknown, boolean> | 'on' | 'calls'>>
  & (H extends { readonly on: infer O } ? { readonly on: OnlyHandlers<O, Part<C, 'inbound'>> } : unknown)
  & (H extends { readonly calls: infer O } ? { readonly calls: OnlyHandlers<O, Part<C, 'calls'>> } : unknown)

/** The same for what `wsPolicy` takes. */
export type ExactPolicy<P> = Only<P, RouteGuardOptions>

/** What `app.wsRoute` returns: a way to the route's sockets from outside of a handler, e.g. from an HTTP route. */
export interface WsRouteHandle<C extends AnyContract> {
  readonly contract: string
  /**
   * Hash of everything on the wire; a client may offer it as a subprotocol to prove that it was built for this
   * contract.
   */
  readonly fingerprint: string
  /** The sockets of this route that joined `key`. */
  group (key: GroupKey): Group<C>
}

/** A contracted route, as generators see it. */
export interface DeclaredContract {
  readonly contract: AnyContract
  /** The whole path, prefixes included. */
  readonly url: string
  readonly route: RouteModel
}
