import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import t from 'tap'
import { WebSocketServer, type WebSocket } from 'ws'
import { guardServer, onSocketError, safeServerOptions } from '../../lib/foreign/websocket-server.js'

const limits = { maxPayload: 65_536, maxFragments: 64, closeTimeout: 3000 }
const raw = {} as IncomingMessage

const make = (options: object = {}, admitted = true) => {
  const calls: string[] = []
  const warnings: unknown[] = []
  const server = new WebSocketServer({ noServer: true, ...options })
  server.handleUpgrade = () => { calls.push(`upgrade with ${server.options.maxPayload}`) }
  const judge = {
    mayUpgrade: () => { calls.push('asked'); return admitted },
    subprotocolOf: () => 'chat',
    complete: () => { calls.push('complete') },
  }
  const log = { warn: (message: unknown) => { warnings.push(message) } } as unknown as FastifyBaseLogger
  const guard = (payload?: number): void => { guardServer(server, judge, limits, () => payload, log) }
  const upgrade = (): void => { server.handleUpgrade(raw, {} as Duplex, Buffer.alloc(0), () => {}) }
  return { server, guard, calls, warnings, upgrade, options: server.options as Record<string, unknown> }
}

t.test('no 101 without admission', async t => {
  const no = make({}, false)
  no.guard()
  no.upgrade()
  t.same(no.calls, ['asked'])
  const yes = make()
  yes.guard()
  yes.upgrade()
  t.same(yes.calls, ['asked', 'upgrade with 65536'])
  yes.server.emit('connection', {} as WebSocket, raw)
  t.equal(yes.calls.at(-1), 'complete')
})

t.test('a contract\'s payload limit holds for its own socket only', async t => {
  const { guard, upgrade, calls, options } = make()
  guard(1000)
  upgrade()
  t.same(calls, ['asked', 'upgrade with 1000'])
  t.equal(options['maxPayload'], 65_536)
})

t.test('ws\'s defaults are tightened, the application\'s own choices stay', async t => {
  const fresh = make()
  fresh.guard()
  t.match(fresh.options, { ...limits, maxPendingAutoPongs: 16 })
  const chosen = { maxPayload: 1_000_000, maxFragments: 10, closeTimeout: 1000, maxPendingAutoPongs: 5 }
  const own = make(chosen)
  own.guard()
  t.match(own.options, chosen)
  t.equal((own.options['handleProtocols'] as (offers: Set<string>, raw: IncomingMessage) => unknown)(new Set(['bearer.SECRET']), raw), 'chat')
  t.same(own.warnings, [])
  const compressed = make({ perMessageDeflate: true })
  compressed.guard()
  t.match(String(compressed.warnings[0]), /perMessageDeflate/)
})

t.test('I09 a ws without its fixes, and options that can\'t be made safe', async t => {
  const stub = Object.assign(new EventEmitter(), { options: { maxPayload: 1, perMessageDeflate: false }, handleUpgrade () {} }) as unknown as WebSocketServer
  const judge = { mayUpgrade: () => true, subprotocolOf: () => false as const, complete () {} }
  t.throws(() => guardServer(stub, judge, limits, () => undefined, {} as FastifyBaseLogger), { code: 'WSG_ERR_DEPENDENCY', message: /^ws: expected version 8\.23\.0 or later.*npm ls ws/ })
  t.throws(() => make({ skipUTF8Validation: true }).guard(), { code: 'WSG_ERR_OPTION_UNSAFE', message: /skipUTF8Validation: expected false, got true/ })
  t.throws(() => make({ verifyClient: () => true }).guard(), { code: 'WSG_ERR_OPTION_UNSAFE', message: /verifyClient/ })
})

t.test('the options of the server that the plugin registers itself', async t => {
  const server = new WebSocketServer({ noServer: true, ...safeServerOptions(limits) })
  t.match(server.options, { ...limits, perMessageDeflate: false, maxPendingAutoPongs: 16, skipUTF8Validation: false })
})

t.test('errors of a socket: the network\'s, the protocol\'s, the handler\'s', async t => {
  const rows: [string | undefined, string][] = [
    ['ECONNRESET', 'terminate'], ['EPIPE', 'terminate'], ['WS_ERR_INVALID_UTF8', 'warn ws.proto.violation'], ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', 'warn ws.proto.violation'],
    [undefined, 'error ws.handler.error, close 1011 internal'], ['ERR_ASSERTION', 'error ws.handler.error, close 1011 internal'],
  ]
  for (const [code, expected] of rows) {
    const seen: string[] = []
    const socket = { terminate: () => seen.push('terminate'), close: (code: number, reason: string) => seen.push(`close ${code} ${reason}`) } as unknown as WebSocket
    const write = (level: string) => (fields: { event: string }): void => { seen.push(`${level} ${fields.event}`) }
    onSocketError(Object.assign(new Error('secret'), { code }), socket, { log: { warn: write('warn'), error: write('error') } } as unknown as FastifyRequest)
    t.equal(seen.join(', '), expected, code ?? 'no code')
  }
})
