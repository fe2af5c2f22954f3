import t from 'tap'
import { Tickets } from '../../lib/auth/tickets.js'
import { fakeClock } from '../helpers/fake-clock.js'

const claim = (id: string) => ({ origin: 'https://a', path: '/ws', identity: { id }, credential: null, since: 0 })

t.test('a ticket ends, also one that came back, and nothing is left of it', async t => {
  const clock = fakeClock(t)
  const tickets = new Tickets(30_000, 10)
  const [a, b] = [tickets.issue(claim('ada'))!, tickets.issue(claim('ada'))!]
  await clock.pass(20_000, 1000)
  const taken = tickets.take(a)
  t.match(taken, { path: '/ws', identity: { id: 'ada' } })
  t.equal(tickets.take(a), null)
  tickets.giveBack(taken!)
  await clock.pass(9000, 1000)
  t.ok(tickets.take(b))
  await clock.pass(1000, 1000)
  t.equal(tickets.take(a), null, 'what came back has not begun anew')
  tickets.giveBack(taken!)
  t.equal(tickets.size, 0)
})

t.test('owners are told apart, and unused tickets are swept', async t => {
  const clock = fakeClock(t)
  const tickets = new Tickets(1000, 2)
  for (const id of ['ada', '__proto__']) t.same([1, 2, 3].map(() => tickets.issue(claim(id)) !== null), [true, true, false])
  await clock.pass(1000, 100)
  t.ok(tickets.issue(claim('ada')))
  t.equal(tickets.size, 1)
})

t.test('C16 no ticket is like another, and what is kept is a hash', async t => {
  const tickets = new Tickets(1000, 1000)
  const texts = Array.from({ length: 100 }, () => tickets.issue(claim('ada'))!)
  t.equal(new Set(texts).size, 100)
  t.notOk(JSON.stringify(tickets.take(texts[0]!)).includes(texts[0]!))
})
