import { EventEmitter } from 'node:events'
import type { FastifyBaseLogger } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import t from 'tap'
import { WebSocketServer, type WebSocket } from 'ws'
import { watchesSockets } from '../../lib/foreign/guarded-socket.js'
import { guardServer, readsOptionsPerCall, safeServerOptions } from '../../lib/foreign/websocket-server.js'
import { changedInsides } from '../helpers/foreign.js'

const limits = { maxPayload: 65_536, maxFragments: 64, closeTimeout: 3000 }
const raw = {} as IncomingMessage

const make = (options: object = {}, admitted = true) => {
  const calls: string[] = []
  const warnings: unknown[] = []
  const server = new WebSocketServer({ noServer: true, ...options })
  const live = server.options as unknown as { maxPayload: number, handleProtocols?: (offers: Set<string>, raw: IncomingMessage) => unknown }
  server.handleUpgrade = () => { calls.push(`upgrade with ${live.maxPayload}, ${live.handleProtocols?.(new Set(['bearer.SECRET']), raw)}`) }
  const judge = {
    mayUpgrade: () => { calls.push('asked'); return admitted },
    subprotocolOf: () => 'chat',
    complete: () => { calls.push('complete') },
  }
  const log = { warn: (...args: unknown[]) => { warnings.push(args.at(-1)) } } as unknown as FastifyBaseLogger
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
  t.same(yes.calls, ['asked', 'upgrade with 65536, chat'])
  yes.server.emit('connection', {} as WebSocket, raw)
  t.equal(yes.calls.at(-1), 'complete')
})

t.test('a contract\'s payload limit holds for its own socket only', async t => {
  const { guard, upgrade, calls, options } = make()
  guard(1000)
  upgrade()
  t.same(calls, ['asked', 'upgrade with 1000, chat'])
  t.equal(options['maxPayload'], 65_536)
})

t.test('ws\'s defaults are tightened, the application\'s own choices stay', async t => {
  const fresh = make()
  fresh.guard()
  t.match(fresh.options, { ...limits, autoPong: false })
  const chosen = { maxPayload: 1_000_000, maxFragments: 10, closeTimeout: 1000 }
  const own = make(chosen)
  own.guard()
  t.match(own.options, chosen)
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
  t.throws(() => make({ handleProtocols: () => 'x' }).guard(), { code: 'WSG_ERR_OPTION_UNSAFE', message: /handleProtocols: .*subprotocols/ })
})

t.test('the options of the server that the plugin registers itself', async t => {
  const server = new WebSocketServer({ noServer: true, ...safeServerOptions(limits) })
  t.match(server.options, { ...limits, perMessageDeflate: false, skipUTF8Validation: false })
})

t.test('a route\'s choice of subprotocol holds whatever others write there', async t => {
  const { guard, upgrade, calls, options } = make()
  guard()
  const theirs = (): string => 'graphql-transport-ws'
  options['handleProtocols'] = theirs
  upgrade()
  t.same(calls, ['asked', 'upgrade with 65536, chat'])
  t.equal(options['handleProtocols'], theirs, 'and is theirs again afterwards')
})

t.test('without clientTracking ws gets a set of clients all the same', async t => {
  const { guard, server } = make({ clientTracking: false })
  t.equal(server.clients, undefined)
  guard()
  t.equal(server.clients.size, 0)
})

t.test('a ws that reads its options at another time is warned of', async t => {
  t.ok(readsOptionsPerCall(WebSocketServer))
  class Other extends WebSocketServer {
    override handleUpgrade (...args: Parameters<WebSocketServer['handleUpgrade']>): void {
      Object.assign(this.options, { maxPayload: 1000, handleProtocols: undefined })
      super.handleUpgrade(...args)
    }
  }
  t.notOk(readsOptionsPerCall(Other as never))
  const warnings: object[] = []
  guardServer(new Other({ noServer: true }), { mayUpgrade: () => true, subprotocolOf: () => false, complete () {} }, limits, () => undefined, { warn: (record: object) => { warnings.push(record) } } as unknown as FastifyBaseLogger)
  t.same(changedInsides(warnings), ['websocket-server'])
})

t.test('a ws that keeps elsewhere who began a close, or answers pings past its sockets, is warned of', async t => {
  t.ok(watchesSockets(WebSocketServer))
  /** A server whose sockets are changed once ws has made them. */
  const other = (change: (ws: WebSocket) => void) => class extends WebSocketServer {
    override handleUpgrade (...[raw, socket, head, callback]: Parameters<WebSocketServer['handleUpgrade']>): void {
      super.handleUpgrade(raw, socket, head, (ws, request) => {
        change(ws)
        callback(ws, request)
      })
    }
  }
  const Elsewhere = other(ws => { Object.defineProperty(ws, '_closeFrameReceived', { get: () => undefined, set () {} }) })
  const Past = other(ws => { Object.defineProperty(ws, 'emit', { value: EventEmitter.prototype.emit }) })
  for (const Server of [Elsewhere, Past]) {
    t.notOk(watchesSockets(Server as never))
    const warnings: object[] = []
    guardServer(new Server({ noServer: true }), { mayUpgrade: () => true, subprotocolOf: () => false, complete () {} }, limits, () => undefined, { warn: (record: object) => { warnings.push(record) } } as unknown as FastifyBaseLogger)
    t.same(changedInsides(warnings), ['guarded-socket'])
  }
})
