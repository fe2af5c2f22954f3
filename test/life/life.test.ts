import t from 'tap'
import type { Refusal } from '../../types/gate.js'
import { fakeClock, settled } from '../helpers/fake-clock.js'
import { lifeBench } from '../helpers/life.js'

const FORBIDDEN: Refusal = { code: 'WSG_ERR_FORBIDDEN' }

t.test('an identity ends when it says so, in milliseconds or as a Date', async t => {
  const clock = fakeClock(t)
  const { plain, pass } = lifeBench(t, clock)
  const inMs = plain({ id: 1, expires: clock.now() + 5000 })
  const asDate = plain({ id: 2, expires: new Date(clock.now() + 6000) })
  const never = plain({ id: 3 })
  await pass(4900)
  t.equal(inMs.closed, null)
  await pass(200)
  t.equal(inMs.closed, 'unauthenticated expired')
  t.equal(asDate.closed, null)
  await pass(1000)
  t.equal(asDate.closed, 'unauthenticated expired')
  await pass(100_000)
  t.equal(never.closed, null)
})

t.test('a refresh replaces all sockets of that id, by type and value, and counts them', async t => {
  const { plain, life, open } = lifeBench(t, fakeClock(t))
  const mine = [plain({ id: 7 }), plain({ id: 7 }, { route: '/other' }), open({ id: 7 })]
  const [text, other, nobody] = [plain({ id: '7' }), plain({ id: 8 }), plain(null)]
  const fresh = { id: 7, roles: ['user'] }
  t.equal(life.refresh(fresh), 3)
  for (const socket of mine) t.equal(socket.identity, fresh)
  t.same([text, other, nobody].map(({ identity }) => identity), [{ id: '7' }, { id: 8 }, null])
  mine[0]!.closeAs('normal', 'peer')
  t.equal(life.refresh(fresh), 2, 'a socket that is closing is not counted')
})

t.test('the end of an identity follows a refresh that says something of it', async t => {
  const clock = fakeClock(t)
  const { plain, life, pass } = lifeBench(t, clock)
  const now = clock.now()
  const [kept, later, sooner, open] = [1, 2, 3, 4].map(id => plain({ id, expires: now + 10_000 }))
  life.refresh({ id: 1, roles: ['user'] })
  life.refresh({ id: 2, expires: now + 20_000 })
  life.refresh({ id: 3, expires: now + 5000 })
  life.refresh({ id: 4, expires: Infinity })
  t.same(kept!.identity, { id: 1, roles: ['user'], expires: now + 10_000 }, 'new roles are no new token')
  await pass(5100)
  t.equal(sooner!.closed, 'unauthenticated expired')
  t.equal(kept!.closed, null)
  await pass(5000)
  t.equal(kept!.closed, 'unauthenticated expired')
  t.equal(later!.closed, null)
  await pass(10_000)
  t.equal(later!.closed, 'unauthenticated expired')
  t.equal(open!.closed, null)
})

t.test('authorize is asked again: false ends the socket, a failure ends it for now, a former answer counts no more', async t => {
  const clock = fakeClock(t)
  const { plain, life, pass } = lifeBench(t, clock)
  const rows: readonly (readonly [Refusal | null, string | null])[] = [
    [null, null],
    [FORBIDDEN, 'forbidden revoked'],
    [{ code: 'WSG_ERR_UNAUTHENTICATED' }, 'unauthenticated revoked'],
    [{ code: 'WSG_ERR_AUTH_UNAVAILABLE', cause: new Error('down') }, 'internal policy'],
  ]
  for (const [refusal, closed] of rows) {
    for (const isLate of [false, true]) {
      const socket = plain({ id: 1 })
      socket.verdict = () => isLate ? Promise.resolve(refusal) : refusal
      life.refresh({ id: 1, roles: [] })
      await settled()
      t.equal(socket.closed, closed, `${refusal?.code} ${isLate}`)
      t.same(socket.failures, refusal?.cause === undefined ? [] : [refusal.cause])
      socket.open = false
    }
  }
  const waiting = plain({ id: 2 })
  const answers: ((refusal: Refusal | null) => void)[] = []
  waiting.verdict = () => new Promise(resolve => { answers.push(resolve) })
  life.refresh({ id: 2, roles: ['a'] })
  life.refresh({ id: 2, roles: ['b'] })
  answers[0]!(FORBIDDEN)
  await settled()
  t.equal(waiting.closed, null, 'of roles that it has no more')
  await pass(4900)
  t.equal(waiting.closed, null)
  await pass(200)
  t.equal(waiting.closed, 'timeout policy', 'rights that nobody can tell of are not kept')
})

t.test('refresh refuses what is no identity', async t => {
  const { life } = lifeBench(t, fakeClock(t))
  for (const none of [undefined, null, 7, 'ada', {}, { id: '' }, { id: NaN }, { id: 1, expires: 'soon' }, { id: 1, expires: 1_700_000_000 }]) {
    t.throws(() => life.refresh(none as never), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /^wsGuard\.refresh: expected an identity, got / }, JSON.stringify(none))
  }
})

t.test('a handshake under way gets what happened meanwhile', async t => {
  const clock = fakeClock(t)
  const bench = lifeBench(t, clock)
  const { life, plain, open, listener, store } = bench
  const startedAt = clock.now() - 1_600_000_000_000
  bench.underWaySince = startedAt
  await bench.pass(1000)
  life.refresh({ id: 1, roles: ['user'] })
  life.revoke({ identity: 2 })
  listener.destroyed('of 3')
  listener.written('of 4', { user: { id: 'eve' } })
  life.revoke({ where: ({ route }) => route === '/admin' })
  life.revoke({ where: ({ route }) => { if (route === '/odd') throw new Error('no'); return false } })
  const early = { startedAt }
  t.same(plain({ id: 1, roles: ['admin'] }, early).identity, { id: 1, roles: ['user'] })
  t.equal(plain({ id: '2' }, early).closed, 'unauthenticated revoked')
  t.equal(open({ id: 3 }, 'of 3', early).closed, 'unauthenticated session')
  t.equal(plain({ id: 5 }, { ...early, route: '/admin' }).closed, 'unauthenticated revoked')
  t.equal(plain({ id: 5 }, { ...early, route: '/odd' }).closed, 'unauthenticated revoked', 'who can\'t be told about is not let in')
  store.sessions.set('of 4', { user: { id: 'eve' } })
  const switched = open({ id: 4 }, 'of 4', early)
  await settled()
  t.equal(switched.closed, 'unauthenticated session', 'a session that was written meanwhile is read again')
  await bench.pass(1000)
  for (const later of [plain({ id: 2 }), open({ id: 3 }, 'again'), plain({ id: 5 }, { route: '/admin' })]) t.equal(later.closed, null)
  t.same(plain({ id: 1, roles: ['admin'] }).identity, { id: 1, roles: ['admin'] })
  bench.underWaySince = Infinity
  await bench.pass(1000)
  t.equal(life.sizes.recent, 0)
})

t.test('what has run out by the time of the 101 gets none', async t => {
  const clock = fakeClock(t)
  const { life, plain } = lifeBench(t, clock)
  const bearer = { identity: { id: 1, expires: clock.now() + 1000 }, credential: null, startedAt: 0 }
  t.equal(life.endOf(bearer, '/'), null)
  await clock.pass(1000)
  t.equal(life.endOf(bearer, '/'), 'expired')
  t.equal(plain(bearer.identity).closed, 'unauthenticated expired')
})

t.test('nothing is left of sockets that are gone, nor of sockets that never end by themselves', async t => {
  const clock = fakeClock(t)
  const { life, plain, close } = lifeBench(t, clock)
  plain({ id: 'no end' })
  for (let round = 0; round < 10; round++) {
    const sockets = Array.from({ length: 100 }, (_, id) => plain({ id, expires: clock.now() + 1e9 }))
    for (let id = 0; id < 100; id++) life.refresh({ id, expires: clock.now() + 2e9 + round })
    t.equal(life.sizes.due, 100, 'one entry each, however often it was renewed')
    for (const socket of sockets) close(socket)
    t.same(life.sizes, { sockets: 0, due: 0, sessions: 0, recent: 0 })
  }
})
