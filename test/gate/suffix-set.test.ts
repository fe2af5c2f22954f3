import t from 'tap'
import { SuffixSet } from '../../lib/gate/suffix-set.js'

const matches = (set: SuffixSet, text: string): boolean => set.matches(text, 0, text.length)

t.test('proper subdomains match, at any depth', async t => {
  const set = new SuffixSet()
  for (const name of ['goodsite.com', 'a.org', 'b.org']) set.add(name)
  for (const text of ['www.goodsite.com', 'a.b.c.goodsite.com', 'x.a.org', 'x.b.org']) t.ok(matches(set, text), text)
  for (const text of ['goodsite.com', '.goodsite.com', 'evilgoodsite.com', 'goodsite.com.evil', 'x.c.org', 'x.GOODSITE.com', '', '.', 'com']) t.notOk(matches(set, text), text)
  t.notOk(matches(new SuffixSet(), 'a.b'), 'an empty set')
})

t.test('only the part between the bounds is looked at', async t => {
  const set = new SuffixSet()
  set.add('goodsite.com')
  const origin = 'https://www.goodsite.com:8443'
  t.ok(set.matches(origin, 'https://'.length, origin.length - ':8443'.length))
  t.notOk(set.matches(origin, 'https://'.length, origin.length), 'the port is no part of the name')
  t.notOk(set.matches('https://goodsite.com', 'https://'.length, 'https://goodsite.com'.length), 'a dot before the bound does not count')
})
