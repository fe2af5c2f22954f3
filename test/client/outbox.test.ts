import t from 'tap'
import { createOutbox, type Entry, type Outbox, type Pace } from '../../lib/client/outbox.js'
import type { Link } from '../../lib/client/link.js'
import { fakeClock } from '../helpers/fake-clock.js'

interface Bench {
  readonly link: Link
  readonly outbox: Outbox
  readonly sent: string[]
  add (name: string, more?: Partial<Entry>): boolean
}

function bench (size: number, pace: Pace = { rate: 1e6, burst: 1e6 }): Bench {
  const sent: string[] = []
  const link: Link = { state: 'waiting', retryAfter: 0, send: frame => { sent.push(String(frame)) }, connect () {}, close () {} }
  const outbox = createOutbox(size, pace, link)
  return { link, outbox, sent, add: (name, more) => outbox.add({ frame: name, type: 'say', ...more }) }
}

t.test('entries wait for the connection, in their order', async t => {
  const { link, outbox, sent, add } = bench(3)
  t.same(['a', 'b'].map(name => add(name)), [true, true])
  t.same(sent, [])
  link.state = 'open'
  outbox.flush()
  add('c')
  t.same(sent, ['a', 'b', 'c'])
})

t.test('the queue is bounded, and says so', async t => {
  const { link, outbox, sent, add } = bench(2)
  t.same(['a', 'b', 'c'].map(name => add(name)), [true, true, false])
  link.state = 'open'
  outbox.flush()
  t.same(sent, ['a', 'b'])
  t.equal(add('d'), true)
})

t.test('what is worthless later is not kept without a connection', async t => {
  const { link, sent, add } = bench(2)
  t.equal(add('typing', { drop: true }), false)
  link.state = 'open'
  t.equal(add('typing', { drop: true }), true)
  t.same(sent, ['typing'])
})

t.test('entries can be taken out while they wait', async t => {
  const { link, outbox, sent, add } = bench(3)
  add('a')
  add('b')
  for (const entry of outbox.waiting) if (entry.frame === 'a') outbox.waiting.delete(entry)
  link.state = 'open'
  outbox.flush()
  t.same(sent, ['b'])
})

t.test('a burst goes at once, the rest at the rate; silence saves a burst up again', async t => {
  const clock = fakeClock(t)
  const { link, sent, add } = bench(256, { rate: 10, burst: 5 })
  link.state = 'open'
  for (let n = 0; n < 20; n++) add(String(n))
  t.equal(sent.length, 5)
  await clock.pass(1000)
  t.equal(sent.length, 15)
  await clock.pass(500)
  t.equal(sent.length, 20)
  await clock.pass(10_000)
  for (let n = 0; n < 20; n++) add(String(n))
  t.equal(sent.length, 25)
  t.same(sent.slice(0, 20), Array.from({ length: 20 }, (_, n) => String(n)), 'in their order')
})

t.test('a pause that the server asked for is kept, and is its pace for a minute, after silence as well', async t => {
  const clock = fakeClock(t)
  const { link, outbox, sent, add } = bench(256, { rate: 10, burst: 5 })
  link.state = 'open'
  add('a')
  outbox.flush(2000)
  for (let n = 0; n < 3; n++) add(String(n))
  await clock.pass(1990)
  t.equal(sent.length, 1)
  await clock.pass(20)
  t.equal(sent.length, 2)
  await clock.pass(2180)
  t.equal(sent.length, 2)
  await clock.pass(20)
  t.equal(sent.length, 3, 'a tenth slower')
  await clock.pass(55_000)
  for (let n = 0; n < 3; n++) add(String(n))
  t.equal(sent.length, 5, 'one, and no burst')
  await clock.pass(60_000)
  const before = sent.length
  for (let n = 0; n < 20; n++) add(String(n))
  t.equal(sent.length, before + 5, 'a minute after the last refusal its own pace and burst count again')
  await clock.pass(1000)
  t.equal(sent.length, before + 15)
})

t.test('a client that never stops sending has its own pace again after a minute, and no burst at once', async t => {
  const clock = fakeClock(t)
  const { link, outbox, sent, add } = bench(2000, { rate: 10, burst: 50 })
  link.state = 'open'
  outbox.flush(1000)
  for (let n = 0; n < 1000; n++) add(String(n))
  await clock.pass(60_000)
  const slow = sent.length
  t.ok(slow > 50 && slow <= 56, `${slow}`)
  await clock.pass(12_000)
  t.ok(sent.length > slow + 80 && sent.length <= slow + 125, `${sent.length - slow}: ten a second`)
})

t.test('a pause shorter than its own pace does not make it faster', async t => {
  const clock = fakeClock(t)
  const { link, outbox, sent, add } = bench(256, { rate: 10, burst: 5 })
  link.state = 'open'
  outbox.flush(20)
  for (let n = 0; n < 10; n++) add(String(n))
  await clock.pass(30)
  t.equal(sent.length, 1)
  await clock.pass(80)
  t.equal(sent.length, 1)
  await clock.pass(20)
  t.equal(sent.length, 2)
})

t.test('nothing is sent into a connection that broke meanwhile', async t => {
  const clock = fakeClock(t)
  const { link, sent, add } = bench(256, { rate: 10, burst: 1 })
  link.state = 'open'
  add('a')
  add('b')
  link.state = 'waiting'
  await clock.pass(1000)
  t.same(sent, ['a'])
})
