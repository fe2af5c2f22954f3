import t from 'tap'
import { mock } from 'node:test'
import { attempt, checked, ClientError, createClient, envelope, eventsOf, once, type Client, type ClientOptions, type Codec, type Sent } from '../../lib/client.js'
import { plain } from '../../lib/client/codec.js'
import { fakeClock, settled } from '../helpers/fake-clock.js'
import { type FakeSocket, fakeSockets } from '../helpers/fake-websocket.js'
import type { Teardown } from '../helpers/teardown.js'
import type { chat } from './contracts.js'

interface Bench {
  readonly client: Client<typeof chat>
  readonly sockets: FakeSocket[]
  readonly errors: ClientError[]
  readonly last: () => FakeSocket
  /** Connects, and admits. */
  open (): Promise<FakeSocket>
}

function bench (t: Teardown, options: Partial<ClientOptions<typeof chat>> = {}): Bench {
  const { WebSocket, sockets } = fakeSockets()
  const client = createClient<typeof chat>({ url: 'ws://h/rooms/lobby', WebSocket, ...options })
  t.teardown(() => client.close())
  const errors: ClientError[] = []
  client.listen('error', error => errors.push(error))
  const last = (): FakeSocket => sockets.at(-1)!
  return {
    client,
    sockets,
    errors,
    last,
    async open () {
      client.connect()
      await settled()
      last().open()
      return last()
    },
  }
}

/** How a promise ended, so far. */
async function endOf (promise: Promise<unknown>): Promise<unknown> {
  await settled()
  return await Promise.race([promise.then(data => ({ data }), (error: ClientError) => error.code), settled().then(() => 'pending')])
}

t.test('methods of a message are always the same function', async t => {
  const { client } = bench(t)
  t.equal(client.on.said, client.on.said)
  t.equal(client.calls.history, client.calls.history)
  t.not(client.on.said, client.on.left)
})

t.test('messages reach their listeners over all connections; once means once', async t => {
  const clock = fakeClock(t)
  const { client, last, open } = bench(t)
  const heard: string[] = []
  const off = client.on.said(({ text }) => heard.push(text))
  once(client).said(({ text }) => heard.push(`once ${text}`))
  const said = (text: string): void => last().say({ type: 'said', data: { from: 'ann', text } })
  await open()
  said('a')
  last().end(1006)
  await clock.pass(600)
  last().open()
  said('b')
  last().say({ type: 'left', data: { who: 'ann' } })
  last().say({ type: 'nobody knows me', data: 1 })
  off()
  said('c')
  t.same(heard, ['a', 'once a', 'b'])
})

t.test('an iterator gets what listeners get', async t => {
  const { client, open } = bench(t)
  const said = eventsOf(client).said()
  const socket = await open()
  socket.say({ type: 'said', data: { from: 'ann', text: 'a' } })
  t.same((await said.next()).value, { from: 'ann', text: 'a' })
  client.close()
  t.equal((await said.next()).done, true)
})

t.test('what is sent before the connection is open waits, and goes in order', async t => {
  const { client, open } = bench(t)
  t.equal(client.send.say({ text: 'a' }), true)
  const history = client.calls.history({ limit: 2 })
  const socket = await open()
  t.match(socket.sent, [{ type: 'say', data: { text: 'a' } }, { type: 'history', data: { limit: 2 } }])
  socket.say({ id: socket.sent[1]?.id, data: [] })
  t.same(await history, [])
})

t.test('the queue is bounded: send returns false, a call is queue_full', async t => {
  const { client, open } = bench(t, { queue: 2 })
  t.same([1, 2, 3].map(() => client.send.say({ text: 'x' })), [true, true, false])
  await t.rejects(client.calls.add({ n: 1 }), { code: 'queue_full', type: 'add' })
  t.equal((await open()).sent.length, 2)
})

t.test('a message that is worthless later is dropped while there is no connection', async t => {
  const { client, open } = bench(t, { offline: { typing: 'drop' } })
  t.equal(client.send.typing({}), false)
  const socket = await open()
  t.equal(client.send.typing({}), true)
  t.equal(socket.sent.length, 1)
})

t.test('calls get their own replies, in whatever order', async t => {
  const { client, open } = bench(t)
  const socket = await open()
  const [a, b] = [client.calls.add({ n: 1 }), client.calls.add({ n: 2 })]
  const [first, second] = socket.sent
  socket.say({ id: second?.id, data: 20 })
  socket.say({ id: first?.id, data: 10 })
  socket.say({ id: first?.id, data: 11 })
  t.same([await a, await b], [10, 20])
})

t.test('errors of a call: declared ones with their data, others by their code', async t => {
  const { client, open, errors } = bench(t)
  const socket = await open()
  const reply = (error: object): void => socket.say({ id: socket.sent.at(-1)?.id, error })
  const declared = attempt(client).history({ limit: 1 })
  reply({ code: 'too_far', message: 'too_far', data: { oldest: 7 } })
  const answer = await declared
  if (answer.ok || answer.error.code !== 'too_far') return t.fail('an error was expected')
  t.equal(answer.error.data.oldest, 7)
  const invalid = client.calls.history({ limit: 1000 })
  reply({ code: 'invalid_message', message: 'The message does not fit the contract', issues: [{ path: '/limit', message: 'x' }] })
  await t.rejects(invalid, { name: 'ClientError', code: 'invalid_message', type: 'history', message: 'The message does not fit the contract', issues: [{ path: '/limit' }] })
  const ok = attempt(client).history({ limit: 1 })
  socket.say({ id: socket.sent.at(-1)?.id, data: [] })
  t.same(await ok, { ok: true, data: [] })
  t.same(errors, [], 'and no event')
})

t.test('a call that takes too long: timeout, and the server is told to stop', async t => {
  const clock = fakeClock(t)
  const { client, open } = bench(t)
  const socket = await open()
  const call = client.calls.add({ n: 1 }, { timeout: 100 })
  await clock.pass(110)
  t.equal(await endOf(call), 'timeout')
  t.match(socket.sent.at(-1), { type: '$cancel', id: socket.sent[0]?.id })
  socket.say({ id: socket.sent[0]?.id, data: 1 })
  t.equal(await endOf(call), 'timeout', 'a late reply changes nothing')
  t.equal(await endOf(client.calls.add({ n: 1 })), 'pending')
})

t.test('a call that never went out leaves the queue with its timeout', async t => {
  const clock = fakeClock(t)
  const { client, open } = bench(t)
  const call = client.calls.add({ n: 1 }, { timeout: 100 })
  await clock.pass(110)
  t.equal(await endOf(call), 'timeout')
  t.same((await open()).sent, [])
})

t.test('the abort signal', async t => {
  const { client, open } = bench(t)
  const early = AbortSignal.abort('changed my mind')
  await t.rejects(client.calls.add({ n: 1 }, { signal: early }), { code: 'aborted', cause: 'changed my mind' })
  const queued = new AbortController()
  const waiting = client.calls.add({ n: 2 }, { signal: queued.signal })
  queued.abort()
  t.equal(await endOf(waiting), 'aborted')
  const socket = await open()
  t.same(socket.sent, [])
  const controller = new AbortController()
  const call = client.calls.add({ n: 3 }, { signal: controller.signal })
  controller.abort()
  t.equal(await endOf(call), 'aborted')
  t.match(socket.sent, [{ type: 'add' }, { type: '$cancel', id: socket.sent[0]?.id }])
  const done = client.calls.add({ n: 4 }, { signal: queued.signal })
  t.equal(await endOf(done), 'aborted')
})

t.test('a drop: calls on the wire fail and are never sent again; those that wait stay; idempotent ones are sent again', async t => {
  const clock = fakeClock(t)
  const { client, open, last } = bench(t, { idempotent: ['history'] })
  const socket = await open()
  const add = client.calls.add({ n: 1 })
  const history = client.calls.history({ limit: 1 })
  client.send.say({ text: 'sent' })
  socket.end(1006)
  const later = client.calls.add({ n: 2 })
  t.equal(await endOf(add), 'disconnected')
  await t.rejects(add, { type: 'add', cause: { state: 'waiting', code: 1006 } }, 'and says what ended it')
  t.same([await endOf(history), await endOf(later)], ['pending', 'pending'])
  await clock.pass(600)
  last().open()
  t.match(last().sent, [{ type: 'history', data: { limit: 1 } }, { type: 'add', data: { n: 2 } }])
  t.equal(last().sent.length, 2)
  last().say({ id: last().sent[0]?.id, data: [] })
  last().say({ id: last().sent[1]?.id, data: 2 })
  t.same([await history, await later], [[], 2])
})

t.test('ids are never used twice, so that a late reply meets no other call', async t => {
  const clock = fakeClock(t)
  const { client, open, last } = bench(t)
  const socket = await open()
  void client.calls.add({ n: 1 })
  const old = socket.sent[0]?.id
  socket.end(1006)
  await clock.pass(600)
  last().open()
  const call = client.calls.add({ n: 2 })
  t.not(last().sent[0]?.id, old)
  last().say({ id: old, data: 99 })
  t.equal(await endOf(call), 'pending')
})

t.test('close: what waits and what is on the wire fails with closed, later calls as well', async t => {
  const { client, open } = bench(t)
  const waiting = client.calls.add({ n: 1 })
  await open()
  const onWire = client.calls.add({ n: 2 })
  client.close()
  t.same([await endOf(waiting), await endOf(onWire), await endOf(client.calls.add({ n: 3 }))], ['closed', 'closed', 'closed'])
  t.same(await attempt(client).add({ n: 3 }).then(({ ok }) => ok), false)
})

t.test('what JSON can not say fails its call, and leaves no timer behind', async t => {
  const clock = fakeClock(t)
  const { client, open } = bench(t)
  const socket = await open()
  await t.rejects(client.calls.add({ n: 1n as never }), TypeError)
  await clock.pass(20_000, 100)
  t.same(socket.sent, [])
})

t.test('nobody has to look at a call, however it ends', async t => {
  const unhandled: unknown[] = []
  const note = (reason: unknown): void => { unhandled.push(reason) }
  process.on('unhandledRejection', note)
  t.teardown(() => { process.off('unhandledRejection', note) })
  const { client, open } = bench(t, { queue: 1 })
  for (let n = 0; n < 3; n++) void client.calls.add({ n })
  await open()
  void client.calls.add({ n: 4 }, { signal: AbortSignal.abort() })
  client.close()
  void client.calls.add({ n: 5 })
  await new Promise(resolve => setTimeout(resolve, 20))
  t.same(unhandled, [])
})

t.test('a refused message: the error names it, with what was sent', async t => {
  const { client, open, errors } = bench(t)
  const socket = await open()
  client.send.say({ text: 'rude' })
  socket.say({ id: socket.sent[0]?.id, error: { code: 'forbidden', message: 'Not allowed' } })
  t.match(errors, [{ code: 'forbidden', message: 'Not allowed', type: 'say', sent: { text: 'rude' } }])
  socket.say({ type: '$error', error: { code: 'invalid_json', message: 'Not JSON' } })
  t.match(errors[1], { code: 'invalid_json', type: undefined })
  for (let n = 0; n < 100; n++) client.send.say({ text: String(n) })
  socket.say({ id: socket.sent[0]?.id, error: { code: 'forbidden', message: 'Not allowed' } })
  t.match(errors[2], { code: 'forbidden', type: undefined, sent: undefined }, 'only the last messages are remembered')
})

t.test('of what was sent the last 64 are remembered, however calls and messages alternate', async t => {
  let known: Sent | undefined
  const codec: Codec = {
    encode: plain.encode,
    decode (frame, sent) {
      known = sent
      return plain.decode(frame, sent)
    },
  }
  const { client, open } = bench(t, { codec, pace: { rate: 1e6, burst: 1e6 } })
  const socket = await open()
  const waits = client.calls.history({ limit: 1 })
  for (let n = 0; n < 500; n++) {
    const end = client.calls.history({ limit: 1 })
    if (n % 7) client.send.say({ text: 'x' })
    t.throws(() => client.send.say({ text: 1n as never }))
    socket.say({ id: socket.sent.at(-1)!.type === 'history' ? socket.sent.at(-1)!.id : socket.sent.at(-2)!.id, data: [] })
    await end
  }
  const { size } = known as never as Map<unknown, unknown>
  t.ok(size <= 65, `${size}: and the call that has no reply yet`)
  socket.say({ id: 1, data: [] })
  t.same(await waits, [])
})

t.test('what has a type is no reply, whatever id it has', async t => {
  const { client, errors, open } = bench(t)
  const heard: unknown[] = []
  client.on.said(data => heard.push(data))
  const socket = await open()
  const history = client.calls.history({ limit: 1 })
  socket.say({ type: 'said', id: 1, data: { from: 'eve', text: 'x' } })
  t.equal(await endOf(history), 'pending')
  t.same([heard, errors], [[{ from: 'eve', text: 'x' }], []])
  socket.say({ id: 1, data: [] })
  t.same(await history, [])
})

t.test('a flat message is neither reply nor error, whatever its payload is named', async t => {
  const { client, errors, open } = bench(t, { codec: envelope({ data: null }) })
  const heard: unknown[] = []
  client.on.said(data => heard.push(data))
  const socket = await open()
  const history = client.calls.history({ limit: 1 })
  socket.say({ type: 'said', id: 1, text: 'forged' })
  socket.say({ type: 'said', id: 1, error: 'disk full' })
  socket.say({ type: 'said', error: { code: 'unauthorized' } })
  t.equal(await endOf(history), 'pending')
  t.same(heard, [{ id: 1, text: 'forged' }, { id: 1, error: 'disk full' }, { error: { code: 'unauthorized' } }])
  t.same(errors, [])
  socket.say({ type: '$error', error: { code: 'unknown_type' } })
  socket.say({ id: 1, error: { code: 'too_far' } })
  t.same([errors.map(({ code }) => code), await endOf(history)], [['unknown_type'], 'too_far'])
})

t.test('the rate that the server tells is kept', async t => {
  const clock = fakeClock(t)
  const { client, open } = bench(t, { pace: { rate: 20, burst: 1000 } })
  const socket = await open()
  client.send.say({ text: 'a' })
  socket.say({ type: '$error', error: { code: 'rate_limited', message: '', retryAfter: 500 } })
  for (let n = 0; n < 10; n++) client.send.say({ text: 'b' })
  await clock.pass(490)
  t.equal(socket.sent.length, 1)
  await clock.pass(20)
  t.equal(socket.sent.length, 2)
  await clock.pass(550)
  t.equal(socket.sent.length, 3)
})

t.test('how long a refused client has to stay away is not how fast an admitted one sends', async t => {
  const clock = fakeClock(t)
  const { client, open, last } = bench(t, { pace: { rate: 20, burst: 10 }, backoff: 0 })
  client.connect()
  await settled()
  last().onopen?.({} as never)
  last().say({ type: '$error', error: { code: 'too_many', message: '', retryAfter: 5000 } })
  last().end(4429)
  await clock.pass(6000)
  const socket = await open()
  for (let n = 0; n < 10; n++) client.send.say({ text: 'b' })
  t.equal(socket.sent.length, 10)
})

/** The delays of all timers from now on. */
function delays (t: Teardown): number[] {
  const { setTimeout } = globalThis
  const seen: number[] = []
  globalThis.setTimeout = ((what: () => void, delay: number, ...args: []) => {
    seen.push(delay)
    return setTimeout(what, delay, ...args)
  }) as never
  t.teardown(() => { globalThis.setTimeout = setTimeout })
  return seen
}

t.test('no wait that a server tells is longer than a day, and what is no such number is none', async t => {
  for (const [retryAfter, least, most] of [[2_592_000_000, 864e5, 865e5], [1e300, 864e5, 865e5], [-5000, 0, 500], ['soon', 0, 500], [{}, 0, 500], [null, 0, 500]] as const) {
    fakeClock(t)
    const seen = delays(t)
    const { client, last, open } = bench(t, { auth: () => 'token' })
    await open()
    last().say({ type: '$auth', data: { expiresIn: 3e9 } })
    last().say({ type: '$error', error: { code: 'rate_limited', retryAfter } })
    client.send.say({ text: 'x' })
    client.send.say({ text: 'y' })
    const states: (number | undefined)[] = []
    client.listen('state', ({ delay }) => states.push(delay))
    last().end(1013)
    t.ok(states[0]! >= least && states[0]! <= most, `${String(retryAfter)}: ${states[0]}`)
    t.ok(Math.max(...seen) < 2 ** 31, `${String(retryAfter)}: ${Math.max(...seen)}`)
    t.notOk(seen.some(Number.isNaN))
    client.close()
    mock.timers.reset()
  }
})

t.test('a pace of less than one message in 24.8 days is no hot loop', async t => {
  fakeClock(t)
  const seen = delays(t)
  const { client, open } = bench(t, { pace: { rate: 1 / 2_600_000, burst: 1 } })
  await open()
  client.send.say({ text: 'x' })
  client.send.say({ text: 'y' })
  t.ok(Math.max(...seen) < 2 ** 31, `${Math.max(...seen)}`)
})

t.test('whatever a server says about tokens, there is one renewal at a time, and a second between two', async t => {
  const clock = fakeClock(t)
  let asked = 0
  const { open } = bench(t, {
    auth ({ expiresIn, deadline }) {
      if ((expiresIn ?? deadline) !== undefined) asked++
      return 'token'
    },
  })
  const socket = await open()
  for (let n = 0; n < 2000; n++) socket.say({ type: '$auth', data: n % 2 ? { deadline: 1 } : { expiresIn: 0 } })
  await clock.pass(500)
  t.equal(asked, 1)
  for (let n = 0; n < 100; n++) {
    socket.say({ type: '$auth', data: { expiresIn: 0 } })
    await clock.pass(100)
  }
  t.ok(asked <= 11, `${asked}`)
})

t.test('an error has the prototype of its class, whatever the server says', async t => {
  const { client, errors, open } = bench(t)
  const socket = await open()
  socket.say('{"type":"$error","error":{"code":"x","message":"m","__proto__":{"isAdmin":true}}}')
  const call = client.calls.history({ limit: 1 })
  socket.say('{"id":1,"error":{"code":"x","__proto__":{"isAdmin":true}}}')
  for (const error of [errors[0], await call.catch((error: unknown) => error)]) {
    t.ok(error instanceof ClientError)
    t.match(error, { code: 'x', name: 'ClientError' })
    t.notOk('isAdmin' in (error as object))
  }
})

t.test('of a burst no more goes out than the protocol allows', async t => {
  const clock = fakeClock(t)
  const { client, open } = bench(t)
  const socket = await open()
  for (let n = 0; n < 400; n++) client.send.say({ text: 'b' })
  t.equal(socket.sent.length, 180)
  await clock.pass(1000)
  t.ok([269, 270].includes(socket.sent.length), `${socket.sent.length}`)
})

t.test('what is no envelope is an error, and harms nothing', async t => {
  const { client, open, errors } = bench(t)
  const socket = await open()
  const heard: unknown[] = []
  client.on.said(data => heard.push(data))
  for (const junk of ['{', '', 'null', '1', '"x"', '[]', '{}', '{"id":77,"data":1}', '{"type":7}', '{"type":"$later"}', '{"type":"$closed"}', '{"type":"__proto__"}']) socket.say(junk)
  socket.say({ type: 'said', data: 1 })
  t.same(heard, [1])
  t.equal(client.state, 'open')
  t.ok(errors.length > 0 && errors.every(({ code }) => code === 'bad_message'))
})

t.test('checking what arrives: what does not fit is dropped with an event, a reply fails its call', async t => {
  const asked: string[] = []
  const { client, open, errors } = bench(t, {
    codec: checked((type, data, kind) => {
      asked.push(`${kind} ${type}`)
      return data !== 'wrong'
    }),
  })
  const heard: unknown[] = []
  client.on.said(data => heard.push(data))
  const socket = await open()
  socket.say({ type: 'said', data: 'wrong' })
  socket.say({ type: 'said', data: 'right' })
  const call = client.calls.add({ n: 1 })
  socket.say({ id: socket.sent.at(-1)?.id, data: 'wrong' })
  const good = client.calls.add({ n: 1 })
  socket.say({ id: socket.sent.at(-1)?.id, data: 2 })
  t.equal(await endOf(call), 'bad_message')
  t.equal(await good, 2)
  t.same(heard, ['right'])
  t.match(errors, [{ code: 'bad_message', type: 'said' }])
  t.same(asked, ['message said', 'message said', 'reply add', 'reply add'])
})

t.test('what does not fit is told for the first message of a connection as well', async t => {
  const { client, last, errors } = bench(t, { codec: checked(() => false) })
  client.connect()
  await settled()
  last().onopen?.({} as never)
  last().say({ type: 'said', data: 'wrong' })
  t.match(errors, [{ code: 'bad_message', type: 'said' }])
  t.equal(client.state, 'open')
})

t.test('flat, renamed and binary contracts by their codec', async t => {
  const { WebSocket, sockets } = fakeSockets()
  interface Flat {
    readonly name: 'flat'
    readonly url: '/'
    readonly inbound: { readonly say: { static: { text: string } }, readonly upload: { static: Uint8Array } }
    readonly outbound: { readonly picture: { static: Uint8Array } }
  }
  const client = createClient<Flat>({ url: 'ws://h', WebSocket, codec: envelope({ type: 'event', data: null, binary: 'picture' }) })
  t.teardown(() => client.close())
  const heard: Uint8Array[] = []
  client.on.picture(bytes => heard.push(bytes))
  await settled()
  sockets[0]?.open()
  t.equal(sockets[0]?.binaryType, 'arraybuffer')
  client.send.say({ text: 'x' })
  client.send.upload(new Uint8Array([7]))
  sockets[0]?.say(new Uint8Array([1, 2]).buffer)
  t.same(sockets[0]?.frames, ['{"text":"x","event":"say"}', new Uint8Array([7])])
  t.same(heard, [new Uint8Array([1, 2])])
})
