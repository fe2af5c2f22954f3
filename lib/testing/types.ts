import type { Identity } from '../../types/gate.js'
import type { AnyContract, ParamsOf, Part, QueryOf, Wire } from '../../types/wire.js'
import type { ClientError } from '../client/error.js'
import type { Client, ClientOptions } from '../client/types.js'

/** Third argument of `connect`. */
export interface ConnectOptions<C extends AnyContract> extends Pick<ClientOptions<C>, 'auth' | 'fingerprint'> {
  /** As the page's. Default: as fast as the test sends. */
  readonly pace?: ClientOptions<C>['pace']
  /**
   * Who connects, in place of what the route's strategy would find; null: nobody, which is 401 unless the route is
   * public. Left out: the strategy is asked. Everything else of the gate stays as it is, `authorize` too.
   */
  readonly as?: Identity | null
  /** Values of the `:names` in the contract's URL. */
  readonly params?: ParamsOf<C>
  readonly query?: QueryOf<C>
  /** The whole path, where a contract has several routes. */
  readonly url?: string
  /**
   * The page that it comes from; null: no page, no `Origin`. Default: the first of the plugin's `origins` that is no
   * pattern, else a page of the first allowed host.
   */
  readonly origin?: string | null
  /** By name, or as `(await app.inject(…)).cookies` has them. */
  readonly cookies?: { readonly [name: string]: string } | readonly { readonly name: string, readonly value: string }[]
  /** Further header fields of the handshake; they come before all others. */
  readonly headers?: { readonly [name: string]: string }
  /** The address that the application sees. Default 127.0.0.1. */
  readonly address?: string
  /** Milliseconds that connecting, a call, and each wait may take. Default 2000. */
  readonly timeout?: number
}

/** The third argument may be left out where the contract's URL needs no params. */
export type ConnectRest<C extends AnyContract> =
  {} extends ParamsOf<C> ? [options?: ConnectOptions<C>]
    : [options: ConnectOptions<C> & ({ readonly params: ParamsOf<C> } | { readonly url: string })]

/** What can be waited for. */
export interface WaitOptions {
  /** Milliseconds; overrides that of `connect`. */
  readonly timeout?: number
}

/** What a message must be like. */
export interface NextOptions<D> extends WaitOptions {
  /** Passes over messages for which it is false; they stay unread. */
  readonly where?: (data: D) => boolean
}

/** A message that no `next` has taken. */
export type Unread<C> = {
  readonly [K in keyof Part<C, 'outbound'>]: { readonly type: K, readonly data: Wire<Part<C, 'outbound'>[K]> }
}[keyof Part<C, 'outbound'>]

/** A client of the contract `C` that tests can wait with. It never connects again by itself. */
export interface TestClient<C> extends Omit<Client<C>, 'close'> {
  /**
   * The next message of its type, in the order of arrival: one that has come already, or one to come. Rejects with
   * `timeout`, and with `closed` where the connection ends before.
   */
  readonly next: {
    readonly [K in keyof Part<C, 'outbound'>]:
    (options?: NextOptions<Wire<Part<C, 'outbound'>[K]>>) => Promise<Wire<Part<C, 'outbound'>[K]>>
  }
  /** Messages that have come, and that no `next` has taken. */
  readonly unread: readonly Unread<C>[]
  /** The next error that belongs to no call: the server has refused a message. */
  error (options?: WaitOptions): Promise<ClientError>
  /** How the connection ended. */
  closed (options?: WaitOptions): Promise<{ readonly code: number, readonly reason: string }>
  /** Ends it, and waits until the connection is gone. */
  close (code?: number, reason?: string): Promise<void>
}
