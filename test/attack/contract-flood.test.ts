import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { bareStack } from '../helpers/bare.js'
import { contractChild } from '../helpers/contract-child.js'
import type { ChildServer } from '../helpers/contract-child.js'
import { contractStack, NO_LIMITS, roundTrips } from '../helpers/contract-stack.js'
import { frame, json } from '../helpers/frames.js'
import { openRaw } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

// Two of the floods wait for memory to settle; run by itself, a file has 30 seconds by default.
t.setTimeout(180_000)

const N = Type.Object({ n: Type.Integer() })
const MASK = Buffer.alloc(4)

/** The same text frame many times, in one buffer. */
const repeat = (payload: string, times: number): Buffer => {
  const one = frame({ payload, mask: MASK })
  return Buffer.alloc(one.length * times, one)
}

type Figures = Awaited<ReturnType<ChildServer['figures']>>

/** Waits until the server's figures fit. */
async function figuresOnce (server: ChildServer, fits: (figures: Figures) => boolean): Promise<Figures> {
  let figures = await server.figures()
  await until(async () => fits(figures = await server.figures()))
  return figures
}

t.test('D13 whoever sends megabytes at once has his turn with all others, and each message is handled, in order', async t => {
  const COUNT = 100
  const handled: number[] = []
  const perTurn = new Map<number, number>()
  const turns = { now: 0, isOver: false }
  const tick = (): void => {
    turns.now++
    if (!turns.isOver) setImmediate(tick)
  }
  t.teardown(() => { turns.isOver = true })
  const contract = defineContract({ name: 'large', url: '/test', inbound: { say: Type.Object({ n: Type.Integer(), text: Type.String({ maxLength: 30_000 }) }) } })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        say ({ n }) {
          handled.push(n)
          perTurn.set(turns.now, (perTurn.get(turns.now) ?? 0) + 1)
        },
      },
    })
  })
  const client = await server.open()
  tick()
  client.json(...Array.from({ length: COUNT }, (_, n) => ({ type: 'say', data: { n, text: 'x'.repeat(30_000) } })))
  await until(() => handled.length === COUNT)
  t.same(handled, Array.from({ length: COUNT }, (_, n) => n))
  // Two slices of three: one when the socket is read, one when what waited has its turn.
  t.ok(Math.max(...perTurn.values()) <= 6, `at most ${Math.max(...perTurn.values())} of ${COUNT} in one turn of the event loop`)
})

t.test('D13 of a burst exactly as many as allowed are handled', async t => {
  const handled: number[] = []
  const contract = defineContract({ name: 'burst', url: '/test', inbound: { say: N } })
  const server = await contractStack(t, app => { app.wsRoute(contract, { on: { say: ({ n }) => { handled.push(n) } } }) }, { guard: { messages: { rate: 0.001 } } })
  const client = await server.open()
  client.json(...Array.from({ length: 1000 }, (_, n) => ({ type: 'say', data: { n } })))
  t.same(await client.waitClose(), { code: 4429, reason: 'too_many' })
  t.same(handled, Array.from({ length: 200 }, (_, n) => n), 'the first two hundred, in order')
  t.same(client.messages().map(message => message.error?.code), new Array(5).fill('rate_limited'), 'told five times')
  t.ok(client.messages()[0]!.error!.retryAfter! > 0)
  t.ok(await server.answers())

  const refilled = await contractStack(t, app => { app.wsRoute(contract, { on: { say: ({ n }) => { handled.push(n) } } }) }, { guard: { messages: { rate: 100, burst: 3 } } })
  handled.length = 0
  const patient = await refilled.open()
  patient.json(...[0, 1, 2, 3].map(n => ({ type: 'say', data: { n } })))
  const [limited] = await patient.waitMessages(1)
  await new Promise(resolve => setTimeout(resolve, limited!.error!.retryAfter! + 2))
  patient.json({ type: 'say', data: { n: 4 } })
  await until(() => handled.length === 4)
  t.same(handled, [0, 1, 2, 4], 'who waits as long as told is heard')

  const bare = await bareStack(t)
  const rude = await openRaw(bare.port)
  rude.send(repeat('x', 1000))
  await until(() => bare.counts.messages === 1000)
  rude.client.destroy()
})

t.test('D15 an expensive message takes its price', async t => {
  const handled: string[] = []
  const contract = defineContract({ name: 'prices', url: '/test', inbound: { cheap: N, dear: { payload: N, cost: 10 }, half: { payload: N, cost: 0.5 } } })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { on: { cheap: () => { handled.push('cheap') }, dear: () => { handled.push('dear') }, half: () => { handled.push('half') } } })
  }, { guard: { messages: { rate: 0.001, burst: 40, perIdentity: 4 } } })
  for (const [type, count] of [['cheap', 40], ['dear', 4], ['half', 79]] as const) {
    const client = await server.open()
    client.json(...Array.from({ length: 100 }, (_, n) => ({ type, data: { n } })))
    await client.waitMessage(message => message.error?.code === 'rate_limited')
    t.equal(handled.splice(0).length, count, `${type}: ${count} of 40 tokens`)
  }
  t.ok(await server.answers())
})

t.test('D16 errors for a peer that does not read are bounded', async t => {
  for (const limits of ['default', 'none'] as const) {
    const server = await contractChild(t, limits)
    const reader = await server.open('/probe')
    const messages = repeat('{"type":"nope"}', limits === 'none' ? 300_000 : 100_000)
    // What a peer that reads makes the process grow by is not the attack's.
    const polite = await server.open()
    polite.send(messages)
    await (limits === 'none' ? until(() => polite.texts().length === 300_000, 100_000) : polite.waitClose())
    polite.client.destroy()
    const before = await figuresOnce(server, figures => figures.sockets === 1)
    const deaf = await server.open()
    deaf.client.socket.pause()
    deaf.send(messages)
    const after = await figuresOnce(server, figures => figures.sockets === 1)
    t.ok(after.peak - before.peak < 20e6, `${limits}: ${((after.peak - before.peak) / 1e6).toFixed(1)} MB more than ${(before.peak / 1e6).toFixed(1)}`)
    t.ok(after.rss - before.rss < 20e6, `${limits}: ${((after.rss - before.rss) / 1e6).toFixed(1)} MB stay`)
    t.equal((after.events['ws.socket.closed'] ?? 0) - (before.events['ws.socket.closed'] ?? 0), 1, `${limits}: closed by the server`)
    t.equal(after.errors, 0)
    reader.json({ type: 'ping', id: 1, data: { n: 5 } })
    t.same(await reader.waitMessages(1), [{ id: 1, data: 5 }])
  }
})

t.test('D16 the bare stack keeps what a peer does not read, and the socket open', async t => {
  const bare = await bareStack(t)
  const deaf = await openRaw(bare.port)
  deaf.client.socket.pause()
  const [server] = bare.app.websocketServer.clients
  deaf.send(repeat('x'.repeat(1000), 30_000))
  await until(() => bare.counts.messages === 30_000)
  t.ok(server!.bufferedAmount > 10e6, `${(server!.bufferedAmount / 1e6).toFixed(1)} MB wait`)
  t.equal(server!.readyState, server!.OPEN)
  deaf.client.destroy()
})

t.test('D17 a member that does not read is closed 1013; the others get everything', async t => {
  const server = await contractChild(t, 'none')
  const [deaf, ...others] = await Promise.all([1, 2, 3, 4].map(async () => await server.open()))
  const probe = await server.open('/probe')
  deaf!.client.socket.pause()
  const got = others.map(() => 0)
  for (const [at, { client }] of others.entries()) client.socket.on('data', chunk => { got[at]! += chunk.length })
  const { rss } = await server.figures()
  const trips = await roundTrips([probe], 5, async () => {
    others[0]!.json({ type: 'shout', data: { times: 20_000 } })
    await until(() => got.every(bytes => bytes > 20_000 * 1000))
  })
  const after = await figuresOnce(server, figures => figures.sockets === 4)
  t.ok(after.rss - rss < 40e6, `${((after.rss - rss) / 1e6).toFixed(1)} MB more`)
  t.equal(after.events['ws.socket.closed'], 1)
  t.ok(trips > 5, `${trips} round trips of another client while it lasts`)
})

t.test('D24 slow handlers: never more than the cap at once, and none is lost', async t => {
  let running = 0
  let most = 0
  const handled: number[] = []
  const contract = defineContract({ name: 'slow', url: '/test', inbound: { work: N } })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        work: async ({ n }) => {
          most = Math.max(most, ++running)
          await new Promise(resolve => setTimeout(resolve, 1))
          running--
          handled.push(n)
        },
      },
    })
  }, { guard: { messages: NO_LIMITS } })
  const client = await server.open()
  client.send(Buffer.concat(Array.from({ length: 10_000 }, (_, n) => json({ type: 'work', data: { n } }))))
  await until(() => handled.length === 10_000)
  t.equal(most, 32)
  t.same(handled.sort((a, b) => a - b), Array.from({ length: 10_000 }, (_, n) => n), 'each once')
  t.same(client.messages(), [])
  t.ok(await server.answers())
})

/** What one attacker's connection sends. */
const FLOODS: { readonly [name: string]: Buffer } = {
  'D13 a thousand messages': repeat('{"type":"say","data":{"text":"x"}}', 1000),
  'D13 a thousand messages that are refused': repeat('{"type":"nope","data":{"text":"x"}}', 1000),
  'F01 deep nesting': Buffer.concat([frame({ payload: `{"type":"any","data":${'['.repeat(32_000)}${']'.repeat(32_000)}}` }), frame({ payload: '{"a":'.repeat(10_000) })]),
  'F19 a text made for its pattern': repeat(`{"type":"slug","data":{"value":"${'a-'.repeat(99)}!"}}`, 200),
}

for (const [name, bytes] of Object.entries(FLOODS)) {
  t.test(`H15 another client is answered during: ${name}`, async t => {
    const server = await contractChild(t)
    const probes = await Promise.all([1, 2, 3].map(async () => await server.open('/probe')))
    for (let round = 0; round < 10; round++) {
      const attackers = await Promise.all([1, 2].map(async () => await server.open()))
      for (const client of attackers) client.send(Buffer.concat([bytes, bytes]))
      for (const probe of probes) probe.json({ type: 'ping', id: round, data: { n: round } })
      await Promise.all(probes.map(async probe => await probe.waitMessages(round + 1)))
      for (const { client } of attackers) client.destroy()
    }
    for (const probe of probes) t.equal(probe.messages().length, 10, 'each of its calls')
    const { handled, errors } = await figuresOnce(server, figures => figures.sockets === 3)
    t.ok(handled <= 20 * 250, `${handled} messages of 20 attackers are handled, little more than a burst each`)
    t.equal(errors, 0)
  })
}
