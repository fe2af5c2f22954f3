import type {
  ConnectionOptions, PluginUpgradeRateOptions, RouteConnectionOptions, UpgradeRateOptions,
} from './connection-options.js'
import type { AuthStrategy, Authorize, Identity, OriginDecision } from './gate.js'
import type { MessageOptions } from './message-options.js'

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
  readonly authorize?: Authorize<I>
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
