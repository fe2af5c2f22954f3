import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import t from 'tap'
import { escapeForLog } from '../../lib/log/log-safe.js'
import { Events } from '../../lib/events/events.js'
import { SecurityLog, serializeUpgrade } from '../../lib/gate/security-log.js'
import type { RefusalCode, RefusedEvent } from '../../types/gate.js'

type Line = Record<string, unknown> & { level: string }
const collect = (): { lines: Line[], log: FastifyBaseLogger } => {
  const lines: Line[] = []
  const write = (level: string) => (fields: object): void => { lines.push({ ...fields, level }) }
  return { lines, log: { warn: write('warn'), info: write('info') } as unknown as FastifyBaseLogger }
}
const event = (code: RefusalCode = 'WSG_ERR_ORIGIN_NOT_ALLOWED', ip = '192.0.2.1') => ({ code, statusCode: 403, reqId: 'r1', route: '/ws', ip, identity: undefined, value: undefined })

t.test('values are cut and escaped', async t => {
  t.equal(escapeForLog('https://goodsite.com'), 'https://goodsite.com')
  t.equal(escapeForLog('a\r\nb\u001b[2Jc\u202ed\u2028e\ud800f\u0000'), 'a\\u000d\\u000ab\\u001b[2Jc\\u202ed\\u2028e\\ud800f\\u0000')
  const cut = escapeForLog('x'.repeat(100_000))
  t.equal(cut.length, 257)
  t.equal(cut.at(-1), '…')
  t.equal(escapeForLog('x'.repeat(256)).length, 256)
})

t.test('the first of a kind is logged, its repeats are counted', async t => {
  const { lines, log } = collect()
  const security = new SecurityLog(log, new Events({}))
  t.teardown(() => { security.stop() })
  for (let i = 0; i < 5; i++) security.refused(event())
  security.refused(event('WSG_ERR_ORIGIN_NOT_ALLOWED', '192.0.2.2'))
  security.refused(event('WSG_ERR_HANDSHAKE_VERSION'))
  t.same(lines.map(({ level, event, ip, count }) => [level, event, ip, count]), [
    ['warn', 'ws.origin.rejected', '192.0.2.1', 1], ['warn', 'ws.origin.rejected', '192.0.2.2', 1], ['info', 'ws.handshake.malformed', '192.0.2.1', 1],
  ])
  lines.length = 0
  security.flush()
  t.same(lines.map(({ event, ip, count, code }) => [event, ip, count, code]), [['ws.origin.rejected', '192.0.2.1', 4, 'WSG_ERR_ORIGIN_NOT_ALLOWED']])
  lines.length = 0
  security.flush()
  t.same(lines, [])
  security.refused(event())
  t.equal(lines.length, 1, 'a new window')
})

t.test('many addresses share a line per code', async t => {
  const { lines, log } = collect()
  const security = new SecurityLog(log, new Events({}))
  t.teardown(() => { security.stop() })
  for (let i = 0; i < 2000; i++) security.refused(event('WSG_ERR_ORIGIN_NOT_ALLOWED', `10.0.${i >> 8}.${i & 255}`))
  t.equal(lines.length, 501)
  lines.length = 0
  security.flush()
  t.same(lines.map(({ ip, count }) => [ip, count]), [[undefined, 1499]])
})

t.test('subscribers see every refusal, escaped', async t => {
  const { log } = collect()
  const security = new SecurityLog(log, new Events({}))
  const seen: RefusedEvent[] = []
  const listener = (message: unknown): void => { seen.push(message as RefusedEvent) }
  subscribe('fastify-ws-guard:refused', listener)
  t.teardown(() => { unsubscribe('fastify-ws-guard:refused', listener); security.stop() })
  security.refused({ ...event('WSG_ERR_HOST_MALFORMED'), ip: undefined, identity: undefined, value: 'a\nb' })
  security.refused({ ...event('WSG_ERR_HOST_MALFORMED'), ip: undefined, identity: undefined, value: 'a\nb' })
  t.equal(seen.length, 2)
  t.match(seen[0], { code: 'WSG_ERR_HOST_MALFORMED', event: 'ws.host.rejected', statusCode: 403, reqId: 'r1', route: '/ws', ip: undefined, identity: undefined, value: 'a\\u000ab' })
})

t.test('a request line without its query', async t => {
  const serialize = (url: string): unknown => serializeUpgrade({ url, method: 'GET', host: 'good\u202esite.com', raw: {} } as unknown as FastifyRequest)['url']
  t.equal(serialize('/ws?ticket=SECRET'), '/ws?[redacted]')
  t.equal(serialize('/ws'), '/ws')
  t.equal(serializeUpgrade({ raw: {} } as unknown as FastifyRequest)['url'], '')
  const addressOf = (ip: string): unknown => serializeUpgrade({ ip, url: '/', raw: { socket: { remoteAddress: '127.0.0.1' } } } as unknown as FastifyRequest)['remoteAddress']
  t.equal(addressOf('192.0.2.7'), '192.0.2.7', 'the client, not the proxy')
  t.equal(addressOf('\u202e\r\n'), '\\u202e\\u000d\\u000a', 'a proxy may pass on what its client wrote')
  t.equal(String(addressOf('x'.repeat(10_000))).length, 257)
})
