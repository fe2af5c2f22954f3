import { mock } from 'node:test'
import t from 'tap'
import type { Identity, SessionSource } from '../../types/gate.js'
import { fakeClock, settled } from '../helpers/fake-clock.js'
import { lifeBench, SOURCE } from '../helpers/life.js'

const ada = { id: 'ada', roles: ['admin'] }

t.test('a session is read once per re-check, however many sockets it has, and not written', async t => {
  const { open, store, pass } = lifeBench(t, fakeClock(t))
  for (let n = 0; n < 5; n++) open(ada, 'one')
  open({ id: 'bob' }, 'two')
  await pass(29_000)
  t.same(store.reads, [], 'not before its time')
  await pass(10_000)
  t.same(store.reads.toSorted(), ['one', 'two'])
  await pass(300_000)
  t.ok(store.reads.length <= 2 + 2 * 10 && store.reads.length >= 2 + 2 * 7, `${store.reads.length} reads`)
})

t.test('re-checks of sessions that came together drift apart, and few are under way at once', async t => {
  const { open, store, pass } = lifeBench(t, fakeClock(t))
  for (let n = 0; n < 1000; n++) open({ id: n })
  const perSecond: number[] = []
  for (let second = 0; second < 40; second++) {
    const before = store.reads.length
    await pass(1000)
    perSecond.push(store.reads.length - before)
  }
  t.equal(store.reads.length, 1000)
  t.ok(Math.max(...perSecond) < 400, `at most ${Math.max(...perSecond)} in one second`)
  t.ok(store.most <= 32, `${store.most} at once`)
})

t.test('what a re-check finds is obeyed', async t => {
  const { open, store, pass } = lifeBench(t, fakeClock(t))
  const [gone, other, same, demoted, anonymous, broken, past] = ['gone', 'other', 'same', 'demoted', 'anonymous', 'broken', 'past'].map(session => open(ada, session))
  store.sessions.delete('gone')
  store.sessions.set('other', { user: { id: 'eve' } })
  store.sessions.set('demoted', { user: { id: 'ada', roles: ['user'] } })
  store.sessions.set('anonymous', {})
  store.sessions.set('broken', { user: { id: NaN } })
  store.sessions.set('past', { user: ada, expires: 1 })
  await pass(40_000)
  for (const socket of [gone, other, anonymous, broken]) t.equal(socket!.closed, 'unauthenticated session')
  t.equal(past!.closed, 'unauthenticated expired')
  t.equal(same!.closed, null)
  t.equal(same!.identity, ada, 'the very same object where nothing has changed')
  t.equal(demoted!.closed, null)
  t.same(demoted!.identity, { id: 'ada', roles: ['user'] })
})

t.test('what is written here counts at once, and is not read again for a while', async t => {
  const { open, store, pass, listener } = lifeBench(t, fakeClock(t))
  const sockets = [open(ada, 'one'), open(ada, 'one')]
  await pass(25_000)
  listener.written('one', { user: { id: 'ada', roles: ['user'] } })
  for (const socket of sockets) t.same(socket.identity, { id: 'ada', roles: ['user'] })
  listener.written('unknown', {})
  store.sessions.set('one', { user: { id: 'ada', roles: ['user'] } })
  await pass(25_000)
  t.same(store.reads, [])
  listener.written('one', { user: undefined })
  for (const socket of sockets) t.equal(socket.closed, 'unauthenticated session')
})

t.test('a refresh is not undone by a session that still says what it said', async t => {
  const { open, life, pass, listener } = lifeBench(t, fakeClock(t))
  const socket = open(ada)
  t.equal(life.refresh({ id: 'ada', roles: ['user'] }), 1)
  await pass(80_000)
  t.same(socket.identity, { id: 'ada', roles: ['user'] })
  listener.written('of ada', { user: ada })
  t.same(socket.identity, { id: 'ada', roles: ['user'] }, 'a renewal says nothing new either')
  listener.written('of ada', { user: { id: 'ada', roles: ['editor'] } })
  t.same(socket.identity, { id: 'ada', roles: ['editor'] })
})

t.test('a read that was overtaken by a write says nothing', async t => {
  const { open, store, pass, listener } = lifeBench(t, fakeClock(t))
  const socket = open(ada, 'one')
  store.isHeld = true
  while (store.reads.length === 0) await pass(1000)
  store.sessions.set('one', { user: { id: 'ada', roles: ['former'] } })
  listener.written('one', { user: { id: 'ada', roles: ['newest'] } })
  store.release()
  await settled()
  t.same(socket.identity, { id: 'ada', roles: ['newest'] })
})

t.test('a session ends at its expiry, and lives on where it was renewed, here or elsewhere', async t => {
  const clock = fakeClock(t)
  const { open, store, pass, listener } = lifeBench(t, clock)
  const expires = clock.now() + 20_000
  const [over, here, elsewhere] = ['over', 'here', 'elsewhere'].map(session => open(ada, session, { expires }))
  await pass(15_000)
  listener.written('here', { user: ada, expires: expires + 20_000 })
  store.sessions.set('elsewhere', { user: ada, expires: expires + 15_000 })
  await pass(4900)
  t.equal(over!.closed, null)
  t.same(store.reads.toSorted(), ['elsewhere', 'over'], 'read once more before the end')
  await pass(200)
  t.equal(over!.closed, 'unauthenticated expired')
  t.equal(here!.closed, null)
  t.equal(elsewhere!.closed, null)
  await pass(16_000)
  t.equal(elsewhere!.closed, 'unauthenticated expired')
  t.equal(here!.closed, null)
})

t.test('a session that was shortened ends with that', async t => {
  const clock = fakeClock(t)
  const { open, pass, listener, store } = lifeBench(t, clock)
  const socket = open(ada, 'one', { expires: clock.now() + 100_000 })
  store.sessions.set('one', { user: ada, expires: clock.now() + 3000 })
  listener.written('one', { user: ada, expires: clock.now() + 3000 })
  await pass(3100)
  t.equal(socket.closed, 'unauthenticated expired')
})

for (const mode of ['down', 'hang', 'throw'] as const) {
  t.test(`a store that is lost (${mode}) takes nothing away within the grace, and everything after it`, async t => {
    const clock = fakeClock(t)
    const { open, store, pass, events } = lifeBench(t, clock)
    const sockets = Array.from({ length: 100 }, (_, n) => open({ id: n }))
    const ending = open({ id: 'short' }, 'short', { expires: clock.now() + 50_000 })
    store.mode = mode
    await pass(89_000)
    t.equal(ending.closed, 'unauthenticated expired', 'the grace is not longer than the session\'s own life')
    t.ok(sockets.every(socket => socket.open))
    t.ok(store.reads.length < 32 + 100, `asked ${store.reads.length} times: one at a time while it fails`)
    t.match(events('store:unavailable'), [{ sessions: 101 }])
    t.equal(events('store:available').length, 0)
    await pass(16_000)
    t.same([...new Set(sockets.map(({ closed }) => closed))], ['unauthenticated session'])
  })

  t.test(`a store that comes back (${mode}) within the grace takes nothing away`, async t => {
    const { open, store, pass, events } = lifeBench(t, fakeClock(t))
    const sockets = Array.from({ length: 500 }, (_, n) => open({ id: n }))
    store.mode = mode
    await pass(80_000)
    store.mode = 'ok'
    store.sessions.delete('of 7')
    await pass(120_000)
    t.same(sockets.filter(({ open }) => !open).map(({ identity }) => identity), [{ id: 7 }])
    t.equal(events('store:unavailable').length, 1)
    t.equal(events('store:available').length, 1)
    t.ok(events('store:available')[0]!.duration > 40_000)
  })
}

t.test('one session that can\'t be read ends after the grace, and its neighbours don\'t', async t => {
  const { open, store, pass } = lifeBench(t, fakeClock(t))
  const [bad, good] = [open({ id: 'bad' }), open({ id: 'good' })]
  store.modes.set('of bad', 'down')
  await pass(80_000)
  t.equal(bad.closed, null)
  await pass(30_000)
  t.equal(bad.closed, 'unauthenticated session')
  t.equal(good.closed, null)
})

const named = { id: 'ada', name: 'Ada' }
const FAILING: Readonly<Record<string, SessionSource['identify']>> = {
  throws: () => { throw new Error('no user in it') },
  rejects: async () => { throw new Error('no user in it') },
  'never answers': async () => await new Promise<never>(() => {}),
  'answers what can\'t be read': () => ({ id: 'ada', get roles (): never { throw new Error('no user in it') } }),
  'answers what can\'t be compared': () => ({ id: 'ada', get name (): never { throw new Error('no user in it') } }),
}

for (const [how, identify] of Object.entries(FAILING)) {
  t.test(`a strategy that ${how} ends the session that it was asked about, and says nothing of the store`, async t => {
    const { open, pass, listener, events, store } = lifeBench(t, fakeClock(t))
    const source = { ...SOURCE, identify }
    const written = [open(named, 'written', { source }), open(named, 'written', { source })]
    const reread = open(named, 'reread', { source })
    const honest = Array.from({ length: 100 }, (_, n) => open({ id: n }))
    listener.written('written', {})
    await settled()
    if (how === 'never answers') await pass(6000)
    t.same(written.map(({ closed }) => closed), Array(2).fill('unauthenticated session'), 'when it is saved')
    t.equal(written.flatMap(({ failures }) => failures).length, 1, 'said once, of a socket of that session')
    t.equal(reread.closed, null)
    await pass(50_000)
    t.equal(reread.closed, 'unauthenticated session', 'when it is read again')
    t.match(reread.failures, [how === 'never answers' ? { code: 'WSG_ERR_AUTH_TIMEOUT' } : { message: 'no user in it' }])
    await pass(300_000)
    t.ok(honest.every(({ open }) => open))
    t.equal(events('store:unavailable').length, 0)
    t.ok(store.reads.length > 7 * 100, `${store.reads.length} reads: the others are asked about as ever`)
  })
}

t.test('of two strategies for one session the one that throws ends its own sockets only', async t => {
  const { open, listener } = lifeBench(t, fakeClock(t))
  const source = { ...SOURCE, identify: () => { throw new Error('no user in it') } }
  const [failing, other] = [open(ada, 'one', { source }), open(ada, 'one')]
  listener.written('one', { user: ada })
  await settled()
  t.equal(failing.closed, 'unauthenticated session')
  t.equal(other.closed, null)
})

t.test('a strategy that answers late is waited for, also one whose promise is of another make', async t => {
  const { open, listener } = lifeBench(t, fakeClock(t))
  const answers: ((identity: Identity | null) => void)[] = []
  const answer = async (): Promise<Identity | null> => await new Promise(resolve => { answers.push(resolve) })
  // As queries of ORMs are.
  const lazy = (): never => ({ then: (...both: Parameters<Promise<Identity | null>['then']>) => answer().then(...both) }) as never
  for (const identify of [answer, lazy]) {
    const waiting = open({ id: 3 }, `slow ${answers.length}`, { source: { ...SOURCE, identify } })
    listener.written(waiting.bearer.credential!.session!.id, {})
    await settled()
    answers.at(-1)!({ id: 3, roles: ['new'] })
    await settled()
    t.same(waiting.identity, { id: 3, roles: ['new'] })
    listener.written(waiting.bearer.credential!.session!.id, {})
    await settled()
    answers.at(-1)!(null)
    await settled()
    t.equal(waiting.closed, 'unauthenticated session')
  }
  t.equal(answers.length, 4)
})

t.test('nothing is left of sessions whose sockets are gone', async t => {
  const clock = fakeClock(t)
  const { open, close, life, pass, store, listener } = lifeBench(t, clock)
  for (let round = 0; round < 20; round++) {
    const sockets = Array.from({ length: 50 }, (_, n) => open({ id: n }, `of ${n} in ${round}`, { expires: clock.now() + 1e6 }))
    listener.destroyed(`of 0 in ${round}`)
    await pass(31_000)
    for (const socket of sockets) close(socket)
    t.same(life.sizes, { sockets: 0, due: 0, sessions: 0, recent: 0 })
  }
  const { reads } = store
  const count = reads.length
  await pass(100_000)
  t.equal(reads.length, count)
})

t.test('I06 clocks that differ: whoever says first that a session has ended is believed', async t => {
  const clock = fakeClock(t)
  const { open, store, pass } = lifeBench(t, clock)
  // Written by a machine whose clock is two minutes ahead of this one; Redis counts by itself, and forgets it in time.
  const behind = open(ada, 'behind', { expires: clock.now() + 180_000 })
  const ahead = open(ada, 'ahead', { expires: clock.now() + 60_000 - 120_000 })
  t.equal(ahead.closed, 'unauthenticated expired', 'as for every HTTP request with it')
  await pass(60_000)
  store.sessions.delete('behind')
  t.equal(behind.closed, null)
  await pass(40_000)
  t.equal(behind.closed, 'unauthenticated session', 'found with its next re-check')
})

t.test('a refresh while a strategy is asked about a session is not undone by what it answers', async t => {
  const { open, life, listener } = lifeBench(t, fakeClock(t))
  const answers: ((identity: Identity | null) => void)[] = []
  const slow = { ...SOURCE, identify: async () => await new Promise<Identity | null>(resolve => { answers.push(resolve) }) }
  const sockets = [open(ada, 'one', { source: slow }), open(ada, 'one', { source: slow })]
  listener.written('one', {})
  t.equal(answers.length, 1)
  // The strategy has read the user's rights before they were taken away.
  t.equal(life.refresh({ id: 'ada', roles: ['user'] }), 2)
  answers[0]!({ id: 'ada', roles: ['admin', 'editor'] })
  await settled()
  for (const { identity } of sockets) t.same(identity, { id: 'ada', roles: ['user'] })
  t.equal(answers.length, 2, 'it is asked again')
  answers[1]!({ id: 'ada', roles: ['reader'] })
  await settled()
  for (const { identity } of sockets) t.same(identity, { id: 'ada', roles: ['reader'] })
  listener.written('one', {})
  life.refresh({ id: 'ada', roles: ['user'] })
  answers[2]!(null)
  await settled()
  for (const { closed } of sockets) t.equal(closed, 'unauthenticated session', 'what takes away counts at once')
})

t.test('a strategy that is asked again and again by refreshes ends with its deadline', async t => {
  const { open, life, listener, pass, events } = lifeBench(t, fakeClock(t))
  const answers: ((identity: Identity | null) => void)[] = []
  const slow = { ...SOURCE, identify: async () => await new Promise<Identity | null>(resolve => { answers.push(resolve) }) }
  const socket = open(ada, 'one', { source: slow })
  listener.written('one', {})
  for (let n = 0; n < 10; n++) {
    life.refresh({ id: 'ada', roles: [`role ${n}`] })
    answers.at(-1)!({ id: 'ada', roles: ['admin'] })
    await settled()
  }
  t.same(socket.identity, { id: 'ada', roles: ['role 9'] })
  t.equal(answers.length, 11)
  await pass(4000)
  t.equal(socket.closed, null)
  await pass(2000)
  t.equal(socket.closed, 'unauthenticated session')
  t.equal(events('store:unavailable').length, 0)
})

t.test('a refresh while a session is read is not undone by what was read', async t => {
  const { open, life, store, pass } = lifeBench(t, fakeClock(t))
  const socket = open(ada, 'one')
  store.sessions.set('one', { user: { id: 'ada', roles: ['admin', 'editor'] } })
  store.isHeld = true
  while (store.reads.length === 0) await pass(1000)
  life.refresh({ id: 'ada', roles: ['user'] })
  store.release()
  await settled()
  t.same(socket.identity, { id: 'ada', roles: ['admin', 'editor'] }, 'the second read, which began after it')
  t.equal(store.reads.length, 2)
})

t.test('a handshake whose session was given away meanwhile gets no 101, where that is known at once', async t => {
  const bench = lifeBench(t, fakeClock(t))
  const { life, listener, store } = bench
  await bench.pass(1000)
  bench.underWaySince = 0
  for (const [session, user] of [['emptied', undefined], ['given away', { id: 'eve' }], ['demoted', { id: 'ada' }], ['the same', ada]] as const) listener.written(session, { user })
  const throws = { ...SOURCE, identify: () => { throw new Error('users are down') } }
  const late = { ...SOURCE, identify: async () => { throw new Error('users are down') } }
  const rows = [['emptied', 'session'], ['given away', 'session'], ['demoted', null], ['the same', null], ['another', null], ['emptied', null, throws], ['emptied', null, late]] as const
  for (const [id, cause, source = SOURCE] of rows) {
    t.equal(life.endOf({ identity: ada, startedAt: 500, credential: { kind: 'session', session: { id, store, expires: null, source } } }, '/'), cause, id)
  }
})

t.test('a session that was written while a handshake was under way counts from the first moment of its socket', async t => {
  const bench = lifeBench(t, fakeClock(t))
  const { open, listener, store } = bench
  await bench.pass(1000)
  bench.underWaySince = 0
  // Read again it would be as it was: the store is slow, or another write is still on its way.
  store.isHeld = true
  for (const [session, user] of [['emptied', undefined], ['given away', { id: 'eve' }]] as const) listener.written(session, { user })
  listener.written('demoted', { user: { id: 'ada', roles: ['user'] } })
  listener.written('the same', { user: ada })
  const startedAt = 500
  for (const session of ['emptied', 'given away']) t.equal(open(ada, session, { startedAt }).closed, 'unauthenticated session', session)
  const source = { ...SOURCE, identify: () => { throw new Error('no user in it') } }
  const failing = open(ada, 'emptied', { startedAt, source })
  t.equal(failing.closed, 'unauthenticated session')
  t.equal(failing.failures.length, 1)
  t.same(open(ada, 'demoted', { startedAt }).identity, { id: 'ada', roles: ['user'] })
  const same = open(ada, 'the same', { startedAt })
  t.equal(same.closed, null)
  t.equal(same.identity, ada)
  t.same(store.reads.toSorted(), ['demoted', 'the same'], 'and is read, in case that was not the last word')
})

t.test('I01 a store that answers at once, twice, by a promise, too late or with what is no session', async t => {
  type Answer = (error: unknown, session?: object | null) => void
  const stored = { user: ada }
  const rows: Record<string, { readonly get: (answer: Answer) => unknown, readonly closed: string | null, readonly fails?: true }> = {
    'at once': { get: answer => { answer(null, stored) }, closed: null },
    'twice, first that it is there': { get: answer => { answer(null, stored); answer(null, null) }, closed: null },
    'twice, first that it is gone': { get: answer => { answer(null, null); answer(null, stored) }, closed: 'unauthenticated session' },
    'an error behind the answer': { get: answer => { answer(null, stored); throw new Error('no matter') }, closed: null },
    'a rejection beside no answer': { get: async () => { throw new Error('down') }, closed: null, fails: true },
    undefined: { get: answer => { answer(null) }, closed: 'unauthenticated session' },
    'a text': { get: answer => { answer(null, 'session' as never) }, closed: 'unauthenticated session' },
    'a list': { get: answer => { answer(null, [stored]) }, closed: 'unauthenticated session' },
    'an object that can\'t be read': { get: answer => { answer(null, new Proxy({}, { ownKeys () { throw new Error('no') }, get () { throw new Error('no') } })) }, closed: null, fails: true },
    'too late that it is gone': { get: answer => { setTimeout(answer, 6000, null, null) }, closed: null, fails: true },
  }
  for (const [name, { get, closed, fails }] of Object.entries(rows)) {
    const { open, store, pass, events } = lifeBench(t, fakeClock(t))
    const socket = open(ada)
    const reads: string[] = []
    // Once; then it is as it should be.
    store.get = (id, answer) => reads.push(id) === 1 ? get(answer) as undefined : queueMicrotask(() => { answer(null, stored) })
    while (reads.length === 0) await pass(1000)
    await pass(20_000)
    t.equal(socket.closed, closed, name)
    t.equal(events('store:unavailable').length, fails === true ? 1 : 0, name)
    t.equal(events('store:available').length, fails === true ? 1 : 0, name)
    mock.timers.reset()
  }
})
