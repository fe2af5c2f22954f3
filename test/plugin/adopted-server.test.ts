import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { createServer } from 'node:https'
import t from 'tap'
import type { Gate } from '../../lib/gate/gate.js'
import type { Policies } from '../../lib/gate/policies.js'
import guard from '../../lib/index.js'
import { GuardedRoutes } from '../../lib/plugin/guarded-routes.js'
import { resolveOptions } from '../../lib/plugin/options.js'
import { makeCertificate } from '../helpers/certs.js'
import { echoes, upgrade } from '../helpers/handshake.js'
import { LogCollector } from '../helpers/log.js'
import { until } from '../helpers/until.js'

const echo = (app: FastifyInstance): void => {
  app.get('/ws', { websocket: true, wsGuard: { public: true } }, socket => { socket.on('message', (data, isBinary) => { socket.send(data, { binary: isBinary }) }) })
}

t.test('@fastify/websocket with clientTracking: false: served, swept and closed as any other', async t => {
  const app = Fastify()
  await app.register(websocket, { options: { clientTracking: false } })
  await app.register(guard, { development: true, websocket: { fragmentTimeout: 100 } })
  echo(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  t.ok(await echoes(await upgrade(port)))
  const left = await upgrade(port)
  // Longer than the watch over fragments needs for its first look, which ended the process.
  await new Promise(resolve => setTimeout(resolve, 60))
  await app.close()
  await left.closed()
  await until(() => app.wsGuard.sockets === 0)
})

t.test('options.handleProtocols of the application does not boot: it would be replaced', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(websocket, { options: { handleProtocols: () => 'x' } })
  await t.rejects(async () => { await app.register(guard, { development: true }) }, { code: 'WSG_ERR_OPTION_UNSAFE', message: /handleProtocols: .*subprotocols/ })
})

t.test('HEAD never runs a WebSocket\'s handler, whatever @fastify/websocket does about it', async t => {
  for (const first of [true, false]) {
    const app = Fastify()
    t.teardown(() => app.close())
    let calls = 0
    if (first) await app.register(websocket)
    await app.register(guard, { development: true, ...first ? {} : { websocket: false } })
    if (!first) await app.register(websocket)
    app.get('/ws', { websocket: true, wsGuard: { public: true } }, () => { calls++ })
    app.route({ method: 'GET', url: '/both', handler: () => 'plain', wsHandler: () => { calls++ }, wsGuard: { public: true } })
    t.equal((await app.inject({ method: 'HEAD', url: '/ws' })).statusCode, 404)
    t.equal((await app.inject({ method: 'HEAD', url: '/both' })).statusCode, 200, 'its HTTP side has a HEAD')
    t.equal(calls, 0)
  }
})

t.test('before 11.3.6 the HEAD route has the WebSocket\'s handler: it is taken away', async t => {
  const gate = { addPolicy () {}, admit: () => async () => {} } as unknown as Gate
  const routes = new GuardedRoutes(resolveOptions({ development: true }), {} as Policies, gate)
  const handler = (): void => { t.fail('the WebSocket\'s handler ran') }
  const head = { method: 'HEAD', url: '/ws', websocket: true, handler }
  routes.add({} as FastifyInstance, head as never)
  const codes: number[] = []
  const reply = { code: (code: number) => { codes.push(code); return { send () {} } } }
  ;(head.handler as (request: unknown, reply: unknown) => void)({}, reply)
  t.same(codes, [404])
  const both = { method: 'HEAD', url: '/both', wsHandler: () => {}, handler }
  routes.add({} as FastifyInstance, both as never)
  t.equal(both.handler, handler, 'that one answers plain HTTP')
})

t.test('a serverFactory that makes an https server has TLS: no warning', async t => {
  const { cert, key } = makeCertificate(t)
  const log = new LogCollector()
  const app = Fastify({ logger: { level: 'warn', stream: log }, serverFactory: handler => createServer({ cert, key }, handler) as never })
  t.teardown(() => app.close())
  await app.register(guard, { allowedHosts: ['goodsite.com'] })
  echo(app)
  await app.ready()
  t.same(log.lines.filter(line => /every handshake will be refused/.test(line.msg ?? '')), [])
  const plain = Fastify({ logger: { level: 'warn', stream: log } })
  t.teardown(() => plain.close())
  await plain.register(guard, { allowedHosts: ['goodsite.com'] })
  await plain.ready()
  t.equal(log.lines.filter(line => /every handshake will be refused/.test(line.msg ?? '')).length, 1)
})

t.test('a host-constrained route before the guard does not boot, though one of its URL follows', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(websocket)
  app.get('/ws', { websocket: true, constraints: { host: 'early.goodsite.com' } }, () => {})
  await app.register(guard, { development: true })
  app.get('/ws', { websocket: true, wsGuard: { public: true } }, () => {})
  await t.rejects(async () => { await app.ready() }, { code: 'WSG_ERR_PLUGIN_ORDER', message: /route \/ws \(constraints host\): declared before/ })
})

t.test('options.path of the application does not boot: every other route would be answered 400', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(websocket, { options: { path: '/other' } as object })
  await t.rejects(async () => { await app.register(guard, { development: true }) }, { code: 'WSG_ERR_OPTION_UNSAFE', message: /options\.path/ })
})
