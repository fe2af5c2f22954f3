import t from 'tap'
import { setTimeout as wait } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import type { AuthStrategy } from '../../types/gate.js'
import { bareStack } from '../helpers/bare.js'
import { parseFrames, text } from '../helpers/frames.js'
import { bySession, guardedStack } from '../helpers/guarded-stack.js'
import { exchange, upgrade, upgradeRequest } from '../helpers/handshake.js'
import { connect } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

/** `bySession`, late. */
const lateSession = (delay: number): AuthStrategy => ({
  ...bySession,
  name: 'late',
  async authenticate (context) {
    await wait(delay)
    return await bySession.authenticate(context)
  },
})

t.test('A24 every alias that routes gets the same decision', async t => {
  for (const first of ['session', 'guard'] as const) {
    const { port, page, healthy, store } = await guardedStack(t, {
      as: 'site',
      first,
      fastify: { routerOptions: { ignoreTrailingSlash: true, ignoreDuplicateSlashes: true, caseSensitive: false } },
      extend: app => {
        app.register(async scope => { scope.get('/scoped/:id', { websocket: true }, () => {}) })
        app.register(async scope => { scope.get('/ws', { websocket: true }, () => {}) }, { prefix: '/deep' })
      },
    })
    const aliases = ['/ws', '/%77s', '/w%73', '/ws?', '/ws?/../x', '/ws/', '//ws', '/WS', '/%57S', '/ws?x=/login', '/scoped/1', '/scoped/%2e%2e', '/scoped/..%2fws', '/deep/ws', '/deep//ws/']
    for (const path of aliases) {
      store.gets = 0
      for (const [changes, expected] of [[{ origin: 'https://evil.test' }, 403], [{ host: 'evil.test' }, 421], [{ origin: null }, 403]] as const) {
        const { status, client } = await upgrade(port, page({ path, ...changes }))
        t.equal(status, expected, `${path} ${JSON.stringify(changes)}`)
        client.destroy()
      }
      t.equal(store.gets, 0, `${path}: no session was read`)
      for (const [changes, expected] of [[{ cookie: null }, 401], [{}, 101]] as const) {
        const { status, client } = await upgrade(port, page({ path, ...changes }))
        t.equal(status, expected, `${path} ${JSON.stringify(changes)}`)
        client.destroy()
      }
    }
    t.equal(await healthy(), true)
  }
})

t.test('A27 a frame pipelined with the handshake waits for authentication, and is handled once', async t => {
  for (const first of ['session', 'guard'] as const) {
    const { port, page, counts, healthy } = await guardedStack(t, { as: 'site', first, guard: { auth: lateSession(200) } })
    const client = await connect(port)
    client.send(Buffer.concat([Buffer.from(upgradeRequest(page()), 'latin1'), text('early')]))
    await wait(100)
    t.same(counts.messages, [], 'not before authentication')
    const response = await client.response()
    t.equal(response.status, 101)
    const frame = await client.waitFor(bytes => parseFrames(bytes.subarray(response.length)).frames[0])
    t.equal(frame.payload.toString(), 'early', 'not lost')
    await wait(50)
    t.same(counts.messages, ['early'], 'once')
    client.destroy()

    const refused = await upgrade(port, page({ cookie: null, after: Buffer.concat([text('early'), text('again')]) }))
    t.equal(refused.status, 401)
    await refused.closed(1000)
    t.equal(counts.opened, 1)
    t.same(counts.messages, ['early'], 'no handler call')
    t.equal(await healthy(), true)
  }
})

t.test('A27 an async handler on the bare stack loses the early frame', async t => {
  const { default: Fastify } = await import('fastify')
  const { default: websocket } = await import('@fastify/websocket')
  const app = Fastify()
  await app.register(websocket)
  let handled = 0
  app.get('/ws', { websocket: true }, async (socket: WebSocket) => {
    await wait(50)
    socket.on('message', () => { handled++ })
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { status, client } = await upgrade(Number(new URL(url).port), { after: text('early') })
  t.equal(status, 101)
  await wait(150)
  t.equal(handled, 0)
  client.destroy()
  await app.close()
})

t.test('A27 a handshake on a connection that was kept alive has its time too', async t => {
  const { port, page, healthy, counts } = await guardedStack(t, { as: 'site', guard: { auth: lateSession(600) } })
  const client = await connect(port)
  client.send('GET /plain HTTP/1.1\r\nHost: app.goodsite.com\r\n\r\n')
  const first = await client.response()
  t.equal(first.status, 200)
  client.send(Buffer.concat([Buffer.from(upgradeRequest(page()), 'latin1'), text('second')]))
  const second = await client.response(first.length)
  t.equal(second.status, 101)
  await until(() => counts.messages.includes('second'))
  client.destroy()
  t.equal(await healthy(), true)
})

t.test('A28 the session store hangs', async t => {
  for (const first of ['session', 'guard'] as const) {
    const { port, page, app, store, healthy, counts, log } = await guardedStack(t, { as: 'site', first, guard: { authTimeout: 300, handshakeTimeout: 3000 } })
    store.mode = 'hang'
    const answers = await Promise.all(Array.from({ length: 5 }, () => upgrade(port, page())))
    for (const { status, body, headers, closed } of answers) {
      t.equal(status, 503)
      t.match(body, /WSG_ERR_AUTH_TIMEOUT/)
      t.equal(headers.get('retry-after'), '5')
      await closed(1000)
    }
    await until(() => app.wsGuard.pending === 0 && app.wsGuard.sockets === 0)
    t.equal(counts.opened, 0)
    t.equal(log.where('event', 'ws.auth.timeout').length, 1, 'one line, the rest are counted')
    store.mode = 'ok'
    t.equal(await healthy(), true)
  }
})

t.test('A28 the store answers after the deadline, or is down', async t => {
  for (const first of ['session', 'guard'] as const) {
    const { port, page, store, healthy, counts } = await guardedStack(t, { as: 'site', first, guard: { authTimeout: 200 } })
    store.mode = 'slow'
    store.delay = 500
    const late = await upgrade(port, page({ after: text('early') }))
    t.equal(late.status, 503)
    await wait(600)
    t.equal(late.rest().length, 0, 'no 101 behind the answer')
    t.equal(counts.opened, 0)
    store.mode = 'down'
    const down = await upgrade(port, page())
    t.equal(down.status, 503)
    t.notMatch(down.body, /store/)
    await down.closed(1000)
    store.mode = 'ok'
    t.equal(await healthy(), true)
  }
})

t.test('A28 the bare stack waits for ever', async t => {
  const { port, store, login } = await bareStack(t)
  const cookie = await login()
  store.mode = 'hang'
  const client = await connect(port, { limit: 700 })
  client.send(upgradeRequest({ cookie }))
  await t.rejects(client.response(), /no sign/)
  client.destroy()
})

t.test('A28 a hook of the application never settles', async t => {
  const hang = async (request: { headers: Record<string, unknown> }): Promise<void> => {
    if (request.headers['x-hang'] !== undefined) await new Promise<void>(() => {})
  }
  const hooks: readonly ['onRequest' | 'preParsing' | 'preValidation' | 'preHandler', number][] = [['onRequest', 503], ['preParsing', 0], ['preValidation', 0], ['preHandler', 0]]
  for (const [name, expected] of hooks) {
    const { port, page, app, healthy, counts } = await guardedStack(t, {
      as: 'site',
      guard: { authTimeout: 150, handshakeTimeout: 400 },
      extend: app => { app.addHook(name as 'onRequest', hang) },
    })
    const client = await connect(port, { limit: 2000 })
    client.send(upgradeRequest(page({ headers: { 'x-hang': '1' } })))
    const status = await client.response().then(response => response.status, () => 0)
    // Before admission the hook may be the session's; after it nothing says what is missing, but an answer may be written.
    t.ok(status === expected || status === 503, `${name}: ${status}`)
    await client.waitClose(1500)
    await until(() => app.wsGuard.pending === 0 && app.wsGuard.sockets === 0)
    t.equal(counts.opened, 0)
    t.equal(await healthy(), true)
  }
})

t.test('A29 secrets in errors stay inside', async t => {
  const secret = 'redis://:hunter2@10.0.0.7'
  const fail = (request: { headers: Record<string, unknown> }, where: string): void => {
    if (request.headers['x-fail'] === where) throw Object.assign(new Error(secret), { cause: new Error(secret), secret })
  }
  const { port, page, healthy, counts } = await guardedStack(t, {
    as: 'site',
    guard: {
      auth: {
        ...bySession,
        authenticate: context => {
          fail(context.request, 'authenticate')
          return bySession.authenticate(context)
        }
      },
    },
    extend: (app: FastifyInstance) => {
      for (const name of ['onRequest', 'preParsing', 'preValidation', 'preHandler'] as const) {
        app.addHook(name as 'onRequest', async request => { fail(request, name) })
      }
      app.get('/authorize', {
        websocket: true,
        wsGuard: {
          authorize: ({ request }) => {
            fail(request, 'authorize')
            return true
          }
        }
      }, () => {})
    },
  })
  for (const [where, expected] of [['authenticate', 503], ['authorize', 503], ['onRequest', 503], ['preParsing', 500], ['preValidation', 500], ['preHandler', 500]] as const) {
    const { status, body, response, closed } = await upgrade(port, page({ path: where === 'authorize' ? '/authorize' : '/ws', headers: { 'x-fail': where } }))
    t.equal(status, expected, where)
    t.notMatch(body + JSON.stringify([...response.headers]), /hunter2|redis/, where)
    t.same(Object.keys(JSON.parse(body) as object).sort(), ['code', 'error', 'message', 'statusCode'])
    await closed(1000)
  }
  t.equal(counts.opened, 0)
  t.equal(await healthy(), true)
})

t.test('A29 the bare stack sends the message', async t => {
  const { default: Fastify } = await import('fastify')
  const { default: websocket } = await import('@fastify/websocket')
  const app = Fastify()
  await app.register(websocket)
  app.addHook('onRequest', async () => { throw new Error('boom secret') })
  app.get('/ws', { websocket: true }, () => {})
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const { body, client } = await upgrade(Number(new URL(url).port))
  t.match(body, /boom secret/)
  client.destroy()
  await app.close()
})

const malformed: readonly [string, string, number][] = [['a malformed URL', '/%zz', 400], ['an over-long parameter', `/rooms/${'a'.repeat(200)}`, 414]]

t.test('A20 a malformed URL or an over-long parameter keeps no socket', async t => {
  for (const [name, path, expected] of malformed) {
    const { port, page, app, healthy } = await guardedStack(t, { as: 'site', extend: app => { app.get('/rooms/:room', { websocket: true }, () => {}) } })
    const clients = []
    for (let i = 0; i < 50; i++) {
      const { status, client } = await upgrade(port, page({ path }))
      if (i === 0) t.equal(status, expected, name)
      clients.push(client)
    }
    await until(() => app.wsGuard.sockets === 0)
    for (const client of clients) client.destroy()
    t.equal(await healthy(), true)
    const last = await exchange(port, upgradeRequest(page({ path })))
    await last.closed()
    await app.close()
  }
})

t.test('A20 the bare stack keeps them all', async t => {
  const { port, app } = await bareStack(t)
  const before = await connections(app)
  for (let i = 0; i < 10; i++) {
    const { client } = await exchange(port, upgradeRequest({ path: '/%zz' }))
    client.destroy()
  }
  await wait(300)
  t.equal(await connections(app) - before, 10)
})

function connections (app: FastifyInstance): Promise<number> {
  return new Promise((resolve, reject) => app.server.getConnections((error, count) => { error === null ? resolve(count) : reject(error) }))
}
