import t from 'tap'
import { readId } from '../../lib/identity/read-id.js'

t.test('an id is a string or a number', async t => {
  for (const id of ['ada', '7', 7]) t.equal(readId(id, 'evict: identity'), id)
})

t.test('anything else names nobody', async t => {
  for (const none of [undefined, null, true, '', NaN, Infinity, {}, { id: 'ada' }, ['ada']]) {
    t.throws(() => readId(none, 'evict: identity'), {
      code: 'WSG_ERR_SOCKET_ARGUMENT', message: /^evict: identity: expected the identity's id, a string or a number, got /,
    })
  }
})
