import cookiePlugin from '@fastify/cookie'
import session from '@fastify/session'
import { RedisStore } from 'connect-redis'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { createClient } from 'redis'
import t from 'tap'
import { Events } from '../../lib/events/events.js'
import guard from '../../lib/index.js'
import type { ClosedEvent } from '../../types/events.js'
import { SECRET, sessionCookie } from '../helpers/bare.js'
import { text } from '../helpers/frames.js'
import { bySession } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import { skipWithout } from '../helpers/binaries.js'
import { openRaw } from '../helpers/raw-client.js'
import { startRedis } from '../helpers/redis.js'
import type { Redis } from '../helpers/redis.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// Sessions where they are in production: in a real Redis, shared by two processes of which this one sees only its own calls.

interface Node {
  readonly app: FastifyInstance
  readonly port: number
  readonly closed: ClosedEvent[]
  readonly events: string[]
  readonly counts: { messages: number }
}

async function node (t: Teardown, redis: Redis, sessions = {}): Promise<Node> {
  const client = createClient({ url: redis.url, socket: { reconnectStrategy: 50 }, disableOfflineQueue: true })
  client.on('error', () => {})
  await client.connect()
  const app = Fastify()
  await app.register(cookiePlugin)
  await app.register(session, { secret: SECRET, store: new RedisStore({ client }) as never, saveUninitialized: false, cookie: { secure: false, sameSite: 'lax', maxAge: 600_000 } })
  await app.register(guard, { development: true, auth: bySession, authTimeout: 300, sessions: { recheck: 100, grace: 1500, ...sessions }, websocket: { fragmentTimeout: 100 } })
  const counts = { messages: 0 }
  app.get('/ws', { websocket: true }, socket => { socket.on('message', () => { counts.messages++ }) })
  app.get<{ Params: { user: string } }>('/login/:user', async request => { Object.assign(request.session, { user: { id: request.params.user } }); return {} })
  app.post('/logout', async request => { await request.session.destroy(); return {} })
  app.post('/regenerate', async request => { await request.session.regenerate(); return {} })
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const closed: ClosedEvent[] = []
  const events: string[] = []
  const own = new Events(app)
  t.teardown(own.listen('closed', event => { closed.push(event) }))
  for (const name of ['store:unavailable', 'store:available'] as const) t.teardown(own.listen(name, () => { events.push(name) }))
  t.teardown(async () => {
    await app.close()
    client.destroy()
  })
  return { app, port, closed, events, counts }
}

t.test('C06 a logout ends sockets at once in its own process, and with the next re-check in the other', { skip: skipWithout('redis-server') }, async t => {
  const redis = await startRedis(t)
  const [here, there] = [await node(t, redis), await node(t, redis)]
  for (const way of ['/logout', '/regenerate']) {
    const cookie = await sessionCookie(here.app, '/login/ada')
    const clients = [await openRaw(here.port, { cookie }), await openRaw(there.port, { cookie })]
    const bob = await openRaw(there.port, { cookie: await sessionCookie(there.app, '/login/bob') })
    const { statusCode } = await here.app.inject({ method: 'POST', url: way, headers: { cookie } })
    t.equal(statusCode, 200)
    for (const client of clients) t.equal((await client.waitClose()).code, 4401)
    const before = there.counts.messages
    for (const client of clients) client.send(text('still here'))
    bob.send(text('hello'))
    await until(() => there.counts.messages === before + 1)
    t.equal(here.counts.messages, 0)
    bob.client.destroy()
  }
  await until(() => there.closed.length === 4)
  t.same(there.closed.filter(({ identity }) => identity === 'ada').map(({ cause }) => cause), ['session', 'session'])
})

for (const way of ['stop', 'pause'] as const) {
  t.test(`a Redis that is lost (${way}) and back within the grace takes nothing away, and later it does`, { skip: skipWithout('redis-server') }, async t => {
    const redis = await startRedis(t)
    const { app, port, events, closed, counts } = await node(t, redis, way === 'stop' ? {} : { grace: 4000 })
    const cookie = await sessionCookie(app, '/login/ada')
    const client = await openRaw(port, { cookie })
    const lose = async (): Promise<void> => { await redis[way]() }
    await lose()
    await until(() => events.length === 1)
    const refused = await upgrade(port, { cookie })
    t.match(codeOf(refused), /^WSG_ERR_AUTH_(UNAVAILABLE|TIMEOUT)$/)
    client.send(text('still here'))
    await until(() => counts.messages === 1)
    if (way === 'pause') {
      redis.resume()
      await until(() => events.length === 2)
      client.send(text('still here'))
      await until(() => counts.messages === 2)
      t.same(closed, [])
      await lose()
    }
    // A Redis that was stopped comes back without its sessions: the socket would end by that.
    t.equal((await client.waitClose()).code, 4401)
    await until(() => closed.length === 1)
    t.equal(closed[0]?.cause, 'session')
    t.equal(events.at(-1), 'store:unavailable')
    if (way === 'pause') redis.resume()
  })
}
