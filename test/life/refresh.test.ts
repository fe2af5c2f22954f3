import t from 'tap'
import { readRefresh } from '../../lib/life/refresh.js'
import { fakeClock, settled } from '../helpers/fake-clock.js'
import { lifeBench, SOURCE } from '../helpers/life.js'
import type { Identity } from '../../types/gate.js'
import type { Whom } from '../../types/revoke-refresh.js'

// A refresh by a function, which decides per socket. By an identity: test/life/life.test.ts.

type Device = Identity & { readonly device?: string }

const without = (role: string) => (identity: Identity): Identity => ({ ...identity, roles: identity.roles?.filter(one => one !== role) ?? [] })

t.test('each socket of that id has what the function makes of its own identity, and nobody else\'s is asked about', async t => {
  const { plain, open, life } = lifeBench(t, fakeClock(t))
  const page = open({ id: 7, roles: ['owner', 'reader'], device: 'desk' } as Device)
  const robot = plain({ id: 7, roles: ['reader'], device: 'robot' } as Device, { route: '/feed' })
  const others = [plain({ id: '7', roles: ['owner'] }), plain({ id: 8, roles: ['owner'] }), plain(null)]
  const told: Whom[] = []
  t.equal(life.refresh(7, (identity: Identity, socket: Whom) => { told.push(socket); return without('owner')(identity) }), 2)
  t.same(page.identity, { id: 7, roles: ['reader'], device: 'desk' })
  t.same(robot.identity, { id: 7, roles: ['reader'], device: 'robot' })
  t.same(told.map(({ route, session, credential }) => [route, session, credential]), [['/ws', 'of 7', 'session'], ['/feed', null, null]])
  t.same(others.map(socket => socket.identity?.roles), [['owner'], ['owner'], undefined])
  t.equal(life.refresh(9, without('owner')), 0)
})

t.test('null takes it away', async t => {
  const { plain, open, life } = lifeBench(t, fakeClock(t))
  const [page, robot] = [open({ id: 7 }), plain({ id: 7 })]
  t.equal(life.refresh(7, (identity: Identity, { session }: Whom) => session === null ? null : identity), 2)
  t.equal(page.closed, null)
  t.equal(robot.closed, 'unauthenticated revoked')
})

t.test('what can\'t be told takes that socket away and gives nothing; the others have theirs', async t => {
  const clock = fakeClock(t)
  const down = new Error('the rights are unreadable')
  for (const [name, answer] of [
    ['a throw', () => { throw down }],
    ['a promise', async () => ({ id: 7, roles: ['owner'] })],
    ['a promise that fails', async () => await Promise.reject(down)],
    ['nothing', () => undefined],
    ['no object', () => true],
    ['another id', () => ({ id: 8, roles: ['owner'] })],
    ['the id as a text', () => ({ id: '7', roles: ['owner'] })],
    ['no id', () => ({ roles: ['owner'] })],
    ['roles that are none', () => ({ id: 7, roles: 'owner' })],
    ['an end that is none', () => ({ id: 7, expires: NaN })],
    ['what can\'t be read', () => Object.defineProperty({}, 'id', { get () { throw down } })],
  ] as const) {
    const { plain, life } = lifeBench(t, clock)
    const [odd, fine] = [plain({ id: 7, roles: ['reader'] }), plain({ id: 7, roles: ['reader'] }, { route: '/fine' })]
    const before = odd.identity
    t.equal(life.refresh(7, (identity: Identity, { route }: Whom) => route === '/fine' ? { ...identity, roles: [] } : answer()), 2, name)
    await settled()
    t.equal(odd.closed, 'internal policy', name)
    t.equal(odd.identity, before, name)
    t.equal(odd.failures.length, 1, name)
    t.same([fine.closed, fine.identity], [null, { id: 7, roles: [] }], name)
  }
})

t.test('the end of an identity stays, unless the function says another one; authorize is asked again', async t => {
  const clock = fakeClock(t)
  const { plain, life, pass } = lifeBench(t, clock)
  const kept = plain({ id: 7, expires: clock.now() + 5000 })
  const refused = plain({ id: 7 })
  refused.verdict = () => ({ code: 'WSG_ERR_FORBIDDEN' })
  life.refresh(7, ({ id }: Identity) => ({ id, roles: ['user'] }))
  t.equal(refused.closed, 'forbidden revoked')
  t.same(kept.identity, { id: 7, roles: ['user'], expires: clock.now() + 5000 })
  life.refresh(7, (identity: Identity) => ({ ...identity, expires: clock.now() + 2000 }))
  await pass(2100)
  t.equal(kept.closed, 'unauthenticated expired')
})

t.test('a handshake under way, and a ticket, become what all functions since then make of them', async t => {
  const clock = fakeClock(t)
  const bench = lifeBench(t, clock)
  const { life, plain } = bench
  const early = { startedAt: clock.now() - 1_600_000_000_000 }
  bench.underWaySince = early.startedAt
  await bench.pass(1000)
  life.refresh(7, without('owner'))
  life.refresh(7, without('editor'))
  t.same(plain({ id: 7, roles: ['owner', 'editor', 'reader'] }, early).identity, { id: 7, roles: ['reader'] }, 'both, in their order')
  t.same(plain({ id: '7', roles: ['owner'] }, early).identity, { id: '7', roles: ['owner'] })
  life.refresh({ id: 7, roles: ['editor'] })
  t.same(plain({ id: 7, roles: ['owner'] }, early).identity, { id: 7, roles: ['editor'] }, 'an identity stands for all that was said before')
  life.refresh(7, without('editor'))
  t.same(plain({ id: 7, roles: ['owner'] }, early).identity, { id: 7, roles: [] })
  const bearer = { identity: { id: 7 }, credential: null, ...early }
  t.equal(life.endOf(bearer, '/ws'), null)
  life.refresh(7, (identity: Identity, { route }: Whom) => {
    if (route === '/odd') throw new Error('unknown')
    return route === '/gone' ? null : identity
  })
  t.equal(life.endOf(bearer, '/gone'), 'revoked', 'taken away before it is a socket')
  t.equal(plain({ id: 7 }, { ...early, route: '/gone' }).closed, 'unauthenticated revoked')
  t.equal(plain({ id: 7 }, { ...early, route: '/odd' }).closed, 'internal policy')
  await bench.pass(1000)
  t.same(plain({ id: 7, roles: ['owner'] }).identity, { id: 7, roles: ['owner'] }, 'who was read later is who that says')
  bench.underWaySince = Infinity
  await bench.pass(1000)
  t.equal(life.sizes.recent, 0)
})

t.test('a session that was being read does not give back what the function took away', async t => {
  const { life, open, listener } = lifeBench(t, fakeClock(t))
  const answers: ((identity: Identity | null) => void)[] = []
  const slow = { ...SOURCE, identify: async () => await new Promise<Identity | null>(resolve => { answers.push(resolve) }) }
  const socket = open({ id: 7, roles: ['owner'] }, 'one', { source: slow })
  listener.written('one', {})
  life.refresh(7, without('owner'))
  answers[0]!({ id: 7, roles: ['owner', 'editor'] })
  await settled()
  t.same(socket.identity, { id: 7, roles: [] })
  t.equal(answers.length, 2, 'it is asked again')
  answers[1]!({ id: 7, roles: ['reader'] })
  await settled()
  t.same(socket.identity, { id: 7, roles: ['reader'] })
})

t.test('what it can\'t be given is said', async t => {
  const rows: readonly (readonly [unknown, unknown, RegExp])[] = [
    ['ada', undefined, /expected an identity, got no object; beside an id write what decides: identity => \(\{ \.\.\.identity, roles: \[\] \}\)$/],
    [{ id: 7 }, (identity: Identity) => identity, /^wsGuard\.refresh: expected the identity's id, a string or a number, got an object$/],
    [NaN, (identity: Identity) => identity, /got NaN$/],
    [7, { id: 7, roles: [] }, /^wsGuard\.refresh: expected a function identity => identity, got an object$/],
    [7, null, /got null$/],
  ]
  for (const [given, change, message] of rows) t.throws(() => readRefresh(given, change), { code: 'WSG_ERR_SOCKET_ARGUMENT', message }, String(message))
})
