import Fastify from 'fastify'
import t from 'tap'
import { readTrustProxy } from '../../lib/foreign/trust-proxy.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

t.test('trustProxy is read as it was given', async t => {
  for (const trustProxy of [true, '10.0.0.1'] as const) t.equal(readTrustProxy(Fastify({ logger: false, trustProxy })), trustProxy)
  t.equal(readTrustProxy(Fastify()), false)
})

t.test('a Fastify that keeps its options elsewhere is warned of', async t => {
  const { instance, log } = fakeInstance({})
  t.equal(readTrustProxy(instance), undefined)
  t.same(changedInsides(log), ['trust-proxy'])
})
