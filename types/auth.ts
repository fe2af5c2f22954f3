import type { AnyIdentity, AuthStrategy, Identity } from './gate.js'

/** Where a client can put a token: `Authorization: Bearer`, a subprotocol `bearer.<token>`, a first message `$auth`. */
export type TokenCarrier = 'header' | 'subprotocol' | 'message'

/** What `verify` is told beside the token. */
export interface TokenContext {
  readonly carrier: TokenCarrier
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/** The claims of a JWT (RFC 7519), as `app.jwt.verify` and jose's `payload` have them. */
export interface TokenClaims {
  /** Becomes the identity's `id`, where that has none. */
  readonly sub?: string
  /** Seconds since the epoch; becomes the identity's `expires`, where that has none. Milliseconds are 401. */
  readonly exp?: number
}

/** What `verify` finds: an identity, or the claims that one is made of. */
export type Verified = AnyIdentity | TokenClaims

/** Who that is. Claims have nothing that they don't say: where identities have a `name`, they need one. */
export type VerifiedIdentity<V extends Verified> = V extends AnyIdentity ? V : V & AnyIdentity

/** Options of `tokenAuth`. */
export interface TokenAuthOptions<V extends Verified = Identity> {
  /**
   * Judges a token: its signature, audience, whether it was revoked. Null is 401; so is a throw whose `statusCode` is
   * 401, and what fast-jwt, jose and jsonwebtoken throw of a bad token. Any other throw is 503, never anonymous.
   */
  readonly verify: (token: string, context: TokenContext) =>
    V | null | undefined | Promise<V | null | undefined>
  /** Where tokens are looked for. Default: everywhere. */
  readonly carriers?: readonly TokenCarrier[]
  /**
   * Milliseconds by which clocks may differ: a token counts so much longer than it says. 100 to 30000, or 0, the
   * default.
   */
  readonly clockTolerance?: number
  /** Accepts tokens that never end. Without it what `verify` finds needs `expires`, or `exp`. Default false. */
  readonly dangerouslyAllowNoExpiry?: boolean
}

/** Options of `ticketAuth`. */
export interface TicketAuthOptions<I extends AnyIdentity = Identity> {
  /** Path of the POST route that hands tickets out, in the scope of the first route that takes them. */
  readonly issue: string
  /** Who gets one: `sessionAuth(…)`, or another strategy. */
  readonly auth: AuthStrategy<I>
  /** Milliseconds for which a ticket is good. At most 60000. Default 30000. */
  readonly lifetime?: number
  /** Tickets that may wait to be used, per session, or per user where there is none. Default 10. */
  readonly perOwner?: number
}
