import t from 'tap'
import { guardedStack } from '../helpers/guarded-stack.js'
import type { GuardedSettings } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import type { UpgradeOptions } from '../helpers/handshake.js'
import { until } from '../helpers/until.js'

for (const first of ['session', 'guard'] as const) {
  const stackOf = (t: Parameters<typeof guardedStack>[0], settings: GuardedSettings = {}) => guardedStack(t, { as: 'site', first, ...settings })

  for (const mode of ['ok', 'down'] as const) {
    t.test(`a store is asked for as many handshakes as the upgrade rate lets through, ${first} registered first, store ${mode}`, async t => {
      const { port, page, store } = await stackOf(t, { guard: { upgradeRate: { max: 6, timeWindow: 60_000 } } })
      store.mode = mode
      const statuses: number[] = []
      for (let i = 0; i < 60; i++) {
        const { status, client } = await upgrade(port, page())
        statuses.push(status)
        client.destroy()
      }
      t.equal(statuses.filter(status => status === 429).length, 54)
      t.equal(statuses.filter(status => status === (mode === 'ok' ? 101 : 503)).length, 6)
      t.ok(store.gets <= 6, `${store.gets} store reads`)
    })
  }

  t.test(`a handshake that its headers refuse asks no store, ${first} registered first`, async t => {
    const { port, page, store, healthy } = await stackOf(t, {
      extend: app => { app.get('/partner', { websocket: true, wsGuard: { origins: ['https://partner.com'] } }, () => {}) },
    })
    const refused: [UpgradeOptions, number][] = [
      [{ host: 'evil.test', headers: { 'X-Forwarded-Host': 'app.goodsite.com' } }, 421],
      [{ path: '/partner' }, 403],
      [{ path: '/ws', origin: 'https://partner.com' }, 403],
      [{ path: '/nowhere' }, 404],
      [{ path: '/plain' }, 404],
      [{ protocol: 'a, a' }, 400],
      [{ version: '8' }, 426],
    ]
    for (const [changes, expected] of refused) {
      const { status, client } = await upgrade(port, page(changes))
      t.equal(status, expected, JSON.stringify(changes))
      client.destroy()
    }
    t.equal(store.gets, 0)
    t.equal(await healthy(), true)
  })

  t.test(`one address behind a proxy can't hold all handshakes under way, ${first} registered first`, async t => {
    const { app, port, page, store, healthy } = await stackOf(t, {
      fastify: { trustProxy: '127.0.0.1' },
      guard: { authTimeout: 1000, connections: { pending: 20 } },
    })
    const from = (address: string): UpgradeOptions => page({ headers: { 'X-Forwarded-For': address } })
    store.mode = 'hang'
    const flood = Array.from({ length: 40 }, () => upgrade(port, from('203.0.113.1')))
    await until(() => app.wsGuard.pending === 5)
    t.equal(store.gets, 5, 'a quarter of them')
    store.mode = 'ok'
    const other = await upgrade(port, from('203.0.113.2'))
    t.equal(other.status, 101, 'another client is let in')
    other.client.destroy()
    const answers = await Promise.all(flood)
    t.equal(answers.filter(({ status }) => status === 429).length, 35)
    t.equal(answers.filter(answer => answer.status === 503 && codeOf(answer) === 'WSG_ERR_AUTH_TIMEOUT').length, 5)
    for (const { client } of answers) client.destroy()
    t.equal(await healthy(), true)
  })
}
