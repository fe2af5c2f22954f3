export type {} from '@fastify/websocket'
import type { AnyContract } from './contract.js'
import type { Identity } from './gate.js'
import type { RouteGuardOptions } from './options.js'
import type {
  AnyReply, DeclaredContract, ExactHandlers, ExactPolicy, WsRouteHandle, WsRouteHandlers,
} from './route.js'

declare module 'fastify' {
  interface FastifyInstance {
    /** Adds a guarded WebSocket route for a contract. Throws coded errors at boot; see docs/contract.md. */
    wsRoute<const C extends AnyContract, I = Identity, Public extends boolean = false, H = unknown> (
      contract: C, handlers: ExactHandlers<H, C> & WsRouteHandlers<C, I, Public, AnyReply>,
    ): WsRouteHandle<C>
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
       * Ends every open socket of an identity, on all routes, contract or not: closed 4401 `unauthenticated`, nothing
       * is sent or handled from here on. Returns how many. For a logout, a ban, a changed password: end the session or
       * token first, because a client may connect again, and a handshake under way at this moment is not reached. Ids
       * are compared by their text. Sockets of this process. Throws WSG_ERR_SOCKET_ARGUMENT.
       */
      readonly revoke: (whom: { readonly identity: Identity['id'] }) => number
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
