import Fastify from 'fastify'
import t from 'tap'
import { checkScope } from '../../lib/foreign/root-instance.js'

t.test('only the root, and only once', async t => {
  const app = Fastify()
  t.equal(checkScope(app), undefined)
  await app.register(async scope => { t.throws(() => checkScope(scope), { code: 'WSG_ERR_PLUGIN_ORDER' }) })
  app.decorate('wsGuard', {} as never)
  t.throws(() => checkScope(app), { code: 'WSG_ERR_PLUGIN_ORDER', message: /expected one registration, got a second/ })
  await app.close()
})

t.test('an instance that is made otherwise does not boot', async t => {
  t.throws(() => checkScope(Object.create(Fastify()) as never), { code: 'WSG_ERR_PLUGIN_ORDER' })
})
