import Fastify from 'fastify'
import t from 'tap'
import { checkDeclaredRoutes, noteFreshInstance } from '../../lib/foreign/declared-routes.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

t.test('WebSocket routes that nobody guards are found, whoever declared them and by whatever key', async t => {
  for (const options of [{ websocket: true }, { websocket: 1 }, { wsHandler () {} }]) {
    const app = Fastify()
    const seen = new WeakSet<object>()
    app.get('/plain', () => 'plain')
    checkDeclaredRoutes(app, seen)
    app.route({ method: 'GET', url: '/ws', handler: () => 'x', ...options } as never)
    t.throws(() => checkDeclaredRoutes(app, seen), { code: 'WSG_ERR_PLUGIN_ORDER', message: /^route \/ws: declared before/ })
    await app.close()
  }
})

t.test('routes of one URL are told apart', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const seen = new WeakSet<object>()
  const websocket = { websocket: true } as object
  app.get('/ws', { ...websocket, constraints: { version: '1.0.0' } }, () => 'early')
  app.addHook('onRoute', route => { seen.add(route) })
  app.get('/ws', websocket, () => 'late')
  t.throws(() => checkDeclaredRoutes(app, seen), { message: /^route \/ws \(constraints version\): declared before/ })
})

t.test('an instance that was made before, without a route by then, is none that is warned of', async t => {
  for (const [routes, warned] of [['(empty tree)', []], ['└── /ws (GET)', ['declared-routes']]] as const) {
    const { instance, log } = fakeInstance({ printRoutes: () => routes })
    noteFreshInstance(instance)
    t.equal(checkDeclaredRoutes(instance, new WeakSet()), undefined)
    t.same(changedInsides(log), warned, routes)
  }
  t.equal(Fastify().printRoutes(), '(empty tree)', 'as Fastify says it')
})

t.test('an instance that was not announced is warned of', async t => {
  const { instance, log } = fakeInstance({})
  t.equal(checkDeclaredRoutes(instance, new WeakSet()), undefined)
  t.same(changedInsides(log), ['declared-routes'])
})
