export type {} from '@fastify/websocket'
import type { AnyContract } from './contract.js'
import type { Identity } from './gate.js'
import type { RouteGuardOptions } from './options.js'
import type { ExactIdentity, IdentityChange, RevokeTarget } from './revoke-refresh.js'
import type { BudgetUsage, GroupKey, SharedGroup, UsageQuery } from './socket.js'
import type {
  AnyReply, DeclaredContract, ExactHandlers, ExactPolicy, WsRouteHandle, WsRouteHandlers,
} from './route.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Adds a guarded WebSocket route for a contract. Throws coded errors at boot; see docs/contract.md. */
    wsRoute<const C extends AnyContract, I = Identity, Public extends boolean = false, H = unknown, S = unknown> (
      contract: C, handlers: ExactHandlers<H, C> & WsRouteHandlers<C, I, Public, S, AnyReply>,
    ): WsRouteHandle<C, S>
    /**
     * What the WebSocket routes that are declared in this scope from now on begin with, and those of the scopes in it;
     * a route's own `wsGuard` comes first. For routes that other plugins declare. Throws WSG_ERR_OPTION.
     */
    wsPolicy<P extends RouteGuardOptions> (policy: P & ExactPolicy<P>): void
    /** What the guard shows of itself. */
    readonly wsGuard: {
      /** What @fastify/cors takes as `origin`, made from the same list. */
      readonly corsOrigin: (origin: string | undefined, callback: (error: Error | null, allow: boolean) => void) => void
      /** Sockets, open and pending. */
      readonly sockets: number
      /** Handshakes under way. */
      readonly pending: number
      /**
       * Ends open sockets, on all routes, contract or not: closed 4401 `unauthenticated`, nothing is sent or handled
       * from here on. Of a user (ids are compared by their text), of one session, or those for which `where` is true.
       * Returns how many. A handshake under way or a ticket that it is true of is refused. End the session or token
       * first: a client may connect again. Sockets of this process. Throws WSG_ERR_SOCKET_ARGUMENT, and what `where`
       * throws of a socket, once all others that it is true of are ended.
       */
      readonly revoke: (whom: RevokeTarget) => number
      /**
       * Replaces a user's identity in place on all open sockets, on all routes: each has exactly this one from now on,
       * also one that came with a narrower token. Roles and `expires` count at once, and each route's `authorize` is
       * asked again (false: 4403; a throw: 1011). Without `expires` a socket keeps the end it had. `id` is compared by
       * type and value, and never changes. Returns how many sockets are meant. What the strategy reads must say the
       * same, or the next connection has the former roles. Sockets of this process. Throws WSG_ERR_SOCKET_ARGUMENT.
       */
      readonly refresh: {
        <I extends Identity>(identity: I & ExactIdentity<I>): number
        /**
         * The same where the sockets of one user differ, by narrower tokens or a field per device: `change` says of
         * each who it is from now on; null: it is closed 4401. A throw, a promise or another `id` closes it 1011.
         */
        <I extends Identity>(id: Identity['id'], change: IdentityChange<I>): number
      }
      /**
       * What `app.wsRoute` returned for this contract. Throws WSG_ERR_SOCKET_ARGUMENT where no route has it, or more
       * than one.
       */
      readonly route: <C extends AnyContract>(contract: C) => WsRouteHandle<C>
      /**
       * The members of `key` on the routes of several contracts, to send what all of these declare. Throws as `route`
       * does.
       */
      readonly group: <C extends AnyContract>(key: GroupKey, contracts: readonly C[]) => SharedGroup<C>
      /**
       * What is left of shared budgets: of an identity (ids are compared by their text), or of a key of one of the
       * application's. Empty where nobody has spent anything lately. Of this process. Throws WSG_ERR_SOCKET_ARGUMENT.
       */
      readonly usage: (of: UsageQuery) => BudgetUsage[]
      /** The routes of `wsRoute`, for generators. */
      readonly contracts: readonly DeclaredContract[]
    }
  }

  interface RouteShorthandOptions {
    /** Who may open this WebSocket route. */
    wsGuard?: RouteGuardOptions
  }

  interface FastifyRequest {
    /** Who opened this WebSocket; null before admission and on public routes. */
    wsIdentity: Identity | null
  }
}
