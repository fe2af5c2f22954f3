import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { defineContract } from '../../lib/contract.js'
import { contractStack } from '../helpers/contract-stack.js'
import { json } from '../helpers/frames.js'
import type { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const chat = defineContract({ name: 'chat', url: '/test', inbound: { say: Type.Object({ n: Type.Integer() }) } })
const game = defineContract({ name: 'game', url: '/game', inbound: { say: Type.Object({ n: Type.Integer() }) } })

/** A server whose budgets come back so slowly that nothing does during a test. */
const SLOW = { rate: 0.001, burst: 100, errors: 5 }

const flood = (count: number): Buffer => Buffer.concat(Array.from({ length: count }, (_, n) => json({ type: 'say', data: { n } })))

t.test('D06 D13 D14 nine tabs and a reconnect loop get no more than two and a half times one socket; another user is served in full', async t => {
  const said = new Map<string, number>()
  let app: FastifyInstance | undefined
  const server = await contractStack(t, one => {
    app = one
    const on = { say: (_: unknown, { identity }: { identity: { id: string | number } }) => { said.set(String(identity.id), (said.get(String(identity.id)) ?? 0) + 1) } }
    one.wsRoute(chat, { on })
    one.wsRoute(game, { on, messages: { burst: 50 } })
  }, { guard: { messages: SLOW } })
  const { stack } = server
  const attacker = await stack.login('eve')

  const tabs: RawClient[] = []
  for (let n = 0; n < 9; n++) tabs.push(await server.open({ cookie: attacker }))
  for (const tab of tabs) tab.send(flood(150))
  for (let n = 0; n < 20; n++) {
    const again = await server.open({ cookie: attacker })
    again.send(flood(150))
    await again.waitMessages(1)
    again.client.destroy()
  }
  const honest = await server.open({ cookie: await stack.login('ann') })
  honest.send(flood(100))
  await until(() => said.get('ann') === 100)
  await Promise.all(tabs.map(tab => tab.waitMessages(1)))
  t.equal(said.get('eve'), 200)
  t.ok(2.5 * SLOW.burst >= 200)
  t.match(tabs[8]!.messages()[0], { type: '$error', error: { code: 'rate_limited', budget: 'identity' } })
  t.same(honest.messages(), [])

  t.match(app!.wsGuard.usage({ identity: 'eve' }), [{ budget: 'identity', route: null, remaining: 0, burst: 200 }])
  t.match(app!.wsGuard.usage({ identity: 'ann' }), [{ remaining: 100 }])
  t.same(app!.wsGuard.usage({ identity: 'nobody' }), [])

  // A route with a rate of its own counts by itself.
  const player = await server.open({ path: '/game', cookie: attacker })
  player.send(flood(50))
  await until(() => said.get('eve') === 250)
  t.match(app!.wsGuard.usage({ identity: 'eve' }), [{ route: null, remaining: 0 }, { budget: 'identity', route: '/game', remaining: 50, burst: 100 }])
  t.ok(await server.answers())
})

t.test('D06 many accounts behind one address: no more than thirty times one socket', async t => {
  let said = 0
  const server = await contractStack(t, app => { app.wsRoute(chat, { on: { say: () => { said++ } } }) }, { guard: { messages: { ...SLOW, burst: 10 } } })
  const clients = await Promise.all(Array.from({ length: 40 }, async (_, n) => await server.open({ cookie: await server.stack.login(`user-${n}`) })))
  for (const client of clients) client.send(flood(11))
  await Promise.all(clients.map(client => client.waitMessages(1)))
  t.equal(said, 300)
  t.equal(clients.at(-1)!.messages()[0]?.error?.budget, 'address')
})

t.test('usage is asked rightly', async t => {
  let app: FastifyInstance | undefined
  await contractStack(t, one => {
    app = one
    one.wsRoute(chat, { on: { say: () => {} }, messages: { budgets: [{ name: 'tenant', key: () => 'acme', rate: 1, burst: 5 }] } })
  }, { guard: { messages: { budgets: [{ name: 'plan', key: () => 'free', rate: 1, burst: 5 }] } } })
  const usage = app!.wsGuard.usage as (of: unknown) => unknown
  for (const of of [undefined, null, 7, {}, { identity: null }, { identity: 7, key: 1 }, { budget: 'tenant' }, { budget: 7, key: 'x' }, { key: 'x' }, { budget: 'tenant', key: 'acme', route: '/' }]) {
    t.throws(() => usage(of), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /wsGuard.usage: expected / }, JSON.stringify(of))
  }
  for (const budget of ['tenant', 'plan', 'identity', 'address']) t.same(usage({ budget, key: 'acme' }), [], 'nobody has spent of it')
  t.throws(() => usage({ budget: 'tennant', key: 'acme' }), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /wsGuard\.usage: budget: expected one of identity, address, plan, tenant, got "tennant"; did you mean "tenant"\?/ })
  t.throws(() => usage({ budget: 'nosuch', key: 'acme' }), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /got "nosuch"$/ })
})
