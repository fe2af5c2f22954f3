import type { RouteOptions } from 'fastify'
import type { AnyContract } from '../../types/contract.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_OPTION, WSG_ERR_ROUTE_POLICY } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { didYouMean, nearest } from '../errors/nearest.js'
import { routeOptionsSchema } from './schema.js'

// Tested in test/plugin/keys.test.ts.

/** Keys by which a plain route says that it is a WebSocket. */
export type PlainWsRoute = RouteOptions & {
  readonly websocket?: unknown
  readonly wsHandler?: unknown
  readonly wsGuard?: unknown
}

const PLAIN_KEYS = ['wsGuard', 'websocket', 'wsHandler']

/** What `wsRoute` takes of Fastify's own route options, and passes on as it is. */
export const FASTIFY_KEYS: readonly string[] =
  ['onRequest', 'preValidation', 'preHandler', 'config', 'constraints', 'logLevel', 'prefixTrailingSlash']

const GUARD_KEYS = Object.keys(routeOptionsSchema.properties)
const OWN_KEYS = ['on', 'calls', 'state', 'onOpen', 'onClose', 'mayJoin', 'messages', 'versions']
const KNOWN_KEYS = [...OWN_KEYS, ...GUARD_KEYS, ...FASTIFY_KEYS].filter(key => key !== 'maxPayload')

/** Options of a Fastify route that a WebSocket has no use for, by the reason why. */
const REASONS: readonly (readonly [why: string, keys: readonly string[]])[] = [
  ['the contract says what params, query and messages are',
    ['schema', 'attachValidation', 'validatorCompiler', 'serializerCompiler', 'schemaErrorFormatter']],
  ['a handshake has no body', ['bodyLimit', 'preParsing']],
  ['it would see refusals only, never a message; put it on the instance, where every refusal passes',
    ['preSerialization', 'onSend', 'onResponse', 'onError', 'errorHandler']],
  ['wsRoute writes it itself', ['method', 'handler', 'wsHandler', 'websocket', 'logSerializers', 'childLoggerFactory']],
  ['the contract has the url', ['url', 'path']],
  [`its options stand beside the handlers: ${GUARD_KEYS.join(', ')}`, ['wsGuard']],
  ['it is derived from the contract\'s schemas', ['maxPayload']],
  ['a HEAD request can\'t be upgraded', ['exposeHeadRoute']],
  ['no HTTP timeout applies to a WebSocket; see authTimeout, handshakeTimeout and messages.handlerTimeout',
    ['handlerTimeout', 'onTimeout', 'onRequestAbort']],
]
const USELESS: ReadonlyMap<string, string> =
  new Map(REASONS.flatMap(([why, keys]) => keys.map(key => [key, why] as const)))

/** Throws WSG_ERR_OPTION for a key of `wsRoute`'s second argument that would do nothing, or that has no value. */
export function checkHandlerKeys (
  handlers: unknown, where: string, contract: AnyContract
): asserts handlers is object {
  if (typeof handlers !== 'object' || handlers === null || Array.isArray(handlers)) {
    throw new WSG_ERR_OPTION(`${where}: expected an object with handlers, got ${got(handlers)}`)
  }
  for (const key of Object.keys(handlers)) {
    const why = USELESS.get(key)
    if (why !== undefined) {
      const value = (handlers as { readonly [key: string]: unknown })[key]
      throw new WSG_ERR_OPTION(`${where}: expected no "${key}", got ${got(value)}: ${why}`)
    }
  }
  checkKeys(handlers, KNOWN_KEYS, where, WSG_ERR_OPTION, (key, known) => {
    const table = (['inbound', 'calls'] as const).find(name => Object.hasOwn(contract[name] ?? {}, key))
    return table === undefined
      ? didYouMean(key, known)
      : `; did you mean "${table === 'inbound' ? 'on' : table}.${key}"?`
  })
}

/** The members of `given` that are named in `keys`. */
export function pick (given: object, keys: readonly string[]): { [key: string]: unknown } {
  return Object.fromEntries(Object.entries(given).filter(([key]) => keys.includes(key)))
}

/** What of `wsRoute`'s second argument is the guard's: a `wsGuard`. */
export const guardPart = (handlers: object): { [key: string]: unknown } => pick(handlers, GUARD_KEYS)

/**
 * A slip of the finger: as long as the name itself, give or take one, and no option of Fastify's as `preHandler` is.
 */
function isSlip (key: string, name: string): boolean {
  return Math.abs(key.length - name.length) <= 1 && !USELESS.has(key) && !FASTIFY_KEYS.includes(key)
}

/** Names of checks, but for the short ones, which other plugins have names near to. */
const CHECKS = [...GUARD_KEYS, ...FASTIFY_KEYS].filter(name => name.length > 6)

/** Over a check with a misspelt name Fastify would pass without a word. */
function refuseMisspelt (route: PlainWsRoute): void {
  for (const key of Object.keys(route)) {
    const meant = nearest(key, CHECKS)
    if (meant === null || !isSlip(key, meant)) continue
    const place = GUARD_KEYS.includes(meant) ? `wsGuard.${meant}` : meant
    throw new WSG_ERR_ROUTE_POLICY(`route ${route.url}: expected ${place}, got "${key}"; did you mean "${place}"?`)
  }
}

/**
 * Who may connect is said in `wsGuard`: beside it, or in `config`, Fastify would pass over it without a word; and over
 * what only a contract's route has.
 */
function refuseMisplaced ({ url, config, ...route }: PlainWsRoute): void {
  const contracts = OWN_KEYS.find(name => Object.hasOwn(route, name))
  if (contracts !== undefined) {
    throw new WSG_ERR_ROUTE_POLICY(`route ${url}: expected no "${contracts}" on a route without a contract, where it ` +
      `would do nothing, got ${got((route as { readonly [name: string]: unknown })[contracts])}; write ` +
      'app.wsRoute(contract, { … })')
  }
  const key = [...GUARD_KEYS, 'guard', 'wsPolicy'].find(name => Object.hasOwn(route, name))
  const place = key !== undefined ? key : Object.hasOwn(config ?? {}, 'wsGuard') ? 'config.wsGuard' : null
  if (place === null) return
  throw new WSG_ERR_ROUTE_POLICY(`route ${url}: expected the guard's options in wsGuard, got "${place}" beside it; ` +
    'write { websocket: true, wsGuard: { … } }')
}

/**
 * Is this route a WebSocket? Throws WSG_ERR_ROUTE_POLICY for keys that look like the ones that say so but are not, and
 * for values that this plugin and @fastify/websocket would take for different things: such a route would be open, or
 * dead.
 */
export function isWebSocketRoute (route: PlainWsRoute): boolean {
  for (const key of Object.keys(route)) {
    if (PLAIN_KEYS.includes(key)) {
      if (route[key as keyof PlainWsRoute] !== undefined) continue
      throw new WSG_ERR_ROUTE_POLICY(`route ${route.url}: ${key}: expected a value or no such key, got undefined`)
    }
    // `prehandler` is near to `wsHandler`, and nearer to `preHandler`.
    const meant = nearest(key, [...PLAIN_KEYS, ...FASTIFY_KEYS, ...USELESS.keys()])
    if (meant !== null && PLAIN_KEYS.includes(meant) && isSlip(key, meant)) {
      throw new WSG_ERR_ROUTE_POLICY(`route ${route.url}: expected ${meant}, got "${key}"; did you mean "${meant}"?`)
    }
  }
  const { websocket, wsHandler, wsGuard, url } = route
  if (websocket !== undefined && typeof websocket !== 'boolean') {
    throw new WSG_ERR_ROUTE_POLICY(`route ${url}: websocket: expected true or false, got ${got(websocket)}`)
  }
  if (wsHandler !== undefined && typeof wsHandler !== 'function') {
    throw new WSG_ERR_ROUTE_POLICY(`route ${url}: wsHandler: expected a function, got ${got(wsHandler)}`)
  }
  if (websocket === true || wsHandler !== undefined) {
    refuseMisplaced(route)
    refuseMisspelt(route)
    return true
  }
  if (wsGuard !== undefined) {
    throw new WSG_ERR_ROUTE_POLICY(`route ${url}: wsGuard on a route that is no WebSocket; expected websocket: true ` +
      'or wsHandler beside it')
  }
  return false
}
