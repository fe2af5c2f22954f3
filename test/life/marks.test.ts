import t from 'tap'
import { Marks } from '../../lib/life/marks.js'

t.test('a mark counts for those who began before it', async t => {
  const marks = new Marks<string>()
  marks.set('a', 10, 'first')
  t.equal(marks.since('a', 9), 'first')
  t.equal(marks.since('a', 10), 'first', 'in the same millisecond as well')
  t.equal(marks.since('a', 11), undefined)
  t.equal(marks.since('b', 0), undefined)
  t.equal(marks.since('__proto__', 0), undefined)
  marks.set('a', 20, 'second')
  t.equal(marks.since('a', 15), 'second')
  t.equal(marks.size, 1)
})

t.test('what is older is forgotten', async t => {
  const marks = new Marks<number>()
  for (let at = 0; at < 1000; at++) marks.set(`key ${at % 100}`, at, at)
  t.equal(marks.size, 100)
  marks.forget(950)
  t.equal(marks.size, 50)
  t.equal(marks.since('key 49', 0), undefined)
  t.equal(marks.since('key 50', 0), 950)
  marks.forget(Infinity)
  t.equal(marks.size, 0)
})
