import t from 'tap'
import { readSession } from '../../lib/identity/read-session.js'

t.test('a session, or that there is none', async t => {
  t.same(await readSession({ get: (_id, done) => { done(null, { user: 7 }) } }, 's'), { user: 7 })
  t.equal(await readSession({ get: (_id, done) => { done(null, null) } }, 's'), null)
  t.equal(await readSession({ get: (_id, done) => { done(undefined, undefined) } }, 's'), null)
})

t.test('a store of files that has no such file has no such session', async t => {
  t.equal(await readSession({ get: (_id, done) => { done(Object.assign(new Error('gone'), { code: 'ENOENT' }), null) } }, 's'), null)
})

t.test('a store that fails by callback, by throwing or by a promise', async t => {
  const error = new Error('down')
  await t.rejects(readSession({ get: (_id, done) => { done(error, null) } }, 's'), error)
  await t.rejects(readSession({ get () { throw error } }, 's'), error)
  await t.rejects(readSession({ get: (async () => { throw error }) as never }, 's'), error)
})
