import type { Identity } from '../../types/gate.js'

/** What fastify-ws-guard/testing says of a handshake in memory. */
export interface InjectedHandshake {
  /** Who opens it, in place of what the strategy would find; null: nobody. Left out: the strategy is asked. */
  readonly identity?: Identity | null
  /** It comes from a page that the application lets in, unless its headers say otherwise. */
  readonly isOwnPage?: boolean
}

/**
 * Key of an `InjectedHandshake` in the second argument of `app.injectWS`. A symbol is in nothing that was ever JSON, a
 * header or a query: only code of the process itself can say it. On no wire.
 */
export const INJECTED: unique symbol = Symbol.for('fastify-ws-guard.injected') as typeof INJECTED
