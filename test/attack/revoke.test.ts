import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import type { WebSocket } from 'ws'
import { defineContract } from '../../lib/contract.js'
import type { ClosedEvent } from '../../types/events.js'
import { Events } from '../../lib/events/events.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { json } from '../helpers/frames.js'
import { storeSession } from '../helpers/guarded-stack.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// A socket outlives the login it was opened with: whoever has a stolen one goes on after the logout.

const contract = defineContract({
  name: 'revoked',
  url: '/test',
  inbound: { say: Type.Object({ n: Type.Integer() }) },
  outbound: { said: Type.Object({ n: Type.Integer() }) },
})
const say = json({ type: 'say', data: { n: 1 } })
const many = Buffer.concat(Array.from({ length: 20 }, () => say))

/** A contract's route, another contract's, and one without, each counting what it handles. */
async function threeRoutes (t: Teardown) {
  const handled: string[] = []
  const plain: WebSocket[] = []
  const rooms: { send: () => number }[] = []
  const slow: (() => void)[] = []
  const server = await contractStack(t, app => {
    const room = app.wsRoute(contract, {
      onOpen: socket => { socket.join('all') },
      on: {
        say: async (_data, socket) => {
          handled.push(`contract ${socket.identity.id}`)
          await new Promise<void>(resolve => { slow.push(resolve) })
          socket.send.said({ n: 2 })
        },
      },
    })
    rooms.push({ send: () => room.group('all').send.said({ n: 3 }) })
    app.wsRoute(defineContract({ ...contract, url: '/other' }), { on: { say: (_data, socket) => { handled.push(`other ${socket.identity.id}`) } } })
    app.get('/raw', { websocket: true }, (socket, request) => {
      plain.push(socket)
      socket.on('message', () => { handled.push(`plain ${request.wsIdentity?.id}`) })
    })
  }, { guard: { messages: { ...NO_LIMITS, inFlight: 2 }, websocket: { closeTimeout: 300 } } })
  const { app } = server.stack
  return { server, app, handled, plain, room: rooms[0]!, slow }
}

t.test('revoke ends every socket of that identity, whatever its route, and nobody else\'s', async t => {
  const { server, app, handled, plain, room, slow } = await threeRoutes(t)
  const closed: ClosedEvent[] = []
  t.teardown(new Events(app).listen('closed', event => { closed.push(event) }))
  const paths = ['/test', '/other', '/raw']
  const ada = await Promise.all(paths.map(async path => await server.open({ path })))
  const bob = await Promise.all(paths.map(async path => await server.open({ path, cookie: await server.stack.login('bob') })))
  ada[0]!.send(say)
  await until(() => slow.length === 1)
  handled.length = 0

  t.equal(app.wsGuard.revoke({ identity: 'ada' }), 3)
  t.equal(app.wsGuard.revoke({ identity: 'ada' }), 0, 'none is left to be closed')
  t.equal(room.send(), 1, 'a group reaches bob only')
  for (const go of slow) go()
  for (const socket of plain) socket.send('later')
  for (const client of ada) {
    client.send(many)
    const { code, reason } = await client.waitClose()
    t.same({ code, reason }, { code: 4401, reason: 'unauthenticated' })
  }
  for (const client of bob) client.send(say)
  await until(() => handled.length === 3)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(handled.toSorted(), ['contract bob', 'other bob', 'plain bob'])
  t.same(ada.map(client => client.messages()), [[], [], []], 'nothing was sent after it, not even the reply of a handler under way')
  await until(() => closed.length === 3)
  for (const event of closed) t.match(event, { identity: 'ada', code: 4401, cause: 'revoked' })
  await server.empty()
})

t.test('what was read in the same tick as the logout, or waits for a slot, is not handled', async t => {
  const { server, app, handled } = await threeRoutes(t)
  const client = await server.open()
  client.send(many)
  await until(() => handled.length === 2)
  t.equal(app.wsGuard.revoke({ identity: 'ada' }), 1)
  client.send(many)
  t.equal((await client.waitClose()).code, 4401)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.equal(handled.length, 2)
  await server.empty()
})

t.test('an id is compared by its text: one out of a URL is a string, that of the identity may be a number', async t => {
  const server = await contractStack(t, app => {
    app.get('/raw', { websocket: true, wsGuard: { auth: { name: 'own', needs: { credential: 'header', session: false }, authenticate: () => ({ id: 7 }) } } }, () => {})
  })
  const client = await server.open({ path: '/raw' })
  const { app } = server.stack
  t.equal(app.wsGuard.revoke({ identity: '77' }), 0)
  t.equal(app.wsGuard.revoke({ identity: '7' }), 1)
  t.equal((await client.waitClose()).code, 4401)
  await server.empty()
})

t.test('sockets without an identity belong to nobody', async t => {
  const server = await contractStack(t, app => {
    app.get('/raw', { websocket: true, wsGuard: { public: true } }, socket => { socket.on('message', data => { socket.send(String(data)) }) })
  })
  const client = await server.open({ path: '/raw' })
  t.equal(server.stack.app.wsGuard.revoke({ identity: 'null' }), 0)
  client.send(say)
  await client.waitMessages(1)
  await server.empty()
})

t.test('revoke refuses what it can\'t take: nobody may believe that somebody was logged out', async t => {
  const { stack: { app } } = await contractStack(t, () => {})
  const revoke = (whom?: unknown): number => (app as FastifyInstance).wsGuard.revoke(whom as never)
  const rows: readonly (readonly [unknown, RegExp])[] = [
    [undefined, /^wsGuard\.revoke: expected one of \{ identity: id \}, .*got undefined/],
    ['ada', /^wsGuard\.revoke: expected one of .*got "ada"/],
    [{}, /^wsGuard\.revoke: expected one of .*got an object with none/],
    [{ identity: undefined }, /identity: expected a value or no such key, got undefined/],
    [{ identity: null }, /identity: expected the identity's id, a string or a number, got null/],
    [{ identity: { id: 'ada' } }, /identity: expected the identity's id, a string or a number, got an object/],
    [{ identity: '' }, /identity: expected the identity's id, a string or a number, got ""/],
    [{ identity: NaN }, /identity: expected the identity's id, a string or a number, got NaN/],
    [{ session: '' }, /session: expected the session's id, as in request\.session\.sessionId, got ""/],
    [{ where: true }, /where: expected a function socket => boolean, got true/],
    [{ identity: 'ada', where: () => true }, /expected one of .*got identity and where/],
    [{ identityy: 'ada' }, /expected only the keys identity, session, where, got "identityy"; did you mean "identity"\?/],
  ]
  for (const [whom, message] of rows) t.throws(() => revoke(whom), { code: 'WSG_ERR_SOCKET_ARGUMENT', message })
  t.equal(revoke({ identity: 'nobody' }), 0)
})

t.test('revoke by a condition ends those for which it is true, also where it throws of another', async t => {
  const { server, app, handled } = await threeRoutes(t)
  const [ada, other, bob] = [await server.open(), await server.open({ path: '/other' }), await server.open({ cookie: await server.stack.login('bob') })]
  const seen: unknown[] = []
  t.throws(() => app.wsGuard.revoke({ where: (async () => true) as never }), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /where: expected true or false from it, got an object/ })
  t.equal(app.wsGuard.revoke({ where: socket => { seen.push(socket); return socket.identity?.id === 'ada' && socket.route === '/test' } }), 1)
  t.match(seen, [{ identity: { id: 'ada' }, route: '/test', session: 'session-of-ada' }, { route: '/other' }, { identity: { id: 'bob' } }])
  t.equal((await ada.waitClose()).code, 4401)
  for (const client of [other, bob]) client.send(say)
  await until(() => handled.length === 2)
  t.throws(() => app.wsGuard.revoke({ where: ({ route }) => { if (route === '/other') throw new Error('mine'); return true } }), { message: 'mine' })
  t.equal((await bob.waitClose()).code, 4401, 'one that nobody can tell of is no shelter for the others')
  other.send(say)
  await until(() => handled.length === 3)
  await server.empty()
})

t.test('a condition whose promise fails is an error, and nothing more', async t => {
  const { server, app } = await threeRoutes(t)
  await server.open()
  t.throws(() => app.wsGuard.revoke({ where: (async () => { throw new Error('mine') }) as never }), { code: 'WSG_ERR_SOCKET_ARGUMENT' })
  await new Promise(setImmediate)
  await server.empty()
})

t.test('revoke by a session ends that one and no other of the same user', async t => {
  const { server, app, handled } = await threeRoutes(t)
  const cookie = storeSession(server.stack.store, 'ada', 'second-device')
  const [here, there] = [await server.open(), await server.open({ cookie })]
  t.equal(app.wsGuard.revoke({ session: 'none' }), 0)
  t.equal(app.wsGuard.revoke({ session: 'second-device' }), 1)
  t.equal((await there.waitClose()).code, 4401)
  here.send(say)
  await until(() => handled.length === 1)
  await server.empty()
})
