import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import t from 'tap'
import { setTimeout as wait } from 'node:timers/promises'
import guard from '../../lib/index.js'
import type { AuthStrategy } from '../../types/gate.js'
import { bySession, guardedStack } from '../helpers/guarded-stack.js'
import { upgrade, upgradeRequest } from '../helpers/handshake.js'
import { connect } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

// A hook that has to do with an answer on its way: nothing but that answer may come of the handshake.

const header = (authenticate: AuthStrategy['authenticate']): AuthStrategy => ({ name: 'own', needs: { credential: 'header', session: false }, authenticate })

const codeOf = ({ body }: { readonly body: string }): string => (JSON.parse(body) as { code: string }).code

t.test('A28 after the deadline no hook runs for who was not admitted, however slow the answer is sent', async t => {
  const seen: unknown[] = []
  // As a fetch does that was given the signal.
  const obedient = header(({ signal }) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(new Error('aborted')) }) }))
  const { port, page, healthy } = await guardedStack(t, {
    as: 'site',
    guard: { authTimeout: 100 },
    extend: app => {
      app.addHook('onSend', async () => { await wait(100) })
      app.get('/slow', { websocket: true, wsGuard: { auth: obedient }, preHandler: async request => { seen.push(request.wsIdentity) } }, () => { seen.push('handler') })
      app.get('/quick', { websocket: true, preHandler: async request => { seen.push(request.wsIdentity?.id) } }, () => { seen.push('handler') })
    },
  })
  const refused = await upgrade(port, page({ path: '/slow' }))
  t.equal(refused.status, 503)
  t.equal(codeOf(refused), 'WSG_ERR_AUTH_TIMEOUT')
  await refused.closed(2000)
  t.equal(refused.rest().length, 0, 'one answer')
  t.same(seen, [])
  const admitted = await upgrade(port, page({ path: '/quick' }))
  t.equal(admitted.status, 101)
  admitted.client.destroy()
  t.same(seen, ['ada', 'handler'], 'both run for who is admitted')
  t.equal(await healthy(), true)
})

t.test('A28 a client that leaves during authentication gets no hook to run for it', async t => {
  const seen: unknown[] = []
  let done = 0
  const late = header(async () => {
    await wait(100)
    done++
    return null
  })
  const { app, port, page, healthy } = await guardedStack(t, {
    as: 'site',
    extend: app => {
      app.get('/late', { websocket: true, wsGuard: { auth: late }, preHandler: async request => { seen.push(request.wsIdentity) } }, () => { seen.push('handler') })
    },
  })
  const client = await connect(port)
  client.send(upgradeRequest(page({ path: '/late' })))
  await until(() => app.wsGuard.pending === 1)
  client.socket.resetAndDestroy()
  await until(() => done === 1)
  await wait(50)
  t.same(seen, [])
  t.equal(await healthy(), true)
})

t.test('A hook that denies and forgets to return its reply denies all the same', async t => {
  for (const place of ['onRequest', 'preValidation', 'preHandler'] as const) {
    let calls = 0
    const { port, page, healthy, log } = await guardedStack(t, {
      as: 'site',
      extend: app => {
        // With an asynchronous onSend hook Fastify sends later, and goes on meanwhile.
        app.addHook('onSend', async () => { await wait(50) })
        app.get('/denied', { websocket: true, [place]: async (_request: unknown, reply: { code: (code: number) => { send: (body: object) => void } }) => { reply.code(403).send({ denied: true }) } }, () => { calls++ })
      },
    })
    const refused = await upgrade(port, page({ path: '/denied' }))
    t.equal(refused.status, 403, place)
    t.same(JSON.parse(refused.body), { denied: true })
    await refused.closed(2000)
    t.equal(refused.rest().length, 0, 'one answer')
    t.equal(calls, 0)
    // Written at once, whatever other onSend hooks would do: nothing comes as far as the 101.
    t.equal(log.where('code', 'WSG_ERR_NOT_ADMITTED').length, 0)
    t.equal(await healthy(), true)
  }
})

t.test('A deadline does not run into an answer that another hook has begun', async t => {
  const { port, page, healthy, log } = await guardedStack(t, {
    as: 'site',
    guard: { authTimeout: 100, auth: bySession },
    extend: app => {
      app.addHook('onSend', async () => { await wait(400) })
      app.get('/denied', { websocket: true, onRequest: async (_request, reply) => await reply.code(403).send({ denied: true }) }, () => {})
    },
  })
  const refused = await upgrade(port, page({ path: '/denied' }))
  t.equal(refused.status, 403)
  t.same(JSON.parse(refused.body), { denied: true })
  await refused.closed(2000)
  t.equal(log.where('code', 'WSG_ERR_AUTH_TIMEOUT').length, 0)
  t.equal(await healthy(), true)
})

t.test('A rate limit that decides after the deadline makes no second refusal', async t => {
  const { port, page, log } = await guardedStack(t, {
    as: 'site',
    guard: { authTimeout: 100, upgradeRate: { max: 1, timeWindow: 60_000, allowList: async () => { await wait(400); return false } } },
  })
  for (let i = 0; i < 2; i++) {
    const refused = await upgrade(port, page())
    t.equal(codeOf(refused), 'WSG_ERR_AUTH_TIMEOUT')
    await refused.closed(2000)
  }
  await wait(500)
  t.equal(log.where('code', 'WSG_ERR_UPGRADE_RATE').length, 0)
})

t.test('request.session as another plugin\'s getter: a refusal, and the process lives', async t => {
  const thrown: unknown[] = []
  const note = (error: unknown): void => { thrown.push(error) }
  process.on('uncaughtException', note)
  t.teardown(() => { process.off('uncaughtException', note) })
  const { port, page } = await guardedStack(t, {
    as: 'site',
    guard: { authTimeout: 100, auth: header(() => new Promise(() => {})) },
    first: 'guard',
    extend: app => {
      // In the place of @fastify/session, whose property it shadows.
      app.addHook('onRequest', (request, _reply, done) => {
        Object.defineProperty(request, 'session', { get: () => ({}), configurable: true })
        done()
      })
    },
  })
  const refused = await upgrade(port, page())
  t.equal(refused.status, 503)
  t.equal(codeOf(refused), 'WSG_ERR_AUTH_TIMEOUT')
  t.same(thrown, [])
})

t.test('A29 a hook before the guard that denies without returning its reply denies', async t => {
  for (const guarded of [true, false]) {
    const app = Fastify()
    t.teardown(() => app.close())
    let handled = 0
    app.addHook('onRequest', async (request, reply) => { if (request.url === '/denied') reply.code(403).send('no') })
    app.addHook('onSend', async () => { await wait(30) })
    if (guarded) await app.register(guard, { development: true })
    else await app.register(websocket)
    for (const url of ['/denied', '/open']) app.get(url, { websocket: true, ...(guarded ? { wsGuard: { public: true } } : {}) }, () => { handled++ })
    await app.listen({ port: 0, host: '127.0.0.1' })
    const { port } = app.server.address() as { port: number }
    const denied = await upgrade(port, { path: '/denied' })
    t.equal(denied.status, guarded ? 403 : 101, guarded ? 'guarded' : 'the bare stack answers 101 and runs the handler')
    t.equal(handled, guarded ? 0 : 1)
    denied.client.destroy()
    const open = await upgrade(port, { path: '/open' })
    t.equal(open.status, 101)
    open.client.destroy()
    if (guarded) await until(() => app.wsGuard.sockets === 0)
  }
})

t.test('D01 D02 one address can\'t fill the pending cap behind a slow session store', async t => {
  const { port, page, app, store } = await guardedStack(t, { as: 'site', first: 'session', guard: { authTimeout: 1500, connections: { perAddress: 3, pending: 10 } } })
  store.mode = 'hang'
  const clients = []
  for (let n = 0; n < 12; n++) {
    const client = await connect(port)
    client.send(upgradeRequest(page()))
    clients.push(client)
  }
  await until(() => app.wsGuard.pending === 3)
  t.equal(store.gets, 3, 'and nothing was asked for them')
  store.mode = 'ok'
  const other = await connect(port, { localAddress: '127.0.0.9' })
  other.send(upgradeRequest(page()))
  t.equal((await other.response()).status, 101, 'another address is served')
  for (const client of [...clients, other]) client.destroy()
  // That a client left is not noticed while a hook hangs; the deadline ends it.
  await until(() => app.wsGuard.sockets === 0)
})
