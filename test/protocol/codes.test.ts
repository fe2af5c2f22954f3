import t from 'tap'
import { CLOSES, ERRORS, isRetryable } from '../../lib/protocol/codes.js'

t.test('each code has words, which need no escape in JSON', async t => {
  for (const { message } of Object.values(ERRORS)) t.equal(JSON.stringify(message), `"${message}"`)
})

t.test('a reason is a short token, and a code says one thing about coming back', async t => {
  const retryable = new Map<number, boolean>()
  for (const [name, close] of Object.entries(CLOSES)) {
    t.match(close.reason, /^[a-z_]{0,123}$/)
    t.ok(close.reason === '' || close.reason === name)
    t.equal(retryable.get(close.code) ?? close.retryable, close.retryable, `${close.code}`)
    retryable.set(close.code, close.retryable)
  }
})

t.test('whether a client comes back is said once: by the table, and by a rule that agrees with it', async t => {
  for (const { code, retryable } of Object.values(CLOSES)) t.equal(isRetryable(code), retryable, String(code))
})

t.test('codes that are in no table', async t => {
  for (const code of [1005, 1006, 1012, 1014, 1015, 3000, 3999, 4000, 4399, 4500, 4999]) t.equal(isRetryable(code), true, String(code))
  for (const code of [1010, 4402, 4426, 4499]) t.equal(isRetryable(code), false, String(code))
})
