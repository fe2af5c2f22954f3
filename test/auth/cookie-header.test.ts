import t from 'tap'
import { countCookies } from '../../lib/auth/cookie-header.js'

t.test('cookies of one name are counted, whatever is in them', async t => {
  t.equal(countCookies(undefined, 'sid'), 0)
  t.equal(countCookies('sid=a', 'sid'), 1)
  t.equal(countCookies('other=sid; sid=a=b;sid=', 'sid'), 2)
})

t.test('what has no name is no cookie of that name', async t => {
  t.equal(countCookies('sidx', 'sid'), 0)
  t.equal(countCookies('sid; sid=a', 'sid'), 1)
  t.equal(countCookies('sid2=a; Sid=b', 'sid'), 0)
})
