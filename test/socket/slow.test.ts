import { mock } from 'node:test'
import t from 'tap'
import type { WebSocket } from 'ws'
import { Backlog } from '../../lib/socket/backlog.js'
import { Outbox } from '../../lib/socket/outbox.js'
import { SharedMessage } from '../../lib/socket/shared-message.js'
import type { GuardedSocket } from '../../types/socket.js'
import { anyPayload } from '../helpers/hand-contract.js'
import type { RawClient } from '../helpers/raw-client.js'
import { socketServer } from '../helpers/socket-server.js'
import type { SocketServer } from '../helpers/socket-server.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

type Send = { readonly [type in 'said' | 'moved' | 'drawn']: (data: object) => boolean }
type SendMany = { readonly [type in keyof Send]: (data: object) => number }
const send = (socket: GuardedSocket): Send => socket.send as Send
const FILLER = 'x'.repeat(10_000)

/** `said` closes who is slow, `drawn` is dropped, of `moved` the latest of each `id` is kept. */
async function board (t: Teardown, direct: boolean, sendBuffer = 65_536): Promise<SocketServer> {
  return await socketServer(t, {
    direct,
    outbound: ['said', 'moved', 'drawn'],
    whenSlow: { drawn: 'drop', moved: { latest: 'id' } },
    inbound: { move: { accept: anyPayload } },
    limits: { sendBuffer },
    handlers: { onOpen: (socket: GuardedSocket) => { socket.join('board') }, on: { move: () => {} } },
  })
}

/** Fills what the kernel takes for a client that has stopped reading. */
async function stop (server: SocketServer, client: RawClient, index = 0): Promise<GuardedSocket> {
  client.client.socket.pause()
  const socket = server.sockets[index]!
  while (socket.bufferedAmount < 20_000) {
    send(socket).drawn({ filler: FILLER })
    await new Promise(setImmediate)
  }
  return socket
}

for (const direct of [true, false]) {
  const how = direct ? 'direct' : 'ws.send'

  t.test(`a slow reader gets the latest message of each key, and all of those that may not be missed (${how})`, async t => {
    const server = await board(t, direct)
    const client = await server.open()
    const socket = await stop(server, client)
    t.ok(send(socket).said({ n: 1 }))
    t.ok(Array.from({ length: 10_000 }, (_, n) => send(socket).moved({ id: n % 3, n })).every(Boolean))
    t.ok(send(socket).said({ n: 2 }))
    t.ok(socket.bufferedAmount < 100_000)
    t.ok(socket.open)
    client.client.socket.resume()
    await socket.flushed()
    t.equal(socket.bufferedAmount, 0)
    await client.waitMessage(({ data }) => (data as { n?: number }).n === 9999)
    const last = client.messages().slice(-5).map(({ type, data }) => [type, (data as { n: number }).n])
    t.same(last, [['said', 1], ['said', 2], ['moved', 9997], ['moved', 9998], ['moved', 9999]])
    t.match(server.events('dropped').filter(({ type }) => type === 'moved'), [{ messages: 9997, connId: '1' }])
    t.ok(send(socket).moved({ id: 1, n: 'again' }), 'later ones go out at once')
    await client.waitMessage(({ data }) => (data as { n?: unknown }).n === 'again')
    t.ok(await server.answers())
  })

  t.test(`what may be dropped leaves room for what may not (${how})`, async t => {
    const server = await board(t, direct)
    const client = await server.open()
    const socket = await stop(server, client)
    let dropped = 0
    for (let n = 0; n < 1000; n++) if (!send(socket).drawn({ n, filler: FILLER })) dropped++
    t.ok(dropped > 900)
    t.ok(socket.bufferedAmount <= 32_768)
    t.ok(send(socket).said({ n: 1 }))
    t.ok(socket.open)
    t.same(server.events('dropped'), [], 'told when it is over')
    client.client.socket.resume()
    await client.waitMessage(({ type }) => type === 'said')
    await until(() => server.events('dropped').length > 0)
    t.match(server.events('dropped'), [{ type: 'drawn', messages: dropped, identity: 'ann' }])
    t.ok(send(socket).drawn({ n: 'again' }))
    t.ok(await server.answers())
  })

  t.test(`who is gone before catching up is told of as well (${how})`, async t => {
    const server = await board(t, direct)
    const client = await server.open()
    const socket = await stop(server, client)
    for (let n = 0; n < 5; n++) send(socket).moved({ id: 1, n })
    client.client.destroy()
    await until(() => server.events('dropped').length > 0)
    t.match(server.events('dropped'), [{ type: 'moved', messages: 4 }])
    t.equal(send(socket).moved({ id: 1 }), false, 'closed')
  })
}

t.test('a peer that reads misses nothing, however much is sent at once', async t => {
  const server = await board(t, true)
  const client = await server.open()
  const socket = server.sockets[0]!
  for (let n = 0; n < 1000; n++) send(socket).moved({ id: n % 2, n })
  await client.waitMessages(1000)
  t.same(client.messages().map(({ data }) => (data as { n: number }).n), Array.from({ length: 1000 }, (_, n) => n))
  t.same(server.events('dropped'), [])
})

t.test('D17 a group with a stuck member: the others get everything, in order, and the stuck one stays within its buffer', async t => {
  const server = await board(t, true)
  const stuck = await server.open()
  const others = [await server.open(), await server.open()]
  const socket = await stop(server, stuck)
  const group = server.route.group('board').send as SendMany
  const reached = new Set<number>()
  for (let n = 0; n < 5000; n++) {
    reached.add(group.moved({ id: 1, n }))
    if (n % 500 === 0) await new Promise(setImmediate)
  }
  for (const client of others) {
    await client.waitMessages(5000)
    t.same(client.messages().map(({ data }) => (data as { n: number }).n), Array.from({ length: 5000 }, (_, n) => n))
  }
  t.same([...reached], [3], 'what is held back counts as sent')
  t.equal(group.drawn({ filler: 'x'.repeat(40_000) }), 2, 'what is dropped does not')
  t.ok(socket.bufferedAmount < 65_536)
  t.ok(socket.open)
})

t.test('the same key in two groups, or of two types, is not the same', async t => {
  const backlog = new Backlog()
  const message = (type: string, key: string, group: string | null, text = 'x'): SharedMessage => new SharedMessage(text, { type, key, group })
  const hold = (one: SharedMessage): number => backlog.hold(one, one.lossy!)
  t.equal(hold(message('moved', '1', 'a', 'first')), 0)
  for (const other of [message('moved', '1', 'b'), message('drawn', '1', 'a'), message('moved', '"1"', 'a'), message('moved', '1', null)]) t.equal(hold(other), 0)
  t.equal(hold(message('moved', '1', 'a', 'second')), 7, 'two bytes of header, five of text')
  t.equal(backlog.bytes, 8 + 4 * 3)
  t.equal(backlog.forget('a'), 8 + 2 * 3, 'all of a group')
  t.equal(backlog.forget('nobody'), 0)
  const { messages, missed } = backlog.empty()
  t.same(messages.map(({ lossy }) => lossy?.group), ['b', null])
  t.same([...missed], [['moved', 1]])
  t.equal(backlog.bytes, 0)
})

t.test('keys without end are bounded like everything that waits', async t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => { mock.timers.reset() })
  const told: string[] = []
  const ws = { readyState: 1, bufferedAmount: 20_000, send: () => {} } as unknown as WebSocket
  const owner = { slow: () => { told.push('slow') }, missed: () => {}, broken: () => {} }
  const outbox = new Outbox(ws, { limit: 1000, direct: false, owner })
  const moved = (key: number): boolean => outbox.sendShared(new SharedMessage('x'.repeat(998), { type: 'moved', key: String(key), group: null }))
  t.equal(moved(1), false, 'far more than the limit waits already')
  t.same(told, ['slow'])
  Object.assign(ws, { bufferedAmount: 0 })
  const fresh = new Outbox(Object.assign(ws, { bufferedAmount: 16_384 }), { limit: 4000, direct: false, owner })
  let held = 0
  while (held < 1000 && fresh.sendShared(new SharedMessage('x'.repeat(998), { type: 'moved', key: String(held), group: null }))) held++
  t.equal(held, 15, '32,000 bytes with what waits for the network')
})
