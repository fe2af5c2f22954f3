import { type TObject, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import type { AuthStrategy, TicketIssue } from '../../types/gate.js'
import type {
  ConnectionOptions, PluginUpgradeRateOptions, RouteConnectionOptions, UpgradeRateOptions,
} from '../../types/connection-options.js'
import type { MessageBudget, MessageOptions } from '../../types/message-options.js'
import type {
  GuardOptions, HeartbeatOptions, RouteGuardOptions, SessionOptions, WebSocketOptions,
} from '../../types/options.js'
import { STRATEGY } from './option-advice.js'

// Tested in test/plugin/options.test.ts.

// The one place where options and their defaults are written. docs/options.md and the comments of types/*options.ts
// repeat them for readers; a test holds both to this.

// Three members are ours: `closed` for an object that may hold these keys only, and for the words of a boot error
// `unit`, and `expected` where the schema's own words would not help.

/** Each key of `T` has its schema: an option that types declare and this file lacks does not compile. */
type SchemasOf<T> = { readonly [K in keyof T]-?: TSchema }

function closed<T> (properties: SchemasOf<T>, description = ''): TObject<TProperties> {
  const optional = Object.entries<TSchema>(properties).map(([name, schema]) => [name, Type.Optional(schema)] as const)
  return Type.Object(Object.fromEntries(optional), { closed: true, description })
}

const LONGEST_TIMER = 2_147_483_647
/** Nobody waits for less; what is less was meant in seconds. */
const SHORTEST_TIME = 100

const milliseconds = (description: string, value: number, minimum = SHORTEST_TIME) =>
  Type.Integer({ minimum, maximum: LONGEST_TIMER, default: value, description, unit: 'milliseconds' })
const count = (description: string, value: number) => Type.Integer({ minimum: 1, default: value, description })
const flag = (description: string, value: boolean) => Type.Boolean({ default: value, description })
const fn = (description: string) => Type.Function([], Type.Any(), { description, expected: 'a function' })

const patterns = (description: string, minItems: number) =>
  Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { minItems, description })
const origins = (description: string) => Type.Union([patterns(description, 0), Type.Function([], Type.Any())], {
  expected: 'an array of origins, or a function (origin, { route, signal }) => boolean', description,
})
const subprotocols = (description: string) =>
  Type.Array(Type.String({
    pattern: '^[!#$%&\'*+.^_`|~0-9A-Za-z-]{1,128}$',
    expected: 'a name without spaces and separators, of at most 128 characters',
  }), { description })

/** `alternatives` and `issues`: of a strategy that is made of others, which are held to the same. */
const strategyOf = (alternatives: TSchema, issues: TSchema, description = '') => Type.Object({
  name: Type.String({ minLength: 1 }),
  needs: Type.Object({
    credential: Type.Union([Type.Literal('cookie'), Type.Literal('header')]),
    session: Type.Boolean(),
  } satisfies SchemasOf<AuthStrategy['needs']>, { closed: true }),
  challenge: Type.Optional(Type.String({ pattern: '^[\\u0021-\\u007e][\\u0020-\\u007e]{0,199}$' })),
  authenticate: Type.Function([], Type.Any()),
  isPresent: Type.Optional(Type.Function([], Type.Any())),
  verifyToken: Type.Optional(Type.Function([], Type.Any())),
  firstMessage: Type.Optional(Type.Boolean()),
  issues: Type.Optional(issues),
  alternatives: Type.Optional(Type.Array(alternatives)),
  choose: Type.Optional(Type.Function([], Type.Any())),
} satisfies SchemasOf<AuthStrategy>, {
  closed: true,
  description,
  expected: STRATEGY,
})
const plainStrategy = strategyOf(Type.Any(), Type.Any())
const issues = Type.Object({
  url: Type.String(),
  lifetime: Type.Number(),
  auth: strategyOf(plainStrategy, Type.Any()),
  issue: Type.Function([], Type.Any()),
} satisfies SchemasOf<TicketIssue>, { closed: true })
const strategy = (description: string) => strategyOf(strategyOf(Type.Any(), issues), issues, description)

const failureCost = Type.Integer({
  minimum: 1, maximum: 100, default: 5, description: 'What a handshake counts that is refused for its client\'s fault',
})
const allowList = Type.Union([Type.Array(Type.String()), Type.Function([], Type.Any())], {
  expected: 'an array of addresses or a function',
  description: 'Addresses and networks that are not counted, or a function (request, key) => boolean, as in ' +
    '@fastify/rate-limit',
})

const size = (description: string, least: object) => Type.Union([Type.Number(least), Type.Function([], Type.Any())], {
  expected: 'a number above 0, or a function ({ identity, … }) => number', description,
})
const budget = Type.Object({
  name: Type.String({
    pattern: '^(?!(?:socket|identity|address)$)[a-z0-9_-]{1,32}$',
    expected: 'a name of 1-32 characters of a-z 0-9 _ - that is not "socket", "identity" or "address"',
  }),
  key: fn('What is counted: a text, a number, or null for what is not'),
  rate: size('Tokens per second', { exclusiveMinimum: 0 }),
  burst: size('Tokens that can be saved up', { minimum: 1 }),
} satisfies SchemasOf<MessageBudget>, { closed: true })

const maxPayload = (description: string) => Type.Integer({ minimum: 128, maximum: 16_777_216, description })

const routeOptions = {
  auth: strategy('Strategy of this route'),
  public: Type.Boolean({ description: 'Anyone with an allowed origin may connect' }),
  authorize: fn('Decides on identity, params and query'),
  origins: origins('Replaces the plugin\'s list for this route'),
  upgradeRate: Type.Object({
    max: Type.Integer({ minimum: 1, description: 'Handshakes per window and client address' }),
    timeWindow: Type.Integer({
      minimum: SHORTEST_TIME, maximum: LONGEST_TIMER, description: 'Length of the window', unit: 'milliseconds',
    }),
    // No default: it would give every route a limit of its own.
    failureCost: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, description: 'As in the plugin\'s' })),
    allowList: Type.Optional(allowList),
  } satisfies SchemasOf<UpgradeRateOptions>, { closed: true }),
  connections: closed<RouteConnectionOptions>({
    total: Type.Integer({ minimum: 1, description: 'Sockets of this route' }),
    perAddress: Type.Integer({ minimum: 1, description: 'Sockets of this route per client address' }),
    anonymous: Type.Integer({ minimum: 1, description: 'The same, without an identity' }),
    perIdentity: Type.Integer({ minimum: 1, description: 'Sockets of this route per identity' }),
  }),
  subprotocols: subprotocols('Replaces the plugin\'s list for this route'),
  maxPayload: maxPayload('Bytes of one message, on a route without a contract'),
} satisfies SchemasOf<RouteGuardOptions>

/** Schema of a route's `wsGuard`, and of `wsPolicy`. */
export const routeOptionsSchema = closed<RouteGuardOptions>(routeOptions)

/** Schema of the plugin's options; docs/options.md has a row for each property, held by a test. */
export const optionsSchema = closed<GuardOptions>({
  allowedHosts: patterns('Host names that this service answers to', 1),
  origins: origins('Origins that may open a socket'),
  development: flag('Admits loopback names over http on any port', false),
  allowMissingOrigin: flag('Accepts handshakes without Origin, where the credential is not a cookie', false),
  dangerouslyAllowNullOrigin: flag('Accepts Origin: null', false),
  dangerouslyAllowAnyOrigin: flag('Accepts `*` or null beside cookie authentication', false),
  requireTls: Type.Boolean({ description: 'Refuses handshakes without TLS; true unless development' }),
  auth: strategy('Strategy for every route that has none of its own'),
  authTimeout: milliseconds('Deadline of authentication and authorization, from the upgrade request on', 5000),
  handshakeTimeout: milliseconds('Deadline of the 101, from the upgrade request on; also the server\'s ' +
    'headersTimeout where that is longer', 10_000),
  connections: closed<ConnectionOptions>({
    total: count('Sockets of this process, open and pending', 10_000),
    perAddress: count('Sockets per client address', 1000),
    anonymous: count('Sockets per client address, without an identity', 100),
    perIdentity: count('Sockets per identity', 30),
    pending: count('Handshakes under way; one address has a quarter of them at most', 1000),
    unauthenticated: count('Sockets that wait for a first message with a token; one address has a quarter of them ' +
      'at most', 1000),
    ipv6Prefix: Type.Integer({
      minimum: 32,
      maximum: 128,
      default: 64,
      description: 'Bits of an IPv6 address that count as one client',
    }),
    allowList: Type.Array(Type.String(), {
      description: 'Addresses and networks whose sockets are not counted by address',
    }),
  }),
  upgradeRate: Type.Union([Type.Literal(false), closed<PluginUpgradeRateOptions>({
    max: count('Handshakes per window and client address', 600),
    timeWindow: milliseconds('Length of the window', 60_000),
    failureCost,
    allowList,
    redis: Type.Object({ defineCommand: Type.Function([], Type.Any()) }, {
      expected: 'an ioredis client', description: 'An ioredis client, so that several processes share one count',
    }),
  })]),
  subprotocols: subprotocols('Subprotocols that may be chosen, in order of preference'),
  policies: Type.Array(Type.Object({
    url: Type.String({
      pattern: '^/[^*?#]*\\*?$',
      expected: 'a path such as "/admin" or "/admin/*"',
      description: 'A route\'s URL as it is declared, or its beginning and *',
    }),
    ...closed<RouteGuardOptions>(routeOptions).properties,
  }, { closed: true }), { description: 'What routes that others declare begin with, by their URL' }),
  otherUpgrades: Type.Array(Type.String({
    pattern: '^/(?:[^*?#]*|[^*?#]+/\\*)$', expected: 'a path such as "/socket.io/" or "/hmr/*"',
  }), {
    description: 'Paths of handshakes that are somebody else\'s, unguarded: exact, or with everything under them ' +
      'where they end in /*',
  }),
  htmlAdapter: Type.Function([], Type.Any(), {
    expected: 'a function such as sanitizeHtmlAdapter(sanitizeHtml)',
    description: 'Sanitizer behind the html text policy, made by fastify-ws-guard/html',
  }),
  messages: closed<MessageOptions>({
    rate: Type.Number({ exclusiveMinimum: 0, default: 100, description: 'Messages per second and socket' }),
    burst: Type.Number({ minimum: 1, default: 200, description: 'Messages at once, saved up in silence' }),
    perIdentity: Type.Number({
      minimum: 1, default: 2, description: 'Times rate and burst that all sockets of an identity may send together',
    }),
    perAddress: Type.Number({
      minimum: 1, default: 30, description: 'Times rate and burst that all sockets of an address may send together',
    }),
    budgets: Type.Array(budget, { description: 'Further budgets that sockets share' }),
    bytes: Type.Integer({ minimum: 1024, default: 1_048_576, description: 'Bytes of messages per second' }),
    errors: count('Refused messages per 10 s before the socket is closed', 5),
    inFlight: count('Handlers under way per socket; reading pauses at this number', 32),
    handlerTimeout: milliseconds('Deadline of a handler', 10_000),
    sendBuffer: Type.Integer({ minimum: 1024, default: 1_048_576, description: 'Bytes that may wait for a client' }),
  }),
  heartbeat: closed<HeartbeatOptions>({
    // The kernel, which asks as well, counts in whole seconds.
    interval: milliseconds('Time between two pings of a socket', 25_000, 1000),
  }),
  sessions: closed<SessionOptions>({
    recheck: milliseconds('Time between two reads of the session of an open socket', 30_000),
    grace: milliseconds('Time that a session lives on which can\'t be read', 60_000),
  }),
  drainTimeout: milliseconds('Time that app.close() lets handlers finish', 10_000),
  websocket: Type.Union([Type.Literal(false), closed<WebSocketOptions>({
    maxPayload: Type.Integer({ ...maxPayload('Bytes of one message on routes without a contract'), default: 65_536 }),
    maxFragments: Type.Integer({ minimum: 1, maximum: 16_384, default: 64, description: 'Fragments of one message' }),
    fragmentTimeout: milliseconds('Time from a message\'s first fragment to its last', 10_000),
    closeTimeout: milliseconds('Time between a close frame and termination', 3000),
  })]),
})
