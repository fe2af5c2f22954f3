import t from 'tap'
import type { Identity } from '../../types/gate.js'
import type { BudgetContext, MessageBudget } from '../../types/message-options.js'
import type { GuardedSocket } from '../../types/socket.js'
import { BudgetStore } from '../../lib/socket/budget-store.js'
import type { SocketLimits } from '../../lib/socket/limits.js'
import type { RawClient } from '../helpers/raw-client.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { NO_RATE, socketServer } from '../helpers/socket-server.js'
import type { SocketServer } from '../helpers/socket-server.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

const ANY = { accept: anyPayload }

interface Setting {
  readonly limits: Partial<SocketLimits>
  readonly identity?: (url: string) => unknown
}

/** One socket may say 10 at once and 5 a second; the clock stands until it is moved. */
async function counted (t: Teardown, { limits, identity }: Setting): Promise<SocketServer & { clock: { now: number }, store: BudgetStore, said: Map<string, number> }> {
  const clock = { now: 0 }
  const store = new BudgetStore()
  const said = new Map<string, number>()
  const server = await socketServer(t, {
    inbound: { say: ANY, dear: { accept: anyPayload, cost: 2.5 } },
    now: () => clock.now,
    budgetStore: store,
    ...(identity === undefined ? {} : { identity }),
    limits: { rate: 5, burst: 10, errors: 1000, perAddress: 1000, ...limits },
    handlers: {
      on: {
        say: (_: never, { identity: { id } }: GuardedSocket) => { said.set(String(id), (said.get(String(id)) ?? 0) + 1) },
        dear: () => { said.set('dear', (said.get('dear') ?? 0) + 1) },
      },
    },
  })
  return Object.assign(server, { clock, store, said })
}

/** Sends so many, and waits until each is heard or refused. */
async function say (server: Awaited<ReturnType<typeof counted>>, client: RawClient, count: number, type = 'say'): Promise<Record<string, unknown>[]> {
  const before = client.messages().length
  for (let n = 0; n < count; n++) client.json({ type, data: 1 })
  client.json({ type: '$ping', id: `after-${before}` })
  await client.waitMessage(({ id, error }) => id === `after-${before}` || (error as { code?: string } | undefined)?.code === 'rate_limited')
  await until(() => server.sockets.every(socket => !socket.open || socket.running === 0))
  await new Promise(resolve => setTimeout(resolve, 20))
  return client.messages().slice(before).flatMap(({ error }) => error === undefined ? [] : [error as Record<string, unknown>])
}

t.test('all sockets of an identity share a budget, also one after the other; another user has his own', async t => {
  const server = await counted(t, { limits: { perIdentity: 2 } })
  const tabs = [await server.open(), await server.open(), await server.open()]
  const errors = []
  for (const tab of tabs) errors.push(...await say(server, tab, 9))
  t.equal(server.said.get('ann'), 18, 'with two pings twice what one socket may')
  t.match(errors[0], { code: 'rate_limited', budget: 'identity', retryAfter: 250 })
  for (const tab of tabs) tab.client.destroy()
  await until(() => server.registry.size === 0)
  await say(server, await server.open(), 5)
  t.equal(server.said.get('ann'), 18, 'a reconnect brings nothing')
  await say(server, await server.open({ path: '/?id=bob' }), 10)
  t.equal(server.said.get('bob'), 10)
  server.clock.now += 1000
  await say(server, await server.open(), 9)
  t.equal(server.said.get('ann'), 27, 'ten tokens a second come back')
})

t.test('budgets of those who left are forgotten when they are full again', async t => {
  const server = await counted(t, { limits: { perIdentity: 2 } })
  for (let n = 0; n < 5; n++) {
    const client = await server.open({ path: `/?id=user-${n}` })
    await say(server, client, 3)
    client.client.destroy()
  }
  await until(() => server.registry.size === 0)
  t.equal(server.store.size, 6, 'five users and an address')
  server.clock.now += 1000
  server.store.sweep(server.clock.now)
  t.equal(server.store.size, 0)
})

t.test('sockets without an identity share the budget of their address', async t => {
  const server = await counted(t, { limits: { perAddress: 2 } })
  const clients = [await server.open({ path: '/?id=a' }), await server.open({ path: '/?id=b' }), await server.open({ path: '/?id=c' })]
  const errors = []
  for (const client of clients) errors.push(...await say(server, client, 9))
  t.equal([...server.said.values()].reduce((sum, count) => sum + count), 18)
  t.match(errors[0], { code: 'rate_limited', budget: 'address' })
  t.match(server.events('message:refused')[0], { code: 'rate_limited', budget: 'address' })
})

t.test('the budget that makes wait longest is told, and who waits for it is heard', async t => {
  const budgets: MessageBudget[] = [{ name: 'tenant', key: () => 'acme', rate: 1, burst: 4 }]
  const server = await counted(t, { limits: { perIdentity: 2, budgets } })
  const client = await server.open()
  const [error] = await say(server, client, 5)
  t.match(error, { code: 'rate_limited', budget: 'tenant' })
  t.match(server.events('message:refused'), [{ code: 'rate_limited', budget: 'tenant' }], 'by its name; the key may be a secret')
  t.equal(server.said.get('ann'), 4)
  server.clock.now += Number(error?.['retryAfter'])
  client.json({ type: 'dear', data: 1 })
  await until(() => server.said.get('dear') === 1)
  t.pass('whatever it then sends')
})

t.test('what costs a fraction is taken from each budget', async t => {
  const server = await counted(t, { limits: { perIdentity: 2 } })
  const client = await server.open()
  await say(server, client, 2, 'dear')
  // The ping took one.
  t.match(server.sockets[0]!.usage().map(({ budget, remaining }) => [budget, remaining]), [['socket', 4], ['identity', 14]])
  client.client.destroy()
  await until(() => server.registry.size === 0)
  t.same(server.sockets[0]!.usage(), [], 'closed')
  t.equal(server.store.size, 2, 'and asking keeps nothing')
})

t.test('a key is a tenant, an API key, or nothing; a rate follows the plan', async t => {
  const plan = ({ identity }: BudgetContext): number => (identity as unknown as { plan: number }).plan
  const asked: BudgetContext[] = []
  const budgets: MessageBudget[] = [{
    name: 'plan',
    key: context => { asked.push(context); return plan(context) === 0 ? null : context.identity!.id },
    rate: plan,
    burst: context => plan(context) * 2,
  }]
  const server = await counted(t, {
    limits: { rate: 100, burst: 100, budgets },
    identity: url => ({ id: new URL(url).searchParams.get('id'), plan: Number(new URL(url).searchParams.get('plan')) }),
  })
  for (const [id, rate, most] of [['free', 3, 6], ['paid', 10, 20], ['staff', 0, 30]] as const) {
    await say(server, await server.open({ path: `/?id=${id}&plan=${rate}` }), 30)
    t.equal(server.said.get(id), most, id)
  }
  t.match(asked[0], { identity: { id: 'free' }, params: {}, query: {}, ip: '127.0.0.1', route: '/ws', socket: '1' })
  server.sockets[0]!.assume({ id: 'free', plan: 50 } as unknown as Identity)
  server.clock.now += 1000
  await say(server, await server.open({ path: '/?id=free&plan=50' }), 40)
  t.equal(server.said.get('free'), 46, 'a better plan counts at once')
})

t.test('what the application\'s functions get wrong is logged, and never unlimited', async t => {
  for (const odd of [{ key: () => { throw new Error('no tenant') } }, { key: () => '' }, { key: async () => 'x' }, { rate: () => NaN }, { rate: () => Infinity }, { burst: () => -1 }, { burst: () => '9' }]) {
    const budgets = [{ name: 'tenant', key: () => 'acme', rate: 1, burst: 4, ...odd }] as unknown as MessageBudget[]
    const server = await counted(t, { limits: { perIdentity: 5, budgets } })
    await say(server, await server.open(), 12)
    t.ok((server.said.get('ann') ?? 0) <= 10, JSON.stringify(Object.keys(odd)))
    t.match(server.events('handler:failed'), [{ type: 'budgets.tenant' }])
  }
})

t.test('names that two budgets have do not boot, nor a message dearer than one can save up', async t => {
  const budget: MessageBudget = { name: 'tenant', key: () => 'acme', rate: 1, burst: 4 }
  await t.rejects(counted(t, { limits: { budgets: [budget, budget] } }), { code: 'WSG_ERR_OPTION', message: /expected names that differ, got "tenant" twice/ })
  await t.rejects(counted(t, { limits: { budgets: [{ ...budget, burst: 2 }] } }),
    { code: 'WSG_ERR_OPTION', message: /inbound.dear.cost: expected at most the burst of the budget tenant, which is 2, got 2.5/ })
})

t.test('D24 handlers that never settle pile up on one user\'s account, however often he reconnects', async t => {
  let running = 0
  const pending: (() => void)[] = []
  const store = new BudgetStore()
  const server = await socketServer(t, {
    inbound: { hang: ANY },
    budgetStore: store,
    limits: { ...NO_RATE, inFlight: 4, perIdentity: 2, errors: 1000 },
    handlers: { on: { hang: async () => { running++; await new Promise<void>(resolve => { pending.push(resolve) }) } } },
  })
  for (let n = 0; n < 12; n++) {
    const client = await server.open()
    client.json(...Array.from({ length: 4 }, () => ({ type: 'hang', data: 1 })))
    if (n < 8) await until(() => running === (n + 1) * 4)
    else t.match((await client.waitMessages(4)).map(({ error }) => error?.code), new Array(4).fill('too_many_calls'))
    client.client.destroy()
    await until(() => server.registry.size === 0)
  }
  t.equal(running, 32, 'four times inFlight, twice')
  store.sweep(1e9)
  t.ok(store.size > 0, 'remembered while they run')
  const other = await server.open({ path: '/?id=bob' })
  other.json({ type: 'hang', data: 1 })
  await until(() => running === 33)
  other.client.destroy()
  await until(() => server.registry.size === 0)
  for (const settle of pending) settle()
  await new Promise(setImmediate)
  store.sweep(1e9)
  t.equal(store.size, 0)
  t.ok(await server.answers())
})
