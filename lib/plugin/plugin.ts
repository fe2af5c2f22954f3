import type { FastifyInstance } from 'fastify'
import plugin from 'fastify-plugin'
import type { GuardOptions } from '../../types/options.js'
import { noteFreshInstance } from '../foreign/declared-routes.js'
import { runFirst } from '../foreign/hook-order.js'
import { checkOpenAnswer, declineH2c } from '../foreign/http-server.js'
import { serializeUpgrades } from '../foreign/log-serializers.js'
import { checkScope } from '../foreign/root-instance.js'
import { secondaryServers } from '../foreign/server-bindings.js'
import { readTrustProxy } from '../foreign/trust-proxy.js'
import { UpgradeListeners } from '../foreign/upgrade-listeners.js'
import { serializeUpgrade } from '../gate/serialize-upgrade.js'
import { logRefusals } from '../observe/refusal-log.js'
import { decorate } from './decorators.js'
import { followSessions } from './follow-sessions.js'
import { limitHeaderPhase, refuseLenientParser } from './http-parsing.js'
import { resolveOptions } from './options.js'
import { refuseStrangers, warnOfStrangers } from './other-upgrades.js'
import { joinRooms } from './rooms.js'
import { SocketPaths } from './socket-paths.js'
import { UrlPatterns, WITHOUT_SLASH } from './url-patterns.js'
import { checkVersions } from './versions.js'
import { warnOfBun, warnOfPolicies, warnOfTransport } from './warnings.js'
import { WebSocketPlugin } from './websocket-plugin.js'

// What happens when. Each step is a file of its own; the order is what this one is about.
async function guard (fastify: FastifyInstance, given: GuardOptions): Promise<void> {
  /* ---- called: nothing is changed before all of these have passed ---- */
  checkVersions(fastify.version, process.versions.node)
  checkScope(fastify)
  noteFreshInstance(fastify)
  const options = resolveOptions(given)
  refuseLenientParser(fastify.server)
  const rooms = await joinRooms(fastify, options)
  const { gate, guarded, life, sockets } = rooms

  /* ---- the server: who sees an upgrade, and how long a header may take ---- */
  const theirs = new UrlPatterns(options.otherUpgrades ?? [], WITHOUT_SLASH)
  const listeners = new UpgradeListeners(fastify, gate.onUpgrade, url => theirs.find(url) !== null)
  checkOpenAnswer(fastify.log)
  declineH2c(fastify.server)
  limitHeaderPhase(fastify.server, options.handshakeTimeout)
  const paths = new SocketPaths(() => guarded.plainUrls)
  serializeUpgrades(fastify, raw => gate.isUpgrade(raw) || paths.hides(raw.url ?? ''), serializeUpgrade)

  decorate(fastify, rooms)

  /* ---- each route, each request ---- */
  fastify.addHook('onRoute', function (route) { guarded.add(this, route) })
  fastify.addHook('onRequest', gate.onRequest)
  fastify.addHook('onRequest', paths.hideUnknown)
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
  // The log is the last to go: until the server is closed somebody may come.
  const endLog = logRefusals(sockets.events, sockets.log, sockets.peerOf)
  fastify.addHook('onClose', async () => {
    listeners.stop()
    endLog()
  })

  const webSocketPlugin = new WebSocketPlugin(fastify, options, rooms, listeners)
  await webSocketPlugin.register()

  /* ---- the whole application is there ---- */
  const trustProxy = readTrustProxy(fastify)
  fastify.addHook('onReady', async () => {
    webSocketPlugin.prove()
    guarded.prove(fastify)
    followSessions(life, guarded.sessionScopes)
    refuseStrangers(listeners, options.otherUpgrades)
    warnOfStrangers(listeners, options.otherUpgrades, fastify.log)
    warnOfTransport(fastify, options, trustProxy)
    warnOfPolicies(options, fastify.log)
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
