import type { FastifyRequest } from 'fastify'

/** What every identity has. */
export interface AnyIdentity {
  readonly id: string | number
  /** Compared with a message's `roles`. */
  readonly roles?: readonly string[]
  /**
   * When it ends, in milliseconds since the epoch or as a Date: its sockets are closed 4401 then. Left out: with the
   * session it was read from, or not by itself.
   */
  readonly expires?: number | Date
}

/**
 * What an application says once about its types: `identity`, who its users are, and `groups`, the names of its groups.
 *
 *     declare module 'fastify-ws-guard' {
 *       interface Register { identity: User, groups: ['room', string] | ['user', User['id']] }
 *     }
 */
export interface Register {}

/** Who is connected: what `Register` says, of which `id` is a string or a number; else any identity. */
export type Identity = Register extends { identity: infer I }
  ? I extends AnyIdentity ? I : 'Register: an identity needs an id, a string or a number'
  : AnyIdentity

/** What tells credentials apart. Its header fields only: no hook has run yet. */
export interface PresenceContext {
  readonly request: FastifyRequest
  /** Name of the cookie that @fastify/session has in the route's scope. */
  readonly sessionCookie: string
}

/** What a strategy may look at. Hand it on as it is: a copy (`{ ...context }`) has no `signal`. */
export interface AuthenticateContext extends PresenceContext {
  /** Fires when nobody waits for the answer any more: the deadline is over, or the client left. */
  readonly signal: AbortSignal
  /**
   * Says what the identity rests on that the strategy is about to return. The socket lives as long as that. A strategy
   * that does not call it rests on the identity's own `expires`.
   */
  readonly provenBy: (credential: Credential) => void
}

/** A session store, as far as it is read: the one contract that stores of @fastify/session have. */
export interface SessionReader {
  get (id: string, callback: (error: unknown, session?: object | null) => void): void
}

/** The session that an identity was read from. */
export interface SessionCredential {
  /** Unsigned, as the store knows it. */
  readonly id: string
  readonly store: SessionReader
  /** When the store lets it end, in milliseconds since the epoch; null: not by itself. */
  readonly expires: number | null
  readonly source: SessionSource
}

/** How a strategy reads sessions as they are stored, long after the handshake; one for all its sockets. */
export interface SessionSource {
  /** In milliseconds since the epoch; null: not by itself. */
  readonly expiryOf: (stored: object) => number | null
  /** Who it says it is. Where it throws, rejects or has no answer within `authTimeout`, that session's sockets end. */
  readonly identify: (id: string, stored: object) => Identity | null | Promise<Identity | null>
}

/** What an identity was proven by. */
export interface Credential {
  /** `session`, `token`, `ticket`, or the name of a strategy of the application's own. */
  readonly kind: string
  /** `cookie`: the browser sends it by itself, so Origin must be proven. Left out: what the strategy's `needs` say. */
  readonly sentBy?: 'cookie' | 'header'
  /** Who a new token belongs to, which is to take the place of the one before. */
  readonly renew?: NonNullable<AuthStrategy['verifyToken']>
  /** The session it ends with. */
  readonly session?: SessionCredential
  /**
   * When it was proven, in milliseconds of `performance.now()`, where that was before the handshake, as for a ticket:
   * whoever was revoked or refreshed since then does not get in by it, or is somebody else by now. Remembered for as
   * long as tickets of the plugin's own live.
   */
  readonly since?: number
}

/** What a strategy needs from the application, so that boot can prove it. */
export interface StrategyNeeds {
  /** `cookie`: the browser sends the credential by itself, so Origin must be proven. `header`: it does not. */
  readonly credential: 'cookie' | 'header'
  /** True when @fastify/cookie and @fastify/session must be registered in the route's scope. */
  readonly session: boolean
}

/** A route that hands out tickets. */
export interface TicketIssue {
  readonly url: string
  /** Milliseconds for which what it hands out is good. */
  readonly lifetime: number
  /** Who gets one. */
  readonly auth: AuthStrategy
  /** A ticket; null: this one has as many as may wait. */
  readonly issue: (claim: {
    readonly origin: string | null
    readonly path: string
    readonly identity: Identity
    readonly credential: Credential | null
    readonly since: number
  }) => string | null
}

/**
 * Turns a request into an identity, or null (401). A throw or a rejection whose `statusCode` is 401 or 403 is that; any
 * other is 503, never anonymous.
 */
export interface AuthStrategy<I = Identity> {
  readonly name: string
  readonly needs: StrategyNeeds
  /** WWW-Authenticate of its 401, where HTTP has a scheme for the credential: `Bearer` (RFC 9110 section 11.6.1). */
  readonly challenge?: string
  readonly authenticate: (context: AuthenticateContext) => I | null | Promise<I | null>
  /** Does the request carry this strategy's credential, valid or not? `anyOf` asks. */
  readonly isPresent?: (context: PresenceContext) => boolean
  /** Who a token belongs to that came in a message `$auth`; null: it is not valid. Throws as `authenticate` does. */
  readonly verifyToken?: (token: string, signal: AbortSignal) => I | null | Promise<I | null>
  /** A contract's socket may be opened without a credential, and sends `$auth` first. Needs `verifyToken`. */
  readonly firstMessage?: boolean
  /** It takes what a plain HTTP route of its own hands out. */
  readonly issues?: TicketIssue
  /** The strategies that this one chooses from. */
  readonly alternatives?: readonly AuthStrategy<I>[]
  /** The one of them that is to judge the request. What it needs is what the request is held to. */
  readonly choose?: (context: PresenceContext) => AuthStrategy<I>
}

/**
 * What `authorize` decides on. Path parameters and query are checked by the contract before, where it declares them.
 */
export interface AuthorizeContext<
  I = Identity, P = Readonly<Record<string, string>>, Q = Readonly<Record<string, unknown>>
> {
  readonly identity: I
  readonly params: P
  readonly query: Q
  readonly request: FastifyRequest
}

/** Only true admits. False is 403, a throw 503, or 401 or 403 where that is its `statusCode`. */
export type Authorize<I = Identity, P = Readonly<Record<string, string>>, Q = Readonly<Record<string, unknown>>> =
  (context: AuthorizeContext<I, P, Q>) => boolean | Promise<boolean>

/** Stable codes of refusals; docs/errors.md tells each one's cause and status. */
export type RefusalCode =
  | 'WSG_ERR_HANDSHAKE_MALFORMED' | 'WSG_ERR_HANDSHAKE_METHOD' | 'WSG_ERR_HANDSHAKE_VERSION'
  | 'WSG_ERR_HANDSHAKE_TIMEOUT' | 'WSG_ERR_UPGRADE_REQUIRED' | 'WSG_ERR_ROUTE_NOT_FOUND' | 'WSG_ERR_TLS_REQUIRED'
  | 'WSG_ERR_HOST_MALFORMED' | 'WSG_ERR_HOST_NOT_ALLOWED'
  | 'WSG_ERR_ORIGIN_NOT_ALLOWED' | 'WSG_ERR_ORIGIN_MISSING' | 'WSG_ERR_ORIGIN_NULL'
  | 'WSG_ERR_CONNECTIONS_TOTAL' | 'WSG_ERR_CONNECTIONS_PENDING'
  | 'WSG_ERR_CONNECTIONS_PER_ADDRESS' | 'WSG_ERR_CONNECTIONS_PER_IDENTITY' | 'WSG_ERR_UPGRADE_RATE'
  | 'WSG_ERR_TICKET_REQUEST' | 'WSG_ERR_TICKETS_WAITING'
  | 'WSG_ERR_UNAUTHENTICATED' | 'WSG_ERR_AUTH_TIMEOUT' | 'WSG_ERR_AUTH_UNAVAILABLE' | 'WSG_ERR_FORBIDDEN'
  | 'WSG_ERR_SUBPROTOCOL' | 'WSG_ERR_CONTRACT_MISMATCH' | 'WSG_ERR_PARAMS_INVALID'
  | 'WSG_ERR_HOOK_FAILED' | 'WSG_ERR_HOOK_REFUSED' | 'WSG_ERR_NOT_ADMITTED' | 'WSG_ERR_DRAINING'

/** A check's verdict: null admits. `value` goes to the log (cut at 256 characters and escaped), never to the peer. */
export interface Refusal {
  readonly code: RefusalCode
  readonly value?: string
  /** Seconds for Retry-After. */
  readonly retryAfter?: number
  /** What a strategy, a store or `authorize` threw; for the log. */
  readonly cause?: unknown
  /** Over the code's own: the status that a hook of the application has set. */
  readonly statusCode?: number
  /** For WWW-Authenticate. */
  readonly challenge?: string
}

/** Who a handshake is from, or why it is refused. */
export type Authentication =
  | { readonly identity: Identity, readonly refusal: null }
  | { readonly identity: null, readonly refusal: Refusal }

/** What an `origins` function is told beside the origin. */
export interface OriginContext {
  /** URL of the WebSocket route as it is declared; null where CORS asks. */
  readonly route: string | null
  /** Fires when nobody waits for the answer any more. */
  readonly signal: AbortSignal
}

/**
 * Decides whether pages of an origin may connect. It is given a well-formed http or https origin in its one serialised
 * form, never `null`, and only after all cheaper checks. Only `true` admits; a throw or a rejection is 503.
 */
export type OriginDecision = (origin: string, context: OriginContext) => boolean | Promise<boolean>

/** `fastify-ws-guard:refused`: a handshake was refused; one for each, none aggregated. */
export interface RefusedEvent {
  /** The Fastify instance that the plugin was registered on: tells several in one process apart. */
  readonly app: object
  readonly code: RefusalCode
  /** The dotted event name of the log line, e.g. `ws.origin.rejected`. */
  readonly event: string
  /** Of the log line: `warn` for what an attack looks like, `info` for what a mistaken client does. */
  readonly level: 'warn' | 'info'
  readonly statusCode: number
  readonly reqId: string
  readonly route: string | undefined
  readonly ip: string | undefined
  /** Id of who it was, where that was known by then. */
  readonly identity: string | number | undefined
  readonly value: string | undefined
  /** What a strategy, a store or `authorize` threw; it can be anything. Left out where nothing was thrown. */
  readonly error?: unknown
  /** In development: what to write so that it is admitted. */
  readonly detail?: string
}
