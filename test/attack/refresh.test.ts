import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { defineContract } from '../../lib/contract.js'
import { Events } from '../../lib/events/events.js'
import { anyOf, tokenAuth } from '../../lib/index.js'
import type { Identity } from '../../types/gate.js'
import { contractStack } from '../helpers/contract-stack.js'
import { json, text } from '../helpers/frames.js'
import type { Teardown } from '../helpers/teardown.js'
import { later } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

// Who was demoted goes on with the rights of the handshake, for as long as the socket is open.

const contract = defineContract({
  name: 'roles',
  url: '/test',
  inbound: { order: { payload: Type.Object({}), roles: ['admin'] } },
  calls: { whoami: { request: Type.Object({}), reply: Type.Object({ id: Type.String(), roles: Type.Array(Type.String(), { maxItems: 9 }) }) } },
})
const order = json({ type: 'order', data: {} })

type Decide = (identity: Identity, hasRequest: boolean) => boolean | Promise<boolean>

async function demotable (t: Teardown, decide: Decide = () => true) {
  const handled: string[] = []
  const plain: unknown[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      authorize: ({ identity, request }) => decide(identity, request.headers.host !== undefined),
      on: { order: (_data, { identity }) => { handled.push(`order ${identity.id}`) } },
      calls: { whoami: (_data, { identity }) => ({ id: String(identity.id), roles: [...identity.roles ?? []] }) },
    })
    app.get('/raw', { websocket: true, wsGuard: { authorize: ({ identity, request }) => decide(identity, request.wsIdentity === identity) } }, (socket, request) => {
      socket.on('message', () => { plain.push(request.wsIdentity) })
    })
  }, { guard: { auth: { name: 'test', needs: { credential: 'header', session: false }, authenticate: () => ({ id: 'ada', roles: ['admin'] }) }, websocket: { closeTimeout: 300 } } })
  const { app } = server.stack
  return { server, app, handled, plain }
}

t.test('C08 a refresh takes a role away from the next message on, on all routes', async t => {
  const { server, app, handled, plain } = await demotable(t)
  const refreshed: unknown[] = []
  t.teardown(new Events(app).listen('refreshed', event => { refreshed.push(event) }))
  const [client, raw] = [await server.open(), await server.open({ path: '/raw' })]
  client.send(order)
  await until(() => handled.length === 1)
  t.equal(app.wsGuard.refresh({ id: 'ada', roles: ['user'] }), 2)
  t.match(refreshed, [{ identity: 'ada', route: '/test' }, { identity: 'ada', route: '/raw' }])
  client.send(order)
  raw.send(text('who'))
  client.json({ type: 'whoami', id: 1, data: {} })
  const [refused, reply] = await client.waitMessages(2)
  t.equal(refused?.error?.code, 'forbidden')
  t.same(reply?.data, { id: 'ada', roles: ['user'] })
  await until(() => plain.length === 1)
  t.same(plain, [{ id: 'ada', roles: ['user'] }])
  t.equal(handled.length, 1)
  t.equal(app.wsGuard.refresh({ id: 'ada', roles: ['admin'] }), 2)
  client.send(order)
  await until(() => handled.length === 2)
  t.equal(app.wsGuard.refresh({ id: 'nobody' }), 0)
  await server.empty()
})

for (const [name, decide, close] of [
  ['says no', ({ roles }) => roles?.includes('banned') !== true, { code: 4403, reason: 'forbidden' }],
  ['says no later', async ({ roles }) => roles?.includes('banned') !== true, { code: 4403, reason: 'forbidden' }],
  ['throws', ({ roles }) => { if (roles?.includes('banned') === true) throw new Error('the rights are unreadable'); return true }, { code: 1011, reason: 'internal' }],
  ['answers with something else', ({ roles }) => (roles?.includes('banned') === true ? undefined : true) as never, { code: 4403, reason: 'forbidden' }],
] as const satisfies readonly (readonly [string, Decide, object])[]) {
  t.test(`C08 after a refresh authorize is asked again: it ${name}, and nothing is handled any more`, async t => {
    const asked: boolean[] = []
    const { server, app, handled, plain } = await demotable(t, (identity, hasRequest) => {
      asked.push(hasRequest)
      return (decide as Decide)(identity, hasRequest)
    })
    const clients = [await server.open(), await server.open({ path: '/raw' })]
    t.equal(app.wsGuard.refresh({ id: 'ada', roles: ['banned'] }), 2)
    for (const client of clients) t.same(await client.waitClose(), close)
    for (const client of clients) client.send(Buffer.concat([order, text('who')]))
    await server.empty()
    t.same([handled, plain], [[], []])
    t.same(asked, [true, true, true, true], 'with the handshake\'s request, which knows the identity by now')
  })
}

t.test('C08 a handshake under way gets the new identity', async t => {
  let release = (): void => {}
  const seen: unknown[] = []
  const { server, app } = await demotable(t, async identity => {
    seen.push(identity)
    if (identity.roles?.includes('admin') === true) await new Promise<void>(resolve => { release = resolve })
    return true
  })
  const opening = server.open()
  await until(() => seen.length === 1)
  const { wsGuard } = app as FastifyInstance
  t.throws(() => wsGuard.refresh({ id: 'ada', roles: 'admin' } as never), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /wsGuard\.refresh: expected an identity, got one whose roles are no list of strings/ })
  t.equal(wsGuard.refresh({ id: 'ada', roles: ['user'] }), 0)
  release()
  const client = await opening
  client.json({ type: 'whoami', id: 1, data: {} })
  t.same((await client.waitMessages(1))[0]?.data, { id: 'ada', roles: ['user'] })
  t.same(seen, [{ id: 'ada', roles: ['admin'] }, { id: 'ada', roles: ['user'] }])
  await server.empty()
})

t.test('a request that authorize never looked at is not there later: the client has to come again, and keeps no right', async t => {
  const failures: unknown[] = []
  let looks = false
  const server = await contractStack(t, app => {
    app.get('/raw', { websocket: true, wsGuard: { authorize: context => !looks || context.request.ip !== '' } }, () => {})
  })
  const { app } = server.stack
  t.teardown(new Events(app).listen('handler:failed', ({ type, error }) => { failures.push([type, (error as { code?: string }).code]) }))
  const client = await server.open({ path: '/raw' })
  looks = true
  t.equal(app.wsGuard.refresh({ id: 'ada', roles: [] }), 1)
  t.equal((await client.waitClose()).code, 1011)
  t.same(failures, [['authorize', 'WSG_ERR_REQUEST_GONE']])
  const again = await server.open({ path: '/raw' })
  t.equal(app.wsGuard.refresh({ id: 'ada', roles: [] }), 1)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.equal(again.frames().length, 0)
  await server.empty()
})

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

t.test('an idle socket keeps its handshake\'s request where authorize looks at it, and nowhere else', async t => {
  const requests = new Map<string, WeakRef<object>>()
  const quiet = (url: string) => defineContract({ name: 'quiet', url, inbound: { say: Type.Object({}) } })
  const server = await contractStack(t, app => {
    app.addHook('onRequest', (request, _reply, done) => {
      requests.set(request.url, new WeakRef(request))
      done()
    })
    const handlers = { onOpen: () => {}, on: { say: () => {} } }
    app.wsRoute(quiet('/none'), handlers)
    app.wsRoute(quiet('/looks-away'), { ...handlers, authorize: ({ identity }) => identity.id === 'ada' })
    app.wsRoute(quiet('/looks'), { ...handlers, authorize: ({ request }) => request.ip !== '' })
  })
  for (const path of ['/none', '/looks-away', '/looks']) await server.open({ path })
  await until(() => {
    collect()
    return requests.get('/none')?.deref() === undefined && requests.get('/looks-away')?.deref() === undefined
  })
  t.ok(requests.get('/looks')?.deref())
  await server.empty()
})

t.test('a message whose authorize is still asked when its role is taken away is refused', async t => {
  const handled: unknown[] = []
  const open: (() => void)[] = []
  const kept = defineContract({
    name: 'kept',
    url: '/kept',
    inbound: { order: { payload: Type.Object({ n: Type.Integer() }), roles: ['admin'] }, own: Type.Object({}) },
  })
  const server = await contractStack(t, app => {
    app.wsRoute(kept, {
      on: {
        order: {
          authorize: async () => { await new Promise<void>(resolve => { open.push(resolve) }); return true },
          handle: ({ n }) => { handled.push(n) },
        },
        own: {
          authorize: async (_data, { identity }) => {
            const may = identity.roles?.includes('admin') === true
            await new Promise<void>(resolve => { open.push(resolve) })
            return may
          },
          handle: () => { handled.push('own') },
        },
      },
    })
  }, { guard: { auth: { name: 'test', needs: { credential: 'header', session: false }, authenticate: () => ({ id: 'ada', roles: ['admin'] }) } } })
  const { app } = server.stack
  const client = await server.open({ path: '/kept' })
  client.json({ type: 'order', data: { n: 1 } })
  await until(() => open.length === 1)
  app.wsGuard.refresh({ id: 'ada', roles: ['user'] })
  for (const go of open.splice(0)) go()
  t.match(await client.waitMessages(1), [{ error: { code: 'forbidden' } }])
  app.wsGuard.refresh({ id: 'ada', roles: ['admin'] })
  client.json({ type: 'own', data: {} })
  await until(() => open.length === 1)
  app.wsGuard.refresh({ id: 'ada', roles: ['user'] })
  for (const go of open.splice(0)) go()
  await until(() => open.length === 1)
  for (const go of open.splice(0)) go()
  t.match((await client.waitMessages(2))[1], { error: { code: 'forbidden' } }, 'what it said of who that was is asked again')
  app.wsGuard.refresh({ id: 'ada', roles: ['admin'] })
  client.json({ type: 'order', data: { n: 2 } })
  await until(() => open.length === 1)
  app.wsGuard.refresh({ id: 'ada', roles: ['admin', 'user'] })
  for (const go of open.splice(0)) go()
  await until(() => open.length === 1)
  for (const go of open.splice(0)) go()
  await until(() => handled.length > 0)
  t.same(handled, [2])
  await server.empty()
})

t.test('C08 while authorize is asked again nothing is handled; what came meanwhile is, in its order, once it has said yes', async t => {
  const answers: ((may: boolean) => void)[] = []
  let asks = false
  const { server, app, handled } = await demotable(t, async () => {
    if (!asks) return true
    return await new Promise<boolean>(resolve => { answers.push(resolve) })
  })
  const [client, other] = [await server.open(), await server.open()]
  asks = true
  t.equal(app.wsGuard.refresh({ id: 'ada', roles: ['admin', 'x'] }), 2)
  t.equal(answers.length, 2)
  for (const one of [client, other]) {
    one.send(Buffer.concat([order, order]))
    one.json({ type: 'whoami', id: 1, data: {} })
  }
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(handled, [])
  answers[0]!(true)
  t.same((await client.waitMessages(1))[0]?.data, { id: 'ada', roles: ['admin', 'x'] })
  t.equal(handled.length, 2)
  // Two refreshes, two questions: both are waited for.
  t.equal(app.wsGuard.refresh({ id: 'ada', roles: ['admin'] }), 2)
  answers[1]!(true)
  await new Promise(resolve => setTimeout(resolve, 20))
  t.equal(handled.length, 2, 'a yes for a former identity')
  answers[3]!(false)
  t.equal((await other.waitClose()).code, 4403)
  t.equal(handled.length, 2)
  answers[2]!(true)
  client.send(order)
  await until(() => handled.length === 3)
  await server.empty()
})

t.test('who is demoted while dragging is told so, and is not cut for what its page had still to send', async t => {
  const { server, app, handled } = await demotable(t)
  const client = await server.open()
  client.send(order)
  await until(() => handled.length === 1)
  t.equal(app.wsGuard.refresh({ id: 'ada', roles: ['user'] }), 1)
  client.send(Buffer.concat(Array.from({ length: 20 }, () => order)))
  client.json({ type: 'whoami', id: 1, data: {} })
  const answers = await client.waitMessages(21)
  t.same([...new Set(answers.slice(0, 20).map(({ error }) => error?.code))], ['forbidden'])
  t.same(answers[20]?.data, { id: 'ada', roles: ['user'] })
  t.equal(handled.length, 1)
  // What no refresh explains is counted as ever.
  client.send(Buffer.concat(Array.from({ length: 6 }, () => json({ type: 'odrer', data: {} }))))
  t.equal((await client.waitClose()).code, 4400)
  await server.empty()
})

t.test('who never had the right is cut after as many tries as anybody', async t => {
  const handled: string[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { on: { order: () => { handled.push('order') } }, calls: { whoami: () => ({ id: '', roles: [] }) } })
  }, { guard: { auth: { name: 'test', needs: { credential: 'header', session: false }, authenticate: () => ({ id: 'ada', roles: ['user'] }) } } })
  const client = await server.open()
  client.send(Buffer.concat(Array.from({ length: 6 }, () => order)))
  t.equal((await client.waitClose()).code, 1008)
  t.same(handled, [])
  await server.empty()
})

t.test('C08 a refresh decided per socket lifts no token of the same user, and keeps what is each device\'s own', async t => {
  const handled: unknown[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: { order: (_data, { identity }) => { handled.push(identity.roles) } },
      calls: { whoami: (_data, { identity }) => ({ id: String((identity as { device?: string }).device), roles: [...identity.roles ?? []] }) },
    })
  }, {
    guard: {
      auth: anyOf(
        {
          name: 'page',
          needs: { credential: 'header', session: false },
          isPresent: ({ request }) => request.headers['x-device'] !== undefined,
          authenticate: ({ request, provenBy }) => {
            provenBy({ kind: 'page' })
            return { id: 'ada', roles: ['editor'], device: String(request.headers['x-device']) } as Identity
          }
        },
        tokenAuth({ verify: () => ({ id: 'ada', roles: ['reader'], device: 'robot', expires: later(60_000) }) })
      ),
    },
  })
  const { wsGuard } = server.stack.app
  const clients = [await server.open({ headers: { 'x-device': 'desk' } }), await server.open({ headers: { 'x-device': 'phone' } }), await server.open({ headers: { authorization: 'Bearer x' } })]
  const who = async (): Promise<unknown[]> => await Promise.all(clients.map(async client => {
    client.json({ type: 'whoami', id: 1, data: {} })
    return (await client.waitMessages(client.messages().length + 1)).at(-1)?.data
  }))
  t.equal(wsGuard.refresh('ada', (identity, { credential }) => credential === 'token' ? identity : { ...identity, roles: ['admin'] }), 3)
  t.same(await who(), [{ id: 'desk', roles: ['admin'] }, { id: 'phone', roles: ['admin'] }, { id: 'robot', roles: ['reader'] }])
  clients[2]!.send(order)
  t.equal((await clients[2]!.waitMessage(({ error }) => error !== undefined)).error?.code, 'forbidden')
  t.same(handled, [])
  t.equal(wsGuard.refresh('ada', (identity, { credential }) => credential === 'token' ? null : identity), 3)
  t.same(await clients[2]!.waitClose(), { code: 4401, reason: 'unauthenticated' })
  t.equal(wsGuard.refresh({ id: 'ada', roles: ['user'] }), 2)
  clients.pop()
  t.same(await who(), [{ id: 'undefined', roles: ['user'] }, { id: 'undefined', roles: ['user'] }], 'an identity is each one\'s whole identity')
  await server.empty()
})

t.test('a token that is renewed while its socket is refreshed by a function is judged again', async t => {
  const held: (() => void)[] = []
  const roles = { now: ['admin'] }
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { on: { order: () => {} }, calls: { whoami: (_data, { identity }) => ({ id: String(identity.id), roles: [...identity.roles ?? []] }) } })
  }, {
    guard: {
      auth: tokenAuth({
        async verify (token) {
          const found = { id: 'ada', roles: roles.now, expires: later(60_000) }
          if (token === 'new') await new Promise<void>(resolve => { held.push(resolve) })
          return found
        },
      }),
    },
  })
  const client = await server.open({ headers: { authorization: 'Bearer old' } })
  client.json({ type: '$auth', id: 1, data: { token: 'new' } })
  await until(() => held.length === 1)
  roles.now = ['user']
  t.equal(server.stack.app.wsGuard.refresh('ada', identity => ({ ...identity, roles: ['user'] })), 1)
  held.pop()!()
  await until(() => held.length === 1)
  held.pop()!()
  client.json({ type: 'whoami', id: 2, data: {} })
  t.same((await client.waitMessage(({ id }) => id === 2)).data, { id: 'ada', roles: ['user'] })
  await server.empty()
})
