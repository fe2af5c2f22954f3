import t from 'tap'
import { failContract, WSG_ERR_CONTRACT } from '../../lib/errors/contract-error.js'

t.test('an error that names the place', async t => {
  t.throws(() => failContract('contract chat, inbound say', '/text', 'expected maxLength'), {
    code: 'WSG_ERR_CONTRACT', statusCode: 500, message: 'contract chat, inbound say, /text: expected maxLength',
  })
  t.throws(() => failContract('contract chat', '', 'is empty'), { message: 'contract chat: is empty' })
  t.throws(() => failContract('contract chat', `/${'x'.repeat(500)}`, 'too long'), { message: /^.{1,160}$/ }, 'a path is cut')
  t.ok(new WSG_ERR_CONTRACT('x') instanceof TypeError)
})
