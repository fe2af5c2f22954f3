import rateLimit from '@fastify/rate-limit'
import websocket from '@fastify/websocket'
import type { FastifyInstance, FastifyRequest, RouteOptions } from 'fastify'
import plugin from 'fastify-plugin'
import type { GuardOptions } from '../../types/options.js'
import { checkDeclaredRoutes, checkScope, checkVersions, readTrustProxy, refuseSecondServer } from '../foreign/boot-checks.js'
import { closeSockets } from '../gate/drain.js'
import { Gate, POLICY, type RoutePolicy } from '../gate/gate.js'
import { compileHosts } from '../gate/host.js'
import { corsOrigin } from '../gate/origin.js'
import { type ContractPart, Policies } from '../gate/policies.js'
import { createUpgradeLimiter, type CreateRateLimit, type LimiterSources } from '../gate/rate.js'
import { serializeUpgrade } from '../gate/security-log.js'
import { checkSession } from '../foreign/session-cookie.js'
import { guardServer, onSocketError, safeServerOptions } from '../foreign/websocket-server.js'
import { WSG_ERR_OPTION_UNSAFE, WSG_ERR_PLUGIN_ORDER, WSG_ERR_ROUTE_POLICY } from '../errors/coded.js'
import { FragmentWatch } from '../socket/fragment-watch.js'
import { type ResolvedOptions, resolveOptions, resolveRouteOptions } from './options.js'
import { createWsRoutes } from './routes.js'

/** `config` key by which `wsRoute` hands the gate its contract's part. */
export const CONTRACT = Symbol('fastify-ws-guard.contract')

type WsRouteOptions = RouteOptions & { websocket?: boolean, wsHandler?: unknown, wsGuard?: unknown }

// @fastify/rate-limit is loaded in a scope of its own: none of its hooks or decorators reaches the application's routes.
async function loadLimiters (fastify: FastifyInstance, options: ResolvedOptions): Promise<LimiterSources> {
  const redis = options.upgradeRate?.redis
  if (fastify.hasDecorator('createRateLimit')) {
    if (redis !== undefined) {
      throw new WSG_ERR_OPTION_UNSAFE('upgradeRate.redis: expected to be left out where @fastify/rate-limit is registered before (its store is used), got a client')
    }
    return { primary: fastify.createRateLimit.bind(fastify), isLocal: false, fallback: null }
  }
  const load = async (settings: object): Promise<CreateRateLimit> => {
    let create: CreateRateLimit | undefined
    await fastify.register(async scope => {
      await scope.register(rateLimit, { global: false, ...settings })
      create = scope.createRateLimit.bind(scope)
    })
    return create!
  }
  const local = await load({})
  return redis === undefined ? { primary: local, isLocal: true, fallback: null } : { primary: await load({ redis }), isLocal: false, fallback: local }
}

async function guard (fastify: FastifyInstance, given: GuardOptions): Promise<void> {
  checkVersions(fastify.version, process.versions.node)
  checkScope(fastify)
  const options = resolveOptions(given)
  const host = compileHosts(options.allowedHosts, { optionName: 'allowedHosts', development: options.development })
  const gate = new Gate({
    host,
    requireTls: options.requireTls,
    caps: options.connections,
    ipv6Prefix: options.connections.ipv6Prefix,
    behindSession: fastify.hasRequestDecorator('session'),
    behindProxy: readTrustProxy(fastify) !== false,
    authTimeout: options.authTimeout,
    handshakeTimeout: options.handshakeTimeout,
    log: fastify.log,
  })
  const limiters = await loadLimiters(fastify, options)
  const policies = new Policies(options, (limit, name) => createUpgradeLimiter(limiters, limit, name, gate.keyOf))
  const corsPolicy = policies.origins(undefined, 'origins', null)

  const server = fastify.server
  server.prependListener('upgrade', gate.onUpgrade)
  // Node counts a request's header phase by this, and its default is a minute.
  server.headersTimeout = Math.min(server.headersTimeout || Infinity, options.handshakeTimeout)
  if (server.requestTimeout > 0) server.requestTimeout = Math.max(server.requestTimeout, server.headersTimeout)

  redactUpgradeUrls(fastify, gate)
  const routes = createWsRoutes(options, gate, CONTRACT)
  // A list: with constraints several routes have one URL.
  const guarded: { readonly url: string, readonly policy: RoutePolicy, readonly scope: FastifyInstance, readonly hasOriginList: boolean }[] = []
  fastify.decorateRequest('wsIdentity', null)
  fastify.decorate('wsGuard', { corsOrigin: corsOrigin(corsPolicy), get sockets () { return gate.connections.total }, get pending () { return gate.pending } })
  fastify.decorate('wsRoute', function (this: FastifyInstance, contract, handlers) {
    return routes.declare(this, contract, handlers as never) as never
  })

  fastify.addHook('onRequest', gate.checkHeaders)
  fastify.addHook('onSend', gate.onSend)
  fastify.addHook('onResponse', gate.onResponse)
  fastify.addHook('onRoute', function (route: WsRouteOptions) {
    if (route.websocket !== true && route.wsHandler === undefined) {
      if (route.wsGuard !== undefined) throw new WSG_ERR_ROUTE_POLICY(`route ${route.url}: wsGuard on a route that is no WebSocket; expected websocket: true or wsHandler beside it`)
      return
    }
    // Fastify adds a HEAD route to each GET route; it can't be upgraded.
    if (route.method === 'HEAD') return
    const config: Record<symbol, unknown> = route.config as unknown as Record<symbol, unknown> ?? {}
    const contract = (config[CONTRACT] as ContractPart | undefined) ?? null
    const own = resolveRouteOptions(route.wsGuard, route.url)
    const policy = policies.compile(own, { url: route.url, hasHttpHandler: route.websocket !== true, contract })
    gate.addPolicy(policy)
    guarded.push({ url: route.url, policy, scope: this, hasOriginList: (own.origins !== undefined || options.origins !== null) && !policy.origin.any })
    route.config = { ...route.config, [POLICY]: policy } as typeof route.config
    // A proxy that drops Upgrade turns handshakes into plain requests, tokens and all.
    if (route.websocket === true) route.logSerializers = { req: serializeUpgrade as never, ...route.logSerializers }
    const before = route.onRequest === undefined ? [] : [route.onRequest].flat()
    // Last of the route's own: a strategy may read what the route's other hooks have loaded.
    route.onRequest = [...before, gate.admit(policy)] as RouteOptions['onRequest']
  })

  const fragments = new FragmentWatch({
    sockets: () => fastify.hasDecorator('websocketServer') ? fastify.websocketServer.clients : [],
    timeout: options.websocket.fragmentTimeout,
    onTimeout: socket => {
      fastify.log.warn({ event: 'ws.fragments.timeout' }, 'a fragmented message was never completed')
      socket.close(1008, 'policy_violation')
    },
  })
  fastify.addHook('preClose', async () => {
    gate.drain()
    await routes.drain(options.websocket.closeTimeout)
    if (fastify.websocketServer !== undefined) await closeSockets(fastify.websocketServer, options.websocket.closeTimeout)
    fragments.stop()
    gate.stop()
    server.removeListener('upgrade', gate.onUpgrade)
  })

  if (options.registerWebSocket && !fastify.hasDecorator('websocketServer')) {
    await fastify.register(websocket, { options: safeServerOptions(options.websocket), errorHandler: onSocketError as never })
  }
  refuseSecondServer(fastify, !fastify.hasDecorator('websocketServer'))
  let adopted = false
  const adopt = (): void => {
    if (adopted || !fastify.hasDecorator('websocketServer')) return
    adopted = true
    guardServer(fastify.websocketServer, gate, options.websocket, routes.payloadLimit, fastify.log)
  }
  adopt()

  fastify.addHook('onReady', async () => {
    adopt()
    if (!adopted) {
      throw new WSG_ERR_PLUGIN_ORDER('websocket: false, so @fastify/websocket was expected on the root instance, got none; register it, or leave the option out')
    }
    checkDeclaredRoutes(fastify, new Set(guarded.map(({ url }) => url)))
    for (const { url, policy, scope, hasOriginList } of guarded) {
      if (policy.auth?.needs.session === true && !checkSession(scope, { url, development: options.development, hasOriginList })) {
        fastify.log.warn({ route: url }, 'the session cookie\'s attributes could not be read; set secure, httpOnly and sameSite')
      }
      if (policy.auth?.needs.credential === 'cookie' && policy.origin.wildcard) {
        fastify.log.warn({ route: url, origins: policy.origin.entries }, 'whole domains are allowed beside cookie authentication: whoever holds any subdomain can act as your users')
      }
    }
    warnOfTransport(fastify, options)
  })
}

/** Where pino keeps a logger's serializers (`pino.symbols.serializersSym`). */
const SERIALIZERS = Symbol.for('pino.serializers')

// Browsers put tickets and tokens into the query string; Fastify logs the URL of every request before any hook.
function redactUpgradeUrls (fastify: FastifyInstance, gate: Gate): void {
  // Without a logger Fastify makes no child loggers, unless there is a factory.
  if (fastify.log.child({}) === fastify.log) return
  const inner = fastify.childLoggerFactory
  fastify.setChildLoggerFactory(function (logger, bindings, childOptions, raw) {
    if (!gate.isUpgrade(raw)) return inner.call(this, logger, bindings, childOptions, raw)
    const serializers = { ...childOptions.serializers, req: serializeUpgrade as never }
    return inner.call(this, logger, bindings, { ...childOptions, serializers }, raw)
  })
  // The context of unknown URLs is older than every plugin and keeps Fastify's own factory.
  const own = (fastify.log as { [SERIALIZERS]?: Record<string, (request: FastifyRequest) => unknown> })[SERIALIZERS]
  const standard = own?.['req']
  if (own === undefined || standard === undefined) return
  own['req'] = request => gate.isUpgrade(request.raw) ? serializeUpgrade(request) : standard(request)
}

function warnOfTransport (fastify: FastifyInstance, options: ResolvedOptions): void {
  const trustProxy = readTrustProxy(fastify)
  if (trustProxy === true) {
    fastify.log.warn('trustProxy: true believes every client about its address, host and protocol; list your proxies\' addresses')
  }
  if (options.development) {
    fastify.log.warn('fastify-ws-guard runs with development: true: TLS and a Secure cookie are not asked for, and loopback pages over http are let in where origins are not listed')
    return
  }
  if (!options.requireTls) fastify.log.warn('requireTls is off: cookies and messages can be read on the way')
  const isTls = (fastify.initialConfig as { https?: unknown }).https !== undefined
  if (options.requireTls && !isTls && (trustProxy === undefined || trustProxy === false || typeof trustProxy === 'number')) {
    fastify.log.warn('requireTls is on, but this server has neither TLS nor a trusted proxy: every handshake will be refused; set trustProxy to your proxy\'s address')
  }
}

/**
 * The plugin. Register it on the root instance, before the first WebSocket route:
 * `await app.register(guard, { allowedHosts: ['.example.com'], auth: sessionAuth(session => session.user) })`.
 * Throws WSG_ERR_OPTION, WSG_ERR_OPTION_UNSAFE, WSG_ERR_PLUGIN_ORDER, WSG_ERR_DEPENDENCY, WSG_ERR_ORIGIN_PATTERN or
 * WSG_ERR_HOST_PATTERN at boot.
 */
export default plugin(guard, { fastify: '5.x', name: 'fastify-ws-guard' })
