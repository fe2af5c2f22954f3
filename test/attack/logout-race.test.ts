import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { defineContract } from '../../lib/contract.js'
import { bareStack } from '../helpers/bare.js'
import { json, text } from '../helpers/frames.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import type { UpgradeResult } from '../helpers/handshake.js'
import { delayReads, Latch } from '../helpers/latch.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// A handshake reads the session, then something takes its time, and meanwhile the user logs out. Messages are sent right
// behind the handshake; not one may be handled, and nothing may be sent to the socket.

const contract = defineContract({
  name: 'race',
  url: '/race',
  inbound: { say: Type.Object({ n: Type.Integer() }) },
  outbound: { said: Type.Object({ n: Type.Integer() }) },
})
const behind = Buffer.concat(Array.from({ length: 20 }, (_, n) => json({ type: 'say', data: { n } })))

type Window = 'store' | 'authorize' | 'preHandler' | 'onOpen'

async function race (t: Teardown, window: Window | null, first: 'session' | 'guard' = 'session') {
  const latches = { store: new Latch(), authorize: new Latch(), preHandler: new Latch(), onOpen: new Latch() }
  const handled: unknown[] = []
  let send = (): number => 0
  const stack = await guardedStack(t, {
    first,
    before: () => {},
    guard: { websocket: { closeTimeout: 300 } },
    extend: (app, { store }) => {
      delayReads(store, latches.store)
      app.post('/logout', async request => { await request.session.destroy(); return {} })
      app.post('/empty', async request => {
        request.session.set('user' as never, undefined as never)
        await request.session.save()
        return {}
      })
      const route = app.wsRoute(contract, {
        authorize: async () => { await latches.authorize.pass(); return true },
        preHandler: async () => { await latches.preHandler.pass() },
        onOpen: async socket => {
          socket.join('all')
          await latches.onOpen.pass()
          socket.send.said({ n: 1 })
        },
        on: { say: data => { handled.push(data) } },
      })
      app.get('/plain-race', { websocket: true, wsGuard: { authorize: async () => { await latches.authorize.pass(); return true } }, preHandler: async () => { await latches.preHandler.pass() } }, socket => {
        socket.send('welcome')
        socket.on('message', data => { handled.push(String(data)) })
      })
      send = () => route.group('all').send.said({ n: 2 })
    },
  })
  const cookie = await stack.login()
  const latch = window === null ? null : latches[window]
  if (latch !== null) latch.isHeld = true
  return { stack, handled, latch, latches, cookie, send: () => send() }
}

const logout = async (app: FastifyInstance, cookie: string, url = '/logout'): Promise<void> => {
  const { statusCode } = await app.inject({ method: 'POST', url, headers: { cookie } })
  if (statusCode !== 200) throw new Error(`logout: ${statusCode}`)
}

/** Bytes that came behind a 101, but for the close frame. */
const dataFrames = (opened: UpgradeResult): number => opened.rest().filter(byte => byte === 0x81).length

for (const first of ['session', 'guard'] as const) {
  for (const window of ['store', 'authorize', 'preHandler'] as const) {
    for (const path of ['/race', '/plain-race']) {
      t.test(`C06 logout while the handshake is in ${window} of ${path}: refused, 0 messages handled, ${first} registered first`, async t => {
        const { stack, handled, latch, cookie } = await race(t, window, first)
        const opening = stack.upgrade({ cookie, path, after: path === '/race' ? behind : text('hello') })
        await until(() => latch!.waiting === 1)
        // The logout's own request would wait at the same latch: its session is read as well.
        latch!.isHeld = false
        await logout(stack.app, cookie)
        latch!.open()
        const refused = await opening
        t.equal(refused.status, 401)
        t.equal(codeOf(refused), 'WSG_ERR_UNAUTHENTICATED')
        t.same(handled, [])
        await until(() => stack.app.wsGuard.sockets === 0)
        // Who comes later with a session of today is let in.
        const next = await stack.upgrade({ cookie: await stack.login(), path, after: path === '/race' ? behind : text('hello') })
        t.equal(next.status, 101)
        await until(() => handled.length === (path === '/race' ? 20 : 1))
        next.client.destroy()
      })
    }
  }
}

for (const window of ['store', 'authorize', 'preHandler'] as const) {
  t.test(`C06 a session that is emptied while the handshake is in ${window}: 0 messages handled, however slowly it is read again`, async t => {
    const { stack, handled, latch, latches, cookie, send } = await race(t, window)
    const opening = stack.upgrade({ cookie, path: '/race', after: behind })
    await until(() => latch!.waiting === 1)
    latch!.isHeld = false
    await logout(stack.app, cookie, '/empty')
    latch!.open()
    // From here on the store does not answer.
    latches.store.isHeld = true
    const refused = await opening
    t.equal(refused.status, 401)
    t.equal(codeOf(refused), 'WSG_ERR_UNAUTHENTICATED')
    t.same(handled, [])
    t.equal(send(), 0)
    latches.store.open()
  })
}

t.test('C06 logout while onOpen is at work: closed 4401, 0 messages handled or delivered', async t => {
  const { stack, handled, latch, cookie, send } = await race(t, 'onOpen')
  const opened = await stack.upgrade({ cookie, path: '/race', after: behind })
  t.equal(opened.status, 101)
  await until(() => latch!.waiting === 1)
  await logout(stack.app, cookie)
  t.equal(send(), 0)
  latch!.open()
  await opened.closed()
  t.equal(dataFrames(opened), 0, 'not what onOpen sends afterwards either')
  t.ok(opened.rest().includes(Buffer.from([0x11, 0x31])), '4401')
  t.same(handled, [])
})

t.test('C06 logout just after the 101: nothing of what was sent behind the handshake is handled once it is over', async t => {
  const { stack, handled, cookie } = await race(t, null)
  const opened = await stack.upgrade({ cookie, path: '/race' })
  await logout(stack.app, cookie)
  const before = handled.length
  opened.client.send(behind)
  await opened.closed()
  t.equal(handled.length, before)
})

t.test('C06 a client that knows our close codes is told in every window', async t => {
  const { stack, handled, latch, cookie } = await race(t, 'authorize')
  const opening = stack.upgrade({ cookie, path: '/race', protocol: 'wsg.v1', after: behind })
  await until(() => latch!.waiting === 1)
  latch!.isHeld = false
  await logout(stack.app, cookie)
  latch!.open()
  const told = await opening
  t.equal(told.status, 101)
  await told.closed()
  t.match(told.rest().toString('latin1'), /WSG_ERR_UNAUTHENTICATED|unauthenticated/)
  t.same(handled, [])
})

for (const [name, end] of [
  ['identity', { identity: 'ada' }], ['where', { where: ({ identity }: { identity: { id: unknown } | null }) => identity?.id === 'ada' }],
] as const) {
  t.test(`a revocation by ${name} reaches handshakes under way, and no later ones`, async t => {
    const { stack, handled, latch, cookie } = await race(t, 'authorize')
    const bob = await stack.login('bob')
    const opening = [stack.upgrade({ cookie, path: '/race', after: behind }), stack.upgrade({ cookie: bob, path: '/race' })]
    await until(() => latch!.waiting === 2)
    t.equal(stack.app.wsGuard.revoke(end as never), 0)
    latch!.open()
    const [mine, his] = await Promise.all(opening)
    t.equal(mine!.status, 401)
    t.equal(his!.status, 101)
    const again = await stack.upgrade({ cookie, path: '/race' })
    t.equal(again.status, 101, 'the session is still good: revoke ends sockets, not logins')
    t.same(handled, [])
    for (const { client } of [his!, again]) client.destroy()
  })
}

t.test('C06 the bare stack opens the socket of a session that ended while the store answered', async t => {
  const bare = await bareStack(t)
  const cookie = await bare.login()
  const latch = new Latch()
  delayReads(bare.store, latch)
  latch.isHeld = true
  const opening = upgrade(bare.port, { cookie })
  await until(() => latch.waiting === 1)
  latch.isHeld = false
  await bare.app.inject({ method: 'POST', url: '/logout', headers: { cookie } })
  latch.open()
  const opened = await opening
  t.equal(opened.status, 101)
  opened.client.destroy()
})
