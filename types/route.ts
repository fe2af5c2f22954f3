import type { AnyContract, Wire } from './contract.js'
import type { Authorize, Identity } from './gate.js'
import type { RouteGuardOptions } from './options.js'
import type { CallHandlers, Group, GroupKey, GuardedSocket, MessageHandlers, Part } from './socket.js'

type ParamsOf<C extends AnyContract> = Wire<NonNullable<C['params']>> extends never ? Readonly<Record<string, string>> : Wire<NonNullable<C['params']>>
type QueryOf<C extends AnyContract> = Wire<NonNullable<C['query']>> extends never ? Readonly<Record<string, unknown>> : Wire<NonNullable<C['query']>>

/** `on` is required as soon as the contract has inbound messages; each of them needs its handler. */
type OnPart<C extends AnyContract, I> = keyof Part<C, 'inbound'> extends never ? { readonly on?: {} } : { readonly on: MessageHandlers<C, I> }
type CallsPart<C extends AnyContract, I> = keyof Part<C, 'calls'> extends never ? { readonly calls?: {} } : { readonly calls: CallHandlers<C, I> }

/** Second argument of `app.wsRoute`. */
export type WsRouteHandlers<C extends AnyContract, I = Identity> = Omit<RouteGuardOptions<I>, 'authorize'> & {
  readonly authorize?: Authorize<I, ParamsOf<C>, QueryOf<C>>
  /** Called once the socket is admitted; messages wait until it settles. A throw closes 1011. */
  readonly onOpen?: (socket: GuardedSocket<C, I>) => void | Promise<void>
  /** Called once when the socket is gone, with the code and reason of the closing handshake (1006: none). */
  readonly onClose?: (socket: GuardedSocket<C, I>, code: number, reason: string) => void | Promise<void>
} & OnPart<C, I> & CallsPart<C, I>

/** What `app.wsRoute` returns: a way to the route's sockets from outside of a handler, e.g. from an HTTP route. */
export interface WsRouteHandle<C extends AnyContract> {
  readonly contract: string
  /** Hash of everything on the wire; a client may offer it as a subprotocol to prove that it was built for this contract. */
  readonly fingerprint: string
  /** The sockets of this route that joined `key`. */
  group (key: GroupKey): Group<C>
}
