import type { RateLimitOptions } from '@fastify/rate-limit'
import type { AuthStrategy, Identity, OriginDecision } from './gate.js'

/**
 * Upgrade rate: at most `max` handshakes per `timeWindow` and client address. Limits stack: a route's is checked
 * beside the plugin's.
 */
export interface UpgradeRateOptions {
  readonly max: number
  /** Milliseconds. */
  readonly timeWindow: number
  /**
   * What a handshake counts that is refused for its client's fault (401, 403, or 400 for its parameters). A route's is
   * the plugin's unless it is given, and 1 where that is off.
   */
  readonly failureCost?: number
  /** Addresses and networks (`10.0.0.0/8`) that are not counted, or a function, as in @fastify/rate-limit. */
  readonly allowList?: RateLimitOptions['allowList']
}

/** The plugin's upgrade rate; every limit of the application is kept in its store. */
export interface PluginUpgradeRateOptions extends Pick<UpgradeRateOptions, 'allowList'> {
  /** As of a route's. Default 5. */
  readonly failureCost?: number
  /** Handshakes per window and client address. Default 600. */
  readonly max?: number
  /** Milliseconds. Default 60000. */
  readonly timeWindow?: number
  /**
   * An ioredis client, so that several processes share one count. When it fails, a local limiter of the same size
   * decides.
   */
  readonly redis?: unknown
}

/** Caps on connections. Every slot is given back when the TCP socket closes. */
export interface ConnectionOptions {
  /** Open and pending sockets of this process. Default 10000. */
  readonly total?: number
  /** Per client address (IPv4 /32, IPv6 by `ipv6Prefix`), whoever they belong to. Default 1000. */
  readonly perAddress?: number
  /** Per client address, without an identity: on public routes. Default 100. */
  readonly anonymous?: number
  /** Per identity. Default 30. */
  readonly perIdentity?: number
  /** Handshakes under way; one address has a quarter of them at most. Default 1000. */
  readonly pending?: number
  /** Open sockets that wait for a first message with a token; one address has a quarter at most. Default 1000. */
  readonly unauthenticated?: number
  /** Bits of an IPv6 address that count as one client, 32-128. Default 64. */
  readonly ipv6Prefix?: number
  /** Addresses and networks (`10.0.0.0/8`) whose sockets are not counted by address. */
  readonly allowList?: readonly string[]
}

/** Caps on one route's own sockets, counted beside the application's and never in their place. */
export interface RouteConnectionOptions
  extends Pick<ConnectionOptions, 'total' | 'perAddress' | 'anonymous' | 'perIdentity'> {}

/** What a budget of the application's is decided by. */
export interface BudgetContext<I = Identity> {
  /** Null on a public route. */
  readonly identity: I | null
  readonly params: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, unknown>>
  /** The client's address as `trustProxy` reads it. */
  readonly ip: string
  /** The route's URL as it was declared. */
  readonly route: string
  /** `socket.id`. */
  readonly socket: string
}

/** A budget that the sockets with one key share: a tenant's, an API key's, a plan's. */
export interface MessageBudget<I = Identity> {
  /** What the client is told, and usage is asked by: 1-32 characters of `a-z 0-9 _ -`. */
  readonly name: string
  /** Asked when a socket sends its first message, and when its identity is refreshed. Null: it is not counted here. */
  readonly key: (socket: BudgetContext<I>) => string | number | null
  /** Tokens per second, or a function that says them for this socket. */
  readonly rate: number | ((socket: BudgetContext<I>) => number)
  /** Tokens that can be saved up, or a function. */
  readonly burst: number | ((socket: BudgetContext<I>) => number)
}

/** Message limits per socket; docs/limits.md has the arithmetic. */
export interface MessageOptions {
  /** Tokens per second; a message takes one, or its `cost`. Default 100. */
  readonly rate?: number
  /** Messages at once: tokens saved up while a socket sends none. Default 200. */
  readonly burst?: number
  /** What all sockets of one identity may send together: so many times `rate` and `burst`. Default 2. */
  readonly perIdentity?: number
  /** What all sockets of one client address may send together: so many times `rate` and `burst`. Default 30. */
  readonly perAddress?: number
  /** Further budgets that sockets share. */
  readonly budgets?: readonly MessageBudget[]
  /**
   * Bytes of messages per second, four seconds' worth saved up. Beyond it reading pauses; nothing is lost. Default
   * 1048576.
   */
  readonly bytes?: number
  /**
   * Refused messages per 10 s that are answered; the next one closes: 4400 for the contract's, 1008 for others
   * (docs/protocol.md section 5). Default 5.
   */
  readonly errors?: number
  /** Handlers under way per socket; at this number reading pauses. Default 32. */
  readonly inFlight?: number
  /** Milliseconds a handler may take. Default 10000. */
  readonly handlerTimeout?: number
  /**
   * Bytes that may wait for a client. One that has more waiting and doesn't take as many within 5 s, or has eight
   * times as many waiting, is closed 1013. Default 1048576.
   */
  readonly sendBuffer?: number
}

/** Options passed to the ws server that the plugin registers. Only tightening is accepted. */
export interface WebSocketOptions {
  /** Bytes of one message; contracts may need less or more. Default 65536. */
  readonly maxPayload?: number
  /** Fragments of one message. Default 64. */
  readonly maxFragments?: number
  /** Milliseconds from a message's first fragment to its last; 1008 afterwards. Default 10000. */
  readonly fragmentTimeout?: number
  /** Milliseconds between our close frame and termination. Default 3000. */
  readonly closeTimeout?: number
}

/** How vanished peers are found (docs/protocol.md section 9). */
export interface HeartbeatOptions {
  /**
   * Milliseconds between two pings of a socket; less than the read timeout of every proxy on the way. Default 25000.
   */
  readonly interval?: number
}

/** How open sockets follow the session that they rest on; docs/sessions.md. */
export interface SessionOptions {
  /**
   * Milliseconds between two reads of a session in its store, up to a quarter more. What happens in this process is
   * told at once; this makes good what was not told. Default 30000.
   */
  readonly recheck?: number
  /**
   * Milliseconds that sockets live on when their session can't be read, never longer than the session's own expiry.
   * Default 60000.
   */
  readonly grace?: number
}

/** Options of the plugin. docs/options.md describes each; they are validated, copied and frozen at boot. */
export interface GuardOptions<I = Identity> {
  /**
   * Host names that this service answers to. Required unless `development`. Django's forms: `example.com`,
   * `.example.com`, `example.com:8443`.
   */
  readonly allowedHosts?: readonly string[]
  /**
   * Origins that may open a socket, or a function that decides. Left out: derived from `allowedHosts` (https, default
   * port). An empty list admits no browser.
   */
  readonly origins?: readonly string[] | OriginDecision
  /**
   * For a developer's own machine: with no `allowedHosts`, the loopback names are served and are origins over http on
   * any port; TLS and a Secure cookie are not asked for. Default false.
   */
  readonly development?: boolean
  /**
   * Accepts handshakes without an Origin header, for clients that are not browsers. Never on a route whose credential
   * is a cookie. Default false.
   */
  readonly allowMissingOrigin?: boolean
  /**
   * Accepts `Origin: null` (sandboxed frames, data: and file: pages). Refused at boot beside cookie authentication.
   * Default false.
   */
  readonly dangerouslyAllowNullOrigin?: boolean
  /** Needed to use `*` in `origins` beside cookie authentication: any page may then act as your user. Default false. */
  readonly dangerouslyAllowAnyOrigin?: boolean
  /** Refuses handshakes that did not come over TLS. Default: true unless `development`. */
  readonly requireTls?: boolean
  /** Who may connect, for every route that does not say it itself. */
  readonly auth?: AuthStrategy<I>
  /** Milliseconds that authentication and authorization may take together. Default 5000. */
  readonly authTimeout?: number
  /** Milliseconds from the upgrade request to the 101. Default 10000. */
  readonly handshakeTimeout?: number
  readonly connections?: ConnectionOptions
  /** Handshakes per address. `false` turns it off. */
  readonly upgradeRate?: PluginUpgradeRateOptions | false
  /** Application subprotocols, in order of preference. Never echoed unless listed here. */
  readonly subprotocols?: readonly string[]
  /**
   * What routes that other plugins declare (tRPC, mercurius, y-websocket) begin with; the first that fits a route's
   * URL counts.
   */
  readonly policies?: readonly RoutePolicyOptions[]
  /**
   * Paths of handshakes that somebody else on this server answers (socket.io, @fastify/http-proxy, Vite): exact, or
   * with everything under them where they end in `/*`. The guard checks nothing there. Without it another listener
   * for upgrades is a boot error.
   */
  readonly otherUpgrades?: readonly string[]
  /**
   * Sanitizer behind the `html` text policy: `sanitizeHtmlAdapter(sanitizeHtml)` of `fastify-ws-guard/html`. Without
   * it a contract with that policy does not boot.
   */
  readonly htmlAdapter?: (html: string) => string
  readonly messages?: MessageOptions
  readonly heartbeat?: HeartbeatOptions
  readonly sessions?: SessionOptions
  /**
   * Milliseconds that `app.close()` lets handlers finish, before their sockets are closed all the same. Default
   * 10000.
   */
  readonly drainTimeout?: number
  /**
   * `false`: @fastify/websocket is registered by the application, before or after; otherwise options of the one the
   * plugin registers.
   */
  readonly websocket?: WebSocketOptions | false
}

/** Per-route options: `app.get('/ws', { websocket: true, wsGuard: { … } }, handler)`. */
export interface RouteGuardOptions<I = Identity> {
  /** Who may connect; overrides the plugin's. */
  readonly auth?: AuthStrategy<I>
  /** True: anyone with an allowed Origin may connect; `identity` is null. */
  readonly public?: boolean
  readonly authorize?: import('./gate.js').Authorize<I>
  /** Replaces the plugin's list for this route. */
  readonly origins?: readonly string[] | OriginDecision
  /** Checked beside the plugin's, never in its place. */
  readonly upgradeRate?: UpgradeRateOptions
  /** Checked beside the plugin's, never in their place. */
  readonly connections?: RouteConnectionOptions
  readonly subprotocols?: readonly string[]
  /** Bytes of one message, on a route without a contract. Left out: the plugin's `websocket.maxPayload`. */
  readonly maxPayload?: number
}

/** An entry of `policies`. */
export interface RoutePolicyOptions extends RouteGuardOptions {
  /** A route's URL as it is declared, prefix included; or its beginning and `*`. */
  readonly url: string
}
