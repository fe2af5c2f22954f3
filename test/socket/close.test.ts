import type { TAny } from '@sinclair/typebox'
import type { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Group } from '../../types/socket.js'
import { OPCODES, close, frame, json, text } from '../helpers/frames.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { NO_RATE, socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

// docs/protocol.md section 6.

const ANY = { accept: anyPayload }
const say = json({ type: 'say', data: { text: 'x' } })

t.test('C09 H13 after our close nothing is delivered, and the socket is gone within the timeout', async t => {
  let handled = 0
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: () => { handled++ } } } })
  const client = await server.open()
  client.send(say)
  await until(() => handled === 1)
  const socket = server.sockets[0]!
  socket.close(4401, 'unauthenticated')
  t.equal(socket.open, false)
  for (let n = 0; n < 10; n++) client.send(say)
  t.same(await client.waitClose(), { code: 4401, reason: 'unauthenticated' })
  for (let n = 0; n < 10; n++) client.send(say)
  await until(() => server.registry.size === 0)
  await client.client.waitClose()
  t.equal(handled, 1)
  t.ok(await server.answers())
})

t.test('C09 the rest of the chunk in which a handler closes is dropped', async t => {
  let handled = 0
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: (_: never, socket: { close (): void }) => { handled++; socket.close() } } } })
  const client = await server.open()
  client.send(Buffer.concat([say, say, say]))
  t.same(await client.waitClose(), { code: 1000, reason: '' })
  client.send(close(1000))
  await until(() => server.registry.size === 0)
  t.equal(handled, 1)
})

t.test('C09 what waits for a slot is not delivered after a close', async t => {
  let handled = 0
  const release: (() => void)[] = []
  const server = await socketServer(t, {
    inbound: { say: {} },
    limits: { inFlight: 1, closeTimeout: 100 },
    handlers: { on: { say: () => { handled++; return new Promise<void>(resolve => { release.push(resolve) }) } } },
  })
  const client = await server.open()
  client.send(Buffer.concat([say, say, say]))
  await until(() => handled === 1)
  server.sockets[0]?.close()
  for (const go of release) go()
  await until(() => server.registry.size === 0)
  t.equal(handled, 1)
  t.ok(await server.answers())
})

t.test('C09 an authorize that admits after the close admits nothing', async t => {
  let handled = 0
  let admit: ((value: boolean) => void) | undefined
  const server = await socketServer(t, {
    inbound: { say: {} },
    limits: { closeTimeout: 100 },
    handlers: { on: { say: { authorize: () => new Promise<boolean>(resolve => { admit = resolve }), handle: () => { handled++ } } } },
  })
  const client = await server.open()
  client.send(Buffer.concat([say, say]))
  await until(() => admit !== undefined)
  server.sockets[0]?.close()
  admit?.(true)
  await until(() => server.registry.size === 0)
  t.equal(handled, 0)
  t.ok(await server.answers())
})

t.test('D25 a peer that never answers the close frame is cut off', async t => {
  const closes: unknown[] = []
  const server = await socketServer(t, { limits: { closeTimeout: 150 }, handlers: { onClose: (_: never, code: number) => { closes.push(code) } } })
  const client = await server.open()
  server.sockets[0]?.close(1008, 'policy_violation')
  await client.waitClose()
  await client.client.waitClose(2000)
  await until(() => closes.length === 1)
  t.same(closes, [1006])
  t.ok(await server.answers())
})

t.test('D25 a socket whose reading is paused still closes properly', async t => {
  const server = await socketServer(t, { inbound: { hang: ANY }, limits: { ...NO_RATE, inFlight: 1 }, handlers: { on: { hang: () => new Promise(() => {}) }, onClose: (_: never, code: number) => { closes.push(code) } } })
  const closes: unknown[] = []
  const client = await server.open()
  client.json(...Array.from({ length: 300 }, () => ({ type: 'hang', data: { filler: 'x'.repeat(1000) } })))
  await delay(50)
  server.sockets[0]?.close(4403, 'forbidden')
  t.same(await client.waitClose(), { code: 4403, reason: 'forbidden' })
  client.send(close(4403))
  await until(() => closes.length === 1)
  t.same(closes, [4403])
})

t.test('what was sent before a close arrives before it; nothing is sent after', async t => {
  const results: boolean[] = []
  const server = await socketServer(t, {
    inbound: { bye: ANY },
    outbound: ['said'],
    handlers: {
      on: {
        bye: (_: never, socket: { send: object, close (code: number, reason: string): void }) => {
          const send = socket.send as { said: (data: object) => boolean }
          results.push(send.said({ n: 1 }))
          socket.close(3000, 'done')
          results.push(send.said({ n: 2 }))
        },
      },
    },
  })
  const client = await server.open()
  client.json({ type: 'bye', data: {} })
  t.same(await client.waitClose(), { code: 3000, reason: 'done' })
  t.same(client.frames().map(frame => frame.opcode), [OPCODES.text, OPCODES.close])
  t.same(client.messages(), [{ type: 'said', data: { n: 1 } }])
  t.same(results, [true, false])
})

t.test('close: arguments', async t => {
  const server = await socketServer(t)
  const client = await server.open()
  const socket = server.sockets[0]!
  for (const code of [0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 1000.5, NaN, '1000']) {
    t.throws(() => { socket.close(code as number) }, { code: 'WSG_ERR_SOCKET_ARGUMENT' })
  }
  t.throws(() => { socket.close(1000, 'é'.repeat(62)) }, { code: 'WSG_ERR_SOCKET_ARGUMENT' })
  t.ok(socket.open)
  socket.close(4999, 'x'.repeat(123))
  socket.close(4000, 'twice')
  t.equal((await client.waitClose()).code, 4999)
})

t.test('messages wait until onOpen settles, and are handled in order', async t => {
  const seen: string[] = []
  const server = await socketServer(t, {
    inbound: { say: {} },
    limits: { ...NO_RATE, handlerTimeout: 150 },
    handlers: {
      onOpen: async () => { await delay(50); seen.push('open') },
      on: { say: ({ text }: { text: string }) => { seen.push(text) } },
    },
  })
  const client = await server.open({ after: Buffer.concat(Array.from({ length: 300 }, (_, n) => json({ type: 'say', data: { text: String(n) } }))) })
  client.json({ type: 'say', data: { text: 'last' } })
  await until(() => seen.length === 302)
  t.same(seen, ['open', ...Array.from({ length: 300 }, (_, n) => String(n)), 'last'])
  await delay(150)
  t.ok(server.sockets[0]?.open, 'the deadline of onOpen is over with it')
  t.ok(await server.answers())
})

t.test('an onOpen that fails closes 1011, one that hangs 4408; nothing is handled', async t => {
  let handled = 0
  for (const [onOpen, code, reason] of [
    [() => { throw new Error('SECRET') }, 1011, 'internal'],
    [async () => { await delay(5); throw new Error('SECRET') }, 1011, 'internal'],
    [() => new Promise(() => {}), 4408, 'timeout'],
  ] as const) {
    const server = await socketServer(t, { inbound: { say: {} }, limits: { handlerTimeout: 60 }, handlers: { onOpen, on: { say: () => { handled++ } } } })
    const client = await server.open({ after: say })
    t.same(await client.waitClose(), { code, reason })
  }
  t.equal(handled, 0)
})

t.test('onOpen may close; the timer of that close stays', async t => {
  const server = await socketServer(t, { limits: { closeTimeout: 100 }, handlers: { onOpen: async (socket: { close (code: number): void }) => { socket.close(4403) } } })
  const client = await server.open()
  t.equal((await client.waitClose()).code, 4403)
  await client.client.waitClose(2000)
  await until(() => server.registry.size === 0)
})

t.test('signals fire when the socket closes', async t => {
  let signal: AbortSignal | undefined
  const server = await socketServer(t, { calls: { wait: ANY }, handlers: { calls: { wait: (_: never, _socket: never, context: { signal: AbortSignal }) => { signal = context.signal; return new Promise(() => {}) } } } })
  const client = await server.open()
  client.json({ type: 'wait', id: 1, data: {} })
  await until(() => signal !== undefined)
  t.equal(signal?.aborted, false)
  client.client.reset()
  await until(() => signal?.aborted === true)
  t.equal(server.sockets[0]?.running, 0)
  t.ok(await server.answers())
})

t.test('E07 H16 resets at any point harm nobody', async t => {
  const server = await socketServer(t, { outbound: ['said'], calls: { echo: ANY }, handlers: { calls: { echo: async () => { await delay(1); return 'x'.repeat(5000) } } } })
  for (const bytes of [Buffer.alloc(0), say.subarray(0, 1), say.subarray(0, 5), json({ type: 'echo', id: 1, data: {} }), close(1000)]) {
    const client = await server.open()
    client.send(bytes)
    client.client.reset()
  }
  await until(() => server.registry.size === 0)
  t.ok(await server.answers())
})

t.test('drain: handlers finish, then 1001; what hangs is terminated at the deadline', async t => {
  let handled = 0
  let opened = 0
  const release: (() => void)[] = []
  const server = await socketServer(t, {
    inbound: { say: {} },
    calls: { wait: ANY },
    handlers: { onOpen: () => { opened++ }, on: { say: () => { handled++ } }, calls: { wait: () => new Promise(resolve => { release.push(() => { resolve('done') }) }) } },
  })
  const [busy, idle, stuck] = [await server.open(), await server.open(), await server.open()]
  busy.json({ type: 'wait', id: 1, data: {} })
  stuck.json({ type: 'wait', id: 1, data: {} })
  await until(() => release.length === 2)
  const drained = server.registry.drain({ timeout: 400, closeTimeout: 200 })
  t.same(await idle.waitClose(), { code: 1001, reason: 'shutdown' })
  busy.send(say)
  await delay(80)
  t.equal(busy.frames().length, 0, 'a busy socket is waited for')
  release[0]?.()
  t.same(await busy.waitClose(), { code: 1001, reason: 'shutdown' })
  t.same(busy.messages(), [{ id: 1, data: 'done' }])
  await drained
  t.equal(server.registry.size, 0)
  t.same(await stuck.waitClose(), { code: 1001, reason: 'shutdown' }, 'what hangs is closed at the deadline')
  t.match(server.events('drained'), [{ sockets: 3, cut: 1 }])
  t.equal(handled, 0, 'nothing new is handled')
  const late = await server.open()
  t.same(await late.waitClose(), { code: 1001, reason: 'shutdown' })
  t.equal(opened, 3)
})

t.test('drain: a cancel still counts, behind whatever waits; all else is dropped unanswered', async t => {
  let handled = 0
  const server = await socketServer(t, {
    inbound: { say: {} },
    calls: { wait: ANY },
    limits: { ...NO_RATE, inFlight: 1 },
    handlers: {
      on: { say: () => { handled++ } },
      calls: { wait: (_: never, _socket: never, { signal }: { signal: AbortSignal }) => new Promise(resolve => { signal.onabort = resolve }) },
    },
  })
  const client = await server.open()
  client.json({ type: 'wait', id: 1, data: {} })
  await until(() => server.sockets[0]?.running === 1)
  // So many that reading pauses.
  client.send(Buffer.concat(Array.from({ length: 300 }, () => say)))
  await until(() => server.sockets[0]?.ws.isPaused === true)
  const drained = server.registry.drain({ timeout: 60_000, closeTimeout: 60_000 })
  client.json('$cancel', ['$cancel'], { type: '$cancel' }, { type: '$cancel', id: {} }, { type: '$cancel', id: 2 }, { type: '$nope', id: 1 }, { type: '$ping' })
  client.send(Buffer.concat([text('{'), frame({ opcode: OPCODES.binary, payload: '{"type":"$cancel","id":1}' }), say]))
  client.json({ type: '$cancel', id: 1 }, { type: 'say', data: {} })
  t.same(await client.waitClose(), { code: 1001, reason: 'shutdown' })
  t.match(client.messages(), [{ id: 1, error: { code: 'cancelled' } }])
  t.equal(client.messages().length, 1)
  client.client.destroy()
  await drained
  t.equal(handled, 0)
  t.match(server.events('drained'), [{ sockets: 1, cut: 0 }])
})

t.test('drain: who sends too many cancels is not read any more', async t => {
  const signals: AbortSignal[] = []
  const server = await socketServer(t, {
    calls: { wait: ANY },
    limits: { rate: 1, burst: 3 },
    handlers: { calls: { wait: (_: never, _socket: never, { signal }: { signal: AbortSignal }) => { signals.push(signal); return new Promise(() => {}) } } },
  })
  const client = await server.open()
  client.json({ type: 'wait', id: 1, data: {} })
  await until(() => signals.length === 1)
  const drained = server.registry.drain({ timeout: 300, closeTimeout: 100 })
  client.json({ type: '$cancel', id: 7 }, { type: '$cancel', id: 8 }, { type: '$cancel', id: 1 })
  t.same(await client.waitClose(), { code: 1001, reason: 'shutdown' })
  t.same(client.messages(), [])
  await drained
})

t.test('an onOpen whose thenable settles twice lets nothing overtake', async t => {
  const handled: number[] = []
  const server = await socketServer(t, {
    inbound: { say: ANY },
    limits: NO_RATE,
    handlers: {
      onOpen: () => ({ then: (resolve: () => void) => { setTimeout(() => { resolve(); resolve() }, 20) } }),
      on: { say: { authorize: async (n: number) => await delay(20 - n * 5, true), handle: (n: number) => { handled.push(n) } } },
    },
  })
  const client = await server.open()
  for (let n = 0; n < 4; n++) client.json({ type: 'say', data: n })
  await until(() => handled.length === 4)
  t.same(handled, [0, 1, 2, 3])
  t.ok(await server.answers())
})

t.test('a write that throws ends its own socket; the others get what was queued in the same tick', async t => {
  const server = await socketServer(t, { outbound: ['said'], inbound: { say: ANY }, handlers: { on: { say: () => {} } } })
  const clients = [await server.open(), await server.open(), await server.open()]
  const stream = Reflect.get(server.sockets[0]!.ws, '_socket') as Duplex
  stream.write = () => { throw new TypeError('a write that throws') }
  for (const socket of server.sockets) socket.join('all')
  const { send } = server.route.group('all') as Group<{ outbound: { said: TAny } }>
  send.said({ text: 'one' })
  for (const client of clients.slice(1)) t.match(await client.waitMessages(1), [{ type: 'said' }])
  await until(() => server.registry.size === 2)
  send.said({ text: 'two' })
  for (const client of clients.slice(1)) t.match(await client.waitMessages(2), [{}, { data: { text: 'two' } }])
  t.ok(await server.answers())
})
