import { mock } from 'node:test'
import t from 'tap'
import { Repeats } from '../../lib/log/repeats.js'
import type { Teardown } from '../helpers/teardown.js'

t.test('the first of a kind is told, the others are counted', async t => {
  const told: [string, number][] = []
  const repeats = new Repeats((kind, count) => { told.push([kind, count]) })
  t.same(['a', 'a', 'b', 'a'].map(kind => repeats.isFirst(kind, 'rest')), [true, false, true, false])
  repeats.flush()
  t.same(told, [['a', 2]])
  t.notOk(repeats.isFirst('a', 'rest'), 'it goes on')
  repeats.flush()
  t.same(told, [['a', 2], ['a', 1]])
  repeats.flush()
  t.ok(repeats.isFirst('a', 'rest'), 'after a while without one it is told again')
  repeats.isFirst('a', 'rest')
  repeats.stop()
  t.same(told, [['a', 2], ['a', 1], ['a', 1]])
})

t.test('a peer that makes up kinds does not make up lines, and takes nobody\'s place', async t => {
  const told: [string, number][] = []
  const repeats = new Repeats((kind, count) => { told.push([kind, count]) })
  const tell = (kind: string, rest: string, peer?: string): boolean => repeats.isFirst(kind, rest, peer)
  let first = 0
  for (let i = 0; i < 1000; i++) if (tell(`a's kind ${i}`, 'malformed, /chat', 'a')) first++
  t.equal(first, 21, 'twenty kinds of its own, and one for all the others')
  t.ok(tell('b\'s kind', 'malformed, /chat', 'b'), 'another peer has its own')
  for (let i = 0; i < 10_000; i++) if (tell(`kind ${i}`, 'malformed, /chat', `peer ${i}`)) first++
  t.equal(first, 21 + 500 - 22, 'all of them')
  t.ok(tell('one more', 'forbidden, /game', 'c'), 'a rest always has its first')
  t.notOk(tell('one more', 'forbidden, /game', 'c'))
  repeats.stop()
  t.same(told, [['malformed, /chat', 979 + 10_000 - 478], ['forbidden, /game', 1]])
})

t.test('a peer has its share again when its kinds are over', async t => {
  const repeats = new Repeats(() => {})
  t.teardown(() => { repeats.stop() })
  const told = (): number => {
    let first = 0
    for (let i = 0; i < 30; i++) if (repeats.isFirst(`kind ${first} ${i}`, 'rest', 'a')) first++
    return first
  }
  t.equal(told(), 21)
  repeats.flush()
  t.equal(told(), 20, 'the rest goes on')
})

t.test('what may have some lines has no more of them in ten seconds, its count among them', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const lines: number[] = []
  const repeats = new Repeats((_kind, count) => { lines.push(count) }, 4)
  for (let second = 0; second < 40; second++) {
    for (let n = 0; n < 5; n++) if (repeats.isFirst('closed', 'rest')) lines.push(0)
    mock.timers.tick(1000)
  }
  t.same(lines.filter(count => count > 0).length, 3)
  t.same(lines.length, 4 * 4)
  t.equal(lines.reduce((sum, count) => sum + (count || 1), 0) <= 200, true)
  mock.timers.reset()
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
    if (comes(now)) for (let n = 0; n < 5; n++) if (repeats.isFirst('flood', 'rest')) told.push(now)
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
