import t from 'tap'
import { expiryOf, hasExpired } from '../../lib/identity/expiry.js'

t.test('an end is a number, a date, or never', async t => {
  t.equal(expiryOf({ id: 1, expires: 5 }), 5)
  t.equal(expiryOf({ id: 1, expires: new Date(5) }), 5)
  t.equal(expiryOf({ id: 1 }), Infinity)
  t.equal(expiryOf(null), Infinity)
})

t.test('what was, and what is no time, is over', async t => {
  for (const end of [0, 1, Date.UTC(2020, 0), NaN, -Infinity]) t.equal(hasExpired(end), true, String(end))
  for (const end of [null, Infinity, Date.UTC(2100, 0)]) t.equal(hasExpired(end), false, String(end))
})
