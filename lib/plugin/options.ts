import { type Static, type TSchema, Type } from '@sinclair/typebox'
import { Value, ValueErrorType } from '@sinclair/typebox/value'
import type { AuthStrategy } from '../../types/gate.js'
import type { GuardOptions, PluginUpgradeRateOptions, RouteGuardOptions, UpgradeRateOptions } from '../../types/options.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'

const closed = { additionalProperties: false }
const milliseconds = (description: string, value: number) => Type.Integer({ minimum: 1, maximum: 2_147_483_647, default: value, description })
const count = (description: string, value: number) => Type.Integer({ minimum: 1, default: value, description })
const fn = (description: string) => Type.Any({ description })

const patterns = (description: string) => Type.Array(Type.String({ minLength: 1, maxLength: 1024 }), { minItems: 1, description })

const upgradeRate = {
  max: count('Handshakes per window and client address', 60),
  timeWindow: milliseconds('Length of the window', 60_000),
  allowList: Type.Optional(fn('Addresses that are not counted, or a function (request, key) => boolean, as in @fastify/rate-limit')),
}
const pluginUpgradeRate = Type.Object({
  ...upgradeRate,
  redis: Type.Optional(fn('An ioredis client, so that several processes share one count')),
}, closed)

/** Schema of the plugin's options; docs/options.md has a row for each property, held by a test. */
export const optionsSchema = Type.Object({
  allowedHosts: Type.Optional(patterns('Host names that this service answers to')),
  origins: Type.Optional(patterns('Origins that may open a socket')),
  development: Type.Optional(Type.Boolean({ default: false, description: 'Admits loopback names over http on any port' })),
  allowMissingOrigin: Type.Optional(Type.Boolean({ default: false, description: 'Accepts handshakes without Origin, where the credential is not a cookie' })),
  dangerouslyAllowNullOrigin: Type.Optional(Type.Boolean({ default: false, description: 'Accepts Origin: null' })),
  dangerouslyAllowAnyOrigin: Type.Optional(Type.Boolean({ default: false, description: 'Accepts `*` or null beside cookie authentication' })),
  requireTls: Type.Optional(Type.Boolean({ description: 'Refuses handshakes without TLS; true unless development' })),
  auth: Type.Optional(fn('Strategy for every route that has none of its own')),
  authTimeout: Type.Optional(milliseconds('Deadline of authentication and authorization, from the upgrade request on', 5000)),
  handshakeTimeout: Type.Optional(milliseconds('Deadline of the 101, from the upgrade request on; also the server\'s headersTimeout where that is longer', 10_000)),
  connections: Type.Optional(Type.Object({
    total: Type.Optional(count('Sockets of this process, open and pending', 10_000)),
    perAddress: Type.Optional(count('Sockets per client address', 20)),
    perIdentity: Type.Optional(count('Sockets per identity', 10)),
    pending: Type.Optional(count('Handshakes under way', 1000)),
    ipv6Prefix: Type.Optional(Type.Integer({ minimum: 32, maximum: 128, default: 64, description: 'Bits of an IPv6 address that count as one client' })),
  }, closed)),
  upgradeRate: Type.Optional(Type.Union([Type.Literal(false), pluginUpgradeRate])),
  subprotocols: Type.Optional(Type.Array(Type.String({ pattern: '^[!#$%&\'*+.^_`|~0-9A-Za-z-]{1,128}$' }), { description: 'Subprotocols that may be chosen, in order of preference' })),
  htmlAdapter: Type.Optional(fn('Sanitizer behind the html text policy, e.g. sanitizeHtmlAdapter(sanitizeHtml) of fastify-ws-guard/html')),
  messages: Type.Optional(Type.Object({
    rate: Type.Optional(Type.Number({ exclusiveMinimum: 0, default: 20, description: 'Messages per second and socket' })),
    burst: Type.Optional(Type.Number({ minimum: 1, default: 40, description: 'Messages a silent socket may send at once' })),
    errors: Type.Optional(count('Refused messages per 10 s before the socket is closed', 5)),
    inFlight: Type.Optional(count('Handlers under way per socket; reading pauses at this number', 32)),
    handlerTimeout: Type.Optional(milliseconds('Deadline of a handler', 10_000)),
    sendBuffer: Type.Optional(Type.Integer({ minimum: 1024, default: 1_048_576, description: 'Bytes waiting for a slow reader before it is closed 1013' })),
  }, closed)),
  websocket: Type.Optional(Type.Union([Type.Literal(false), Type.Object({
    maxPayload: Type.Optional(Type.Integer({ minimum: 128, maximum: 16_777_216, default: 65_536, description: 'Bytes of one message on routes without a contract' })),
    maxFragments: Type.Optional(Type.Integer({ minimum: 1, maximum: 16_384, default: 64, description: 'Fragments of one message' })),
    fragmentTimeout: Type.Optional(milliseconds('Time from a message\'s first fragment to its last', 10_000)),
    closeTimeout: Type.Optional(milliseconds('Time between a close frame and termination', 3000)),
  }, closed)])),
}, closed)

/** Schema of a route's `wsGuard`. */
export const routeOptionsSchema = Type.Object({
  auth: Type.Optional(fn('Strategy of this route')),
  public: Type.Optional(Type.Boolean({ default: false, description: 'Anyone with an allowed origin may connect' })),
  authorize: Type.Optional(fn('Decides on identity, params and query')),
  origins: Type.Optional(patterns('Replaces the plugin\'s list for this route')),
  upgradeRate: Type.Optional(Type.Object(upgradeRate, closed)),
  subprotocols: Type.Optional(Type.Array(Type.String({ pattern: '^[!#$%&\'*+.^_`|~0-9A-Za-z-]{1,128}$' }), { description: 'Replaces the plugin\'s list for this route' })),
}, closed)

/** Cuts what came to something a boot error can print; an option can be anything, a secret too. */
function describe (value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return `an array of ${value.length}`
  if (typeof value === 'string') return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
  if (typeof value === 'object' || typeof value === 'function') return `a ${typeof value}`
  return String(value)
}

/** Throws WSG_ERR_OPTION for the first option that does not fit: its name, what was expected, what came. */
function checkOptions (schema: TSchema, options: unknown, prefix: string): void {
  const first = Value.Errors(schema, options).First()
  if (first === undefined) return
  const deepest = first.type === ValueErrorType.Union ? first.errors.flatMap(errors => [...errors]).find(error => error.path.length > first.path.length) ?? first : first
  const name = deepest.path.slice(1).replaceAll('/', '.')
  if (deepest.type === ValueErrorType.ObjectAdditionalProperties) {
    const parent = deepest.path.split('/').slice(1, -1).reduce<TSchema | undefined>((at, key) => at?.properties?.[key], schema)
    const known = Object.keys((parent ?? schema).properties ?? {}).join(', ')
    throw new WSG_ERR_OPTION(`${prefix}${name}: unknown option${known === '' ? '' : `; known are ${known}`}`)
  }
  const wanted = String((deepest.schema as { description?: string }).description ?? '')
  throw new WSG_ERR_OPTION(`${prefix}${name}: ${deepest.message.charAt(0).toLowerCase()}${deepest.message.slice(1)}, got ${describe(deepest.value)}${wanted === '' ? '' : ` (${wanted})`}`)
}

function checkStrategy (value: unknown, name: string): void {
  if (value === undefined) return
  const strategy = value as Partial<AuthStrategy> | null
  const credential = strategy?.needs?.credential
  if (typeof strategy !== 'object' || typeof strategy?.name !== 'string' || typeof strategy.authenticate !== 'function' ||
    (credential !== 'cookie' && credential !== 'header') || typeof strategy.needs?.session !== 'boolean') {
    throw new WSG_ERR_OPTION(`${name}: expected a strategy such as sessionAuth(session => session.user), got ${describe(value)}`)
  }
}

/** Copies an upgrade limit. Throws WSG_ERR_OPTION for an allow-list or a client that would fail, or match too much, later. */
function copyRate<T extends UpgradeRateOptions> (given: T, name: string): T {
  const allowList: unknown = given.allowList
  if (allowList !== undefined && typeof allowList !== 'function' && !(Array.isArray(allowList) && allowList.every(entry => typeof entry === 'string'))) {
    throw new WSG_ERR_OPTION(`${name}.allowList: expected an array of addresses or a function, got ${describe(allowList)}`)
  }
  const redis = (given as PluginUpgradeRateOptions).redis
  if (redis !== undefined && typeof (redis as { defineCommand?: unknown } | null)?.defineCommand !== 'function') {
    throw new WSG_ERR_OPTION(`${name}.redis: expected an ioredis client, got ${describe(redis)}`)
  }
  return Array.isArray(allowList) ? { ...given, allowList: [...allowList] } : { ...given }
}

type Filled<T> = { readonly [K in keyof T]-?: NonNullable<T[K]> }

/** The plugin's options with every default filled in, frozen. */
export interface ResolvedOptions {
  readonly allowedHosts: readonly string[]
  readonly origins: readonly string[] | null
  readonly development: boolean
  readonly allowMissingOrigin: boolean
  readonly dangerouslyAllowNullOrigin: boolean
  readonly dangerouslyAllowAnyOrigin: boolean
  readonly requireTls: boolean
  readonly auth: AuthStrategy | null
  readonly authTimeout: number
  readonly handshakeTimeout: number
  readonly connections: Filled<NonNullable<GuardOptions['connections']>>
  readonly upgradeRate: Exclude<GuardOptions['upgradeRate'], false | undefined> | null
  readonly subprotocols: readonly string[]
  readonly htmlAdapter: GuardOptions['htmlAdapter'] | null
  readonly messages: Filled<NonNullable<GuardOptions['messages']>>
  readonly registerWebSocket: boolean
  readonly websocket: Filled<Exclude<NonNullable<GuardOptions['websocket']>, false>>
}

/** `undefined` given by hand means "not given". */
function withDefaults<T extends object> (defaults: T, given: Partial<T> | undefined): T {
  return { ...defaults, ...Object.fromEntries(Object.entries(given ?? {}).filter(([, value]) => value !== undefined)) }
}

/** What is handed over as it is: a strategy may keep state, and a client is the application's. */
const GIVEN = new Set(['auth', 'htmlAdapter', 'redis'])

function freeze<T extends object> (value: T): T {
  for (const [name, inner] of Object.entries(value)) {
    if (!GIVEN.has(name) && typeof inner === 'object' && inner !== null) freeze(inner as object)
  }
  return Object.freeze(value)
}

/** Validates, copies and freezes the plugin's options. Throws WSG_ERR_OPTION. */
export function resolveOptions (given: unknown): ResolvedOptions {
  checkOptions(optionsSchema, given ?? {}, '')
  const options = (given ?? {}) as Static<typeof optionsSchema>
  checkStrategy(options.auth, 'auth')
  if (options.htmlAdapter !== undefined && typeof options.htmlAdapter !== 'function') {
    throw new WSG_ERR_OPTION(`htmlAdapter: expected a function such as sanitizeHtmlAdapter(sanitizeHtml), got ${describe(options.htmlAdapter)}`)
  }
  const development = options.development ?? false
  if (!development && options.allowedHosts === undefined) {
    throw new WSG_ERR_OPTION('allowedHosts: required unless development is true; expected the host names this service answers to, such as [\'.example.com\'], got undefined')
  }
  const websocket = options.websocket === false ? undefined : options.websocket
  const limit = options.upgradeRate === undefined ? { max: 60, timeWindow: 60_000 } : options.upgradeRate
  return freeze({
    allowedHosts: [...options.allowedHosts ?? []],
    origins: options.origins === undefined ? null : [...options.origins],
    development,
    allowMissingOrigin: options.allowMissingOrigin ?? false,
    dangerouslyAllowNullOrigin: options.dangerouslyAllowNullOrigin ?? false,
    dangerouslyAllowAnyOrigin: options.dangerouslyAllowAnyOrigin ?? false,
    requireTls: options.requireTls ?? !development,
    auth: (options.auth as AuthStrategy | undefined) ?? null,
    authTimeout: options.authTimeout ?? 5000,
    handshakeTimeout: options.handshakeTimeout ?? 10_000,
    connections: withDefaults({ total: 10_000, perAddress: 20, perIdentity: 10, pending: 1000, ipv6Prefix: 64 }, options.connections),
    upgradeRate: limit === false ? null : copyRate<PluginUpgradeRateOptions>(limit, 'upgradeRate'),
    subprotocols: [...options.subprotocols ?? []],
    htmlAdapter: (options.htmlAdapter as GuardOptions['htmlAdapter']) ?? null,
    messages: withDefaults({ rate: 20, burst: 40, errors: 5, inFlight: 32, handlerTimeout: 10_000, sendBuffer: 1_048_576 }, options.messages),
    registerWebSocket: options.websocket !== false,
    websocket: withDefaults({ maxPayload: 65_536, maxFragments: 64, fragmentTimeout: 10_000, closeTimeout: 3000 }, websocket),
  })
}

/** Validates a route's `wsGuard`. Throws WSG_ERR_OPTION that names the route. */
export function resolveRouteOptions (given: unknown, url: string): RouteGuardOptions {
  const prefix = `route ${url}: wsGuard.`
  checkOptions(routeOptionsSchema, given ?? {}, prefix)
  const options = (given ?? {}) as RouteGuardOptions
  checkStrategy(options.auth, `${prefix}auth`)
  if (options.authorize !== undefined && typeof options.authorize !== 'function') {
    throw new WSG_ERR_OPTION(`${prefix}authorize: expected a function, got ${describe(options.authorize)}`)
  }
  return options.upgradeRate === undefined ? options : { ...options, upgradeRate: copyRate(options.upgradeRate, `${prefix}upgradeRate`) }
}
