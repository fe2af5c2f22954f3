import websocket from '@fastify/websocket'
import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import type { GuardOptions } from '../../types/options.js'
import { isMute } from '../log/boot-warning.js'
import { WSG_ERR_PLUGIN_ORDER } from '../errors/coded.js'
import { noteFreshInstance } from '../foreign/declared-routes.js'
import { replaceInjectWS } from '../foreign/inject-ws.js'
import { serializeUpgrades } from '../foreign/log-serializers.js'
import { refuseSecondServer } from '../foreign/registered-plugins.js'
import { checkScope } from '../foreign/root-instance.js'
import { secondaryServers } from '../foreign/server-bindings.js'
import { readTrustProxy } from '../foreign/trust-proxy.js'
import { UpgradeListeners } from '../foreign/upgrade-listeners.js'
import { guardServer, safeServerOptions } from '../foreign/websocket-server.js'
import { authorize } from '../auth/authorize.js'
import { runFirst } from '../foreign/hook-order.js'
import { checkOpenAnswer, declineH2c } from '../foreign/http-server.js'
import { createAdviser } from '../gate/advice.js'
import { ClientAddresses, compileAddresses } from '../gate/client-address.js'
import { ADDRESS_SHARE, Gate } from '../gate/gate.js'
import { compileHosts } from '../gate/host.js'
import { corsOrigin } from '../gate/origin.js'
import { Policies } from '../gate/policies.js'
import { createUpgradeLimiter } from '../gate/rate.js'
import { serializeUpgrade } from '../gate/security-log.js'
import { authenticateInjected, comesLater } from './authenticate-injected.js'
import { GuardedRoutes } from './guarded-routes.js'
import { handshakeOf } from '../gate/record.js'
import { limitHeaderPhase, refuseLenientParser } from './http-server.js'
import { createLife, followSessions } from './life.js'
import { loadLimiters } from './limiters.js'
import { OpenSockets } from './open-sockets.js'
import { resolveOptions } from './options.js'
import { refuseStrangers, warnOfStrangers } from './other-upgrades.js'
import { usageOf } from './usage.js'
import { createWsRoutes } from './routes.js'
import { routerOptions, UrlPatterns, WITHOUT_SLASH } from './url-patterns.js'
import { checkVersions } from './versions.js'
import { warnOfBun, warnOfTransport } from './warnings.js'

// What happens when. Each step is a file of its own; the order is what this one is about.
async function guard (fastify: FastifyInstance, given: GuardOptions): Promise<void> {
  /* ---- called: nothing is changed before all of these have passed ---- */
  checkVersions(fastify.version, process.versions.node)
  checkScope(fastify)
  noteFreshInstance(fastify)
  const options = resolveOptions(given)
  refuseLenientParser(fastify.server)

  const host = compileHosts(options.allowedHosts, { optionName: 'allowedHosts', development: options.development })
  const trustProxy = readTrustProxy(fastify)
  const { ipv6Prefix, allowList } = options.connections
  const listed = allowList === undefined ? null : compileAddresses(allowList, 'options.connections.allowList')
  const sockets = new OpenSockets(fastify, options)
  const addresses = new ClientAddresses(ipv6Prefix, listed, sockets.log)
  const life = createLife(options, sockets.registry, () => gate.underWaySince)
  sockets.follow(life)
  const gate: Gate = new Gate({
    host,
    requireTls: options.requireTls,
    // One address may hang in a slow store with its share of them, no more.
    caps: { ...options.connections, pendingPerAddress: Math.ceil(options.connections.pending / ADDRESS_SHARE) },
    unauthenticated: options.connections.unauthenticated,
    addresses,
    authTimeout: options.authTimeout,
    handshakeTimeout: options.handshakeTimeout,
    policies: () => guarded.policies,
    judges: { authenticate: authenticateInjected, authorize, comesLater },
    hasEnded: handshake => life.endOf(handshake, handshake.policy?.url ?? '') !== null,
    makeRoom: sockets.makeRoom,
    log: sockets.log,
    events: sockets.events,
    development: options.development
      ? { advise: createAdviser(() => guarded.urls), isAlone: isMute(fastify.log) }
      : null,
  })
  const limiters = await loadLimiters(fastify, options)
  const policies = new Policies(options, (limit, name) => createUpgradeLimiter(limiters, limit, name, addresses))
  const guarded: GuardedRoutes = new GuardedRoutes(options, policies, gate, routerOptions(fastify))
  const routes = createWsRoutes(options, sockets, gate)

  /* ---- the server: who sees an upgrade, and how long a header may take ---- */
  const theirs = new UrlPatterns(options.otherUpgrades ?? [], WITHOUT_SLASH)
  const listeners = new UpgradeListeners(fastify, gate.onUpgrade, url => theirs.find(url) !== null)
  checkOpenAnswer(fastify.log)
  declineH2c(fastify.server)
  limitHeaderPhase(fastify.server, options.handshakeTimeout)
  serializeUpgrades(fastify, raw => gate.isUpgrade(raw), serializeUpgrade)

  /* ---- what the application gets ---- */
  const corsPolicy = policies.origins(undefined, 'options.origins', null)
  fastify.decorateRequest('wsIdentity', { getter () { return handshakeOf(this.raw)?.identity ?? null } })
  fastify.decorate('wsGuard', {
    corsOrigin: corsOrigin(corsPolicy),
    get sockets () { return gate.connections.total },
    get pending () { return gate.pending },
    revoke: whom => life.revoke(whom),
    refresh: identity => life.refresh(identity),
    route: contract => routes.handles.handle(contract) as never,
    group: (key, contracts) => routes.handles.group(key, contracts) as never,
    usage: of => usageOf(sockets, of),
    contracts: routes.declared,
  })
  fastify.decorate('wsRoute', function (this: FastifyInstance, contract, handlers) {
    return routes.declare(this, contract, handlers as never) as never
  })
  fastify.decorate('wsPolicy', function (this: FastifyInstance, policy) { guarded.setScopePolicy(this, policy) })

  /* ---- each route, each request ---- */
  fastify.addHook('onRoute', function (route) { guarded.add(this, route) })
  fastify.addHook('onRequest', gate.onRequest)
  fastify.addHook('onSend', gate.onSend)
  fastify.after(() => { runFirst(fastify, { onRequest: gate.onRequest, onSend: gate.onSend, preClose: gate.drain }) })
  fastify.addHook('onResponse', gate.onResponse)

  /* ---- the end: before @fastify/websocket, whose own hook closes sockets without a code ---- */
  // Of its own, to be moved before what others do at the end: from the first moment on each handshake is told why.
  fastify.addHook('preClose', gate.drain)
  fastify.addHook('preClose', async () => {
    await sockets.drain()
    gate.stop()
  })
  fastify.addHook('onClose', async () => { listeners.stop() })

  /* ---- @fastify/websocket: ours, or the application's, before or after this plugin ---- */
  if (options.registerWebSocket && !fastify.hasDecorator('websocketServer')) {
    await listeners.learn(fastify, async () => {
      const settings = { options: safeServerOptions(options.websocket), errorHandler: sockets.onError as never }
      await fastify.register(websocket, settings)
    })
  }
  refuseSecondServer(fastify, !fastify.hasDecorator('websocketServer'))
  let adopted = false
  const adopt = (): void => {
    if (adopted || !fastify.hasDecorator('websocketServer')) return
    adopted = true
    listeners.checkPlugin()
    fastify.websocketServer.on('connection', sockets.onConnection)
    guardServer(fastify.websocketServer, gate.judge, options.websocket, gate.payloadLimitOf, fastify.log)
    const origins = Array.isArray(options.origins) ? options.origins as readonly string[] : []
    replaceInjectWS(fastify, { hosts: host.entries, origins, encrypted: options.requireTls })
  }
  adopt()

  /* ---- the whole application is there ---- */
  fastify.addHook('onReady', async () => {
    adopt()
    if (!adopted) {
      throw new WSG_ERR_PLUGIN_ORDER('websocket: false, so @fastify/websocket was expected on the root instance, ' +
        'got none; register it, or leave the option out')
    }
    guarded.prove(fastify)
    followSessions(life, guarded.sessionScopes)
    refuseStrangers(listeners, options.otherUpgrades)
    warnOfStrangers(listeners, options.otherUpgrades, fastify.log)
    warnOfTransport(fastify, options, trustProxy)
    warnOfBun(fastify.log)
  })
  fastify.addHook('onListen', async () => {
    for (const server of secondaryServers(fastify)) limitHeaderPhase(server, options.handshakeTimeout)
  })
}

/**
 * The plugin. Register it on the root instance, before the first WebSocket route:
 * `await app.register(guard, { allowedHosts: ['.example.com'], auth: sessionAuth(session => session.user) })`.
 * Throws WSG_ERR_OPTION, WSG_ERR_OPTION_UNSAFE, WSG_ERR_PLUGIN_ORDER, WSG_ERR_DEPENDENCY, WSG_ERR_ORIGIN_PATTERN or
 * WSG_ERR_HOST_PATTERN at boot.
 */
export default plugin(guard, { fastify: '5.x', name: 'fastify-ws-guard' })
