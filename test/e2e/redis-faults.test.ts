import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { Type } from '@sinclair/typebox'
import { RedisStore } from 'connect-redis'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { createClient } from 'redis'
import t from 'tap'
import { WebSocket } from 'ws'
import { defineContract } from '../../lib/contract.js'
import { Events } from '../../lib/events/events.js'
import guard from '../../lib/index.js'
import type { ClosedEvent, StoreAvailableEvent, StoreUnavailableEvent } from '../../types/events.js'
import type { SessionOptions } from '../../types/options.js'
import { sessionCookie, SECRET } from '../helpers/bare.js'
import { skipWithout } from '../helpers/binaries.js'
import { recordCrashes } from '../helpers/crashes.js'
import { bySession } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import { startRedis } from '../helpers/redis.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// Sessions in a real redis-server that fails while sockets are open and busy: docs/sessions.md, "The store is lost".

const N = Type.Object({ n: Type.Integer() })
const contract = defineContract({ name: 'faults', url: '/test', calls: { echo: { request: N, reply: Type.Integer() } } })

const USERS = 60
/** A sum that no machine is late for. */
const PATIENCE = 60_000

interface Bench {
  readonly app: FastifyInstance
  readonly port: number
  readonly clients: readonly WebSocket[]
  readonly closed: ClosedEvent[]
  readonly unavailable: StoreUnavailableEvent[]
  readonly available: StoreAvailableEvent[]
  /** Replies that clients have got. */
  readonly replies: () => number
  /** Reads of sessions: all, under way, and the most that were under way at once. */
  readonly reads: { all: number, now: number, most: number }
  login (user: string): Promise<string>
  open (cookie: string): Promise<WebSocket>
  logout (user: number): Promise<void>
  /** Status and code of a handshake with a good session. */
  knock (cookie: string): Promise<{ readonly status: number, readonly code: string | null, readonly retryAfter: string | undefined }>
  /** Waits until each open client has got a reply to something it sends from now on. */
  served (): Promise<void>
}

async function bench (t: Teardown, redisPort: number, sessions: SessionOptions): Promise<Bench> {
  const redis = createClient({
    // An application does not let commands pile up while its Redis is away.
    disableOfflineQueue: true,
    socket: { host: '127.0.0.1', port: redisPort, reconnectStrategy: () => 50 },
  })
  redis.on('error', () => {})
  await redis.connect()
  t.teardown(() => { redis.destroy() })
  const store = new RedisStore({ client: redis })
  const reads = { all: 0, now: 0, most: 0 }
  const { get } = store
  store.get = function (this: RedisStore, id, callback) {
    reads.all++
    reads.most = Math.max(reads.most, ++reads.now)
    return get.call(this, id, (error, stored) => {
      reads.now--
      return callback?.(error, stored)
    })
  }
  const app = Fastify({ logger: false })
  await app.register(cookie)
  await app.register(session, { secret: SECRET, store: store as never, saveUninitialized: false, cookie: { secure: false, sameSite: 'lax', maxAge: 3_600_000 } })
  await app.register(guard, {
    development: true,
    auth: bySession,
    upgradeRate: false,
    authTimeout: 1000,
    // A look at the sessions comes more often with it.
    heartbeat: { interval: 1000 },
    sessions,
  })
  app.wsRoute(contract, { calls: { echo: ({ n }) => n } })
  app.get<{ Params: { user: string } }>('/login/:user', request => {
    Object.assign(request.session, { user: { id: request.params.user } })
    return {}
  })
  app.post('/logout', async request => {
    await request.session.destroy()
    return {}
  })
  const events = new Events(app)
  const [closed, unavailable, available]: [ClosedEvent[], StoreUnavailableEvent[], StoreAvailableEvent[]] = [[], [], []]
  t.teardown(events.listen('closed', event => { closed.push(event) }))
  t.teardown(events.listen('store:unavailable', event => { unavailable.push(event) }))
  t.teardown(events.listen('store:available', event => { available.push(event) }))
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as AddressInfo

  let replies = 0
  const answered = new Map<WebSocket, number>()
  const clients: WebSocket[] = []
  const open = async (cookie: string): Promise<WebSocket> => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/test`, { origin: `http://127.0.0.1:${port}`, headers: { cookie } })
    client.on('message', () => {
      replies++
      answered.set(client, (answered.get(client) ?? 0) + 1)
    })
    client.on('error', () => {})
    await once(client, 'open')
    clients.push(client)
    return client
  }
  const login = (user: string): Promise<string> => sessionCookie(app, `/login/${user}`)
  const cookies: string[] = []
  for (let n = 0; n < USERS; n++) {
    cookies.push(await login(`user-${n}`))
    await open(cookies[n]!)
  }
  let id = 0
  // The load: it never stops.
  const timer = setInterval(() => {
    for (const client of clients) if (client.readyState === WebSocket.OPEN) client.send(JSON.stringify({ type: 'echo', id: ++id, data: { n: 1 } }))
  }, 100)
  t.teardown(async () => {
    clearInterval(timer)
    for (const client of clients) client.terminate()
    await app.close()
  })
  return {
    app,
    port,
    clients,
    closed,
    unavailable,
    available,
    replies: () => replies,
    reads,
    login,
    open,
    async logout (user) { await app.inject({ method: 'POST', url: '/logout', headers: { cookie: cookies[user] } }) },
    async knock (cookie) {
      const answer = await upgrade(port, { path: '/test', origin: `http://127.0.0.1:${port}`, cookie, tcp: { limit: PATIENCE } })
      answer.client.destroy()
      return { status: answer.status, code: answer.status === 101 ? null : codeOf(answer), retryAfter: answer.headers.get('retry-after') }
    },
    async served () {
      const before = new Map(answered)
      await until(() => clients.every(client => client.readyState !== WebSocket.OPEN || (answered.get(client) ?? 0) > (before.get(client) ?? 0) + 3), PATIENCE)
    },
  }
}

/** Delays what goes through it. */
async function slowProxy (t: Teardown, target: number): Promise<{ readonly port: number, delay: number }> {
  const sockets = new Set<Socket>()
  const proxy = { port: 0, delay: 0 }
  const server = createServer(incoming => {
    const outgoing = connect(target, '127.0.0.1')
    for (const [from, to] of [[incoming, outgoing], [outgoing, incoming]] as const) {
      sockets.add(from)
      from.on('error', () => {})
      from.on('close', () => { to.destroy() })
      from.on('data', chunk => {
        if (proxy.delay === 0) to.write(chunk)
        else setTimeout(() => { to.write(chunk) }, proxy.delay)
      })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  proxy.port = (server.address() as AddressInfo).port
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return proxy
}

const skip = skipWithout('redis-server')
const REFUSED = { status: 503, code: 'WSG_ERR_AUTH_UNAVAILABLE', retryAfter: '5' }

t.test('I01 C22 killed under load: sockets live on, nobody new gets in, and what Redis has forgotten ends when it is back', { skip }, async t => {
  const crashes = recordCrashes(t)
  const redis = await startRedis(t)
  const server = await bench(t, redis.port, { recheck: 300, grace: PATIENCE * 10 })
  const cookie = await server.login('late')
  await server.served()
  await redis.stop()
  await until(() => server.unavailable.length === 1, PATIENCE)
  t.same(await server.knock(cookie), REFUSED)
  await server.served()
  t.equal(server.app.wsGuard.sockets, USERS, 'nobody was logged out')
  t.same(server.closed, [])
  t.ok(server.reads.now <= 1, 'one read at a time asks whether it is back')
  // It kept nothing: all sessions are gone.
  await redis.start()
  await until(() => server.closed.length === USERS, PATIENCE)
  t.ok(server.closed.every(({ code, cause }) => code === 4401 && cause === 'session'))
  t.equal(server.available.length, 1)
  t.equal(server.unavailable.length, 1, 'told once')
  t.same(await server.knock(cookie), { status: 401, code: 'WSG_ERR_UNAUTHENTICATED', retryAfter: undefined })
  const fresh = await server.open(await server.login('fresh'))
  await server.served()
  t.equal(fresh.readyState, WebSocket.OPEN)
  t.same(crashes, [])
})

t.test('stopped for less than the grace nobody notices, reads do not pile up, and a logout works again', { skip }, async t => {
  const crashes = recordCrashes(t)
  const redis = await startRedis(t)
  const server = await bench(t, redis.port, { recheck: 300, grace: PATIENCE * 10 })
  const cookie = await server.login('late')
  // Ticks, not a clock: on a busy machine they are as late as the guard's own timer.
  let seconds = 0
  const ticking = setInterval(() => { seconds++ }, 1000)
  t.teardown(() => { clearInterval(ticking) })
  redis.pause()
  await until(() => server.unavailable.length === 1, PATIENCE)
  t.same(await server.knock(cookie), { status: 503, code: 'WSG_ERR_AUTH_TIMEOUT', retryAfter: '5' })
  await server.served()
  await server.served()
  t.equal(server.app.wsGuard.sockets, USERS)
  // 32 before the first was late, one a second from then on, and the handshake.
  const allowed = 32 + (seconds + 1) + 1
  t.ok(server.reads.now <= allowed, `${server.reads.now} reads under way, not over ${allowed}`)
  redis.resume()
  await until(() => server.available.length === 1, PATIENCE)
  await server.logout(7)
  await until(() => server.closed.length === 1, PATIENCE)
  t.match(server.closed, [{ code: 4401, cause: 'session', identity: 'user-7' }])
  await server.served()
  t.equal(server.app.wsGuard.sockets, USERS - 1)
  await until(() => server.reads.now === 0, PATIENCE)
  t.equal((await server.knock(cookie)).status, 101)
  t.same(crashes, [])
})

t.test('stopped for longer than the grace all end 4401, once each', { skip }, async t => {
  const redis = await startRedis(t)
  const server = await bench(t, redis.port, { recheck: 300, grace: 1500 })
  await server.served()
  redis.pause()
  await until(() => server.closed.length === USERS, PATIENCE)
  t.ok(server.closed.every(({ code, cause }) => code === 4401 && cause === 'session'))
  t.equal(new Set(server.closed.map(({ connId }) => connId)).size, USERS)
  t.equal(server.app.wsGuard.sockets, 0)
  const { all } = server.reads
  t.equal(server.unavailable.length, 1)
  redis.resume()
  await until(() => server.reads.now === 0, PATIENCE)
  t.equal(server.reads.all, all, 'of nobody nothing is asked')
  const again = await server.open(await server.login('again'))
  await server.served()
  t.equal(again.readyState, WebSocket.OPEN)
})

t.test('slow, but not too slow: nobody ends, and reads do not pile up', { skip }, async t => {
  const redis = await startRedis(t)
  const proxy = await slowProxy(t, redis.port)
  const server = await bench(t, proxy.port, { recheck: 300, grace: 1500 })
  proxy.delay = 200
  server.reads.most = 0
  const { all } = server.reads
  await until(() => server.reads.all - all > USERS * 4, PATIENCE)
  await server.served()
  t.ok(server.reads.most <= 32, `${server.reads.most} reads at once`)
  t.equal(server.app.wsGuard.sockets, USERS)
  t.same(server.closed, [])
  await server.logout(3)
  await until(() => server.closed.length === 1, PATIENCE)
  t.match(server.closed, [{ code: 4401, identity: 'user-3' }])
})

t.test('restarted again and again under load, with logins and logouts: it ends as it should be', { skip }, async t => {
  const crashes = recordCrashes(t)
  const redis = await startRedis(t)
  const server = await bench(t, redis.port, { recheck: 300, grace: PATIENCE * 10 })
  for (let round = 0; round < 3; round++) {
    await redis.stop()
    await until(() => server.unavailable.length === round + 1, PATIENCE)
    await Promise.all([server.logout(round), server.login(`none-${round}`).catch(() => null), server.served()])
    await redis.start()
    await until(() => server.available.length === round + 1, PATIENCE)
    // Redis has forgotten all, so each round has users of its own.
    await until(() => server.app.wsGuard.sockets === 0, PATIENCE)
    for (let n = 0; n < 10; n++) await server.open(await server.login(`round-${round}-${n}`))
    await server.served()
  }
  t.equal(server.app.wsGuard.sockets, 10)
  t.equal(server.closed.length, USERS + 20)
  t.ok(server.closed.every(({ code, cause }) => code === 4401 && cause === 'session'))
  await until(() => server.reads.now === 0, PATIENCE)
  t.same(crashes, [])
})
