import { mock } from 'node:test'
import t from 'tap'
import { Events } from '../../lib/events/events.js'
import { logSockets } from '../../lib/observe/socket-log.js'
import type { SocketLogger } from '../../lib/observe/socket-log.js'
import type { Teardown } from '../helpers/teardown.js'

interface Written { readonly level: string, readonly record: { readonly [field: string]: unknown }, readonly message: string }

const APP = {}
const WHO = { connId: 's1', reqId: 'req-1', identity: 7, ip: '10.0.0.1', route: '/chat' }
const FACTS = { app: APP, ...WHO }

function start (t: Teardown): { events: Events, lines: Written[], end: () => void } {
  const lines: Written[] = []
  const write = (level: string) => (record: object, message: string): void => { lines.push({ level, record: { ...record }, message }) }
  const log: SocketLogger = { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
  const events = new Events(APP)
  const end = logSockets(events, log, ip => ip.replace(/:[^:]+$/, ':/64'))
  t.teardown(end)
  return { events, lines, end }
}

t.test('each line says who, where and which message', async t => {
  const { events, lines } = start(t)
  events.publish('opened', () => ({ ...FACTS, fingerprint: 'cf-0123456789abcdef' }))
  events.publish('message:refused', () => ({ ...FACTS, code: 'forbidden', type: 'say' }))
  events.publish('join:refused', () => ({ ...FACTS, group: 'all' }))
  events.publish('handler:timeout', () => ({ ...FACTS, type: 'say' }))
  events.publish('slow', () => ({ ...FACTS, bufferedAmount: 9 }))
  events.publish('protocol:violated', () => ({ ...FACTS, code: 'WS_ERR_INVALID_UTF8' }))
  events.publish('closed', () => ({ ...FACTS, code: 1000, reason: 'bye', cause: 'peer' as const, duration: 12 }))
  events.publish('closed', () => ({ ...FACTS, code: 4429, reason: 'too_many', cause: 'policy' as const, duration: 12 }))
  t.match(lines, [
    { level: 'debug', record: { event: 'ws.socket.opened', ...WHO, fingerprint: 'cf-0123456789abcdef' } },
    { level: 'info', record: { event: 'ws.message.refused', ...WHO, code: 'forbidden', type: 'say' } },
    { level: 'debug', record: { event: 'ws.join.refused', ...WHO, group: 'all' } },
    { level: 'warn', record: { event: 'ws.handler.timeout', ...WHO, type: 'say' } },
    { level: 'info', record: { event: 'ws.socket.slow', ...WHO, bufferedAmount: 9 } },
    { level: 'warn', record: { event: 'ws.proto.violation', ...WHO, code: 'WS_ERR_INVALID_UTF8' } },
    { level: 'info', record: { event: 'ws.socket.closed', ...WHO, code: 1000, reason: 'bye', cause: 'peer', duration: 12 } },
    { level: 'warn', record: { event: 'ws.socket.closed', ...WHO, code: 4429, cause: 'policy' } },
  ])
  for (const { record } of lines) t.notOk('app' in record)
})

t.test('repeats are one line with a count; another kind, message or address has its own', async t => {
  const { events, lines, end } = start(t)
  for (let n = 0; n < 100; n++) events.publish('message:refused', () => ({ ...FACTS, connId: `s${n}`, code: 'forbidden', type: 'say' }))
  events.publish('message:refused', () => ({ ...FACTS, code: 'forbidden', type: 'other' }))
  events.publish('message:refused', () => ({ ...FACTS, ip: '10.0.0.2', code: 'forbidden', type: 'say' }))
  const boom = new Error('boom')
  for (let n = 0; n < 50; n++) events.publish('handler:failed', () => ({ ...FACTS, ip: `10.0.0.${n}`, type: 'say', error: boom }))
  events.publish('handler:failed', () => ({ ...FACTS, type: 'say', error: new TypeError('other') }))
  t.equal(lines.length, 5)
  t.equal(lines[3]?.record['err'], boom)
  end()
  t.match(lines.slice(5), [
    { level: 'info', message: 'a WebSocket message was refused, repeated', record: { event: 'ws.message.refused', code: 'forbidden', type: 'say', ip: '10.0.0.1', route: '/chat', count: 99 } },
    { level: 'error', message: 'a WebSocket handler failed, repeated', record: { event: 'ws.handler.error', type: 'say', error: /^Error at .*socket-log\.test/, count: 49 } },
  ])
  t.equal(lines.length, 7)
  events.publish('opened', () => ({ ...FACTS, fingerprint: null }))
  t.equal(lines.length, 7, 'nothing is heard after the end')
})

t.test('ten thousand kinds are no ten thousand lines; what was thrown may be anything', async t => {
  const { events, lines } = start(t)
  for (let n = 0; n < 10_000; n++) events.publish('message:refused', () => ({ ...FACTS, ip: `10.0.${n >> 8}.${n & 255}`, code: 'forbidden', type: null }))
  t.ok(lines.length <= 501, `${lines.length} lines`)
  const before = lines.length
  const boom = (): never => { throw new Error('from a trap') }
  for (const error of [undefined, null, Symbol('s'), new Proxy({}, { get: boom, getPrototypeOf: boom, ownKeys: boom })]) {
    t.doesNotThrow(() => { events.publish('handler:failed', () => ({ ...FACTS, type: 'x', error })) })
  }
  t.equal(lines.length, before + 4, 'a kind each, and none of them a client\'s')
})

t.test('a drain is one line, a warning when handlers were cut', async t => {
  const { events, lines } = start(t)
  events.publish('drained', () => ({ app: APP, sockets: 0, cut: 0, duration: 0 }))
  events.publish('drained', () => ({ app: APP, sockets: 3, cut: 0, duration: 1 }))
  events.publish('drained', () => ({ app: APP, sockets: 3, cut: 2, duration: 1 }))
  t.match(lines, [{ level: 'info', record: { event: 'ws.drained', sockets: 3, cut: 0 } }, { level: 'warn', record: { cut: 2 } }])
})

t.test('a flood is one line each ten seconds, for as long as it lasts', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const { events, lines } = start(t)
  const counts: number[] = []
  for (let tick = 0; tick < 600; tick++) {
    for (let n = 0; n < 100; n++) events.publish('message:refused', () => ({ ...FACTS, connId: `s${n}`, code: 'invalid_json', type: null }))
    mock.timers.tick(100)
    if (tick % 100 === 99) counts.push(lines.length)
  }
  t.same(counts, [1, 2, 3, 4, 5, 6])
  t.same(lines.map(({ record }) => record['count']), [undefined, 10_999, 10_000, 10_000, 10_000, 10_000])
})

t.test('a flood that is closed and comes back, over many sockets of one address, is a line per kind in ten seconds', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const { events, lines } = start(t)
  for (let second = 0; second < 60; second++) {
    for (let n = 0; n < 20; n++) {
      const facts = { ...FACTS, connId: `s${second}-${n}`, identity: n }
      for (const type of [null, 'say', 'move', 'draw']) events.publish('message:refused', () => ({ ...facts, code: 'rate_limited', type, budget: n % 2 === 0 ? 'socket' : 'address' }))
      events.publish('protocol:violated', () => ({ ...facts, code: 'WS_ERR_INVALID_UTF8' }))
      events.publish('closed', () => ({ ...facts, code: 4429, reason: 'too_many', cause: 'policy' as const, duration: n }))
      events.publish('closed', () => ({ ...facts, code: 1007, reason: '', cause: 'protocol' as const, duration: n }))
    }
    mock.timers.tick(1000)
  }
  const per = new Map<unknown, number>()
  for (const { record: { event, code } } of lines) per.set(`${event} ${code}`, (per.get(`${event} ${code}`) ?? 0) + 1)
  t.same(Object.fromEntries(per), { 'ws.message.refused rate_limited': 6, 'ws.proto.violation WS_ERR_INVALID_UTF8': 6, 'ws.socket.closed 4429': 6, 'ws.socket.closed 1007': 6 })
})

t.test('a handler that fails with what a client has sent in its message is one line; another fault has its own', async t => {
  const { events, lines, end } = start(t)
  const at = (error: Error): void => { events.publish('handler:failed', () => ({ ...FACTS, type: 'say', error })) }
  for (let n = 0; n < 100; n++) at(new Error(`no room ${n}\n    at forged (file:///${n}.js:1:1)`))
  t.equal(lines.length, 1)
  at(new Error('another place'))
  t.equal(lines.length, 2, 'of the same class')
  for (let n = 0; n < 100; n++) at(Object.assign(new Error('first'), { message: `second ${n}`, stack: `third ${n}` }))
  t.equal(lines.length, 3, 'a stack that is not its own')
  end()
  t.same(lines.slice(3).map(({ record: { count, error } }) => [count, /^Error( at .*socket-log\.test\.[jt]s:\d+:\d+\)?)?$/.test(String(error))]), [[99, true], [99, true]])
})

t.test('G16 what the application did wrong is told whatever clients do; addresses of one network are one client', async t => {
  const { events, lines, end } = start(t)
  const codes = ['invalid_json', 'unknown_type', 'invalid', 'too_deep', 'forbidden_key']
  for (let n = 0; n < 1000; n++) for (const code of codes) events.publish('message:refused', () => ({ ...FACTS, ip: `2001:db8:0:1:${n}`, code, type: null }))
  t.equal(lines.length, codes.length, 'of one network')
  for (let n = 0; n < 1000; n++) for (const code of codes) events.publish('message:refused', () => ({ ...FACTS, ip: `2001:db8:${n}:1`, code, type: null }))
  t.equal(lines.length, 500 + codes.length, 'of many networks')
  lines.length = 0
  events.publish('handler:failed', () => ({ ...FACTS, type: 'say', error: new Error('the database is on fire') }))
  events.publish('store:unavailable', () => ({ app: APP, sessions: 1, error: new Error('gone') }))
  events.publish('handler:timeout', () => ({ ...FACTS, type: 'say' }))
  events.publish('protocol:violated', () => ({ ...FACTS, code: 'WS_ERR_INVALID_UTF8' }))
  t.same(lines.map(({ record: { event } }) => event), ['ws.handler.error', 'ws.store.unavailable', 'ws.handler.timeout', 'ws.proto.violation'])
  lines.length = 0
  end()
  for (const { record, message } of lines) t.ok('code' in record && 'route' in record, `${message} says which code and route`)
  t.ok(lines.some(({ record: { code, ip, count } }) => code === 'invalid' && ip === '2001:db8:0:1:/64' && count === 999))
  t.ok(lines.some(({ record: { code, ip } }) => code === 'invalid' && ip === undefined), 'all that had no place')
})

t.test('a handler that fails in ever new ways still has a line for each message', async t => {
  const { events, lines } = start(t)
  for (let n = 0; n < 2000; n++) events.publish('handler:failed', () => ({ ...FACTS, type: 'say', error: Object.assign(new Error('x'), { name: `E${n}` }) }))
  t.equal(lines.length, 501)
  events.publish('handler:failed', () => ({ ...FACTS, type: 'other', error: new Error('x') }))
  t.equal(lines.length, 502)
})

t.test('a client that comes and goes is ten lines in ten seconds; who was closed for a reason has its line', async t => {
  mock.timers.enable({ apis: ['setInterval'] })
  t.teardown(() => { mock.timers.reset() })
  const { events, lines } = start(t)
  for (let second = 0; second < 30; second++) {
    for (let n = 0; n < 50; n++) {
      const cause = (['peer', 'network', 'application'] as const)[n % 3]!
      events.publish('closed', () => ({ ...FACTS, connId: `s${n}`, code: 3000 + n, reason: '', cause, duration: 1 }))
    }
    mock.timers.tick(1000)
  }
  const peer = lines.filter(({ record: { cause } }) => cause === 'peer')
  t.equal(peer.length, 30)
  t.match(peer.find(({ record: { count } }) => count !== undefined), { level: 'info', record: { event: 'ws.socket.closed', ip: '10.0.0.1', route: '/chat' } })
  lines.length = 0
  for (const cause of ['session', 'expired', 'revoked', 'drain'] as const) {
    for (let n = 0; n < 20; n++) events.publish('closed', () => ({ ...FACTS, code: 4401, reason: '', cause, duration: 1 }))
  }
  t.equal(lines.length, 80)
})
