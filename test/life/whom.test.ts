import t from 'tap'
import { readTarget, whomOf } from '../../lib/life/whom.js'

// What it refuses: test/attack/revoke.test.ts.

t.test('one of three says whose sockets', async t => {
  t.same(readTarget({ identity: 7 }), { kind: 'identity', id: '7' })
  t.same(readTarget({ identity: 'ada' }), { kind: 'identity', id: 'ada' })
  t.same(readTarget({ session: 'x' }), { kind: 'session', id: 'x' })
  t.match(readTarget({ where: () => true }), { kind: 'where' })
  t.throws(() => readTarget({ session: 7 }), { code: 'WSG_ERR_SOCKET_ARGUMENT' })
})

t.test('a condition is told who it is, where, and of which session', async t => {
  const bearer = { identity: { id: 1 }, startedAt: 0 }
  t.same(whomOf({ ...bearer, credential: null }, '/ws'), { identity: { id: 1 }, route: '/ws', session: null })
  t.same(whomOf({ ...bearer, credential: { kind: 'session', session: { id: 's' } as never } }, '/ws').session, 's')
})
