import type { Identity, Register } from './gate.js'
import type { NoOther } from './unknown-key.js'

/**
 * A socket, as the functions of `app.wsGuard.revoke` and `app.wsGuard.refresh` see it. They are not asked about one
 * that has still to say who it is, in a first message with a token.
 */
export interface Whom {
  /** Null on a public route, and only there. */
  readonly identity: Identity | null
  /** The route's URL as it was declared. */
  readonly route: string
  /** Id of the session that it rests on, as in `request.session.sessionId`; null: on none. */
  readonly session: string | null
  /**
   * What it came with: `session`, `token`, `ticket`, or the `kind` that a strategy of your own gave `provenBy`; null:
   * it has not said.
   */
  readonly credential: string | null
}

/**
 * Who one of a user's sockets is from now on, with the same `id`; null: it is taken away. Answers at once. A throw and
 * what is no such identity take it away as well. May be asked more than once of one socket.
 */
export type IdentityChange<I extends Identity = Identity> =
  (identity: Identity, socket: Whom) => (I & ExactIdentity<I>) | null

/** What the identities of `Register` lack is not handed out: a row of a table would bring its `passwordHash` along. */
export type ExactIdentity<I> = Register extends { identity: infer R } ? NoOther<I, KeysOf<R>> : unknown

type KeysOf<T> = T extends unknown ? keyof T : never

/** Whose sockets `app.wsGuard.revoke` ends: a user's, those of one session, or those for which `where` is true. */
export type RevokeTarget =
  | { readonly identity: Identity['id'] }
  | { readonly session: string }
  | { readonly where: (socket: Whom) => boolean }
