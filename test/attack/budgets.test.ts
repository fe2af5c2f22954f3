import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { defineContract } from '../../lib/contract.js'
import { anyOf, sessionAuth, tokenAuth } from '../../lib/index.js'
import { contractStack } from '../helpers/contract-stack.js'
import { json, text } from '../helpers/frames.js'
import { userOf } from '../helpers/guarded-stack.js'
import type { RawClient } from '../helpers/raw-client.js'
import { later } from '../helpers/tokens.js'
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

t.test('D14 neither refreshes nor other credentials nor new tokens give a user more', async t => {
  let said = 0
  let app: FastifyInstance | undefined
  const auth = anyOf(sessionAuth(userOf), tokenAuth({ verify: id => ({ id, expires: later(60_000) }) }))
  const server = await contractStack(t, one => {
    app = one
    one.wsRoute(chat, { on: { say: () => { said++ } } })
  }, { guard: { auth, allowMissingOrigin: true, messages: { ...SLOW, burst: 10, errors: 1000 } } })
  const refuses = async (client: RawClient): Promise<void> => {
    await client.waitMessage(({ error }) => error?.code === 'rate_limited')
    for (let n = 0; n < 50; n++) app!.wsGuard.refresh({ id: 'eve', roles: [`role ${n}`] })
  }
  const byCookie = await server.open({ cookie: await server.stack.login('eve') })
  byCookie.send(flood(15))
  await refuses(byCookie)
  t.equal(said, 10)
  const byToken = await server.open({ cookie: null, origin: null, headers: { authorization: 'Bearer eve' } })
  byToken.json({ type: '$auth', data: { token: 'eve' } }, { type: '$auth', data: { token: 'eve' } })
  byToken.send(flood(12))
  await refuses(byToken)
  await until(() => said >= 18)
  t.equal(said, 18, 'the tokens were messages too')
  const third = await server.open({ cookie: null, origin: null, headers: { authorization: 'Bearer eve' } })
  for (const client of [third, byCookie, byToken]) client.send(flood(4))
  await refuses(third)
  t.equal(said, 18)
  const other = await server.open({ cookie: null, origin: null, headers: { authorization: 'Bearer eve2' } })
  other.send(flood(10))
  await until(() => said === 28)
})

t.test('D13 nothing is free: what belongs to the protocol, and what is no message, is paid like one', async t => {
  let said = 0
  const server = await contractStack(t, one => { one.wsRoute(chat, { on: { say: () => { said++ } } }) }, { guard: { messages: { ...SLOW, burst: 20, errors: 1000 } } })
  for (const raw of ['{"type":"$ping"}', '{"type":"$cancel","id":1}', '{"type":"$auth","data":{"token":"x"}}', '{', '', '[]', '{"type":"nope"}', '{"type":"say","data":{"n":"x"}}', `{"type":"say","data":${'['.repeat(100)}`]) {
    const client = await server.open({ cookie: await server.stack.login(`user ${raw.length} ${raw.slice(0, 12).replaceAll(/\W/g, '')}`) })
    client.send(Buffer.concat(Array.from({ length: 20 }, () => text(raw))))
    client.send(flood(1))
    await client.waitMessage(({ error }) => error?.code === 'rate_limited')
    t.equal(said, 0, raw)
    client.client.destroy()
  }
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
