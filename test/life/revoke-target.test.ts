import t from 'tap'
import { readRevokeTarget } from '../../lib/life/revoke-target.js'
import { Recent } from '../../lib/life/recent.js'
import type { Bearer } from '../../lib/life/living.js'

// What it refuses: test/attack/revoke.test.ts.

const bearer = (id: string | number, session?: string): Bearer => ({
  identity: { id },
  credential: session === undefined ? null : { kind: 'session', session: { id: session } as never },
  startedAt: 0,
})
const nobody: Bearer = { identity: null, credential: null, startedAt: 0 }

t.test('one of three says whose sockets', async t => {
  for (const id of [7, '7']) {
    const { means } = readRevokeTarget({ identity: id })
    t.same([bearer(7), bearer('7'), bearer(8), nobody].map(one => means(one, '/ws')), [true, true, false, false], 'a user, by the text of its id')
  }
  const { means } = readRevokeTarget({ session: 'x' })
  t.same([bearer(1, 'x'), bearer(1, 'y'), bearer(1), nobody].map(one => means(one, '/ws')), [true, false, false, false])
  t.throws(() => readRevokeTarget({ session: 7 }), { code: 'WSG_ERR_SOCKET_ARGUMENT' })
  t.throws(() => readRevokeTarget({ session: 'x', identity: 7 }), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /got identity and session$/ })
  t.throws(() => readRevokeTarget({}), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /got an object with none$/ })
})

t.test('a condition is told who it is, where, and what that rests on', async t => {
  const told: unknown[] = []
  const { means } = readRevokeTarget({ where: (socket: unknown) => told.push(socket) === 1 })
  t.equal(means(bearer(1), '/ws'), true)
  t.equal(means(bearer(1, 's'), '/ws'), false)
  t.same(told, [{ identity: { id: 1 }, route: '/ws', session: null, credential: null }, { identity: { id: 1 }, route: '/ws', session: 's', credential: 'session' }])
})

t.test('a condition is asked of public routes, and not of who has still to say who it is', async t => {
  const asked: string[] = []
  const { means, remember } = readRevokeTarget({ where: ({ route }: { route: string }) => { asked.push(route); return true } })
  const waiting: Bearer = { ...nobody, strategy: {} }
  t.same([means(nobody, '/public'), means({ ...nobody, strategy: null }, '/open'), means(waiting, '/waits')], [true, true, false])
  const recent = new Recent({ underWaySince: () => 0, provenSince: () => Infinity, now: () => 1 })
  remember(recent)
  t.equal(recent.endOf(waiting, '/waits'), null)
  t.same(asked, ['/public', '/open'])
})

t.test('each ends handshakes that are under way; a condition that throws holds', async t => {
  const fail = (): boolean => { throw new Error('unknown') }
  for (const [given, cause] of [[{ identity: 1 }, 'revoked'], [{ session: 's' }, 'revoked'], [{ where: fail }, 'revoked'], [{ where: () => false }, null]] as const) {
    const recent = new Recent({ underWaySince: () => 0, provenSince: () => Infinity, now: () => 1 })
    readRevokeTarget(given).remember(recent)
    t.equal(recent.endOf(bearer(1, 's'), '/ws'), cause, Object.keys(given).join())
  }
})
