import t from 'tap'
import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { loadLimiters } from '../../lib/plugin/limiters.js'
import { resolveOptions } from '../../lib/plugin/options.js'

/** A client of the shape that @fastify/rate-limit takes for Redis; every command fails. */
const redis = { defineCommand () {}, rateLimit (...args: unknown[]) { (args.at(-1) as (error: Error) => void)(new Error('down')) } }
const request = { routeOptions: { config: {} } } as FastifyRequest
const options = (upgradeRate: object) => resolveOptions({ development: true, upgradeRate } as never)
const app = (t: Tap): FastifyInstance => {
  const fastify = Fastify()
  t.teardown(() => fastify.close())
  return fastify
}
interface Tap { teardown (end: () => unknown): void }

t.test('without anything said, a local store that reaches nothing of the application', async t => {
  const fastify = app(t)
  const sources = await loadLimiters(fastify, options({}))
  t.match(sources, { isLocal: true, fallback: null })
  t.notOk(fastify.hasDecorator('createRateLimit'))
  const limit = sources.primary({ max: 1, timeWindow: 1000, keyGenerator: () => 'key' })
  t.match(await limit(request), { isExceeded: false })
  t.match(await limit(request), { isExceeded: true })
})

t.test('with a client, a shared store and a local one behind it', async t => {
  const sources = await loadLimiters(app(t), options({ redis }))
  t.equal(sources.isLocal, false)
  t.type(sources.fallback, 'function')
  await t.rejects(sources.primary({ max: 1, timeWindow: 1000, keyGenerator: () => 'key' })(request), /down/)
})

t.test('the application\'s own store is used where it is there before; two are one too many', async t => {
  const fastify = app(t)
  await fastify.register(rateLimit, { global: false })
  t.match(await loadLimiters(fastify, options({})), { isLocal: false, fallback: null })
  await t.rejects(loadLimiters(fastify, options({ redis })), { code: 'WSG_ERR_OPTION_UNSAFE', message: /upgradeRate\.redis/ })
})
