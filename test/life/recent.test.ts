import t from 'tap'
import type { Bearer } from '../../lib/life/living.js'
import { Recent } from '../../lib/life/recent.js'
import { readRefresh } from '../../lib/life/refresh.js'

function recently () {
  const time = { now: 100, underWaySince: 50, provenSince: Infinity }
  const recent = new Recent({ now: () => time.now, underWaySince: () => time.underWaySince, provenSince: () => time.provenSince })
  return { recent, time }
}
const bearer = (startedAt: number, id: string | number = 'ada', session = 'one'): Bearer =>
  ({ identity: { id }, credential: { kind: 'session', session: { id: session } as never }, startedAt })

t.test('what ended counts for handshakes that had begun', async t => {
  const { recent } = recently()
  recent.endedSession('one', 'session')
  t.equal(recent.endOf(bearer(60), '/'), 'session')
  t.equal(recent.endOf(bearer(101), '/'), null, 'it was read after that')
  t.equal(recent.endOf(bearer(60, 'ada', 'two'), '/'), null)
  t.equal(recent.endOf({ identity: null, credential: null, startedAt: 60 }, '/'), null)
  recent.endedUser('7')
  t.equal(recent.endOf(bearer(60, 7, 'two'), '/'), 'revoked', 'by the text of its id')
  recent.endedWhere((_bearer, route) => route === '/admin')
  t.equal(recent.endOf(bearer(60, 'bob', 'two'), '/admin'), 'revoked')
  t.equal(recent.endOf(bearer(60, 'bob', 'two'), '/'), null)
})

t.test('a refresh is for the same id of the same type', async t => {
  const { recent } = recently()
  recent.refreshed(readRefresh({ id: 7, roles: ['user'] }, undefined))
  t.same(recent.identityOf(bearer(60, 7), '/'), { id: 7, roles: ['user'] })
  t.equal(recent.identityOf(bearer(60, '7'), '/'), undefined)
  t.equal(recent.identityOf(bearer(101, 7), '/'), undefined)
  t.equal(recent.identityOf({ identity: null, credential: null, startedAt: 60 }, '/'), undefined)
  const stored = {}
  recent.written('one', stored)
  t.equal(recent.writtenOf(bearer(60)), stored)
  t.equal(recent.writtenOf(bearer(101)), undefined)
  t.equal(recent.writtenOf({ identity: { id: 7 }, credential: null, startedAt: 60 }), undefined)
})

t.test('for a ticket counts what happened since it was asked for', async t => {
  const { recent, time } = recently()
  const ticket = (since: number, credential: object = {}): Bearer => ({ identity: { id: 'ada' }, credential: { kind: 'ticket', since, ...credential }, startedAt: 200 })
  const ofSession = { session: { id: 'one' } }
  time.underWaySince = Infinity
  recent.endedUser('ada')
  recent.endedSession('one', 'revoked')
  recent.endedWhere(() => true)
  recent.refreshed(readRefresh({ id: 'ada', roles: ['user'] }, undefined))
  t.equal(recent.size, 0, 'nobody waits')
  time.provenSince = 60
  recent.refreshed(readRefresh({ id: 'ada', roles: ['user'] }, undefined))
  t.same(recent.identityOf(ticket(100), '/'), { id: 'ada', roles: ['user'] })
  t.equal(recent.identityOf(ticket(101), '/'), undefined)
  t.equal(recent.identityOf(ticket(100, ofSession), '/'), undefined, 'its session is read when the ticket is used')
  t.equal(recent.endOf(ticket(100), '/'), null)
  recent.endedSession('one', 'revoked')
  t.equal(recent.endOf(ticket(100, ofSession), '/'), 'revoked')
  t.equal(recent.endOf(ticket(101, ofSession), '/'), null)
  recent.endedUser('ada')
  t.equal(recent.endOf(ticket(100), '/'), 'revoked')
  t.equal(recent.endOf(ticket(101), '/'), null)
  recent.written('one', {})
  t.equal(recent.size, 3, 'what is written to a session is of no use to tickets')
  time.provenSince = 101
  recent.forget()
  t.equal(recent.size, 0)
})

t.test('nothing is remembered while no handshake is under way, and nothing for longer than one is', async t => {
  const { recent, time } = recently()
  const all = (): void => {
    for (let n = 0; n < 100; n++) {
      recent.endedSession(`session ${n}`, 'session')
      recent.endedUser(`user ${n}`)
      recent.endedWhere(() => false)
      recent.refreshed(readRefresh({ id: n }, undefined))
      recent.written(`session ${n}`, {})
    }
  }
  time.underWaySince = Infinity
  all()
  t.equal(recent.size, 0)
  time.underWaySince = 50
  all()
  t.equal(recent.size, 500)
  recent.forget()
  t.equal(recent.size, 500)
  time.underWaySince = 101
  recent.forget()
  t.equal(recent.size, 0)
})
