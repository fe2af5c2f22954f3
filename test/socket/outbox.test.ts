import { mock } from 'node:test'
import t from 'tap'
import type { WebSocket } from 'ws'
import { Outbox } from '../../lib/socket/outbox.js'
import type { GuardedSocket } from '../../types/socket.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

const ANY = { accept: anyPayload }
type Said = { said: (data: object) => boolean }
const said = (socket: GuardedSocket): Said => socket.send as Said

t.test('writing far more than the buffer in one loop to a peer that reads is no offence', async t => {
  const results = new Set<boolean>()
  const server = await socketServer(t, {
    outbound: ['said'],
    handlers: {
      onOpen: (socket: GuardedSocket) => {
        for (let n = 0; n < 5000; n++) results.add(said(socket).said({ n, filler: 'x'.repeat(1000) }))
      },
    },
  })
  const client = await server.open()
  const messages = await client.waitMessages(5000)
  t.same(messages.map(({ data }) => (data as { n: number }).n), Array.from({ length: 5000 }, (_, n) => n))
  t.same([...results], [true])
  t.ok(server.sockets[0]?.open)
  t.ok(await server.answers())
})

for (const direct of [true, false]) {
  t.test(`who awaits flushed() may send without end (${direct ? 'direct' : 'ws.send'})`, async t => {
    let most = 0
    const server = await socketServer(t, {
      direct,
      outbound: ['said'],
      calls: { pour: ANY },
      limits: { sendBuffer: 65_536 },
      handlers: {
        calls: {
          pour: async (_: never, socket: GuardedSocket) => {
            for (let n = 0; n < 300; n++) {
              if (!said(socket).said({ filler: 'x'.repeat(100_000) })) return 'closed'
              await socket.flushed()
              most = Math.max(most, socket.bufferedAmount)
            }
            return 'poured'
          },
        },
      },
    })
    const client = await server.open()
    let bytes = 0
    client.client.socket.on('data', chunk => { bytes += chunk.length })
    client.json({ type: 'pour', id: 1, data: {} })
    await until(() => bytes > 300 * 100_000)
    t.equal((await client.waitMessage(({ id }) => id === 1)).data, 'poured')
    t.equal(most, 0)
    t.ok(await server.answers())
  })
}

t.test('flushed() resolves when the socket goes instead', async t => {
  const server = await socketServer(t, { outbound: ['said'] })
  const client = await server.open()
  client.client.socket.pause()
  const socket = server.sockets[0]!
  for (let n = 0; n < 7; n++) t.ok(said(socket).said({ filler: 'x'.repeat(1_000_000) }))
  let flushed = false
  const waits = socket.flushed().then(() => { flushed = true })
  await new Promise(resolve => setTimeout(resolve, 50))
  t.equal(flushed, false)
  client.client.destroy()
  await waits
  await socket.flushed()
})

/** A ws that never gets rid of anything, until told. */
function deaf (): { ws: WebSocket, buffered: number, sent: number } {
  const state = { buffered: 0, sent: 0, ws: null as unknown as WebSocket }
  state.ws = {
    readyState: 1,
    get bufferedAmount () { return state.buffered },
    send (payload: string) {
      state.sent++
      state.buffered += payload.length
    },
  } as unknown as WebSocket
  return state
}

t.test('slow: eight times the limit at once, or more than the limit that is not taken in five seconds', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const make = () => {
    const state = deaf()
    const told: string[] = []
    const outbox = new Outbox(state.ws, { limit: 1000, direct: false, owner: { slow: () => { told.push('slow') }, missed: () => {}, broken: () => { told.push('broken') } } })
    return { state, told, outbox }
  }

  const flooded = make()
  for (let n = 0; n < 8; n++) t.equal(flooded.outbox.send('x'.repeat(1000)), true)
  t.same(flooded.told, [])
  t.equal(flooded.outbox.send('x'), false, 'not sent')
  t.same(flooded.told, ['slow'])
  t.equal(flooded.state.sent, 8)

  const large = make()
  t.equal(large.outbox.send('x'.repeat(1_000_000)), true, 'one message of any size, while nothing else waits')
  t.equal(large.outbox.send('x'), false)

  const stuck = make()
  t.ok(stuck.outbox.send('x'.repeat(1001)))
  mock.timers.tick(4999)
  t.same(stuck.told, [])
  mock.timers.tick(1)
  t.same(stuck.told, ['slow'])

  const reads = make()
  reads.outbox.send('x'.repeat(5000))
  for (let n = 0; n < 3; n++) {
    reads.state.buffered -= 1000
    mock.timers.tick(5000)
  }
  t.same(reads.told, [], 'it takes a limit in five seconds')
  reads.state.buffered -= 500
  reads.outbox.send('x'.repeat(500))
  mock.timers.tick(5000)
  t.same(reads.told, ['slow'], 'what is sent meanwhile does not count as taken')

  const small = make()
  small.outbox.send('x'.repeat(1000))
  mock.timers.tick(60_000)
  t.same(small.told, [], 'as much as the limit may wait for ever; the heartbeat finds who is dead')
})
