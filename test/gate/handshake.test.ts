import type { IncomingMessage } from 'node:http'
import t from 'tap'
import { checkHandshake } from '../../lib/gate/handshake.js'

const KEY = 'dGhlIHNhbXBsZSBub25jZQ=='
const plain: readonly [string, string][] = [['Host', 'goodsite.com'], ['Upgrade', 'websocket'], ['Connection', 'Upgrade'], ['Sec-WebSocket-Key', KEY], ['Sec-WebSocket-Version', '13']]

/** A request as Node would have parsed it; `lines` replace those of the same name. */
function request (lines: readonly (readonly [string, string | null])[] = [], changes: object = {}): IncomingMessage {
  const replaced = new Set(lines.map(([name]) => name.toLowerCase()))
  const all = [...plain.filter(([name]) => !replaced.has(name.toLowerCase())), ...lines.filter((line): line is [string, string] => line[1] !== null)]
  const headers: Record<string, string> = {}
  for (const [name, value] of all) headers[name.toLowerCase()] ??= value
  return { method: 'GET', httpVersion: '1.1', url: '/ws', headers, rawHeaders: all.flat(), ...changes } as unknown as IncomingMessage
}
const codeOf = (raw: IncomingMessage): string => checkHandshake(raw)?.code.replace('WSG_ERR_', '') ?? 'OK'

t.test('well-formed', async t => {
  t.equal(codeOf(request()), 'OK')
  t.equal(codeOf(request([['Upgrade', 'WebSocket']])), 'OK')
  t.equal(codeOf(request([['Content-Length', '0']])), 'OK')
  t.equal(codeOf(request([], { url: '/ws?a=b' })), 'OK')
  t.equal(codeOf(request(Array.from({ length: 95 }, (_, i) => [`x-${i}`, '1'] as const))), 'OK', '100 fields')
  t.equal(codeOf(request([['Cookie', 'a=1'], ['Cookie', 'b=2']])), 'OK', 'a field that may repeat')
})

t.test('an injected request: no raw headers, no Host, a numeric version', async t => {
  const injected = request([['Host', null]], { rawHeaders: undefined })
  Object.assign(injected.headers, { 'sec-websocket-version': 13 })
  t.equal(codeOf(injected), 'OK')
})

t.test('everything else has its code', async t => {
  const rows: [string, Parameters<typeof request>, string][] = [
    ['POST', [[], { method: 'POST' }], 'HANDSHAKE_METHOD'],
    ['CONNECT', [[], { method: 'CONNECT' }], 'HANDSHAKE_METHOD'],
    ['HTTP/1.0', [[], { httpVersion: '1.0' }], 'HANDSHAKE_MALFORMED'],
    ['absolute form', [[], { url: 'http://goodsite.com/ws' }], 'HANDSHAKE_MALFORMED'],
    ['no target', [[], { url: undefined }], 'HANDSHAKE_MALFORMED'],
    ['empty target', [[], { url: '' }], 'HANDSHAKE_MALFORMED'],
    ['101 fields', [Array.from({ length: 96 }, (_, i) => [`x-${i}`, '1'] as const)], 'HANDSHAKE_MALFORMED'],
    ...['Host', 'Origin', 'Upgrade', 'Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'ORIGIN'].map((name): [string, Parameters<typeof request>, string] =>
      [`two of ${name}`, [[[name, 'a'], [name.toLowerCase(), 'a']]], 'HANDSHAKE_MALFORMED']),
    ['chunked', [[['Transfer-Encoding', 'chunked']]], 'HANDSHAKE_MALFORMED'],
    ['a body', [[['Content-Length', '1']]], 'HANDSHAKE_MALFORMED'],
    ['h2c', [[['Upgrade', 'h2c']]], 'HANDSHAKE_MALFORMED'],
    ['a list', [[['Upgrade', 'websocket, h2c']]], 'HANDSHAKE_MALFORMED'],
    ['no Upgrade', [[['Upgrade', null]]], 'HANDSHAKE_MALFORMED'],
    ['version 8', [[['Sec-WebSocket-Version', '8']]], 'HANDSHAKE_VERSION'],
    ['version 13.0', [[['Sec-WebSocket-Version', '13.0']]], 'HANDSHAKE_VERSION'],
    ['no version', [[['Sec-WebSocket-Version', null]]], 'HANDSHAKE_VERSION'],
    ['no key', [[['Sec-WebSocket-Key', null]]], 'HANDSHAKE_MALFORMED'],
    ['15 bytes of key', [[['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25j']]], 'HANDSHAKE_MALFORMED'],
    ['a key and a newline', [[['Sec-WebSocket-Key', `${KEY}\n`]]], 'HANDSHAKE_MALFORMED'],
    ['no Host', [[['Host', null]]], 'HOST_MALFORMED'],
  ]
  for (const [name, given, expected] of rows) t.equal(codeOf(request(...given)), expected, name)
})
