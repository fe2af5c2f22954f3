import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import t from 'tap'
import { findSessionStore, listenToStore } from '../../lib/foreign/session-store.js'
import { SECRET } from '../helpers/bare.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'
import { TestStore } from '../helpers/store.js'

type Live = FastifyRequest['session']

/** @fastify/session with that store, and what is heard of it. */
async function heardStore (store: object): Promise<{ app: FastifyInstance, heard: string[], change: (how: (live: Live) => unknown, cookie?: string) => Promise<string> }> {
  const app = Fastify()
  await app.register(cookie)
  await app.register(session, { secret: SECRET, store: store as never, cookie: { secure: false }, saveUninitialized: false })
  let how: (live: Live) => unknown = () => {}
  app.post('/', async request => { await how(request.session); return {} })
  const heard: string[] = []
  listenToStore(store, {
    destroyed: () => { heard.push('destroyed') },
    written: (_id, stored) => { heard.push(`written ${String(Reflect.get(stored, 'n'))}`) },
  })
  return {
    app,
    heard,
    async change (given, header = '') {
      how = given
      const { cookies, statusCode } = await app.inject({ method: 'POST', url: '/', headers: { cookie: header } })
      if (statusCode !== 200) throw new Error(String(statusCode))
      return cookies.length === 0 ? header : `sessionId=${encodeURIComponent(cookies[0]!.value)}`
    },
  }
}

t.test('the store of a scope is found, and its sessions are heard', async t => {
  const store = new TestStore()
  const { app, heard, change } = await heardStore(store)
  t.equal(findSessionStore(app), store)
  t.same([store.sets, store.destroys], [0, 0], 'the self-check never gets to the store')
  t.same(heard, [])

  let header = await change(live => Object.assign(live, { n: 1 }))
  header = await change(live => Object.assign(live, { n: 2 }), header)
  t.same(heard, ['written 1', 'written 2'])
  await change(live => live.regenerate(), header)
  t.equal(heard[2], 'destroyed', 'when it is asked for')
  t.equal(heard[3], 'destroyed', 'and when it is done')
  header = await change(live => Object.assign(live, { n: 3 }))
  heard.length = 0
  await change(live => live.destroy(), header)
  t.same(heard, ['destroyed', 'destroyed'])
  t.equal(store.sessions.size, 1, 'the call goes on: only that of regenerate is left')
})

t.test('what fails is not told as written; what is to be destroyed counts as asked for', async t => {
  const store = new TestStore()
  const { heard, change } = await heardStore(store)
  const header = await change(live => Object.assign(live, { n: 1 }))
  heard.length = 0
  const failing = change(live => { store.mode = 'down'; return live.destroy() }, header)
  await t.rejects(failing, { message: '500' })
  t.same(heard, ['destroyed'])
  t.equal(store.sessions.size, 1)
})

t.test('calls of the application itself are heard as well, with a callback, a promise, or neither', async t => {
  const calls: unknown[][] = []
  const store = {
    answer: undefined as unknown,
    get () {},
    set (...args: unknown[]) { calls.push(['set', this === store, ...args]); return this.answer },
    destroy (...args: unknown[]) { calls.push(['destroy', this === store, ...args]); return this.answer },
  }
  const heard: string[] = []
  const end = listenToStore(store, { destroyed: id => { heard.push(`destroyed ${id}`) }, written: id => { heard.push(`written ${id}`) } })
  t.equal(store.destroy('a'), undefined)
  store.answer = Promise.resolve('done')
  t.equal(await store.set('b', {}), 'done')
  store.answer = Promise.reject(new Error('no'))
  await t.rejects(store.set('c', {}) as Promise<unknown>, { message: 'no' })
  store.set('d', 'no session')
  t.same(heard, ['destroyed a', 'destroyed a', 'written b'])
  t.same(calls.map(([name, own, id]) => [name, own, id]), [['destroy', true, 'a'], ['set', true, 'b'], ['set', true, 'c'], ['set', true, 'd']])
  end()
  store.answer = undefined
  store.destroy('e')
  t.equal(heard.length, 3, 'nothing after the end')
  await (calls.length, Promise.allSettled([store.answer]))
})

t.test('a store is replaced once, however many listen', async t => {
  const store = new TestStore()
  const listen = (): () => void => listenToStore(store, { destroyed () {}, written () {} })
  listen()
  const { destroy, set } = store
  listen()
  t.equal(store.destroy, destroy)
  t.equal(store.set, set)
})

t.test('where the inside has changed a warning says so, and nothing throws', async t => {
  const rows: readonly (readonly [string, object])[] = [
    ['no decryptSession', {}],
    ['one that throws', { decryptSession () { throw new Error('no request') } }],
    ['one without a session', { decryptSession () {} }],
    ['a session without a store', { decryptSession (_cookie: string, request: { session?: object }) { request.session = { sessionId: 'x' } } }],
    ['a session that does not go through its store', { decryptSession (_cookie: string, request: { session?: object }) { request.session = { sessionId: 'x', store: new TestStore(), save () {}, destroy () {} } } }],
  ]
  for (const [name, members] of rows) {
    const { instance, log } = fakeInstance(members)
    t.equal(findSessionStore(instance), null, name)
    t.same(changedInsides(log), ['session-store'], name)
  }
  const frozen = Object.freeze({ get () {}, set () {}, destroy () {} })
  const app = Fastify()
  await app.register(cookie)
  await app.register(session, { secret: SECRET, store: frozen as never, cookie: { secure: false } })
  const { instance, log } = fakeInstance({ decryptSession: (app as never as { decryptSession: unknown }).decryptSession })
  t.equal(findSessionStore(instance), null, 'a frozen store')
  t.same(changedInsides(log), ['session-store'])
})
