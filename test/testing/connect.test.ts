import t from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { Type } from '@sinclair/typebox'
import { defineContract, identifier } from '../../lib/contract.js'
import guard, { anyOf, sessionAuth, tokenAuth } from '../../lib/index.js'
import { firstMessage } from '../../lib/client.js'
import { attempt, connect } from '../../lib/testing.js'
import type { GuardOptions } from '../../types/options.js'
import type { Teardown } from '../helpers/teardown.js'
import { rawHandshake } from '../helpers/injected-probe.js'

const Said = Type.Object({ from: Type.String(), text: Type.String() })

const chat = defineContract({
  name: 'chat',
  url: '/rooms/:room',
  params: Type.Object({ room: identifier({ maxLength: 32 }) }),
  query: Type.Object({ since: Type.Optional(Type.Integer()) }),
  inbound: {
    say: Type.Object({ text: Type.String({ maxLength: 100 }) }),
    flood: Type.Object({ count: Type.Integer({ maximum: 1000 }) }),
    kick: { payload: Type.Object({}), roles: ['admin'] },
  },
  outbound: { said: Said, left: Type.Object({}) },
  calls: {
    whoami: { request: Type.Object({}), reply: Type.String() },
    hang: { request: Type.Object({}), reply: Type.Null() },
    fail: { request: Type.Object({}), reply: Type.Null(), errors: { full: Type.Object({ seats: Type.Integer() }) } },
  },
})

/** An application as its users write one: who connects is a matter of its session. */
async function application (t: Teardown, options: GuardOptions = {}, prefix = ''): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cookie)
  await app.register(session, { secret: 'a secret of at least thirty-two characters', cookie: { secure: options.development === false, sameSite: 'lax' } })
  await app.register(guard, { development: true, auth: sessionAuth(found => (found as { user?: { id: number } }).user ?? null), ...options })
  app.post('/login', async request => { (request.session as { user?: unknown }).user = { id: 1 } })
  await app.register(async scope => {
    scope.wsRoute(chat, {
      authorize: ({ identity, params }) => params.room !== 'secret' || identity.id === 7,
      onOpen (socket) {
        socket.send.said({ from: 'server', text: `hello ${socket.identity.id}${socket.query.since ?? ''}` })
        socket.join(socket.params.room)
      },
      on: {
        say ({ text }, socket) { socket.group(socket.params.room).send.said({ from: String(socket.identity.id), text }) },
        flood ({ count }, socket) { for (let n = 0; n < count; n++) socket.send.said({ from: 'flood', text: String(n) }) },
        kick (_data, socket) { socket.close(4400, 'kicked') },
      },
      calls: {
        whoami: (_request, socket) => `${socket.identity.id}`,
        hang: async (_request, _socket, { signal }) => await new Promise<null>(resolve => signal.addEventListener('abort', () => resolve(null))),
        fail (_request, _socket, { fail }) { throw fail.full({ seats: 0 }) },
      },
    })
  }, { prefix })
  return app
}

const room = { params: { room: 'lobby' } }

t.test('two users talk; nothing that came before it was asked for is lost', async t => {
  const app = await application(t)
  const [ann, bob] = [await connect(app, chat, { as: { id: 'ann' }, ...room }), await connect(app, chat, { as: { id: 'bob' }, ...room, query: { since: 3 } })]
  ann.send.say({ text: 'hi' })
  t.same(await bob.next.said({ where: ({ from }) => from === 'ann' }), { from: 'ann', text: 'hi' })
  t.same(await bob.next.said(), { from: 'server', text: 'hello bob3' })
  t.same(bob.unread, [])
  ann.send.flood({ count: 1000 })
  await ann.next.said({ where: ({ text }) => text === '999' })
  t.equal(ann.unread.length, 1001, 'the rest, in order')
  t.same((await ann.next.said({ where: ({ from }) => from === 'flood' })).text, '0')
})

t.test('calls and their errors', async t => {
  const app = await application(t)
  const ann = await connect(app, chat, { as: { id: 'ann' }, ...room, address: '192.0.2.7' })
  t.equal(await ann.calls.whoami({}), 'ann')
  const answer = await attempt(ann).fail({})
  t.ok(!answer.ok && answer.error.code === 'full' && answer.error.data.seats === 0)
  await t.rejects(ann.calls.hang({}, { timeout: 30 }), { code: 'timeout' })
  await ann.close()
})

t.test('what is waited for has a deadline, and the error says what came instead', async t => {
  const app = await application(t)
  const ann = await connect(app, chat, { as: { id: 'ann' }, ...room })
  const soon = { timeout: 30 }
  await t.rejects(ann.next.left(soon), { code: 'timeout', message: 'no left within 30 ms; unread: said' })
  await t.rejects(ann.error({ timeout: 10 }), { code: 'timeout', message: 'no error within 10 ms' })
  await t.rejects(ann.closed(soon), { code: 'timeout', message: /^not closed/ })
  ann.send.kick({})
  // Its answer comes behind that of the message before.
  await ann.calls.whoami({})
  await t.rejects(ann.next.left(soon), { code: 'timeout', message: 'no left within 30 ms; unread: said; errors: forbidden (kick)' })
  await t.rejects(ann.closed(soon), { code: 'timeout', message: 'not closed within 30 ms; unread: said; errors: forbidden (kick)' })
  t.match(await ann.error(), { code: 'forbidden' }, 'and nothing has taken it')
})

t.test('errors of messages, roles, and the end of a connection', async t => {
  const app = await application(t)
  const ann = await connect(app, chat, { as: { id: 'ann' }, ...room })
  ann.send.kick({})
  t.match(await ann.error(), { code: 'forbidden', type: 'kick' })
  const admin = await connect(app, chat, { as: { id: 'root', roles: ['admin'] }, ...room })
  admin.send.kick({})
  t.same(await admin.closed(), { code: 4400, reason: 'kicked' })
  await t.rejects(admin.next.left(), { code: 'closed', message: 'closed 4400 kicked before left' })
  t.match(await admin.next.said(), { text: 'hello root' }, 'what came before the end can still be read')
  await ann.close()
  t.same(await ann.closed(), { code: 1000, reason: '' })
  t.equal(app.wsGuard.sockets, 0)
})

t.test('the whole gate is in force: authorize, strategy, origin, host, parameters', async t => {
  const app = await application(t)
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, params: { room: 'secret' } }), { code: 'forbidden' })
  await (await connect(app, chat, { as: { id: 7 }, params: { room: 'secret' } })).close()
  await t.rejects(connect(app, chat, room), { code: 'unauthenticated' })
  await t.rejects(connect(app, chat, { as: null, ...room }), { code: 'unauthenticated' })
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, ...room, origin: 'https://evil.example' }), { code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', statusCode: 403 })
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, ...room, origin: null }), { code: 'WSG_ERR_ORIGIN_MISSING' })
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, ...room, headers: { host: 'evil.example' } }), { code: 'WSG_ERR_HOST_NOT_ALLOWED' })
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, params: { room: 'no room!' } }), { code: 'forbidden' })
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, ...room, fingerprint: 'cf-0123456789abcdef' }), { code: 'stale' })
  await t.rejects(connect(app, chat, { as: {} as never, ...room }), { code: 'overload' }, 'what is no identity is none')
  t.equal(app.wsGuard.sockets, 0)
})

t.test('without a token, where the server waits for one: unauthenticated', async t => {
  const app = await application(t, {
    auth: anyOf(
      sessionAuth(found => (found as { user?: { id: number } }).user ?? null),
      tokenAuth({ verify: token => token === 'good' ? { id: 5, expires: new Date('2100-01-01') } : null })
    ),
  })
  await t.rejects(connect(app, chat, room), { code: 'unauthenticated' })
  await t.rejects(connect(app, chat, { ...room, auth: () => {} }), { code: 'unauthenticated' })
  await t.rejects(connect(app, chat, { ...room, auth: firstMessage(() => {}) }), { code: 'unauthenticated' })
  for (const auth of [() => 'good', firstMessage(() => 'good')]) {
    t.match(await (await connect(app, chat, { ...room, auth })).next.said(), { text: 'hello 5' })
  }
  t.equal(app.wsGuard.sockets, 2)
})

t.test('it comes from the first of the origins that is one page\'s, and a refusal says how to name another', async t => {
  for (const [origins, isIn] of [
    [['http://localhost:3000'], true],
    [['https://.goodsite.com', 'https://app.goodsite.com', 'https://other.example'], true],
    [['https://.goodsite.com'], false],
  ] as const) {
    const app = await application(t, { development: true, origins })
    const opened = connect(app, chat, { as: { id: 'ann' }, ...room })
    if (isIn) await (await opened).close()
    else {
      const message = /WSG_ERR_ORIGIN_NOT_ALLOWED; pass \{ origin \} as the third argument; add 'http:\/\/localhost' to origins$/
      await t.rejects(opened, { code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', message })
    }
  }
  const app = await application(t, { development: true, origins: ['http://localhost:3000'] })
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, ...room, origin: 'http://localhost:3001' }), { code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', statusCode: 403 })
})

t.test('in production as well, with its hosts and TLS', async t => {
  const app = await application(t, { development: false, allowedHosts: ['.goodsite.com'], connections: { perIdentity: 1 } })
  const ann = await connect(app, chat, { as: { id: 'ann' }, ...room })
  await t.rejects(connect(app, chat, { as: { id: 'ann' }, ...room }), { code: 'too_many' })
  await ann.close()
})

t.test('a session of the application, by the cookies of its login', async t => {
  const app = await application(t)
  const { cookies } = await app.inject({ method: 'POST', url: '/login' })
  const one = await connect(app, chat, { cookies, ...room })
  t.match(await one.next.said(), { text: 'hello 1' })
  const named = Object.fromEntries(cookies.map(({ name, value }) => [name, value]))
  t.match(await (await connect(app, chat, { cookies: named, ...room })).next.said(), { text: 'hello 1' })
})

t.test('the route is found with its prefix; where there is none, or two, that is said', async t => {
  const app = await application(t, {}, '/v1')
  t.match(await (await connect(app, chat, { as: { id: 2 }, ...room })).next.said(), { text: 'hello 2' })
  const other = defineContract({ name: 'other', url: '/other', outbound: { tick: Type.Object({}) } })
  await t.rejects(connect(app, other, { as: { id: 2 } }), { code: 'connect_failed', message: 'contract "other": expected one route, got none; declare it with app.wsRoute(contract, …)' })
  const copy = defineContract({ name: 'chat', url: '/elsewhere', outbound: { tick: Type.Object({}) } })
  await t.rejects(connect(app, copy, { as: { id: 2 } }), { message: /^contract "chat": expected one route, got none; \/v1\/.* has another contract of that name: import the one that the application uses$/ })
  await t.rejects(connect(app, '/chat' as never), { message: 'connect: expected connect(app, contract, options), got "/chat"' })
})

t.test('a flat contract with a binary message, on a public route', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const flat = defineContract({
    name: 'flat',
    url: '/flat',
    envelope: { type: 'event', data: null },
    inbound: { ask: Type.Object({ n: Type.Integer() }) },
    outbound: { told: Type.Object({ n: Type.Integer() }), picture: Type.Uint8Array({ maxByteLength: 8 }) },
  })
  app.wsRoute(flat, {
    public: true,
    on: {
      ask ({ n }, socket) {
        socket.send.told({ n })
        socket.send.picture(new Uint8Array([n]))
      },
    },
  })
  const client = await connect(app, flat)
  client.send.ask({ n: 7 })
  t.same([await client.next.told(), await client.next.picture()], [{ n: 7 }, new Uint8Array([7])])
})

t.test('a contract on two routes: the option url says which', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const twice = defineContract({ name: 'twice', url: '/x', outbound: { at: Type.String() } })
  for (const prefix of ['/a', '/b']) {
    await app.register(async scope => { scope.wsRoute(twice, { public: true, onOpen (socket) { socket.send.at(prefix) } }) }, { prefix })
  }
  await t.rejects(connect(app, twice), { code: 'connect_failed', message: 'contract "twice": expected one route, got /a/x, /b/x: say which with the option url' })
  t.equal(await (await connect(app, twice, { url: '/b/x' })).next.at(), '/b')
})

t.test('an application with open clients closes at once', async t => {
  const app = await application(t)
  const clients = await Promise.all(Array.from({ length: 20 }, async (_, id) => await connect(app, chat, { as: { id }, ...room })))
  await app.close()
  for (const client of clients) t.match(await client.closed(), { code: 1001 })
  await clients[0]?.close()
})

t.test('nothing but the symbol says who it is: no header, query, cookie or key of the same name', async t => {
  const app = await application(t)
  t.same(await rawHandshake(app), [401, 401, 401])
})

t.test('an option that nobody reads, or that has no value, is told', async t => {
  const app = await application(t)
  const lobby = { as: { id: 7 }, params: { room: 'lobby' } }
  await t.rejects(connect(app, chat, { ...lobby, orign: null } as never), { code: 'WSG_ERR_OPTION', message: /^connect: options: .*, got "orign"; did you mean "origin"\?/ })
  await t.rejects(connect(app, chat, { ...lobby, as: undefined } as never), { code: 'WSG_ERR_OPTION', message: /^connect: options\.as: expected a value/ })
  const client = await connect(app, chat, lobby)
  await t.rejects(client.next.said({ wher: () => false } as never), { code: 'WSG_ERR_OPTION', message: /^next\.said: options: .*, got "wher"; did you mean "where"\?/ })
  await t.rejects(client.error({ timeuot: 1 } as never), { code: 'WSG_ERR_OPTION', message: /^error: options: .*did you mean "timeout"/ })
  await t.rejects(client.closed({ timeuot: 1 } as never), { code: 'WSG_ERR_OPTION', message: /^closed: options: .*did you mean "timeout"/ })
  t.match(await client.next.said({ where: () => true, timeout: 1000 }), { from: 'server' })
  await client.close()
})
