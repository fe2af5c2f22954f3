import t from 'tap'
import { Eviction } from '../../lib/socket/eviction.js'
import { Heartbeat } from '../../lib/socket/heartbeat.js'
import { OPCODES } from '../helpers/frames.js'
import { anyPayload } from '../helpers/hand-contract.js'
import type { RawClient } from '../helpers/raw-client.js'
import { NO_RATE, socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

// docs/protocol.md section 9, by a clock that only the test moves.

const BEAT = 1000
const ANY = { accept: anyPayload }

/** Counts the pings that have come. */
const pings = (client: RawClient): number => client.frames().filter(({ opcode }) => opcode === OPCODES.ping).length

/** Moves the clock through one beat, in small steps as the sweep does, with time in between for what is on the wire. */
async function beat (state: { now: number }, heartbeat: Heartbeat, between: () => void = () => {}): Promise<void> {
  for (let step = 0; step < 10; step++) {
    state.now += BEAT / 10
    heartbeat.look(state.now)
    await new Promise(resolve => setTimeout(resolve, 5))
    between()
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

t.test('a vanished peer is gone within two beats; silent ones that answer, or send anything, stay', async t => {
  const state = { now: 1 }
  const closes: number[] = []
  const server = await socketServer(t, {
    now: () => state.now,
    limits: NO_RATE,
    inbound: { say: ANY },
    handlers: { on: { say: () => {} }, onClose: (_: never, code: number) => { closes.push(code) } },
  })
  const heartbeat = new Heartbeat(server.registry, BEAT)
  const [silent, chatty, slow, vanished] = [await server.open(), await server.open(), await server.open(), await server.open()]
  // A frame that takes longer than any beat: its bytes count.
  slow.send(Buffer.from([0x81, 0xfe, 0x40, 0x00, 0, 0, 0, 0]))
  const live = (): void => {
    chatty.json({ type: 'say', data: 1 })
    slow.send(Buffer.from('x'))
  }
  await beat(state, heartbeat, live)
  vanished.client.socket.pause()
  await beat(state, heartbeat, live)
  await beat(state, heartbeat, live)
  await until(() => server.registry.size === 3)
  t.same(closes, [1006])
  t.match(server.events('closed'), [{ code: 1006, cause: 'heartbeat' }])
  for (let n = 0; n < 5; n++) await beat(state, heartbeat, live)
  t.equal(server.registry.size, 3)
  t.ok(pings(silent) >= 6 && pings(silent) <= 9, `${pings(silent)} pings in 8 beats`)
  t.ok(await server.answers())
})

t.test('a socket whose reading the server itself has paused is not judged', async t => {
  const state = { now: 1 }
  const release: (() => void)[] = []
  const server = await socketServer(t, {
    now: () => state.now,
    limits: { ...NO_RATE, inFlight: 1 },
    calls: { wait: ANY },
    handlers: { calls: { wait: () => new Promise<string>(resolve => { release.push(() => { resolve('done') }) }) } },
  })
  const heartbeat = new Heartbeat(server.registry, BEAT)
  const client = await server.open()
  client.json(...Array.from({ length: 300 }, (_, id) => ({ type: 'wait', id, data: {} })))
  await until(() => server.sockets[0]!.ws.isPaused)
  for (let n = 0; n < 4; n++) await beat(state, heartbeat)
  t.equal(server.registry.size, 1)
  for (let n = 0; n < 300; n++) {
    await until(() => release.length > 0)
    release.shift()?.()
  }
  t.equal((await client.waitMessages(300)).length, 300)
  t.ok(await server.answers())
})

t.test('sockets that came together are not pinged together', async t => {
  const state = { now: 1 }
  const server = await socketServer(t, { now: () => state.now })
  const heartbeat = new Heartbeat(server.registry, BEAT)
  await Promise.all(Array.from({ length: 40 }, async () => await server.open()))
  heartbeat.look(state.now)
  const times = new Set(server.sockets.map(({ beatAt }) => beatAt))
  t.equal(times.size, 40)
  for (const time of times) t.ok(time > state.now && time <= state.now + BEAT)
  t.equal(server.sockets.every(({ pingedAt }) => pingedAt === 0), true)
  state.now += BEAT
  heartbeat.look(state.now)
  t.equal(server.sockets.every(({ pingedAt }) => pingedAt === state.now), true, 'each once per beat')
})

t.test('makeRoom: the silent ones of that key go, those that answer stay', async t => {
  const server = await socketServer(t)
  const eviction = new Eviction(server.registry)
  const makeRoom = (kind: 'identity' | 'address', key: string) => eviction.makeRoom({ kind, key, route: null }, () => {})
  const [lives, vanished, other] = [await server.open({ path: '/?id=ann' }), await server.open({ path: '/?id=ann' }), await server.open({ path: '/?id=bob' })]
  vanished.client.socket.pause()
  t.equal(await makeRoom('identity', 'id ann'), true)
  t.equal(server.registry.size, 2)
  t.match(server.events('closed'), [{ cause: 'evicted', code: 1006, identity: 'ann' }])
  vanished.client.socket.resume()
  await vanished.client.waitClose()
  t.notOk(lives.client.closed)
  t.equal(pings(lives), 1)
  t.equal(pings(other), 0, 'nobody else is asked')

  t.equal(await makeRoom('identity', 'id ann'), false, 'all live')
  t.equal(pings(lives), 2)
  t.equal(await makeRoom('address', '10.0.0.1'), false, 'nobody there')
})

t.test('makeRoom: who holds no slot of that cap is not asked', async t => {
  const server = await socketServer(t)
  const eviction = new Eviction(server.registry)
  const client = await server.open()
  t.equal(await eviction.makeRoom({ kind: 'anonymous', key: '127.0.0.1', route: null }, () => {}), false, 'it has an identity')
  t.equal(await eviction.makeRoom({ kind: 'address', key: '127.0.0.1', route: '/other' }, () => {}), false, 'another route')
  t.equal(pings(client), 0)
  t.equal(await eviction.makeRoom({ kind: 'address', key: '127.0.0.1', route: '/ws' }, () => {}), false)
  t.equal(pings(client), 1)
})

t.test('makeRoom: a slot that comes free on its way can be taken at once, and all that were cut off at the end', async t => {
  const server = await socketServer(t)
  const eviction = new Eviction(server.registry)
  const clients = [await server.open(), await server.open(), await server.open()]
  for (const { client } of clients) client.socket.pause()
  const sizes = new Set<number>()
  const made = eviction.makeRoom({ kind: 'identity', key: 'id ann', route: null }, () => { sizes.add(server.registry.size) })
  clients[0]!.client.destroy()
  t.equal(await made, true)
  t.same([...sizes], [2, 0])
})

t.test('the beat judges only its own ping, not one that was sent for room', async t => {
  const state = { now: 1 }
  const server = await socketServer(t, { now: () => state.now })
  const heartbeat = new Heartbeat(server.registry, BEAT)
  const eviction = new Eviction(server.registry)
  const client = await server.open()
  heartbeat.look(state.now)
  // Its answer is still on the way when the beat comes.
  client.client.socket.pause()
  const asked = eviction.makeRoom({ kind: 'identity', key: 'id ann', route: null }, () => {})
  state.now += BEAT
  heartbeat.look(state.now)
  t.equal(server.registry.size, 1)
  t.same(server.events('closed'), [])
  state.now++
  client.client.socket.resume()
  client.json({ type: '$ping' })
  t.equal(await asked, false, 'it lives')
  t.equal(server.registry.size, 1)
})

t.test('$ping is answered in order, with its id; a bad one is refused', async t => {
  const server = await socketServer(t, { inbound: { say: ANY }, handlers: { on: { say: () => {} } } })
  const client = await server.open()
  client.json({ type: '$ping' }, { type: '$ping', id: 7 }, { type: '$ping', id: 'a' }, { type: '$ping', id: { } }, { type: '$pong' })
  t.same((await client.waitMessages(5)).map(({ type, id, error }) => [type, id, error?.code]), [
    ['$pong', undefined, undefined],
    ['$pong', 7, undefined],
    ['$pong', 'a', undefined],
    ['$error', undefined, 'invalid_message'],
    ['$error', undefined, 'unknown_type'],
  ])
  const renamed = await socketServer(t, { envelope: { type: 'event', id: 'nr', data: null } })
  const other = await renamed.open()
  other.json({ event: '$ping', nr: 1 })
  t.same(await other.waitMessages(1), [{ event: '$pong', nr: 1 }])
})
