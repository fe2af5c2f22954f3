import t from 'tap'
import { ERROR_CODES } from '../../lib/protocol/codes.js'
import { DEFAULT_ENVELOPE, ERROR_MESSAGES } from '../../lib/protocol/envelope.js'
import { ErrorText } from '../../lib/socket/error-text.js'

const errors = new ErrorText(DEFAULT_ENVELOPE)

t.test('every code, with and without an id, is JSON as docs/protocol.md section 3 has it', async t => {
  for (const code of ERROR_CODES) {
    const error = { code, message: ERROR_MESSAGES[code] }
    t.same(JSON.parse(errors.of(code, null)), { type: '$error', error })
    t.same(JSON.parse(errors.of(code, 7)), { id: 7, error })
    t.same(JSON.parse(errors.of(code, '"\u2028é')), { id: '"\u2028é', error })
  }
})

t.test('details are cut', async t => {
  const issues = Array.from({ length: 20 }, (_, n) => ({ path: `/${'x'.repeat(500)}${n}`, message: 'y'.repeat(500) }))
  const { error } = JSON.parse(errors.of('invalid_message', null, { issues, retryAfter: 12 })) as { error: { issues: { path: string, message: string }[], retryAfter: number } }
  t.equal(error.issues.length, 8)
  t.ok(error.issues.every(({ path, message }) => path.length === 128 && message.length === 128))
  t.equal(error.retryAfter, 12)
  t.notOk('issues' in (JSON.parse(errors.of('invalid_message', null, { issues: [] })) as { error: object }).error, 'no empty list')
})

t.test('names of keys are the contract\'s, also awkward ones', async t => {
  const other = new ErrorText({ type: 'ev"ent', data: null, id: '#' })
  t.match(JSON.parse(other.of('internal', null)), { 'ev"ent': '$error', error: { code: 'internal' } })
  t.match(JSON.parse(other.of('internal', 1)), { '#': 1 })
})

t.test('a declared error carries its data', async t => {
  t.same(JSON.parse(errors.declared('gone', '{"at":1}', 'a')), { id: 'a', error: { code: 'gone', message: 'gone', data: { at: 1 } } })
})
