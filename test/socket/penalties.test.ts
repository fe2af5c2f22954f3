import t from 'tap'
import { Penalties } from '../../lib/socket/penalties.js'

const LIMITS = { errors: 3, burst: 4 }
const SECOND = 1000

t.test('violations are answered as often as allowed, then the socket closes with the code of the last', async t => {
  for (const [code, close] of [['invalid_json', 'bad_message'], ['too_many_nodes', 'bad_message'], ['forbidden', 'policy_violation'], ['duplicate_id', 'duplicate_id']] as const) {
    const penalties = new Penalties(LIMITS)
    t.same([1, 2, 3].map(() => penalties.violation('unknown_type', 0)), [null, null, null])
    t.same(penalties.violation(code, 0), close, code)
  }
})

t.test('what was forbidden to who has just become somebody else is answered and not counted; all else is', async t => {
  const penalties = new Penalties(LIMITS)
  for (let n = 0; n < 3; n++) t.equal(penalties.violation('forbidden', 0), null)
  penalties.identityChanged(SECOND / 10)
  for (let n = 0; n < 50; n++) t.equal(penalties.violation('forbidden', SECOND), null)
  t.equal(penalties.violation('unknown_type', SECOND / 10), 'bad_message', 'nothing is forgiven by it')
  t.equal(penalties.violation('forbidden', 10 * SECOND), null)
  for (let n = 0; n < 3; n++) t.equal(penalties.violation('forbidden', 30 * SECOND), null)
  t.equal(penalties.violation('forbidden', 30 * SECOND), 'policy_violation', 'by then it is known')
})

t.test('the budget refills in ten seconds', async t => {
  const penalties = new Penalties(LIMITS)
  for (let n = 0; n < 3; n++) penalties.violation('invalid_json', 0)
  t.equal(penalties.violation('invalid_json', 4 * SECOND), null, 'one of three after a third of the time')
  t.same(penalties.violation('invalid_json', 4 * SECOND), 'bad_message')
})

t.test('a second binary frame closes, whatever the budget', async t => {
  const penalties = new Penalties(LIMITS)
  t.equal(penalties.violation('unsupported_data', 0), null)
  t.same(penalties.violation('unsupported_data', 60 * SECOND), 'unsupported_data')
})

t.test('over the rate: answered, then silence, then closed', async t => {
  const penalties = new Penalties(LIMITS)
  t.same([1, 2, 3, 4, 5].map(() => penalties.flood(0)), ['answer', 'answer', 'answer', 'drop', 'too_many'])
  t.equal(penalties.flood(10 * SECOND), 'answer', 'ten seconds later all is forgotten')
})
