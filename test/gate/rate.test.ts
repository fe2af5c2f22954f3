import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { Events } from '../../lib/events/events.js'
import { ClientAddresses } from '../../lib/gate/client-address.js'
import { createUpgradeLimiter } from '../../lib/gate/rate.js'
import type { CreateRateLimit, LimiterSources } from '../../lib/gate/rate.js'
import type { UpgradeRateOptions } from '../../types/connection-options.js'
import { fakeClock } from '../helpers/fake-clock.js'

type Verdict = { readonly isAllowed: boolean, readonly isExceeded: boolean, readonly ttlInSeconds: number }

const request = { ip: '192.0.2.1', raw: { headers: {} }, log: { error () {}, warn () {} } } as unknown as FastifyRequest

/** A store that answers with `answer`; counts how often it is asked, and keeps the settings it was made with. */
function store (answer: () => Promise<Verdict>): { readonly create: CreateRateLimit, asked: number, settings: { [name: string]: unknown } } {
  const made = { asked: 0, settings: {}, create: null as unknown as CreateRateLimit }
  made.create = ((settings: object) => {
    Object.assign(made.settings, settings)
    return () => {
      made.asked++
      return answer()
    }
  }) as unknown as CreateRateLimit
  return made
}

const events = new Events({})
const addresses = new ClientAddresses(64, null, request.log)
const limiterOf = (sources: LimiterSources, options: Partial<UpgradeRateOptions> = {}) =>
  createUpgradeLimiter(sources, { max: 3, timeWindow: 1000, ...options }, 'test', addresses, events)
const limiter = (sources: LimiterSources) => limiterOf(sources).take
const within: Verdict = { isAllowed: false, isExceeded: false, ttlInSeconds: 9 }
const beyond: Verdict = { isAllowed: false, isExceeded: true, ttlInSeconds: 9 }

t.test('the verdict of a local store', async t => {
  const rows: [Verdict, object | null][] = [
    [within, null],
    [beyond, { code: 'WSG_ERR_UPGRADE_RATE', value: 'test', retryAfter: 9 }],
    [{ ...beyond, ttlInSeconds: 0 }, { code: 'WSG_ERR_UPGRADE_RATE', value: 'test', retryAfter: 1 }],
    [{ ...beyond, isAllowed: true }, null],
  ]
  for (const [verdict, expected] of rows) {
    const local = store(async () => verdict)
    t.same(await limiter({ primary: local.create, isLocal: true, fallback: null })(request), expected)
    t.match(local.settings, { max: 3, timeWindow: 1000, ban: -1, skipOnError: false })
    t.equal((local.settings['keyGenerator'] as (request: FastifyRequest) => string)(request), 'fastify-ws-guard:upgrade:test:192.0.2.1')
  }
})

t.test('a store that fails or hangs is left alone for a while: the local one decides', async t => {
  for (const answer of [async () => { throw new Error('down') }, async () => await new Promise<Verdict>(() => {})]) {
    const shared = store(answer)
    const local = store(async () => beyond)
    const limit = limiter({ primary: shared.create, isLocal: false, fallback: local.create })
    t.match(await limit(request), { code: 'WSG_ERR_UPGRADE_RATE' })
    t.equal(shared.asked, 1)
    await Promise.all(Array.from({ length: 20 }, async () => { await limit(request) }))
    t.equal(shared.asked, 1, 'not asked again at once')
    t.equal(local.asked, 21)
  }
})

t.test('a store that goes on failing is one event in ten seconds, however many handshakes come', async t => {
  const clock = fakeClock(t)
  for (const [answer, wait] of [[async () => { throw new Error('down') }, 0], [async () => await new Promise<Verdict>(() => {}), 500]] as const) {
    const told: object[] = []
    t.teardown(events.listen('rate:unavailable', event => { told.push(event) }))
    const limit = limiter({ primary: store(answer).create, isLocal: false, fallback: store(async () => within).create })
    for (let second = 0; second < 60; second++) {
      const asked = Array.from({ length: 20 }, async () => await limit(request))
      await clock.pass(wait + 1, 1)
      t.same(new Set(await Promise.all(asked)), new Set([null]))
      await clock.pass(1000 - wait - 1, 100)
    }
    t.ok(told.length >= 5 && told.length <= 6, `${told.length} events in a minute`)
    t.match(told[0], { app: events.app, limit: 'test', error: wait === 0 ? { message: 'down' } : undefined })
  }
})

t.test('without a local store a failure is 503, never unlimited', async t => {
  const shared = store(async () => { throw new Error('down') })
  t.match(await limiter({ primary: shared.create, isLocal: false, fallback: null })(request), { code: 'WSG_ERR_AUTH_UNAVAILABLE' })
})

t.test('a failed handshake counts several times', async t => {
  const local = store(async () => within)
  const { take, punish } = limiterOf({ primary: local.create, isLocal: true, fallback: null }, { failureCost: 5 })
  await take(request)
  punish(request)
  t.equal(local.asked, 5)
})

t.test('a limiter that fails by itself says why, and punishing never rejects', async t => {
  const cause = new Error('allowList')
  const local = store(async () => { throw cause })
  const { take, punish } = limiterOf({ primary: local.create, isLocal: true, fallback: null }, { failureCost: 3 })
  t.same(await take(request), { code: 'WSG_ERR_AUTH_UNAVAILABLE', value: 'upgrade rate test', cause })
  t.doesNotThrow(() => { punish(request) })
  await new Promise(resolve => setImmediate(resolve))
})
