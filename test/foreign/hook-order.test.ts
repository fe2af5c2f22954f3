import Fastify from 'fastify'
import plugin from 'fastify-plugin'
import t from 'tap'
import { runFirst } from '../../lib/foreign/hook-order.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

t.test('hooks run before those added earlier, in every scope and on unknown URLs', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const order: string[] = []
  app.addHook('onRequest', async () => { order.push('earlier') })
  app.register(async scope => {
    scope.addHook('onRequest', async () => { order.push('scope') })
    scope.get('/before', () => 'ok')
  })
  const late = (_request: unknown, _reply: unknown, done: () => void): void => {
    order.push('guard')
    done()
  }
  await app.register(plugin(async instance => {
    instance.addHook('onRequest', late)
    instance.after(() => { runFirst(instance, { onRequest: late }) })
  }))
  app.addHook('onRequest', async () => { order.push('later') })
  app.register(async scope => { scope.get('/after', () => 'ok') })
  app.get('/own', () => 'ok')
  for (const [url, expected] of [
    ['/own', 'guard earlier later'], ['/after', 'guard earlier later'], ['/nowhere', 'guard earlier later'],
  ] as const) {
    order.length = 0
    await app.inject(url)
    t.equal(order.join(' '), expected, url)
  }
  order.length = 0
  await app.inject('/before')
  t.equal(order[0], 'guard', 'a scope that was there before')
})

t.test('an inside that has changed is warned of', async t => {
  const hook = (): void => {}
  for (const members of [{}, { [Symbol('fastify.hooks')]: {} }, { [Symbol('fastify.hooks')]: { onRequest: [] }, [Symbol('fastify.children')]: [] }]) {
    const { instance, log } = fakeInstance(members)
    runFirst(instance, { onRequest: hook })
    t.same(changedInsides(log), ['hook-order'])
  }
})
