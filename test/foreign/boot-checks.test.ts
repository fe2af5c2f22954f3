import type { FastifyInstance } from 'fastify'
import Fastify from 'fastify'
import t from 'tap'
import { checkScope, checkVersions, readTrustProxy, refuseSecondServer } from '../../lib/foreign/boot-checks.js'

t.test('I09 versions with known holes are refused', async t => {
  for (const [fastify, node] of [['5.8.5', '20.20.2'], ['5.12.8', '20.21.0'], ['6.0.0', '22.22.2'], ['5.10.0', '24.1.0'], ['5.8.5', '23.0.0']] as const) t.equal(checkVersions(fastify, node), undefined, `${fastify} on ${node}`)
  for (const fastify of ['5.8.4', '5.7.99', '4.29.1', '5.8.4-rc.1']) {
    t.throws(() => checkVersions(fastify, '20.20.2'), { code: 'WSG_ERR_DEPENDENCY', message: `fastify: expected 5.8.5 or later, got ${fastify} (CVE-2026-3635: forged X-Forwarded headers were believed)` }, fastify)
  }
  for (const node of ['20.20.1', '20.9.9', '22.22.1', '22.0.0', '18.20.8', '21.7.3']) {
    t.throws(() => checkVersions('5.12.8', node), { code: 'WSG_ERR_DEPENDENCY', message: /^node: expected 20\.20\.2 or 22\.22\.2 or later, got / }, node)
  }
})

t.test('only the root, and only once', async t => {
  const app = Fastify()
  t.equal(checkScope(app), undefined)
  await app.register(async scope => { t.throws(() => checkScope(scope), { code: 'WSG_ERR_PLUGIN_ORDER' }) })
  app.decorate('wsGuard', {} as never)
  t.throws(() => checkScope(app), { code: 'WSG_ERR_PLUGIN_ORDER', message: /expected one registration, got a second/ })
  await app.close()
})

t.test('trustProxy is read for a warning only', async t => {
  t.equal(readTrustProxy(Fastify({ trustProxy: true })), true)
  t.equal(readTrustProxy(Fastify({ trustProxy: '10.0.0.1' })), '10.0.0.1')
  t.ok([undefined, false].includes(readTrustProxy(Fastify()) as undefined))
  t.equal(readTrustProxy({} as FastifyInstance), undefined)
})

t.test('a Fastify that keeps no list of plugins is left alone', async t => {
  t.equal(refuseSecondServer({} as FastifyInstance, false), undefined)
})
