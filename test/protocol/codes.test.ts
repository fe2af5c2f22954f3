import t from 'tap'
import { CLOSE_CODES, isRetryable } from '../../lib/protocol/codes.js'

t.test('whether a client comes back is said once: by the table, and by a rule that agrees with it', async t => {
  const table = Object.entries(CLOSE_CODES)
  t.ok(table.length > 10)
  for (const [code, { retryable }] of table) t.equal(isRetryable(Number(code)), retryable, code)
})

t.test('codes that are in no table', async t => {
  for (const code of [1005, 1006, 1012, 1014, 1015, 3000, 3999, 4000, 4399, 4500, 4999]) t.equal(isRetryable(code), true, String(code))
  for (const code of [1010, 4402, 4426, 4499]) t.equal(isRetryable(code), false, String(code))
})
