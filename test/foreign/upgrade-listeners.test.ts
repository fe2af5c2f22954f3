import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { UpgradeListeners } from '../../lib/foreign/upgrade-listeners.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

const emit = (app: FastifyInstance, url: string): void => { app.server.emit('upgrade', { url, headers: {} } as never, { on () {} } as never, Buffer.alloc(0)) }

t.test('each handshake has one side', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const calls: string[] = []
  app.server.on('upgrade', function early () { calls.push('early') })
  const listeners = new UpgradeListeners(app, () => { calls.push('gate') }, url => url === '/theirs')
  app.server.once('upgrade', function late () { calls.push('late') })
  emit(app, '/ours')
  t.same(calls.splice(0), ['gate'])
  emit(app, '/theirs')
  t.same(calls.splice(0), ['early', 'late'])
  emit(app, '/theirs')
  t.same(calls.splice(0), ['early'], 'once is once')
  t.same(listeners.strangers(), ['the function early'])
  app.server.removeAllListeners('upgrade')
  app.server.on('upgrade', () => { calls.push('gate is gone') })
  emit(app, '/ours')
  t.same(calls, [], 'nobody else serves what is ours')
})

t.test('where nobody else listens, a path of theirs is ours to answer', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  let calls = 0
  const listeners = new UpgradeListeners(app, () => { calls++ }, () => true)
  emit(app, '/theirs')
  t.equal(calls, 1)
  t.throws(() => listeners.checkPlugin(), { code: 'WSG_ERR_OPTION_UNSAFE' })
})

t.test('@fastify/websocket\'s listener is known, registered by us or before', async t => {
  for (const first of [true, false]) {
    const app = Fastify()
    t.teardown(() => app.close())
    if (first) await app.register(websocket)
    const listeners = new UpgradeListeners(app, () => {}, () => false)
    if (!first) await listeners.learn(app, async () => { await app.register(websocket) })
    t.equal(listeners.checkPlugin(), undefined)
    t.same(listeners.strangers(), [])
  }
})

t.test('one that looks otherwise is learnt while it is registered, and warned of', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const { instance, log } = fakeInstance({ server: app.server })
  const listeners = new UpgradeListeners(instance, () => {}, () => false)
  await listeners.learn(instance, async () => { app.server.on('upgrade', function renamed () {}) })
  t.same(changedInsides(log), ['upgrade-listeners'])
  t.same(listeners.strangers(), [])
})

t.test('a listener that is added later is told', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  const listeners = new UpgradeListeners(app, () => {}, () => false)
  const told: string[] = []
  listeners.watch(name => { told.push(name) })
  app.server.on('upgrade', () => {})
  app.server.once('upgrade', function once () {})
  app.server.on('connection', () => {})
  t.same(told, ['an anonymous function', 'the function once'])
})
