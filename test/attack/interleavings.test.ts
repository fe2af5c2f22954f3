import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { anyOf, sessionAuth, ticketAuth, tokenAuth } from '../../lib/index.js'
import type { Identity } from '../../types/gate.js'
import { contractStack } from '../helpers/contract-stack.js'
import { json } from '../helpers/frames.js'
import { storeSession } from '../helpers/guarded-stack.js'
import { codeOf } from '../helpers/handshake.js'
import { delayReads, Latch } from '../helpers/latch.js'
import type { RawClient } from '../helpers/raw-client.js'
import type { Teardown } from '../helpers/teardown.js'
import { later } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

// Something waits, by what was read before; meanwhile the identity ends or loses a right; then it goes on. Whatever it
// was that waited: nothing is done with a right that is gone.

const contract = defineContract({
  name: 'between',
  url: '/test',
  inbound: { order: { payload: Type.Object({}), roles: ['admin'] }, checked: Type.Object({}) },
  outbound: { said: Type.Object({ n: Type.Integer() }) },
  calls: { enter: { request: Type.Object({}), reply: Type.Boolean() } },
})

const LATCHES = ['store', 'verify', 'authorize', 'message', 'handler'] as const

interface User { readonly id: string, readonly roles: readonly string[] }
const userOf = (session: object): User | null => (Reflect.get(session, 'user') as User | undefined) ?? null
const isAdmin = (identity: Identity | null): boolean => identity?.roles?.includes('admin') === true

async function bench (t: Teardown) {
  const latch = Object.fromEntries(LATCHES.map(name => [name, new Latch()])) as Record<typeof LATCHES[number], Latch>
  const done: string[] = []
  let group = (): number => 0
  const bySession = sessionAuth(userOf)
  const byToken = tokenAuth({
    async verify (id) {
      await latch.verify.pass()
      return { id, roles: ['admin'], expires: later(60_000) }
    },
  })
  const server = await contractStack(t, app => {
    const route = app.wsRoute(contract, {
      authorize: async () => { await latch.authorize.pass(); return true },
      mayJoin: ({ identity }) => isAdmin(identity),
      on: {
        order: () => { done.push('order') },
        checked: {
          authorize: async (_data, { identity }) => {
            const may = isAdmin(identity)
            await latch.message.pass()
            return may
          },
          handle: () => { done.push('checked') },
        },
      },
      calls: {
        async enter (_data, socket) {
          await latch.handler.pass()
          if (socket.join('admins')) done.push('enter')
          return true
        },
      },
    })
    group = () => route.group('admins').send.said({ n: 1 })
    app.post('/logout', async request => { await request.session.destroy(); return {} })
    app.post('/empty', async request => {
      request.session.set('user' as never, undefined as never)
      await request.session.save()
      return {}
    })
  }, {
    guard: { auth: anyOf(ticketAuth({ issue: '/ws-ticket', auth: bySession }), bySession, byToken), allowMissingOrigin: true, websocket: { closeTimeout: 300 } },
  })
  const { stack } = server
  const id = 'session-of-ada'
  const cookie = storeSession(stack.store, 'ada')
  stack.store.sessions.set(id, stack.store.sessions.get(id)!.replace('"id":"ada"', '"id":"ada","roles":["admin"]'))
  delayReads(stack.store, latch.store)
  const post = async (url: string): Promise<void> => {
    const { statusCode } = await stack.app.inject({ method: 'POST', url, headers: { cookie, host: 'app.goodsite.com', 'x-forwarded-proto': 'https' } })
    if (statusCode !== 200) throw new Error(`${url}: ${statusCode}`)
  }
  return {
    server,
    stack,
    latch,
    done,
    cookie,
    group: () => group(),
    events: {
      logout: async () => { await post('/logout') },
      'an emptied session': async () => { await post('/empty') },
      revoke: async () => { stack.app.wsGuard.revoke({ identity: 'ada' }) },
      demotion: async () => { stack.app.wsGuard.refresh({ id: 'ada', roles: ['user'] }) },
    },
    async ticket () {
      const response = await stack.app.inject({
        method: 'POST',
        url: '/ws-ticket',
        headers: { host: 'app.goodsite.com', origin: 'https://goodsite.com', 'content-type': 'application/json', cookie },
        payload: JSON.stringify({ path: '/test' }),
      })
      return (JSON.parse(response.body) as { ticket: string }).ticket
    },
  }
}

type Bench = Awaited<ReturnType<typeof bench>>
type Event = keyof Bench['events']
const EVENTS: readonly Event[] = ['logout', 'an emptied session', 'revoke', 'demotion']

const order = json({ type: 'order', data: {} })
const checked = json({ type: 'checked', data: {} })
const enter = json({ type: 'enter', id: 1, data: {} })

/** What waits: begun, until a latch has it. The socket where there is one yet. */
const STEPS = {
  async 'a ticket that is used, in the store' ({ latch, stack, ticket }: Bench) {
    const protocol = `ticket.${await ticket()}`
    latch.store.isHeld = true
    const opening = stack.upgrade(stack.page({ path: '/test', cookie: null, protocol: `wsg.v1, ${protocol}`, after: Buffer.concat([order, checked, enter]) }))
    return { held: latch.store, opening }
  },
  async 'a ticket that is used, in authorize' ({ latch, stack, ticket }: Bench) {
    const protocol = `ticket.${await ticket()}`
    latch.authorize.isHeld = true
    const opening = stack.upgrade(stack.page({ path: '/test', cookie: null, protocol: `wsg.v1, ${protocol}`, after: Buffer.concat([order, checked, enter]) }))
    return { held: latch.authorize, opening }
  },
  async 'a message in its authorize' ({ latch, server, cookie }: Bench) {
    const client = await server.open({ cookie })
    latch.message.isHeld = true
    client.send(Buffer.concat([checked, order, enter]))
    return { held: latch.message, client }
  },
  async 'a handler before a join' ({ latch, server, cookie }: Bench) {
    const client = await server.open({ cookie })
    latch.handler.isHeld = true
    client.send(enter)
    return { held: latch.handler, client }
  },
  async 'the question after a former refresh' ({ latch, server, stack, cookie }: Bench) {
    const client = await server.open({ cookie })
    latch.authorize.isHeld = true
    stack.app.wsGuard.refresh({ id: 'ada', roles: ['admin', 'editor'] })
    client.send(Buffer.concat([order, checked, enter]))
    return { held: latch.authorize, client }
  },
}

for (const [step, begin] of Object.entries(STEPS)) {
  for (const event of EVENTS) {
    t.test(`C06 C08 H08 ${event} during ${step}`, async t => {
      const one = await bench(t)
      const { held, ...begun } = await begin(one)
      await until(() => held.waiting > 0)
      held.isHeld = false
      await one.events[event]()
      held.open()
      // The store answers nobody any more: what is known by now has to be enough.
      one.latch.store.isHeld = true
      if ('opening' in begun) {
        const opened = await begun.opening
        if (event === 'demotion') t.equal(opened.status, 101)
        else if (opened.status === 101) await opened.closed()
        else t.equal(codeOf(opened), 'WSG_ERR_UNAUTHENTICATED')
        opened.client.destroy()
      } else if (event === 'demotion') {
        await begun.client.waitMessage(({ id, error }) => id === 1 || error?.code === 'forbidden')
      } else {
        t.equal((await begun.client.waitClose()).code, 4401)
      }
      await new Promise(resolve => setTimeout(resolve, 20))
      t.same(one.done, [])
      t.equal(one.group(), 0, 'it is in no group that it may not be in')
      one.latch.store.open()
      await one.server.empty()
    })
  }
}

t.test('C06 a new token that is judged when its user is revoked keeps nobody in; demoted, it is asked about again', async t => {
  for (const event of ['revoke', 'demotion'] as const) {
    const one = await bench(t)
    const client: RawClient = await one.server.open({ cookie: null, origin: null, headers: { authorization: 'Bearer ada' } })
    one.latch.verify.isHeld = true
    client.json({ type: '$auth', id: 'new', data: { token: 'ada' } })
    client.send(order)
    await until(() => one.latch.verify.waiting === 1)
    await one.events[event]()
    t.same(one.done, [])
    for (const go of [1, 2]) {
      one.latch.verify.open()
      if (event === 'demotion' && go === 1) {
        one.latch.verify.isHeld = true
        await until(() => one.latch.verify.waiting === 2)
        t.same(one.done, [], 'not by what was found before')
      }
    }
    if (event === 'revoke') {
      t.equal((await client.waitClose()).code, 4401)
      t.same(one.done, [])
    } else await until(() => one.done.length === 1)
    await one.server.empty()
  }
})
