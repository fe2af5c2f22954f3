import t from 'tap'
import { encodeId, isMessageId, isReservedType } from '../../lib/protocol/envelope.js'

t.test('ids', async t => {
  for (const id of ['a', '__proto__', ' ', 'x'.repeat(64), 0, -1, Number.MAX_SAFE_INTEGER]) {
    t.ok(isMessageId(id), String(id))
    t.equal(JSON.parse(encodeId(id)), id)
  }
  for (const id of ['', 'x'.repeat(65), 1.5, NaN, Infinity, 2 ** 53, null, undefined, true, {}, []]) t.notOk(isMessageId(id), String(id))
})

t.test('types of the protocol itself', async t => {
  for (const type of ['$error', '$cancel', '$']) t.ok(isReservedType(type), type)
  for (const type of ['', 'error', 'a$', ' $error']) t.notOk(isReservedType(type), type)
})
