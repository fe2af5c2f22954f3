import t from 'tap'
import { DEFAULT_ENVELOPE } from '../../lib/protocol/envelope.js'
import { idAtEnd } from '../../lib/socket/id-at-end.js'
import { socketServer } from '../helpers/socket-server.js'

// docs/protocol.md section 3: a message that is refused unread is named where its id is its last member.

t.test('the id is read off the end', async t => {
  const id = (frame: string, keys = {}): number | null => idAtEnd(Buffer.from(frame), { ...DEFAULT_ENVELOPE, ...keys })
  t.equal(id('{"type":"say","data":{},"id":7}'), 7)
  t.equal(id('{"id":0}'), 0)
  t.equal(id('{"type":"say","id":9007199254740991}'), 9007199254740991)
  t.equal(id('{"type":"say","n°":12}', { id: 'n°' }), 12, 'by the contract\'s own name')
  t.equal(id(`{"data":"${'ü'.repeat(5000)}","id":7}`), 7)
  for (const frame of [
    '', '}', 'id":7}', '{"id":7', '{"id":7} ', '{"id":"7"}', '{"id":-7}', '{"id":7.5}', '{"id":1e3}', '{"id":9007199254740992}', '{"id":123456789012345678}',
    '{"type":"say","data":{"id":7}}', '{"nid":7}', '{"id" :7}', '{"id":7,"type":"say"}', '{"type":"say"}', '{"id":}',
  ]) t.equal(id(frame), null, frame)
  t.equal(id('{"type":"say","id":7}', { data: null }), null, 'in a flat contract it may be a property of the payload')
})

t.test('a message that no budget can pay for is named to its client', async t => {
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: () => {} } }, now: () => 0 })
  const client = await server.open()
  for (let n = 1; n <= 42; n++) client.json({ type: 'say', data: { text: 'x' }, id: n })
  t.match(await client.waitMessages(2), [41, 42].map(id => ({ id, error: { code: 'rate_limited', budget: 'socket' } })))
})
