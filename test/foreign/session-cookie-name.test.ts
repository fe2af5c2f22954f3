import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import t from 'tap'
import { sessionCookieName } from '../../lib/foreign/session-cookie-name.js'
import { SECRET } from '../helpers/bare.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

const booted = async (t: { teardown (fn: () => unknown): void }, options: object) => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cookie)
  await app.register(session, { secret: SECRET, ...options })
  await app.ready()
  return app
}

t.test('the name that the plugin was given, or its own', async t => {
  t.equal(sessionCookieName(await booted(t, {})), 'sessionId')
  t.equal(sessionCookieName(await booted(t, { cookieName: 'sid' })), 'sid')
  t.equal(sessionCookieName(await booted(t, { cookieName: 'sid', cookiePrefix: 's:', cookie: { path: '/api' } })), 'sid')
})

t.test('scopes may have sessions of their own', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cookie)
  const names: string[] = []
  for (const cookieName of ['one', 'two']) {
    await app.register(async scope => {
      await scope.register(session, { secret: SECRET, cookieName })
      scope.addHook('onReady', async () => { names.push(sessionCookieName(scope)) })
    })
  }
  await app.ready()
  t.same(names, ['one', 'two'])
})

t.test('what can\'t be found out is said, once; where there are no sessions there is nothing to say', async t => {
  const members = { hasRequestDecorator: () => true }
  for (const insides of [{}, { decryptSession () { throw new Error('no') } }, { [Symbol('fastify.hooks')]: { onRequest: [function handleSession () {}] } }]) {
    const { instance, log } = fakeInstance({ ...members, ...insides })
    t.equal(sessionCookieName(instance), 'sessionId')
    t.equal(sessionCookieName(instance), 'sessionId')
    t.same(changedInsides(log), ['session-cookie-name'])
  }
  const { instance, log } = fakeInstance({ hasRequestDecorator: () => false })
  t.equal(sessionCookieName(instance), 'sessionId')
  t.same(log, [])
})
