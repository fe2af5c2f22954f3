import { isDeepStrictEqual } from 'node:util'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { bareStack } from '../helpers/bare.js'
import { close, json } from '../helpers/frames.js'
import type { GuardedStack } from '../helpers/guarded-stack.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { closeFrame, codeOf, upgrade, upgradeRequest } from '../helpers/handshake.js'
import type { UpgradeResult } from '../helpers/handshake.js'
import { connect } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

/** Opens `count` sockets, 50 at a time, from as many addresses of 127.0.0.0/8 as `addresses` says. */
async function flood (stack: GuardedStack, count: number, addresses: number, cookie: string, path = '/ws'): Promise<UpgradeResult[]> {
  const results: UpgradeResult[] = []
  for (let from = 0; from < count; from += 50) {
    results.push(...await Promise.all(Array.from({ length: Math.min(50, count - from) }, async (_, i) =>
      await stack.upgrade({ path, cookie, tcp: { localAddress: `127.0.1.${1 + (from + i) % addresses}` } }))))
  }
  return results
}

const count = (results: readonly UpgradeResult[], status: number): number => results.filter(one => one.status === status).length

for (const first of ['session', 'guard'] as const) {
  t.test(`D01 a flood from many addresses ends at the total cap, ${first} registered first`, async t => {
    const stack = await guardedStack(t, { first, guard: { connections: { total: 100, pending: 60, perAddress: 20, perIdentity: 5000 } } })
    const cookie = await stack.login('mallory')
    const results = await flood(stack, 1200, 100, cookie)
    t.equal(count(results, 101), 100)
    t.equal(count(results, 503), 1100)
    t.ok(stack.store.gets <= 150, `${stack.store.gets} store reads for 1200 handshakes`)
    const refused = results.find(one => one.status === 503)!
    t.match(codeOf(refused), /^WSG_ERR_CONNECTIONS_(TOTAL|PENDING)$/)
    t.match(refused.headers.get('retry-after'), /^\d+$/)
    await until(() => stack.app.wsGuard.sockets === 100)
    t.equal(stack.app.wsGuard.pending, 0)
    t.equal((await stack.app.inject('/plain')).statusCode, 200, 'plain HTTP goes on')

    for (const { client } of results) client.destroy()
    await until(() => stack.app.wsGuard.sockets === 0)
    t.ok(await stack.serves())
  })

  t.test(`D01 handshakes that hang in the store are capped, ${first} registered first`, async t => {
    const stack = await guardedStack(t, { first, guard: { authTimeout: 1500, connections: { pending: 20, perAddress: 100 } } })
    const cookie = await stack.login('mallory')
    stack.store.mode = 'hang'
    const gets = stack.store.gets
    const results = await Promise.all(Array.from({ length: 200 }, async (_, i) => await stack.upgrade({ cookie, tcp: { localAddress: `127.0.1.${1 + i % 50}` } })))
    t.equal(count(results, 503), 200)
    t.ok(stack.store.gets - gets <= 20)
    t.equal(results.filter(one => codeOf(one) === 'WSG_ERR_CONNECTIONS_PENDING').length, 180)
    stack.store.mode = 'ok'
    await until(() => stack.app.wsGuard.pending === 0 && stack.app.wsGuard.sockets === 0)
    t.ok(await stack.serves())
  })
}

for (const first of ['session', 'guard'] as const) {
  t.test(`D01 while one address floods, a client of another is served, ${first} registered first`, async t => {
    const stack = await guardedStack(t, { first, guard: { connections: { perAddress: 20, perIdentity: 5000 } } })
    const cookie = await stack.login('mallory')
    const gets = stack.store.gets
    const results = await flood(stack, 1000, 1, cookie)
    t.equal(count(results, 101), 20)
    t.equal(count(results, 429), 980)
    t.equal(stack.store.gets - gets, 20, 'the store is asked for those that hold a slot')
    t.ok(await stack.serves())
  })
}

t.test('D01 behind a proxy every client has a budget of its own', async t => {
  const stack = await guardedStack(t, { fastify: { trustProxy: '127.0.0.1' }, guard: { connections: { perAddress: 1 } } })
  const from = async (address: string): Promise<number> => (await stack.upgrade({ path: '/open', headers: { 'X-Forwarded-For': address } })).status
  t.same([await from('192.0.2.1'), await from('192.0.2.2'), await from('192.0.2.1')], [101, 101, 429])
  t.equal((await stack.upgrade({ path: '/open' })).status, 101, 'the proxy itself')
  t.equal((await stack.upgrade({ cookie: await stack.login(), headers: { 'X-Forwarded-For': '192.0.2.3' } })).status, 101, 'a full proxy address is not its clients\'')
  t.ok(await stack.serves({ headers: { 'X-Forwarded-For': '192.0.2.4' } }))
})

t.test('D01 the bare stack opens them all, and asks its store for each', async t => {
  const bare = await bareStack(t)
  const login = await bare.login()
  const opened = await Promise.all(Array.from({ length: 300 }, async () => await upgrade(bare.port, { cookie: login })))
  t.equal(count(opened, 101), 300)
  t.equal(bare.store.gets, 300)
  for (const { client } of opened) client.destroy()
})

/** A way a socket can end, and the status its handshake gets. */
const EXITS: { readonly [name: string]: { readonly path: string, readonly status: number, readonly leave: (opened: UpgradeResult) => unknown } } = {
  FIN: { path: '/open', status: 101, leave: ({ client }) => { client.end() } },
  RST: { path: '/open', status: 101, leave: ({ client }) => { client.reset() } },
  'a close frame': { path: '/open', status: 101, leave: ({ client }) => { client.send(close(1000)) } },
  'a protocol error': { path: '/open', status: 101, leave: ({ client }) => { client.send(Uint8Array.of(0xff, 0xff)) } },
  'a handler that throws, and a client that never answers the close frame': { path: '/throws', status: 101, leave: closeFrame },
  'terminate on the server': { path: '/terminates', status: 101, leave: () => {} },
  403: { path: '/forbidden', status: 403, leave: () => {} },
  401: { path: '/ws', status: 401, leave: () => {} },
  '404, a client that never closes': { path: '/nowhere', status: 404, leave: () => {} },
  '400 of a malformed URL, which no hook sees': { path: '/%zz', status: 400, leave: () => {} },
  '414 of a long parameter': { path: `/rooms/${'a'.repeat(200)}`, status: 414, leave: () => {} },
  '503 at the deadline': { path: '/hangs', status: 503, leave: () => {} },
  '500 of a hook': { path: '/boom', status: 500, leave: () => {} },
}

t.test('D02 a slot is given back on every way out', async t => {
  const open = { websocket: true, wsGuard: { public: true } } as const
  const cap = 5
  const stack = await guardedStack(t, {
    guard: { authTimeout: 200, websocket: { closeTimeout: 300 }, connections: { perAddress: cap, total: 50 } },
    extend: app => {
      app.get('/throws', open, () => { throw new Error('handler') })
      app.get('/terminates', open, socket => { setTimeout(() => { socket.terminate() }, 50) })
      app.get('/forbidden', { websocket: true, wsGuard: { public: true, authorize: () => false } }, () => {})
      app.get('/hangs', { websocket: true, wsGuard: { public: true, authorize: () => new Promise<boolean>(() => {}) } }, () => {})
      app.get('/boom', { ...open, preHandler: async () => { throw new Error('hook') } }, () => {})
      app.get('/rooms/:room', open, () => {})
    },
  })
  for (const [name, { path, status, leave }] of Object.entries(EXITS)) {
    // `halfOpen`: the client's kernel doesn't answer the server's FIN, so the server has to let go by itself.
    const results = await Promise.all(Array.from({ length: cap }, async () => await stack.upgrade({ path, tcp: { halfOpen: true } })))
    t.equal(count(results, status), cap, name)
    if (status === 101) t.equal((await stack.upgrade({ path: '/open' })).status, 429, `${name}: one more is one too many`)
    await Promise.all(results.map(leave))
    await until(() => stack.app.wsGuard.sockets === 0 && stack.app.wsGuard.pending === 0)
    await until(() => stack.connections.size === 0)
    for (const { client } of results) client.destroy()
  }
  const over = await Promise.all(Array.from({ length: 20 }, async () => await stack.upgrade({ path: '/open' })))
  t.equal(count(over, 101), cap)
  t.equal(codeOf(over.find(one => one.status === 429)!), 'WSG_ERR_CONNECTIONS_PER_ADDRESS')
  t.ok(stack.log.where('event', 'ws.conn.cap').length > 0)
  for (const { client } of over) client.destroy()
  await until(() => stack.app.wsGuard.sockets === 0)
  t.ok(await stack.serves())
})

t.test('D02 the bare stack keeps the socket of a malformed URL', async t => {
  const bare = await bareStack(t)
  const refused = await upgrade(bare.port, { path: '/%zz', tcp: { halfOpen: true } })
  t.equal(refused.status, 400)
  await new Promise(resolve => setTimeout(resolve, 600))
  t.equal(await new Promise(resolve => { bare.app.server.getConnections((_error, open) => { resolve(open) }) }), 1)
  refused.client.destroy()
})

t.test('D03 D06 one user is counted over all addresses, one address over all users', async t => {
  const stack = await guardedStack(t, { guard: { connections: { perIdentity: 3, perAddress: 4 } } })
  const [ada, bob] = [await stack.login('ada'), await stack.login('bob')]
  const from = async (last: number, cookie: string): Promise<UpgradeResult> => await stack.upgrade({ cookie, tcp: { localAddress: `127.0.1.${last}` } })
  for (const address of [1, 2, 3]) t.equal((await from(address, ada)).status, 101)
  const fourth = await from(4, ada)
  t.equal(fourth.status, 429)
  t.equal(codeOf(fourth), 'WSG_ERR_CONNECTIONS_PER_IDENTITY')
  const bobs = await from(4, bob)
  t.equal(bobs.status, 101, 'another user of that address is let in')

  for (const user of ['c', 'd', 'e']) t.equal((await from(4, await stack.login(user))).status, 101)
  const fifth = await from(4, await stack.login('f'))
  t.equal(codeOf(fifth), 'WSG_ERR_CONNECTIONS_PER_ADDRESS')
  t.equal((await from(5, await stack.login('f'))).status, 101)
  t.ok(await stack.serves())
})

t.test('D07 a handshake that drips in is cut off', async t => {
  const stack = await guardedStack(t, { fastify: { http: { connectionsCheckingInterval: 200 } }, guard: { handshakeTimeout: 600 } })
  const dripping = await connect(stack.port, { limit: 10_000 })
  const silent = await connect(stack.port, { limit: 10_000 })
  const bytes = upgradeRequest({ path: '/open', host: `localhost:${stack.port}`, origin: `http://localhost:${stack.port}` })
  let sent = 0
  const timer = setInterval(() => { if (!dripping.closed) dripping.send(bytes[sent++] ?? '') }, 50)
  try {
    await dripping.waitClose()
    await silent.waitClose()
  } finally {
    clearInterval(timer)
  }
  t.ok(sent < bytes.length, `cut off after ${sent} of ${bytes.length} bytes`)
  t.ok(await stack.serves())
  // Node's own limit is a minute.
  t.equal(Fastify().server.headersTimeout, 60_000)
})

t.test('D08 a strategy that never answers: 503 at the deadline, and it hears of it', async t => {
  const signals: AbortSignal[] = []
  const auth = { name: 'hangs', needs: { credential: 'header', session: false }, authenticate: ({ signal }: { signal: AbortSignal }) => { signals.push(signal); return new Promise<null>(() => {}) } } as const
  const stack = await guardedStack(t, {
    guard: { authTimeout: 200 },
    extend: app => { app.get('/hangs', { websocket: true, wsGuard: { auth } }, () => {}) },
  })
  const refused = await stack.upgrade({ path: '/hangs' })
  t.equal(refused.status, 503)
  t.equal(codeOf(refused), 'WSG_ERR_AUTH_TIMEOUT')
  await refused.closed()
  t.equal(signals[0]!.aborted, true)

  const leaver = await connect(stack.port)
  leaver.send(upgradeRequest({ path: '/hangs', host: `localhost:${stack.port}`, origin: `http://localhost:${stack.port}` }))
  await until(() => signals.length === 2)
  leaver.reset()
  await until(() => signals[1]!.aborted && stack.app.wsGuard.pending === 0)
  await until(() => stack.app.wsGuard.sockets === 0)
  t.ok(await stack.serves())
})

t.test('D22 H07 a thousand connects, however they end, leave neither socket nor member, timer nor listener behind', async t => {
  const contract = defineContract({ name: 'churn', url: '/churn', inbound: { say: Type.Object({}) }, calls: { wait: { request: Type.Object({}), reply: Type.Object({}) } } })
  const never: (() => void)[] = []
  let groups = (): number => 0
  const stack = await guardedStack(t, {
    guard: { upgradeRate: { max: 1e6 }, messages: { perIdentity: 1000 }, websocket: { closeTimeout: 200 } },
    extend: app => {
      const route = app.wsRoute(contract, {
        onOpen: async socket => { socket.join('all') },
        on: { say: () => {} },
        calls: { wait: () => new Promise<object>(resolve => { never.push(() => { resolve({}) }) }) },
      })
      groups = () => route.group('all').size
    },
  })
  const cookie = await stack.login()
  const request = upgradeRequest({ cookie, host: `localhost:${stack.port}`, origin: `http://localhost:${stack.port}`, path: '/churn' })
  const say = json({ type: 'say', data: {} })
  const ways: readonly ((path: string) => Promise<void>)[] = [
    async path => { (await stack.upgrade({ cookie, path, after: say })).client.end() },
    async path => { (await stack.upgrade({ cookie, path, after: json({ type: 'wait', id: 1, data: {} }) })).client.reset() },
    async path => { (await stack.upgrade({ cookie, path, after: close(1000) })).client.destroy() },
    async path => { (await stack.upgrade({ cookie, path, after: Buffer.of(0xff) })).client.end() },
    async path => { (await stack.upgrade({ cookie, path, origin: 'https://evil.example' })).client.destroy() },
    async path => { (await stack.upgrade({ path })).client.destroy() },
    async () => {
      const client = await connect(stack.port)
      client.send(request)
      client.reset()
    },
    async () => {
      const client = await connect(stack.port)
      client.send(request.slice(0, 60))
      client.destroy()
    },
  ]
  const round = async (times: number): Promise<void> => {
    await Promise.all(Array.from({ length: times }, async (_, n) => { await ways[n % ways.length]!(n % 3 === 0 ? '/ws' : '/churn') }))
    await until(() => stack.app.wsGuard.sockets === 0 && stack.app.wsGuard.pending === 0)
    for (const settle of never.splice(0)) settle()
  }
  const left = (): object => ({
    sockets: stack.connections.size,
    groups: groups(),
    clients: stack.app.websocketServer.clients.size,
    timers: process.getActiveResourcesInfo().filter(kind => kind === 'Timeout').length,
    listeners: [stack.app.server, process].flatMap(emitter => emitter.eventNames().map(name => `${String(name)} ${emitter.listenerCount(name)}`)),
  })
  await round(ways.length)
  const before = left()
  for (let n = 0; n < 25; n++) await round(40)
  await until(() => isDeepStrictEqual(left(), before))
  t.same(left(), before)
  t.ok(await stack.serves())
})
