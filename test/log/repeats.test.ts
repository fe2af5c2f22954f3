import { mock } from 'node:test'
import t from 'tap'
import { Repeats } from '../../lib/log/repeats.js'
import type { Teardown } from '../helpers/teardown.js'

t.test('the first of a kind is told, the others are counted', async t => {
  const told: [string, number][] = []
  const repeats = new Repeats((kind, count) => { told.push([kind, count]) })
  t.same(['a', 'a', 'b', 'a'].map(kind => repeats.isFirst(kind)), [true, false, true, false])
  repeats.flush()
  t.same(told, [['a', 2]])
  t.notOk(repeats.isFirst('a'), 'it goes on')
  repeats.flush()
  t.same(told, [['a', 2], ['a', 1]])
  repeats.flush()
  t.ok(repeats.isFirst('a'), 'after a while without one it is told again')
  repeats.isFirst('a')
  repeats.stop()
  t.same(told, [['a', 2], ['a', 1], ['a', 1]])
})

t.test('a peer that makes up kinds does not make up lines', async t => {
  const told: [string, number][] = []
  const repeats = new Repeats((kind, count) => { told.push([kind, count]) })
  let first = 0
  for (let i = 0; i < 10_000; i++) if (repeats.isFirst(`kind ${i}`)) first++
  t.equal(first, 501, '500 kinds, and one for all the others')
  repeats.isFirst('one more', 'kind 0')
  repeats.stop()
  t.same(told, [['kind 0', 1], ['', 9499]], 'with a kind of their own choice, or with the rest')
})

/** Each second it comes, of so many: when it is told. */
function toldAt (t: Teardown, seconds: number, comes: (second: number) => boolean, startsAt = 0): number[] {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const told: number[] = []
  let now = 0
  const repeats = new Repeats(() => { told.push(now) })
  mock.timers.tick(startsAt)
  for (; now < seconds; now += 0.25) {
    if (comes(now)) for (let n = 0; n < 5; n++) if (repeats.isFirst('flood')) told.push(now)
    mock.timers.tick(250)
  }
  mock.timers.reset()
  return told
}

t.test('what goes on is told once in ten seconds, whenever it begins, and at once when it comes back', async t => {
  for (const startsAt of [0, 250, 500, 750]) {
    const told = toldAt(t, 59, () => true, startsAt)
    t.equal(told.length, 6, `${told}`)
    t.ok(told.every((at, index) => index === 0 || at - told[index - 1]! >= 10), `${told}`)
  }
  const inBursts = toldAt(t, 60, second => second % 6 === 0)
  t.ok(inBursts.length <= 6 && inBursts.every((at, index) => index === 0 || at - inBursts[index - 1]! >= 10), `${inBursts}`)
  const rare = toldAt(t, 90, second => second % 30 === 0)
  t.same(rare.filter(second => second % 30 === 0), [0, 30, 60], 'who comes back after a silence is told at once')
  const once = toldAt(t, 100, second => second === 3)
  t.equal(once[0], 3)
  t.equal(once.length, 2, 'the four that came with it are told, and that is all')
})
