import t from 'tap'
import { Repeats } from '../../lib/log/repeats.js'

t.test('the first of a kind is told, the others are counted', async t => {
  const told: [string, number][] = []
  const repeats = new Repeats((kind, count) => { told.push([kind, count]) })
  t.same(['a', 'a', 'b', 'a'].map(kind => repeats.isFirst(kind)), [true, false, true, false])
  repeats.flush()
  t.same(told, [['a', 2]])
  t.ok(repeats.isFirst('a'), 'a window later it is told again')
  repeats.isFirst('a')
  repeats.stop()
  t.same(told, [['a', 2], ['a', 1]])
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
