import t from 'tap'
import { WebSocketServer } from 'ws'
import { readsFragments, selfCheck } from '../../lib/foreign/ws-internals.js'
import { OPCODES, json, ping } from '../helpers/frames.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { NO_RATE, socketServer } from '../helpers/socket-server.js'
import type { SocketServer } from '../helpers/socket-server.js'

t.test('the self-check passes on this ws, and sees one that differs', async t => {
  t.equal(selfCheck(WebSocketServer), true)
  class Silent extends WebSocketServer {
    override handleUpgrade (...[request, socket, head, done]: Parameters<WebSocketServer['handleUpgrade']>): void {
      super.handleUpgrade(request, socket, head, (ws, upgraded) => {
        Object.assign(ws, { close () {} })
        done(ws, upgraded)
      })
    }
  }
  class Renamed extends WebSocketServer {
    override handleUpgrade (...[request, socket, head, done]: Parameters<WebSocketServer['handleUpgrade']>): void {
      super.handleUpgrade(request, socket, head, (ws, upgraded) => {
        Object.defineProperty(ws, '_sender', { value: {} })
        done(ws, upgraded)
      })
    }
  }
  class Broken extends WebSocketServer {
    override handleUpgrade (): void { throw new Error('gone') }
  }
  class Absent extends WebSocketServer {
    override handleUpgrade (): void {}
  }
  for (const Server of [Silent, Renamed, Broken, Absent]) t.equal(selfCheck(Server as typeof WebSocketServer), false, Server.name)
})

const SENDER = {
  inbound: { many: { accept: anyPayload } },
  outbound: ['said'],
  limits: NO_RATE,
  handlers: {
    on: {
      many: ({ sizes }: { sizes: number[] }, socket: { send: object }) => {
        for (const size of sizes) (socket.send as { said: (data: object) => boolean }).said({ text: 'é'.repeat(size) })
      },
    },
  },
}

t.test('frames of one tick leave in one write, and in order', async t => {
  let writes = 0
  const server = await socketServer(t, {
    ...SENDER,
    onSocket: ws => {
      const socket = (ws as unknown as { _socket: { _handle: { [name: string]: (...args: unknown[]) => unknown } } })._socket
      for (const name of ['writev', 'writeBuffer', 'writeLatin1String', 'writeUtf8String']) {
        const original = socket._handle[name]!
        socket._handle[name] = function (...args) { writes++; return original.apply(this, args) }
      }
    },
  })
  const client = await server.open()
  const sizes = [1, 20, 0, 300, 3000, 5, 70]
  client.send(Buffer.concat([json({ type: 'many', data: { sizes } }), json({ type: 'ping', id: 1, data: { text: '' } }), json({ type: 'many', data: { sizes } })]))
  const messages = await client.waitMessages(15)
  t.same(messages.map(message => message.id ?? (message.data as { text: string }).text.length), [...sizes, 1, ...sizes])
  t.equal(writes, 1)
})

t.test('a tick that sends much writes as it goes, so that it does not count as a slow reader', async t => {
  let most = 0
  const server = await socketServer(t, {
    ...SENDER,
    handlers: {
      on: {
        many: (_: never, socket: { send: object, bufferedAmount: number }) => {
          for (let n = 0; n < 120; n++) {
            (socket.send as { said: (data: object) => boolean }).said({ text: 'x'.repeat(1000) })
            most = Math.max(most, socket.bufferedAmount)
          }
        },
      },
    },
  })
  const client = await server.open()
  client.json({ type: 'many', data: {} })
  t.equal((await client.waitMessages(120)).length, 120)
  t.equal(most < 65_536, true, `${most} bytes waited`)
})

for (const [name, options] of [
  ['direct', {}],
  ['ws.send', { direct: false }],
  ['compression negotiated', { ws: { perMessageDeflate: { threshold: 0 } } }],
] as const) {
  t.test(`order with frames of ws itself: ${name}`, async t => {
    const server: SocketServer = await socketServer(t, {
      ...SENDER,
      ...options,
      handlers: {
        on: {
          many: (_: never, socket: { send: object }) => {
            const send = socket.send as { said: (data: object) => boolean }
            const { ws } = server.sockets[0]!
            send.said({ text: 'one' })
            ws.ping('two')
            send.said({ text: 'three' })
            ws.send('{"type":"four"}')
            send.said({ text: 'five' })
          },
        },
      },
    })
    const client = await server.open({ extensions: 'permessage-deflate' })
    client.send(Buffer.concat([json({ type: 'many', data: {} }), ping('six'), json({ type: 'ping', id: 1, data: { text: '' } })]))
    await client.client.waitFor(() => client.frames().length >= 7 ? true : undefined, 'seven frames')
    const order = client.frames().map(frame => frame.opcode)
    t.same(order.filter(opcode => opcode < 8), [1, 1, 1, 1, 1])
    if (name === 'compression negotiated') {
      t.ok(client.frames().filter(frame => frame.opcode === OPCODES.text).every(frame => frame.rsv === 4), 'all of them compressed')
    } else {
      t.same(order.filter((_, index) => index < 5), [1, OPCODES.ping, 1, 1, 1])
      t.match(client.messages(), [{ data: { text: 'one' } }, { data: { text: 'three' } }, { type: 'four' }, { data: { text: 'five' } }, { id: 1 }])
    }
  })
}

t.test('a fragmented message is seen to begin and to end, or the watch over them is said to be blind', async t => {
  t.ok(readsFragments(WebSocketServer))
  class Other extends WebSocketServer {
    completeUpgrade (): void {}
  }
  t.notOk(readsFragments(Other as never))
})
