import type { RateLimitOptions } from '@fastify/rate-limit'

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
