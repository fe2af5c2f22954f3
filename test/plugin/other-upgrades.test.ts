import Fastify from 'fastify'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import t from 'tap'
import { WebSocketServer } from 'ws'
import guard from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'
import { echoes, upgrade } from '../helpers/handshake.js'
import { LogCollector } from '../helpers/log.js'
import { optional } from '../helpers/optional.js'
import type { Teardown } from '../helpers/teardown.js'

// Others that listen for upgrades on the same HTTP server: each handshake has one side only.

/** Attaches to the server; returns what ends its sockets. */
type AttachTo = (app: FastifyInstance) => (() => unknown) | Promise<void> | undefined

interface Stack {
  readonly app: FastifyInstance
  readonly port: number
  readonly log: LogCollector
}

async function listen (t: Teardown, options: Partial<GuardOptions>, { before, after, late }: { before?: AttachTo, after?: AttachTo, late?: AttachTo }): Promise<Stack> {
  const log = new LogCollector()
  const app = Fastify({ logger: { level: 'warn', stream: log } })
  const ends: unknown[] = []
  t.teardown(async () => {
    for (const end of ends) if (typeof end === 'function') await end()
    await app.close()
  })
  ends.push(await before?.(app))
  await app.register(guard, { development: true, ...options })
  ends.push(await after?.(app))
  app.get('/ws', { websocket: true, wsGuard: { public: true } }, socket => { socket.on('message', (data, isBinary) => { socket.send(data, { binary: isBinary }) }) })
  await app.listen({ port: 0, host: '127.0.0.1' })
  ends.push(await late?.(app))
  return { app, port: (app.server.address() as { port: number }).port, log }
}

/** As `new WebSocketServer({ server })` of an application that has one of its own. */
const ownServer: AttachTo = app => {
  const server = new WebSocketServer({ server: app.server, path: '/own' })
  server.on('connection', socket => { socket.on('message', data => { socket.send(data, { binary: false }) }) })
  return () => { for (const client of server.clients) client.terminate() }
}

/** Vite's dev server: its listener looks at the subprotocol and the path. */
const vite: AttachTo = app => {
  const hmr = new WebSocketServer({ noServer: true, handleProtocols: () => 'vite-hmr' })
  hmr.on('connection', socket => { socket.send('{"type":"connected"}') })
  const listener = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (request.headers['sec-websocket-protocol'] !== 'vite-hmr' || request.url !== '/vite-hmr') return
    hmr.handleUpgrade(request, socket, head, client => { hmr.emit('connection', client, request) })
  }
  app.server.on('upgrade', listener)
  return () => { for (const client of hmr.clients) client.terminate() }
}

async function socketIo (): Promise<AttachTo | null> {
  const loaded = await optional<{ Server: new (server: Server, options: object) => { close: () => Promise<void> } }>('socket.io')
  if (loaded === null) return null
  return app => {
    const io = new loaded.Server(app.server, { destroyUpgradeTimeout: 100, serveClient: false })
    return () => io.close()
  }
}

/** A proxy to an echo server of its own. */
async function httpProxy (t: Teardown): Promise<AttachTo | null> {
  const loaded = await optional<{ default: FastifyPluginAsync<object> }>('@fastify/http-proxy')
  if (loaded === null) return null
  const upstream = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(upstream, 'listening')
  upstream.on('connection', socket => { socket.on('message', data => { socket.send(data, { binary: false }) }) })
  t.teardown(() => {
    for (const client of upstream.clients) client.terminate()
    upstream.close()
  })
  const { port } = upstream.address() as { port: number }
  return async app => { await app.register(loaded.default, { upstream: `http://127.0.0.1:${port}`, prefix: '/proxy', websocket: true } as object) }
}

t.test('another listener is a boot error that names it, until an option says which paths are its own', async t => {
  const rows: [string, AttachTo | null, RegExp][] = [
    ['a ws server of the application', ownServer, /got a ws server with the option server,/],
    ['vite', vite, /got vite,/],
    ['socket.io', await socketIo(), /got socket\.io \(engine\.io\),/],
    ['@fastify/http-proxy', await httpProxy(t), /got @fastify\/http-proxy,/],
    ['somebody', app => {
      app.server.on('upgrade', function mine () {})
      return undefined
    }, /got the function mine,/],
  ]
  for (const [name, attach, message] of rows) {
    if (attach === null) {
      t.comment(`${name} is not installed`)
      continue
    }
    for (const when of ['before', 'after'] as const) {
      await t.rejects(listen(t, {}, { [when]: attach }), { code: 'WSG_ERR_OPTION_UNSAFE', message }, `${name}, ${when} the guard`)
    }
  }
  t.ok(await listen(t, { otherUpgrades: [] }, { before: ownServer }), 'said, and given nothing')
})

t.test('both live: theirs on their paths, unguarded; all the rest reaches the guard only', async t => {
  const rows: [string, AttachTo | null, string, object][] = [
    ['a ws server of the application', ownServer, '/own', {}],
    ['vite', vite, '/vite-hmr', { protocol: 'vite-hmr' }],
    ['socket.io', await socketIo(), '/socket.io/', { path: '/socket.io/?EIO=4&transport=websocket' }],
    // As its own option `path` is written.
    ['socket.io', await socketIo(), '/socket.io', { path: '/socket.io/?EIO=4&transport=websocket' }],
    ['@fastify/http-proxy', await httpProxy(t), '/proxy/*', { path: '/proxy/room' }],
  ]
  for (const [name, attach, entry, handshake] of rows) {
    if (attach === null) {
      t.comment(`${name} is not installed`)
      continue
    }
    for (const when of ['before', 'after', 'late'] as const) {
      // Registering a plugin after listening is not possible.
      if (when === 'late' && name === '@fastify/http-proxy') continue
      const { port, log } = await listen(t, { otherUpgrades: [entry] }, { [when]: attach })
      const where = `${name}, ${when}`
      const theirs = await upgrade(port, { path: entry, ...handshake, origin: 'https://evil.example' })
      t.equal(theirs.status, 101, `${where}: theirs is served, whatever its origin`)
      // Theirs answers by itself; a second answer would stand behind the first.
      t.notMatch(theirs.client.received().toString('latin1'), /HTTP\/1\.1 404/, where)
      theirs.client.destroy()
      t.ok(await echoes(await upgrade(port, { path: '/ws' })), `${where}: ours as well`)
      const evil = await upgrade(port, { path: '/ws', origin: 'https://evil.example' })
      t.equal(evil.status, 403, where)
      await evil.closed()
      t.equal((await upgrade(port, { path: '/nobody' })).status, 404, where)
      t.same(log.lines.filter(line => line['code'] === 'WSG_WARN_OTHER_UPGRADES'), [], where)
    }
  }
})

t.test('a listener that is added after boot without the option is warned of, and serves nothing', async t => {
  const { port, log } = await listen(t, {}, { late: ownServer })
  const warned = log.lines.filter(line => line['code'] === 'WSG_WARN_OTHER_UPGRADES')
  t.match(warned.map(line => line.msg), [/a ws server with the option server; say which paths are its own, e\.g\. otherUpgrades/])
  const theirs = await upgrade(port, { path: '/own', origin: 'https://evil.example' })
  t.equal(theirs.status, 404)
  await theirs.closed()
  t.ok(await echoes(await upgrade(port, { path: '/ws' })))
})

t.test('a route of ours under a path of theirs does not boot', async t => {
  await t.rejects(listen(t, { otherUpgrades: ['/ws'] }, {}), { code: 'WSG_ERR_OPTION_UNSAFE', message: /^route \/ws: .*otherUpgrades/ })
  await t.rejects(listen(t, { otherUpgrades: ['/ws/'] }, {}), { code: 'WSG_ERR_OPTION_UNSAFE', message: /^route \/ws: .*"\/ws\/"/ }, 'a slash at the end makes no difference')
  for (const entry of ['/*', '*', 'ws', '/a*', '/a?b']) {
    await t.rejects(listen(t, { otherUpgrades: [entry] }, {}), { code: 'WSG_ERR_OPTION', message: /^options\.otherUpgrades\[0\]: / }, entry)
  }
})

t.test('@fastify/websocket on another server is past the gate, and does not boot', async t => {
  const { default: websocket } = await import('@fastify/websocket')
  const { createServer } = await import('node:http')
  await t.rejects(listen(t, { websocket: false }, { before: async app => { await app.register(websocket, { options: { server: createServer() } }) } }), {
    code: 'WSG_ERR_OPTION_UNSAFE', message: /@fastify\/websocket options\.server/,
  })
})
