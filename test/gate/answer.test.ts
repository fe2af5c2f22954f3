import t from 'tap'
import { PassThrough } from 'node:stream'
import { refusalBody, refusalHeaders, writeRefusal } from '../../lib/gate/answer.js'
import { parseResponse } from '../helpers/tcp.js'

t.test('a body has a code and generic words', async t => {
  t.same(JSON.parse(refusalBody({ code: 'WSG_ERR_ORIGIN_NOT_ALLOWED' })), {
    statusCode: 403, code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', error: 'Forbidden', message: JSON.parse(refusalBody({ code: 'WSG_ERR_ORIGIN_NOT_ALLOWED' })).message,
  })
  t.notMatch(refusalBody({ code: 'WSG_ERR_HANDSHAKE_MALFORMED' }), '%s')
})

t.test('a status that a hook has chosen stands in the body', async t => {
  t.match(JSON.parse(refusalBody({ code: 'WSG_ERR_HOOK_REFUSED', statusCode: 507 })), { statusCode: 507, error: 'Insufficient Storage' })
})

t.test('header fields that go with a code', async t => {
  t.same(refusalHeaders({ code: 'WSG_ERR_FORBIDDEN' }), { connection: 'close' })
  t.equal(refusalHeaders({ code: 'WSG_ERR_UPGRADE_RATE', retryAfter: 7 })['retry-after'], '7')
  t.match(refusalHeaders({ code: 'WSG_ERR_HANDSHAKE_VERSION' }), { connection: 'upgrade, close', upgrade: 'websocket', 'sec-websocket-version': '13' })
  t.equal(refusalHeaders({ code: 'WSG_ERR_UNAUTHENTICATED', challenge: 'Bearer' })['www-authenticate'], 'Bearer')
  t.equal(refusalHeaders({ code: 'WSG_ERR_HANDSHAKE_METHOD' }).allow, 'GET')
  const http2 = refusalHeaders({ code: 'WSG_ERR_UPGRADE_REQUIRED' }, 2)
  t.notOk('connection' in http2 || 'upgrade' in http2, 'nothing that belongs to a connection of HTTP/1.1')
})

t.test('an answer without Fastify is whole, and ends the socket', async t => {
  const socket = new PassThrough()
  const bytes: Buffer[] = []
  socket.on('data', (chunk: Buffer) => bytes.push(chunk))
  writeRefusal(socket, { code: 'WSG_ERR_AUTH_TIMEOUT', retryAfter: 5 })
  await new Promise(resolve => socket.once('close', resolve))
  const response = parseResponse(Buffer.concat(bytes), true)
  t.match(response, { status: 503, body: refusalBody({ code: 'WSG_ERR_AUTH_TIMEOUT' }) })
  t.equal(response?.headers.get('retry-after'), '5')
  t.equal(response?.headers.get('connection'), 'close')
  t.doesNotThrow(() => { writeRefusal(socket, { code: 'WSG_ERR_FORBIDDEN' }) }, 'a socket that is gone')
})
