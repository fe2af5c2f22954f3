import t from 'tap'
import { setTimeout as delay } from 'node:timers/promises'
import { Deadlines } from '../../lib/socket/deadlines.js'
import { until } from '../helpers/until.js'

interface Item { readonly deadline: number, expire (): void }

function setup (): { deadlines: Deadlines, fired: string[], clock: { now: number }, make: (name: string, deadline: number) => Item } {
  const fired: string[] = []
  const clock = { now: 0 }
  return { fired, clock, deadlines: new Deadlines(() => clock.now), make: (name, deadline) => ({ deadline, expire: () => { fired.push(name) } }) }
}

t.test('one timer per length, in order, none left', async t => {
  const { deadlines, fired, clock, make } = setup()
  const [a, b, c] = [make('a', 30), make('b', 30), make('c', 60)]
  for (const item of [a, b, c]) deadlines.add(item)
  t.equal(deadlines.size, 2)
  deadlines.delete(a)
  clock.now = 10
  deadlines.add(make('d', 30))
  clock.now = 39
  await until(() => fired.length === 1)
  await delay(60)
  t.same(fired, ['b'], 'never early: a timer that fires before the clock says so waits for the rest')
  clock.now = 60
  await until(() => fired.length === 3)
  t.same(fired.slice(1).sort(), ['c', 'd'])
  t.equal(deadlines.size, 0)
})

t.test('a sweep stops the timers that wait for nothing', async t => {
  const { deadlines, make } = setup()
  const item = make('a', 1000)
  deadlines.add(item)
  deadlines.sweep()
  t.equal(deadlines.size, 1, 'a length in use stays')
  deadlines.delete(item)
  deadlines.delete(make('never added', 5))
  deadlines.sweep()
  t.equal(deadlines.size, 0)
})

t.test('what expires may add and delete others', async t => {
  const { deadlines, fired, clock, make } = setup()
  const second = make('second', 5)
  deadlines.add({ deadline: 5, expire: () => { fired.push('first'); deadlines.delete(second); deadlines.add(make('third', 5)) } })
  deadlines.add(second)
  clock.now = 5
  await until(() => fired.length === 1)
  clock.now = 10
  await until(() => fired.length === 2)
  t.same(fired, ['first', 'third'])
})

t.test('work that settles in time is what it comes to; what does not is what was said for that', async t => {
  const { deadlines, clock } = setup()
  t.equal(await deadlines.within(30, Promise.resolve('done'), () => 'late'), 'done')
  await t.rejects(deadlines.within(30, Promise.reject(new Error('failed')), () => 'late'), { message: 'failed' })
  const came: string[] = []
  void deadlines.within(30, new Promise<string>(() => {}), () => 'late').then(what => { came.push(what) })
  clock.now = 30
  await until(() => came.length === 1)
  t.same(came, ['late'])
  deadlines.sweep()
  t.equal(deadlines.size, 0)
})
