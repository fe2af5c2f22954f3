import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { Events } from '../../lib/events/events.js'
import { BudgetStore } from '../../lib/socket/budget-store.js'
import { Registry } from '../../lib/socket/registry.js'
import { createSocketRoute } from '../../lib/socket/route.js'
import { json, text } from '../helpers/frames.js'
import { anyPayload, handContract } from '../helpers/hand-contract.js'
import { LIMITS, NO_RATE, socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

// docs/protocol.md section 7.

const ANY = { accept: anyPayload }

t.test('D13 a burst of 1,000: exactly the burst is handled, the rest refused, then 4429', async t => {
  let handled = 0
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: () => { handled++ } } }, now: () => 0 })
  const client = await server.open()
  client.send(Buffer.concat(Array.from({ length: 1000 }, () => json({ type: 'say', data: { text: 'x' } }))))
  t.same(await client.waitClose(), { code: 4429, reason: 'too_many' })
  t.equal(handled, 40)
  t.same(client.messages().map(message => [message.type, message.error?.code, message.error?.retryAfter]), Array.from({ length: 5 }, () => ['$error', 'rate_limited', 50]))
  t.equal(server.events('message:refused').length, 41, 'all are told: 40 that are put up with, and the one that closes')
})

t.test('D13 one message too many is answered and the socket stays', async t => {
  let now = 0
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: () => {} } }, now: () => now })
  const client = await server.open()
  for (let n = 0; n < 41; n++) client.json({ type: 'say', data: { text: 'x' } })
  t.match(await client.waitMessages(1), [{ type: '$error', error: { code: 'rate_limited', message: 'Too many messages', retryAfter: 50 } }])
  now = 50
  client.json({ type: 'ping', id: 1, data: { text: '' } })
  t.match(await client.waitMessages(2), [{}, { id: 1, data: 'pong' }])
  t.ok(await server.answers())
})

t.test('D13 retryAfter is never less than the pace, however little is missing', async t => {
  let now = 0
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: () => {} } }, now: () => now })
  const client = await server.open()
  for (let n = 0; n < 40; n++) client.json({ type: 'ping', id: n, data: { text: '' } })
  await client.waitMessages(40)
  now = 49
  client.json({ type: 'say', data: { text: 'x' } })
  t.match((await client.waitMessages(41)).at(-1), { type: '$error', error: { code: 'rate_limited', retryAfter: 50 } })
  now = 50
  client.json({ type: 'ping', id: 'now', data: { text: '' } })
  t.match((await client.waitMessages(42)).at(-1), { id: 'now', data: 'pong' }, 'though one comes earlier')
})

t.test('D15 a message takes its cost; one that is refused takes nothing, and retryAfter counts all of it', async t => {
  let now = 0
  const handled: string[] = []
  const note = (type: string) => () => { handled.push(type) }
  const server = await socketServer(t, {
    inbound: { dear: { cost: 10 }, cheap: { cost: 0.5 }, say: {} },
    handlers: { on: { dear: note('dear'), cheap: note('cheap'), say: note('say') } },
    limits: { rate: 10, burst: 12 },
    now: () => now,
  })
  const dear = { type: 'dear', data: { text: '' } }
  const client = await server.open()
  client.json(dear, dear)
  const [refused] = await client.waitMessages(1)
  t.match(refused, { error: { code: 'rate_limited', retryAfter: 800 } }, 'two of ten tokens are there')
  for (let round = 1; round <= 5; round++) {
    now += refused!.error!.retryAfter! * (round === 1 ? 1 : 1.25)
    client.json(dear)
    client.json({ ...dear, id: round })
    const replies = await client.waitMessages(1 + round)
    t.match(replies[round], { id: round, error: { code: 'rate_limited', retryAfter: 1000 } }, 'as long as the dearest one needs')
    t.equal(handled.length, 1 + round, 'who waits as long as told is heard')
  }
  handled.length = 0
  now += 1200
  client.json(...Array.from({ length: 24 }, () => ({ type: 'cheap', data: { text: '' } })))
  await until(() => handled.length === 23)
  t.ok(await server.answers())
})

t.test('a cost that no bucket can hold does not boot', async t => {
  const boot = (cost: number, burst: number) => () => createSocketRoute({
    development: false,
    contract: handContract({ inbound: { say: { cost } } }),
    versions: [],
    handlers: { on: { say: () => {} } },
    limits: { ...LIMITS, burst },
    ownLimits: {},
    budgetStore: new BudgetStore(),
    url: '/ws',
    registry: new Registry(new Events({})),
    direct: false,
  })
  t.throws(boot(41, 40), { code: 'WSG_ERR_OPTION', message: /contract hand: inbound\.say\.cost: expected at most messages\.burst, which is 40, got 41/ })
  t.doesNotThrow(boot(40, 40))
})

t.test('D16 a peer that sends rubbish and does not read costs nothing', async t => {
  const server = await socketServer(t, { limits: { ...NO_RATE, closeTimeout: 300 } })
  const client = await server.open()
  client.client.socket.pause()
  const before = process.memoryUsage().rss
  const batch = Buffer.concat(Array.from({ length: 10_000 }, () => text('{"type":"nope"}')))
  for (let n = 0; n < 10; n++) client.send(batch)
  await until(() => server.registry.size === 0)
  t.equal(server.events('message:refused').length, 6, 'five are answered, the sixth closes')
  t.equal(process.memoryUsage().rss - before < 60e6, true)
  t.ok(await server.answers())
})

for (const direct of [true, false]) {
  t.test(`D17 a slow reader in a busy group is closed 1013, the others are served (${direct ? 'direct' : 'ws.send'})`, async t => {
    const server = await socketServer(t, {
      outbound: ['said'],
      direct,
      limits: { closeTimeout: 200 },
      handlers: { onOpen: (socket: { join (key: string): void }) => { socket.join('room') } },
    })
    const slow = await server.open()
    slow.client.socket.pause()
    const fast = await server.open()
    const send = server.route.group('room').send as { said: (data: object) => number }
    const filler = 'x'.repeat(50_000)
    let largest = 0
    let rounds = 0
    while (server.events('slow').length === 0 && rounds < 1000) {
      t.equal(send.said({ n: rounds, filler }) >= 1, true)
      rounds++
      largest = Math.max(largest, server.sockets[0]?.bufferedAmount ?? 0)
      if (rounds % 10 === 0) await fast.waitMessages(rounds)
    }
    t.equal(server.events('slow').length, 1)
    t.equal(largest <= 8 << 20, true, `${largest} bytes waited`)
    t.equal((await fast.waitMessages(rounds)).length, rounds, 'the other member has everything')
    t.equal(server.route.group('room').size <= 2, true)
    await until(() => server.registry.size === 1)
    t.equal(server.route.group('room').size, 1)
    t.match(server.events('closed'), [{ code: 1013, reason: 'slow_consumer', cause: 'policy' }])
    t.ok(await server.answers())
  })
}

t.test('D24 slow handlers: at most the cap runs, reading pauses, nothing is lost, order is kept', async t => {
  let running = 0
  let most = 0
  let paused = 0
  const order: number[] = []
  const server = await socketServer(t, {
    inbound: { work: ANY },
    limits: { ...NO_RATE, inFlight: 4 },
    onSocket: ws => {
      const pause = ws.pause.bind(ws)
      ws.pause = () => { paused++; pause() }
    },
    handlers: {
      on: {
        work: async ({ n }: { n: number }) => {
          order.push(n)
          most = Math.max(most, ++running)
          await immediate()
          running--
        },
      },
    },
  })
  const client = await server.open()
  const total = 10_000
  client.json(...Array.from({ length: total }, (_, n) => ({ type: 'work', data: { n } })))
  await until(() => order.length === total)
  t.equal(most, 4)
  t.equal(paused > 0, true, 'reading paused')
  t.same(order, Array.from({ length: total }, (_, n) => n))
  t.ok(await server.answers())
})

t.test('D24 while handlers hang no further byte is read', async t => {
  let started = 0
  const server = await socketServer(t, { inbound: { work: ANY }, limits: { ...NO_RATE, inFlight: 4 }, handlers: { on: { work: () => { started++; return new Promise(() => {}) } } } })
  const client = await server.open()
  const filler = 'x'.repeat(10_000)
  for (let n = 0; n < 2000; n++) client.json({ type: 'work', data: { filler } })
  await delay(300)
  t.equal(started, 4)
  t.equal(client.client.socket.writableLength > 1e6, true, 'what the server does not read waits at the client')
  t.ok(await server.answers())
})
