import t from 'tap'
import { CLOSES, ERRORS } from '../../lib/protocol/codes.js'

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
