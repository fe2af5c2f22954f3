import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { Test } from 'tap'
import type { Teardown } from '../helpers/teardown.js'
import { echoes, upgrade } from '../helpers/handshake.js'

// Boot refuses what it can see (test/plugin/boot.test.ts). Here an instance is made before the library is loaded, as a
// dynamic import or a second copy of Fastify would have it: routes declared early can't be seen, and must stay shut.
const unseen = new Map<string, FastifyInstance>()
for (const name of ['before @fastify/websocket', 'after @fastify/websocket', 'child scope', 'wsHandler', 'direct']) unseen.set(name, Fastify())

const { default: guard, sessionAuth } = await import('../../lib/index.js')
const { checkVersions } = await import('../../lib/plugin/versions.js')

const stacks = await import('../helpers/guarded-stack.js')
const { bareStack } = await import('../helpers/bare.js')

const options = { development: true, upgradeRate: false } as const

async function listen (t: Teardown, app: FastifyInstance): Promise<number> {
  app.get('/legitimate', { websocket: true, wsGuard: { public: true } }, socket => { socket.on('message', data => { socket.send(data.toString()) }) })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(() => app.close())
  return Number(new URL(url).port)
}

/** An upgrade to a route that came too early is refused, its handler is not called, and a route of today works. */
async function staysShut (t: Test, app: FastifyInstance, port: number, path: string, calls: () => number): Promise<void> {
  const refused = await upgrade(port, { path })
  t.equal(refused.status, 404)
  await refused.closed()
  t.equal(calls(), 0)
  t.equal(app.wsGuard.sockets, 0)
  t.ok(await echoes(await upgrade(port, { path: '/legitimate' })))
}

t.test('I10 a route declared before @fastify/websocket and the guard', async t => {
  const app = unseen.get('before @fastify/websocket')!
  let calls = 0
  app.get('/early', { websocket: true }, () => { calls++ })
  await app.register(guard, options)
  const port = await listen(t, app)
  await staysShut(t, app, port, '/early', () => calls)
})

t.test('I10 a route declared after @fastify/websocket and before the guard, which the bare stack would open', async t => {
  const app = unseen.get('after @fastify/websocket')!
  let calls = 0
  await app.register(websocket)
  app.get('/early', { websocket: true }, () => { calls++ })
  await app.register(guard, options)
  const port = await listen(t, app)
  await staysShut(t, app, port, '/early', () => calls)

  const bare = Fastify()
  t.teardown(() => bare.close())
  await bare.register(websocket)
  bare.get('/early', { websocket: true }, socket => { calls++; socket.close() })
  const url = await bare.listen({ port: 0, host: '127.0.0.1' })
  const opened = await upgrade(Number(new URL(url).port), { path: '/early', origin: 'https://evil.example' })
  t.equal(opened.status, 101)
  t.equal(calls, 1)
  opened.client.destroy()
})

t.test('I10 a route of a child scope that was made before the guard', async t => {
  const app = unseen.get('child scope')!
  let calls = 0
  await app.register(websocket)
  await app.register(async scope => {
    scope.get('/child', { websocket: true }, () => { calls++ })
  })
  await app.register(guard, options)
  const port = await listen(t, app)
  await staysShut(t, app, port, '/child', () => calls)
})

t.test('I10 a wsHandler route that came too early still answers HTTP, and only that', async t => {
  const app = unseen.get('wsHandler')!
  let calls = 0
  await app.register(websocket)
  app.route({ method: 'GET', url: '/both', handler: () => ({ plain: true }), wsHandler: () => { calls++ } })
  await app.register(guard, options)
  const port = await listen(t, app)
  t.equal((await app.inject('/both')).statusCode, 200)
  await staysShut(t, app, port, '/both', () => calls)
})

t.test('I10 an upgrade that another listener hands to the ws server by itself', async t => {
  const app = unseen.get('direct')!
  let calls = 0
  await app.register(guard, options)
  app.addHook('onReady', async () => {
    app.server.on('upgrade', (raw, socket, head) => {
      if (raw.url !== '/direct') return
      app.websocketServer.handleUpgrade(raw, socket, head, () => { calls++ })
    })
  })
  const port = await listen(t, app)
  const refused = await upgrade(port, { path: '/direct' })
  t.ok(refused.status >= 400)
  await refused.closed()
  t.equal(calls, 0)
  t.ok(await echoes(await upgrade(port, { path: '/legitimate' })))
})

t.test('I10 scopes, prefixes and hooks of their own change nothing', async t => {
  let calls = 0
  const count = (): void => { calls++ }
  const stack = await stacks.guardedStack(t, {
    extend: async app => {
      await app.register(async scope => {
        scope.get('/ws', { websocket: true }, count)
        await scope.register(async inner => { inner.get('/ws', { websocket: true, wsGuard: { public: true } }, count) }, { prefix: '/inner' })
      }, { prefix: '/scope' })
      app.route({ method: 'GET', url: '/both', handler: () => ({}), wsHandler: count })
      app.get('/answers', { websocket: true, onRequest: async (_request, reply) => await reply.code(200).send('mine') }, count)
      app.get('/:any', { websocket: true }, count)
      app.get('/files/*', { websocket: true }, count)
    },
  })
  for (const path of ['/scope/ws', '/scope/inner/ws', '/both', '/anything', '/files/a/b', '/scope/%77s', '/both?x', '/answers']) {
    const evil = await stack.upgrade({ path, origin: 'https://evil.example', cookie: await stack.login() })
    t.equal(evil.status, 403, path)
    const anonymous = await stack.upgrade({ path })
    t.equal(anonymous.status, path === '/scope/inner/ws' ? 101 : path === '/answers' ? 200 : 401, path)
    anonymous.client.destroy()
  }
  t.equal(calls, 1, 'the public one')
  t.ok(await stack.serves())
})

t.test('I10 the bare stack guards only what its own scope hooks see', async t => {
  const bare = await bareStack(t)
  const opened = await upgrade(bare.port, { path: '/rooms/1', origin: 'https://evil.example', cookie: await bare.login() })
  t.equal(opened.status, 101)
  opened.client.destroy()
})

t.test('I09 a dependency below its floor is a boot error that names it', async t => {
  for (const [fastify, node] of [['5.8.4', '20.20.2'], ['5.0.0', '22.22.2'], ['4.99.9', '24.1.0'], ['5.8.5', '20.20.1'], ['5.8.5', '22.22.1'], ['5.8.5', '21.7.3'], ['5.8.5', '18.20.0'], ['5.12.8', '24.1.0']] as const) {
    t.throws(() => { checkVersions(fastify, node) }, { code: 'WSG_ERR_DEPENDENCY', message: /expected .+ got / }, `${fastify} on ${node}`)
  }
  for (const [fastify, node] of [['5.8.5', '20.20.2'], ['5.12.8', '22.22.2'], ['5.9.0', '22.30.0'], ['5.100.0', '24.14.1'], ['6.0.0', '26.1.0']] as const) {
    checkVersions(fastify, node)
  }

  // ws says nothing of its version at run time; the option that came with 8.23.0 is what tells it.
  const old = Fastify()
  t.teardown(() => old.close())
  await old.register(websocket)
  Reflect.deleteProperty(old.websocketServer.options, 'maxPendingAutoPongs')
  await t.rejects(async () => { await old.register(guard, options) }, { code: 'WSG_ERR_DEPENDENCY', message: /ws: expected version 8\.23\.0/ })

  const current = Fastify()
  await current.register(websocket)
  await current.register(guard, { ...options, auth: sessionAuth(() => null) })
  t.ok(await echoes(await upgrade(await listen(t, current), { path: '/legitimate' })))
})
