import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { defineContract } from '../../lib/contract.js'
import { sessionAuth } from '../../lib/index.js'
import { Events } from '../../lib/events/events.js'
import type { ClosedEvent, HandlerFailedEvent } from '../../types/events.js'
import type { AuthStrategy, Identity } from '../../types/gate.js'
import { bareStack } from '../helpers/bare.js'
import { json, text } from '../helpers/frames.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import type { GuardedSettings, GuardedStack } from '../helpers/guarded-stack.js'
import { upgrade } from '../helpers/handshake.js'
import { openRaw } from '../helpers/raw-client.js'
import type { RawClient } from '../helpers/raw-client.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// A socket is opened with a session; whoever has stolen one goes on after the logout, unless it ends with it.

interface User { id: string, roles?: string[] }
type Session = { user?: User, seen?: number } & { regenerate: () => Promise<void>, destroy: () => Promise<void> }

const contract = defineContract({
  name: 'life',
  url: '/life',
  inbound: { say: Type.Object({ n: Type.Integer() }), order: { payload: Type.Object({ n: Type.Integer() }), roles: ['admin'] } },
  outbound: { said: Type.Object({ n: Type.Integer() }) },
})
const say = json({ type: 'say', data: { n: 1 } })
const many = Buffer.concat(Array.from({ length: 20 }, () => say))

function accountRoutes (app: FastifyInstance): void {
  const session = (request: object): Session => (request as { session: Session }).session
  app.post('/logout', async request => { await session(request).destroy(); return {} })
  app.post('/regenerate', async request => { await session(request).regenerate(); return {} })
  app.post('/forget', async request => { delete session(request).user; return {} })
  app.post('/seen', async request => { session(request).seen = Math.random(); return {} })
  app.post<{ Params: { id: string } }>('/become/:id', async request => { session(request).user = { id: request.params.id }; return {} })
  app.post<{ Params: { role: string } }>('/role/:role', async request => { session(request).user!.roles = [request.params.role]; return {} })
}

interface Lived {
  readonly stack: GuardedStack
  readonly handled: string[]
  readonly closed: ClosedEvent[]
  readonly asked: unknown[]
  post (url: string, cookie: string): Promise<void>
  open (cookie: string, path?: string): Promise<RawClient>
  send (): number
}

const identify = sessionAuth(session => (session as Session).user ?? null)

async function lived (t: Teardown, settings: GuardedSettings = {}): Promise<Lived> {
  const handled: string[] = []
  const closed: ClosedEvent[] = []
  const asked: unknown[] = []
  let send = (): number => 0
  const stack = await guardedStack(t, {
    ...settings,
    guard: { auth: identify, websocket: { closeTimeout: 300 }, ...settings.guard },
    extend: async (app, stack) => {
      accountRoutes(app)
      const route = app.wsRoute(contract, {
        authorize: ({ identity }) => { asked.push(identity); return (identity as User).roles?.includes('banned') !== true },
        onOpen: socket => { socket.join('all') },
        on: { say: (_data, { identity }) => { handled.push(`say ${identity.id}`) }, order: (_data, { identity }) => { handled.push(`order ${identity.id}`) } },
      })
      send = () => route.group('all').send.said({ n: 1 })
      await settings.extend?.(app, stack)
    },
  })
  t.teardown(new Events(stack.app).listen('closed', event => { closed.push(event) }))
  return {
    stack,
    handled,
    closed,
    asked,
    async post (url, cookie) {
      const { statusCode, body } = await stack.app.inject({ method: 'POST', url, headers: { cookie } })
      if (statusCode !== 200) throw new Error(`${url}: ${statusCode} ${body}`)
    },
    open: (cookie, path = '/life') => openRaw(stack.port, { path, cookie }),
    send: () => send(),
  }
}

for (const first of ['session', 'guard'] as const) {
  for (const way of ['/logout', '/regenerate', '/forget', '/become/eve']) {
    t.test(`C06 ${way} ends the sockets of that session and no others, ${first} registered first`, async t => {
      const { stack, post, open, handled, closed, send } = await lived(t, { first })
      const [ada, other, bob] = [await stack.login(), await stack.login(), await stack.login('bob')]
      const mine = [await open(ada), await open(ada), await open(ada, '/ws')]
      const others = [await open(other), await open(bob)]
      await post(way, ada)
      t.equal(send(), 2, 'who only listens gets nothing any more')
      for (const client of mine) {
        client.send(many)
        t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
      }
      for (const client of others) client.send(say)
      await until(() => handled.length === 2)
      t.same(handled.toSorted(), ['say ada', 'say bob'])
      t.same(stack.counts.messages, [], 'nothing on the plain route')
      t.same(mine.map(client => client.texts()), [[], [], []])
      await until(() => closed.length === 3)
      for (const event of closed) t.match(event, { identity: 'ada', code: 4401, cause: 'session' })
      t.equal((await stack.upgrade({ cookie: ada })).status, way === '/become/eve' ? 101 : 401)
    })
  }
}

t.test('C06 a function that throws of a session without a user ends that session at once, and nobody else\'s', async t => {
  const failed: HandlerFailedEvent[] = []
  const throwing = sessionAuth(session => ({ id: (session as Session).user!.id }))
  const { stack, post, open, handled, closed } = await lived(t, { guard: { auth: throwing, sessions: { recheck: 100 } } })
  t.teardown(new Events(stack.app).listen('handler:failed', event => { failed.push(event) }))
  const lost: unknown[] = []
  t.teardown(new Events(stack.app).listen('store:unavailable', event => { lost.push(event) }))
  const [ada, bob] = [await stack.login(), await stack.login('bob')]
  const [client, other] = [await open(ada), await open(bob)]
  await post('/forget', ada)
  client.send(many)
  t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
  await until(() => closed.length === 1)
  t.match(closed, [{ identity: 'ada', code: 4401, cause: 'session' }])
  t.match(failed, [{ identity: 'ada', type: 'auth', route: '/life', error: { name: 'TypeError' } }])
  // The same where another process has done it.
  const [[id, value]] = [...stack.store.sessions].filter(([, value]) => value.includes('"bob"')) as [[string, string]]
  const carol = await open(await stack.login('carol'))
  stack.store.sessions.set(id, value.replace('"user"', '"former"'))
  t.same(await other.waitClose(), { code: 4401, reason: 'unauthenticated' })
  carol.send(say)
  await until(() => handled.length === 1)
  t.same(handled, ['say carol'])
  t.same(failed.map(({ identity }) => identity), ['ada', 'bob'])
  t.same(lost, [], 'the store is up')
})

t.test('C06 the bare stack: the socket goes on after the logout, for ever', async t => {
  const bare = await bareStack(t)
  const cookie = await bare.login()
  const opened = await upgrade(bare.port, { cookie })
  await bare.app.inject({ method: 'POST', url: '/logout', headers: { cookie } })
  t.equal(bare.store.sessions.size, 0)
  opened.client.send(text('still here'))
  await until(() => bare.counts.messages === 1)
  opened.client.destroy()
})

t.test('C06 a session that ended where nobody could tell is found by the next re-check', async t => {
  const { stack, open, closed, post } = await lived(t, { guard: { auth: identify, sessions: { recheck: 100 }, websocket: { fragmentTimeout: 200 } } })
  const [ada, bob] = [await stack.login(), await stack.login('bob')]
  const client = await open(ada)
  const other = await open(bob)
  // As another process does it: past the store object.
  const [key] = [...stack.store.sessions].find(([, value]) => value.includes('"ada"'))!
  stack.store.sessions.delete(key)
  t.equal((await client.waitClose()).code, 4401)
  await until(() => closed.length === 1)
  t.match(closed, [{ identity: 'ada', cause: 'session' }])
  const [[id, value]] = [...stack.store.sessions] as [[string, string]]
  stack.store.sessions.set(id, value.replace('"id":"bob"', '"id":"eve"'))
  t.equal((await other.waitClose()).code, 4401)
  await post('/seen', bob)
})

t.test('C07 a session that runs out ends its sockets at its true end, and one that is renewed keeps them', async t => {
  const { stack, open, post, closed, handled } = await lived(t, { maxAge: 1200 })
  const [ada, bob] = [await stack.login(), await stack.login('bob')]
  const client = await open(ada)
  const kept = await open(bob)
  while (closed.length === 0) {
    await new Promise(resolve => setTimeout(resolve, 100))
    await post('/seen', bob)
  }
  t.match(closed, [{ identity: 'ada', code: 4401, cause: 'expired' }])
  client.send(many)
  kept.send(say)
  await until(() => handled.length === 1)
  t.same(handled, ['say bob'])
  t.equal((await kept.waitClose()).code, 4401, 'in the end it runs out as well')
  await until(() => closed.length === 2)
  t.equal(closed[1]?.cause, 'expired')
})

t.test('C07 what another process has renewed is seen before the end', async t => {
  const { stack, open, closed, handled } = await lived(t, { maxAge: 2000 })
  const ada = await stack.login()
  const client = await open(ada)
  const [[id, value]] = [...stack.store.sessions] as [[string, string]]
  const session = JSON.parse(value) as { cookie: { expires: string } }
  session.cookie.expires = new Date(Date.now() + 60_000).toISOString()
  stack.store.sessions.set(id, JSON.stringify(session))
  await new Promise(resolve => setTimeout(resolve, 2100))
  client.send(say)
  await until(() => handled.length === 1)
  t.same(closed, [])
})

t.test('C07 the bare stack: an expired session goes on', async t => {
  const bare = await bareStack(t)
  const cookie = await bare.login()
  const opened = await upgrade(bare.port, { cookie })
  for (const [id, value] of bare.store.sessions) bare.store.sessions.set(id, value.replace(/"cookie":\{/, `"cookie":{"expires":"${new Date(0).toISOString()}",`))
  opened.client.send(text('still here'))
  await until(() => bare.counts.messages === 1)
  opened.client.destroy()
})

t.test('C08 a role that the session lost is lost at once, without a reconnect', async t => {
  const { stack, open, post, handled, asked, closed } = await lived(t)
  const ada = await stack.login()
  await post('/role/admin', ada)
  const client = await open(ada)
  const order = json({ type: 'order', data: { n: 1 } })
  client.send(order)
  await until(() => handled.length === 1)
  await post('/role/user', ada)
  client.send(order)
  client.send(say)
  await until(() => handled.length === 2)
  t.same(handled, ['order ada', 'say ada'])
  t.equal((await client.waitMessages(1))[0]?.error?.code, 'forbidden')
  t.match(asked, [{ roles: ['admin'] }, { roles: ['user'] }], 'authorize was asked again')
  await post('/seen', ada)
  t.equal(asked.length, 2, 'and not when nothing of the identity changed')
  await post('/role/banned', ada)
  t.same(await client.waitClose(), { code: 4403, reason: 'forbidden' })
  await until(() => closed.length === 1)
  t.equal(closed[0]?.cause, 'revoked')
})

t.test('C08 a plain route sees the new identity in its request', async t => {
  const seen: (Identity | null)[] = []
  const { stack, open, post } = await lived(t, {
    extend: app => {
      app.get('/look', { websocket: true }, (socket, request) => { socket.on('message', () => { seen.push(request.wsIdentity) }) })
    },
  })
  const ada = await stack.login()
  const client = await open(ada, '/look')
  client.send(text('a'))
  await until(() => seen.length === 1)
  await post('/role/editor', ada)
  client.send(text('b'))
  await until(() => seen.length === 2)
  t.same(seen, [{ id: 'ada' }, { id: 'ada', roles: ['editor'] }])
})

t.test('nothing is written, renewed or brought back by an open socket', async t => {
  const { stack, open } = await lived(t, { guard: { auth: identify, sessions: { recheck: 100 }, websocket: { fragmentTimeout: 100 } } })
  const ada = await stack.login()
  const { sets } = stack.store
  const before = [...stack.store.sessions]
  const gets = stack.store.gets
  await open(ada)
  await until(() => stack.store.gets >= gets + 5)
  t.equal(stack.store.sets, sets)
  t.equal(stack.store.destroys, 0)
  t.same([...stack.store.sessions], before)
})

t.test('C06 a strategy of the application\'s own, which says what it rests on, is followed like ours', async t => {
  const stored = new Map<string, { user?: User }>([['one', { user: { id: 'ada' } }]])
  const store = {
    get: (id: string, done: (error: null, found?: object | null) => void) => { done(null, stored.get(id)) },
    set: (id: string, value: object, done: () => void) => { stored.set(id, value); done() },
    destroy: (id: string, done: () => void) => { stored.delete(id); done() },
  }
  const own: AuthStrategy = {
    name: 'own',
    needs: { credential: 'header', session: false },
    authenticate ({ provenBy }) {
      const source = { expiryOf: () => null, identify: (_id: string, found: object) => (found as { user?: User }).user ?? null }
      provenBy({ kind: 'own', session: { id: 'one', store, expires: null, source } })
      return { id: 'ada' }
    },
  }
  const { stack, closed } = await lived(t, { guard: { auth: own } })
  const [client, other] = [await openRaw(stack.port), await openRaw(stack.port, { path: '/life' })]
  store.destroy('one', () => {})
  for (const one of [client, other]) t.equal((await one.waitClose()).code, 4401)
  await until(() => closed.length === 2)
  t.same(closed.map(({ cause }) => cause), ['session', 'session'])
})

t.test('C06 a handler that writes the session as docs/sessions.md says does not bring an ended one back', async t => {
  const written: boolean[] = []
  const { stack, open, post, closed } = await lived(t, {
    extend: (app, { store }) => {
      const writeSession = async (socket: { readonly readyState: number }, id: string, value: number): Promise<boolean> => {
        const session = await new Promise<object | null>((resolve, reject) => { store.get(id, (error, found) => { if (error === null) resolve(found ?? null); else reject(error) }) })
        if (session === null || socket.readyState !== 1) return false
        await new Promise<void>(resolve => { store.set(id, Object.assign(session, { seen: value }) as never, () => { resolve() }) })
        return true
      }
      app.get('/write', { websocket: true }, (socket, request) => {
        const { sessionId } = request.session
        socket.on('message', data => { void writeSession(socket, sessionId, Number(String(data))).then(done => { written.push(done) }) })
      })
    },
  })
  const ada = await stack.login()
  const client = await open(ada, '/write')
  client.send(text('1'))
  await until(() => written.length === 1)
  t.match([...stack.store.sessions.values()].map(value => JSON.parse(value) as unknown), [{ seen: 1, user: { id: 'ada' } }])
  t.same(closed, [], 'a write that changes nothing of the identity')
  stack.store.mode = 'slow'
  stack.store.delay = 1000
  client.send(text('2'))
  const gets = stack.store.gets
  await until(() => stack.store.gets > gets)
  stack.store.mode = 'ok'
  await post('/logout', ada)
  await until(() => written.length === 2)
  t.same(written, [true, false])
  t.equal(stack.store.sessions.size, 0)
})
