import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { WebSocket } from 'ws'
import { defineContract } from '../../lib/contract.js'
import { socketOf } from '../../lib/socket/open-socket.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import type { ContractStack } from '../helpers/contract-stack.js'
import { close, frame, json, OPCODES, ping } from '../helpers/frames.js'
import type { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

const contract = defineContract({
  name: 'after',
  url: '/test',
  inbound: { say: Type.Object({ n: Type.Integer() }), quit: Type.Object({}) },
  outbound: { said: Type.Object({ text: Type.String({ maxLength: 10 }) }) },
})

const say = json({ type: 'say', data: { n: 1 } })
const many = Buffer.concat(Array.from({ length: 22 }, () => say))

interface Way {
  /** Code of the close frame that the client sees; null: none. */
  readonly code: number | null
  /** What the client sends first behind the close, and nothing before: `begin` takes a while. Default: messages before and behind. */
  readonly rest?: Uint8Array
  readonly begin: (client: RawClient, ws: WebSocket, server: ContractStack) => void | Promise<void>
}

/** Every way in which a close can begin, on any route. */
const WAYS: { readonly [name: string]: Way } = {
  'the application, through websocketServer.clients': { code: 4401, begin: (_client, ws) => { ws.close(4401, 'gone') } },
  'the application, by force': { code: null, begin: (_client, ws) => { ws.terminate() } },
  'a message that is never completed': { code: 1008, rest: frame({ opcode: OPCODES.continuation, payload: 'pe":1}' }), begin: client => { client.send(frame({ fin: false, payload: '{"ty' })) } },
  'a frame that RFC 6455 forbids': { code: 1002, begin: client => { client.send(frame({ rsv: 7, payload: 'x' })) } },
  'invalid UTF-8': { code: 1007, begin: client => { client.send(frame({ payload: Buffer.of(0xff) })) } },
  'a frame over the limit': { code: 1009, begin: client => { client.send(frame({ payload: '', declaredLength: 1e6 })) } },
  'more fragments than allowed': {
    code: 1008,
    begin: client => {
      const piece = frame({ fin: false, opcode: OPCODES.continuation, payload: '' })
      client.send(Buffer.concat([frame({ fin: false, payload: '' }), ...Array.from({ length: 80 }, () => piece)]))
    },
  },
  'the peer itself': { code: 1000, begin: client => { client.send(close(1000)) } },
  'a revocation': { code: 4401, begin: (_client, _ws, { stack }) => { stack.app.wsGuard.revoke({ identity: 'ada' }) } },
  'a logout': { code: 4401, begin: (_client, _ws, { stack }) => { stack.store.destroy('session-of-ada', () => {}) } },
  'too many pings': { code: 1008, begin: client => { client.send(Buffer.concat(Array.from({ length: 40 }, () => ping()))) } },
  'a peer that is gone': { code: null, rest: many, begin: (_client, ws) => { socketOf(ws)!.cutOff('heartbeat') } },
  'the drain': { code: 1001, rest: many, begin: (_client, _ws, { stack }) => { stack.app.close().catch(() => {}) } },
}

for (const [name, { code, rest, begin }] of Object.entries(WAYS)) {
  t.test(`nothing is handled after a close begun by ${name}`, async t => {
    const handled = { waiting: 0, idle: 0, plain: 0 }
    const settle: (() => void)[] = []
    const server = await contractStack(t, app => {
      app.wsRoute(contract, {
        on: {
          say: () => {
            handled.waiting++
            return new Promise<void>(resolve => { settle.push(resolve) })
          },
          quit: () => {},
        },
      })
      app.wsRoute(defineContract({ ...contract, url: '/idle' }), { on: { say: () => { handled.idle++ }, quit: () => {} } })
      app.get('/raw', { websocket: true }, socket => { socket.on('message', () => { handled.plain++ }) })
    }, { guard: { messages: { ...NO_LIMITS, inFlight: 2 }, websocket: { fragmentTimeout: 100, closeTimeout: 300 }, drainTimeout: 300 } })
    const open = async (path: string): Promise<[RawClient, WebSocket]> => {
      const before = new Set(server.stack.app.websocketServer.clients)
      const client = await server.open({ path })
      return [client, [...server.stack.app.websocketServer.clients].find(ws => !before.has(ws))!]
    }
    const [waiting, waitingSocket] = await open('/test')
    const [idle, idleSocket] = await open('/idle')
    const [plain, plainSocket] = await open('/raw')
    // Two run, four wait for their slots.
    waiting.send(Buffer.concat([say, say, say, say, say, say]))
    await until(() => handled.waiting === 2)

    for (const [client, ws] of [[waiting, waitingSocket], [idle, idleSocket], [plain, plainSocket]] as const) {
      await begin(client, ws, server)
    }
    for (const [client, ws] of [[waiting, waitingSocket], [idle, idleSocket], [plain, plainSocket]] as const) {
      // Frames that are being read in the tick of the close, and later ones.
      if (rest === undefined) client.send(many)
      await until(() => ws.readyState !== ws.OPEN)
      client.send(rest ?? many)
      if (code !== null && !(code === 1001 && client === waiting)) t.equal((await client.waitClose()).code, code)
    }
    for (const go of settle) go()
    for (const client of [waiting, idle, plain]) client.send(many)
    await new Promise(resolve => setTimeout(resolve, 100))
    t.same(handled, { waiting: 2, idle: 0, plain: 0 }, 'nothing after it')
    await server.empty()
  })
}

t.test('a close in the middle of a read drops the rest of it, on every route', async t => {
  const handled = { contract: 0, plain: 0 }
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        say: () => { handled.contract++ },
        quit: () => { for (const ws of app.websocketServer.clients) ws.close(4401) },
      },
    })
    app.get('/raw', { websocket: true }, socket => {
      socket.on('message', data => {
        if (String(data) === 'quit') for (const ws of app.websocketServer.clients) ws.close(4401)
        else handled.plain++
      })
    })
  }, { guard: { messages: NO_LIMITS, websocket: { closeTimeout: 300 } } })
  const client = await server.open()
  client.send(Buffer.concat([say, json({ type: 'quit', data: {} }), many]))
  t.equal((await client.waitClose()).code, 4401)
  const plain = await server.open({ path: '/raw' })
  plain.send(Buffer.concat([say, frame({ payload: 'quit' }), many]))
  t.equal((await plain.waitClose()).code, 4401)
  await new Promise(resolve => setTimeout(resolve, 50))
  t.same(handled, { contract: 1, plain: 1 })
  await server.empty()
})

t.test('who goes on sending after our close is read no further than a little', async t => {
  const server = await contractStack(t, app => {
    app.get('/raw', { websocket: true }, socket => { socket.close(4000) })
  }, { guard: { websocket: { closeTimeout: 2000 } } })
  const client = await server.open({ path: '/raw' })
  const [ws] = server.stack.app.websocketServer.clients
  t.equal((await client.waitClose()).code, 4000)
  t.equal(ws!.isPaused, false, 'its close frame would be read')
  client.send(Buffer.concat(Array.from({ length: 20 }, () => many)))
  await until(() => ws!.isPaused)
  await server.empty()
})
