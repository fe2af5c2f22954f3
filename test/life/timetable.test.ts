import t from 'tap'
import { NOWHERE, Timetable } from '../../lib/life/timetable.js'
import type { Timed } from '../../lib/life/timetable.js'
import { fakeClock } from '../helpers/fake-clock.js'
import { randomOf } from '../helpers/random.js'

interface Noted extends Timed { readonly name: string }

function table (): { timetable: Timetable, entry: (name: string, then?: () => void) => Noted, done: string[] } {
  const done: string[] = []
  const entry = (name: string, then?: () => void): Noted => ({ name, at: 0, place: NOWHERE, due: () => { done.push(name); then?.() } })
  return { timetable: new Timetable(), entry, done }
}

t.test('what is due comes in the order of its time, and what was taken out or put off does not', async t => {
  const clock = fakeClock(t)
  const { timetable, entry, done } = table()
  const [a, b, c, d] = [entry('a'), entry('b'), entry('c'), entry('d')]
  const now = clock.now()
  timetable.set(a, now + 300)
  timetable.set(b, now + 100)
  timetable.set(c, now + 200)
  timetable.set(d, now + 150)
  timetable.set(b, now + 400)
  timetable.delete(d)
  timetable.delete(d)
  await clock.pass(290)
  t.same(done, ['c'])
  timetable.set(a, now + 295)
  await clock.pass(20)
  t.same(done, ['c', 'a'])
  timetable.set(b, Infinity)
  await clock.pass(1000)
  t.same(done, ['c', 'a'])
  t.equal(timetable.size, 0)
})

t.test('what is past is due in the next turn, and not in the call', async t => {
  const clock = fakeClock(t)
  const { timetable, entry, done } = table()
  timetable.set(entry('late'), clock.now() - 5000)
  timetable.set(entry('epoch'), 0)
  t.same(done, [])
  await clock.pass(10)
  t.same(done, ['epoch', 'late'])
})

t.test('a time further away than a timer reaches is not at once, and comes', async t => {
  const clock = fakeClock(t)
  const { timetable, entry, done } = table()
  const day = 86_400_000
  timetable.set(entry('month'), clock.now() + 30 * day)
  await clock.pass(29 * day, day / 4)
  t.same(done, [])
  await clock.pass(2 * day, day / 4)
  t.same(done, ['month'])
})

t.test('a machine that slept finds out within a minute', async t => {
  const clock = fakeClock(t)
  const { timetable, entry, done } = table()
  timetable.set(entry('hour'), clock.now() + 3_600_000)
  clock.sleep(3_600_000)
  await clock.pass(60_000, 1000)
  t.same(done, ['hour'])
})

t.test('one that is due may put others off or in', async t => {
  const clock = fakeClock(t)
  const { timetable, entry, done } = table()
  const now = clock.now()
  const late = entry('late')
  const first = entry('first', () => { timetable.set(late, now + 5000); timetable.set(entry('new'), now + 10) })
  timetable.set(first, now + 10)
  timetable.set(late, now + 10)
  await clock.pass(50)
  t.same(done, ['first', 'new'])
  await clock.pass(5000)
  t.same(done, ['first', 'new', 'late'])
})

t.test('nothing comes after the end', async t => {
  const clock = fakeClock(t)
  const { timetable, entry, done } = table()
  timetable.set(entry('a'), clock.now() + 10)
  timetable.stop()
  timetable.set(entry('b'), clock.now() + 20)
  await clock.pass(1000)
  t.same(done, [])
})

t.test('a thousand renewals leave one entry and the right order', async t => {
  const clock = fakeClock(t)
  const { timetable, done } = table()
  const random = randomOf(7)
  const now = clock.now()
  const entries = Array.from({ length: 200 }, (_, index): Timed => ({ at: 0, place: NOWHERE, due () { done.push(String(index)) } }))
  const times = new Map<number, number>()
  for (let step = 0; step < 5000; step++) {
    const index = random.below(entries.length)
    if (random.below(10) === 0) {
      timetable.delete(entries[index]!)
      times.delete(index)
    } else {
      const at = now + 1 + random.below(10_000)
      timetable.set(entries[index]!, at)
      times.set(index, at)
    }
    if (timetable.size !== times.size) t.fail(`step ${step}: ${timetable.size} entries, ${times.size} expected`)
  }
  await clock.pass(11_000)
  t.same(done.map(name => times.get(Number(name))), [...times.values()].toSorted((a, b) => a - b))
  t.equal(timetable.size, 0)
})
