import t from 'tap'
import { guardedStack } from '../helpers/guarded-stack.js'
import type { GuardedStack } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import type { UpgradeResult } from '../helpers/handshake.js'
import type { GuardOptions } from '../../types/options.js'
import { until } from '../helpers/until.js'

/** The guard's defaults: the helper's own switch them off. */
const STANDARD = { connections: {}, upgradeRate: {} }

const statusesOf = (answers: readonly UpgradeResult[]): Record<number, number> => {
  const counts: Record<number, number> = {}
  for (const { status } of answers) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

const open = (stack: GuardedStack, count: number, changes: Parameters<GuardedStack['page']>[0]): Promise<UpgradeResult[]> =>
  Promise.all(Array.from({ length: count }, () => upgrade(stack.port, stack.page(changes))))

t.test('an office behind one address works, with the defaults', async t => {
  const stack = await guardedStack(t, { guard: STANDARD })
  const people = await Promise.all(Array.from({ length: 30 }, (_, i) => stack.login(`person-${i}`)))
  // Five page loads each within the minute.
  for (let load = 0; load < 5; load++) {
    const pages = (await Promise.all(people.map(cookie => open(stack, 1, { cookie })))).flat()
    t.same(statusesOf(pages), { 101: 30 }, `page load ${load + 1}`)
    for (const { client } of pages) client.destroy()
    await until(() => stack.app.wsGuard.sockets === 0)
  }
  // After a deploy all tabs come back, in the same minute: a dozen each.
  const tabs = (await Promise.all(people.map(cookie => open(stack, 12, { cookie })))).flat()
  const later = []
  // Who came too early in that rush tries again as it was told to.
  for (const { status, client } of tabs) if (status !== 101) { client.destroy(); later.push(status) }
  t.same(later.filter(status => status !== 429), [])
  t.ok(tabs.length - later.length >= 250, `${tabs.length - later.length} of 360 tabs at the first attempt`)
  for (const { client } of tabs) client.destroy()
})

t.test('one person has two dozen tabs, and not any number', async t => {
  const stack = await guardedStack(t, { guard: STANDARD })
  const cookie = await stack.login('ada')
  const tabs = await open(stack, 24, { cookie })
  t.same(statusesOf(tabs), { 101: 24 })
  const more = await open(stack, 30, { cookie })
  t.same(statusesOf(more), { 101: 6, 429: 24 })
  t.equal(codeOf(more.find(({ status }) => status === 429)!), 'WSG_ERR_CONNECTIONS_PER_IDENTITY')
  for (const { client } of [...tabs, ...more]) client.destroy()
})

t.test('an attacker at one address is bounded, with the defaults', async t => {
  const stack = await guardedStack(t, { guard: STANDARD })
  const anonymous = []
  for (let i = 0; i < 6; i++) anonymous.push(...await open(stack, 25, { path: '/open', cookie: null }))
  t.same(statusesOf(anonymous), { 101: 100, 429: 50 }, 'sockets without an identity')
  // Guesses at a credential count five times: what is left of 600 after 150 is 90 of them.
  const guesses = []
  for (let i = 0; i < 15; i++) guesses.push(...await open(stack, 10, { cookie: null }))
  t.same(Object.keys(statusesOf(guesses)), ['401', '429'])
  const judged = statusesOf(guesses)[401] ?? 0
  t.ok(judged >= 90 && judged <= 100, `${judged} guesses were judged`)
  t.equal(codeOf(guesses.at(-1)!), 'WSG_ERR_UPGRADE_RATE')
  const neighbour = await upgrade(stack.port, { ...stack.page({ cookie: await stack.login() }), tcp: { localAddress: '127.0.0.9' } })
  t.equal(neighbour.status, 101, 'another address')
  for (const { client } of [...anonymous, ...guesses, neighbour]) client.destroy()
})

t.test('what any website can make a visitor\'s browser send costs the visitor\'s address nothing', async t => {
  const stack = await guardedStack(t, { guard: { upgradeRate: { max: 5, timeWindow: 60_000 } } })
  for (const changes of [{ origin: 'https://evil.test' }, { protocol: 'a, a' }, { path: '/nowhere' }]) {
    for (const { client } of await open(stack, 10, changes)) client.destroy()
  }
  t.same(statusesOf(await open(stack, 5, { path: '/open' })), { 101: 5 })
})

t.test('listed networks are not counted by address; identities still are', async t => {
  const stack = await guardedStack(t, {
    guard: {
      connections: { perAddress: 2, anonymous: 1, perIdentity: 3, allowList: ['127.0.0.0/29', '2001:db8::/32'] },
      upgradeRate: { max: 2, timeWindow: 60_000, allowList: ['127.0.0.0/29'] },
    },
  })
  const listed = await open(stack, 20, { path: '/open', cookie: null })
  t.same(statusesOf(listed), { 101: 20 })
  const own = await open(stack, 5, { cookie: await stack.login() })
  t.same(statusesOf(own), { 101: 3, 429: 2 })
  const outside = await Promise.all([1, 2].map(() => upgrade(stack.port, { path: '/open', tcp: { localAddress: '127.0.0.9' } })))
  t.same(statusesOf(outside), { 101: 1, 429: 1 }, 'another network')
  for (const { client } of [...listed, ...own, ...outside]) client.destroy()
})

t.test('a list that can\'t be read does not boot', async t => {
  for (const entry of ['10.0.0.0/33', 'office', '10.0.0.1/24/1', '2001:db8::/129', '', '10.0.0.0/', 'fe80::1%eth0']) {
    for (const [options, where] of [
      [{ connections: { allowList: ['10.0.0.1', entry] } }, 'options.connections.allowList[1]'],
      [{ upgradeRate: { allowList: ['10.0.0.1', entry] } }, 'upgradeRate.allowList[1]'],
    ] as [GuardOptions, string][]) {
      await t.rejects(guardedStack(t, { guard: options }), { code: 'WSG_ERR_OPTION', message: new RegExp(where.replace(/[.[\]]/g, '\\$&')) }, `${where} ${entry}`)
    }
  }
})

t.test('a route has caps of its own, beside the application\'s', async t => {
  const stack = await guardedStack(t, {
    guard: { connections: { perAddress: 10 } },
    extend: app => {
      app.get('/tight', { websocket: true, wsGuard: { connections: { perIdentity: 1, total: 3 } } }, () => {})
      app.get('/small', { websocket: true, wsGuard: { public: true, connections: { anonymous: 2 } } }, () => {})
      app.get('/wide', { websocket: true, wsGuard: { public: true, connections: { perAddress: 500, anonymous: 500 } } }, () => {})
    },
  })
  const [ada, bob, cy, dee] = await Promise.all(['ada', 'bob', 'cy', 'dee'].map(stack.login))
  const verdicts: string[] = []
  const held: UpgradeResult[] = []
  for (const [path, cookie] of [['/tight', ada], ['/tight', ada], ['/ws', ada], ['/tight', bob], ['/tight', cy], ['/tight', dee], ['/small', null], ['/small', null], ['/small', null]] as const) {
    const answer = await upgrade(stack.port, { path, cookie: cookie ?? null })
    verdicts.push(answer.status === 101 ? 'in' : codeOf(answer).replace('WSG_ERR_CONNECTIONS_', ''))
    if (answer.status === 101) held.push(answer)
    else await answer.closed()
  }
  t.same(verdicts, ['in', 'PER_IDENTITY', 'in', 'in', 'in', 'TOTAL', 'in', 'in', 'PER_ADDRESS'])
  const wide = await open(stack, 10, { path: '/wide', cookie: null })
  t.same(statusesOf(wide), { 101: 4, 429: 6 }, 'a generous route doesn\'t lift the plugin\'s cap: six sockets are there')
  for (const { client } of [...held, ...wide]) client.destroy()
  await until(() => stack.app.wsGuard.sockets === 0)
  const again = await upgrade(stack.port, { path: '/tight', cookie: ada! })
  t.equal(again.status, 101, 'its slots come back as well')
  again.client.destroy()
})
