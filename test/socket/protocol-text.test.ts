import t from 'tap'
import { errorCodes, ERRORS } from '../../lib/protocol/codes.js'
import { DEFAULT_ENVELOPE } from '../../lib/protocol/envelope.js'
import { ProtocolText } from '../../lib/socket/protocol-text.js'

const texts = new ProtocolText(DEFAULT_ENVELOPE)

t.test('every code, with and without an id, is JSON as docs/protocol.md section 3 has it', async t => {
  for (const code of errorCodes()) {
    const error = { code, message: ERRORS[code].message }
    t.same(JSON.parse(texts.error(code, null)), { type: '$error', error })
    t.same(JSON.parse(texts.error(code, 7)), { id: 7, error })
    t.same(JSON.parse(texts.error(code, '"\u2028é')), { id: '"\u2028é', error })
  }
})

t.test('details are cut', async t => {
  const issues = Array.from({ length: 20 }, (_, n) => ({ path: `/${'x'.repeat(500)}${n}`, message: 'y'.repeat(500) }))
  const { error } = JSON.parse(texts.error('invalid_message', null, { issues, retryAfter: 12 })) as { error: { issues: { path: string, message: string }[], retryAfter: number } }
  t.equal(error.issues.length, 8)
  t.ok(error.issues.every(({ path, message }) => path.length === 128 && message.length === 128))
  t.equal(error.retryAfter, 12)
  t.notOk('issues' in (JSON.parse(texts.error('invalid_message', null, { issues: [] })) as { error: object }).error, 'no empty list')
})

t.test('names of keys are the contract\'s, also awkward ones', async t => {
  const other = new ProtocolText({ type: 'ev"ent', data: null, id: '#' })
  t.match(JSON.parse(other.error('internal', null)), { 'ev"ent': '$error', error: { code: 'internal' } })
  t.match(JSON.parse(other.error('internal', 1)), { '#': 1 })
})

t.test('a declared error carries its data', async t => {
  t.same(JSON.parse(texts.declared('gone', '{"at":1}', 'a')), { id: 'a', error: { code: 'gone', message: 'gone', data: { at: 1 } } })
})

t.test('the answer to $ping', async t => {
  t.same(JSON.parse(texts.pong(null)), { type: '$pong' })
  t.same(JSON.parse(texts.pong('"a')), { type: '$pong', id: '"a' })
})
