import t from 'tap'
import { envelope, plain } from '../../lib/client/codec.js'

t.test('the usual envelope', async t => {
  t.equal(plain.encode('say', { text: 'x' }, 1), '{"type":"say","data":{"text":"x"},"id":1}')
  t.equal(plain.encode('$ping'), '{"type":"$ping"}')
  t.same(plain.decode('{"id":1,"data":[]}'), { id: 1, data: [] })
  t.throws(() => plain.decode('{'))
})

t.test('renamed keys', async t => {
  const { encode, decode } = envelope({ type: 'event', data: 'body', id: 'no' })
  t.same(JSON.parse(String(encode('say', 'x', 1))), { event: 'say', body: 'x', no: 1 })
  t.match(decode('{"event":"said","body":1}'), { type: 'said', data: 1 })
  t.match(decode('{"no":4,"body":[]}'), { id: 4, data: [] })
  t.match(decode('{"no":4,"error":{"code":"full","message":"full"}}'), { id: 4, error: { code: 'full' } })
})

t.test('a flat envelope: only calls have an id, and replies are not flat', async t => {
  const { encode, decode } = envelope({ type: 'event', data: null })
  t.same(JSON.parse(String(encode('say', { text: 'x' }, 1))), { event: 'say', text: 'x' })
  t.same(JSON.parse(String(encode('history', { limit: 2 }, 1, true))), { event: 'history', limit: 2, id: 1 })
  t.same(JSON.parse(String(encode('say', { event: 'kick' }, 1))), { event: 'say' }, 'a payload does not change the type')
  t.match(decode('{"event":"said","text":"x"}'), { type: 'said', data: { text: 'x' } })
  t.match(decode('{"id":1,"data":[1]}'), { type: undefined, id: 1, data: [1] })
  t.match(decode('{"event":"$error","error":{"code":"unknown_type"}}'), { type: '$error', error: { code: 'unknown_type' } })
  t.same(decode('{"event":"failed","id":1,"error":{"code":"x"}}'), { type: 'failed', data: { id: 1, error: { code: 'x' } } }, 'its payload')
})

t.test('bytes are a frame of their own', async t => {
  const { encode, decode } = envelope({ binary: 'picture' })
  const bytes = new Uint8Array([1, 2])
  t.equal(encode('upload', bytes, 1), bytes)
  t.same(decode(bytes.buffer), { type: 'picture', data: bytes })
  t.match(decode('{"type":"said","data":1}'), { type: 'said', data: 1 })
})
