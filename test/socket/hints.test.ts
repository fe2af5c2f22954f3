import { Type } from '@sinclair/typebox'
import t from 'tap'
import { compileContract } from '../../lib/contract/compile.js'
import { errorCodes } from '../../lib/protocol/codes.js'
import { Hints } from '../../lib/socket/hints.js'

const contract = compileContract({ name: 'chat', url: '/chat', inbound: { say: Type.Object({ text: Type.String({ maxLength: 5 }) }) } })
const hints = new Hints(contract, { rate: 10, burst: 20, bytes: 1, errors: 5, inFlight: 7, handlerTimeout: 1, sendBuffer: 1 })

t.test('the reason, in the words of the contract', async t => {
  t.equal(hints.on('unknown_type', { type: null, name: 'sya' }), 'the contract chat has no message \'sya\', but say; did you mean "say"?')
  t.equal(hints.on('invalid_message', { type: 'say', issues: [{ path: '/text', message: 'too long' }, { path: '', message: 'odd' }] }), '/text too long; / odd')
  t.equal(hints.on('invalid_message', { type: null }), 'a message is an object with "type" and "data"')
  const short = { budget: 'socket', route: null, remaining: 0, rate: 10, burst: 20 }
  t.match(hints.on('rate_limited', { type: null, short }), /messages\.rate is 10 a second, messages\.burst 20/)
  const ofIdentity = hints.on('rate_limited', { type: null, short: { ...short, budget: 'identity', rate: 20, burst: 40 } })
  t.equal(ofIdentity, 'short was the budget of the identity (messages.perIdentity): 20 a second, 40 at once')
  const own = hints.on('rate_limited', { type: null, short: { ...short, budget: 'tenant', rate: 3, burst: 4 } })
  t.equal(own, "short was the budget 'tenant' of messages.budgets: 3 a second, 4 at once", 'its own size, not that of a socket')
  t.match(hints.on('too_many_calls', { type: 'say' }), /messages\.inFlight is 7/)
  t.match(hints.on('forbidden', { type: 'say' }), /roles or authorize of say/)
  t.equal(hints.on('internal', { type: 'say', thrown: new TypeError('x is not a function') }), 'the handler of say threw TypeError: x is not a function')
})

t.test('whatever was thrown, nothing throws here', async t => {
  t.match(hints.on('internal', { type: 'say', thrown: Object.create(null) }), /can't be read/)
  for (const code of errorCodes()) t.doesNotThrow(() => hints.on(code, { type: null }), code)
})
