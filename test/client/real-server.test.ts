import t from 'tap'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { attempt, type Client, type ClientError, type ClientOptions, createClient, eventsOf, firstMessage, type StateChange } from '../../lib/client.js'
import { tokenAuth } from '../../lib/index.js'
import { stopChild } from '../helpers/child.js'
import { type ChatServer, type ChatServerOptions, chatServer, pageSocket, spawnChatServer } from '../helpers/client-server.js'
import { later } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'
import { freePort } from '../helpers/ports.js'
import type { Teardown } from '../helpers/teardown.js'
import type { chat } from './contracts.js'

// The client over `ws` against the plugin itself.

interface Started {
  readonly client: Client<typeof chat>
  readonly errors: ClientError[]
  readonly states: StateChange[]
}

function clientOf (t: Teardown, port: number, options: Partial<ClientOptions<typeof chat>> = {}): Started {
  const client = createClient<typeof chat>({
    url: `ws://localhost:${port}/rooms/lobby`,
    WebSocket: pageSocket(port),
    backoff: 50,
    pace: { rate: 1e6, burst: 1e6 },
    ...options,
  })
  t.teardown(() => client.close())
  const errors: ClientError[] = []
  const states: StateChange[] = []
  client.listen('error', error => errors.push(error))
  client.listen('state', change => states.push(change))
  return { client, errors, states }
}

async function served (t: Teardown, options?: ChatServerOptions): Promise<ChatServer> {
  const server = await chatServer(options)
  t.teardown(() => server.app.close())
  return server
}

/** A way to a server that can swallow everything: nothing passes, and no FIN either. */
async function tunnel (t: Teardown, port: number): Promise<{ readonly port: number, readonly count: () => number, swallow (): void }> {
  const pairs: (readonly [Socket, Socket])[] = []
  const server = createServer(front => {
    const back = connect(port, '127.0.0.1')
    front.pipe(back)
    back.pipe(front)
    for (const socket of [front, back]) socket.on('error', () => {})
    pairs.push([front, back])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => {
    for (const socket of pairs.flat()) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    count: () => pairs.length,
    swallow () {
      for (const [front, back] of pairs) {
        front.unpipe().pause()
        back.unpipe().pause()
      }
    },
  }
}

t.test('messages, calls, declared errors and errors of the contract', async t => {
  const server = await served(t)
  const { client, errors } = clientOf(t, server.port)
  const said = eventsOf(client).said()
  client.send.say({ text: 'hello' })
  t.same((await said.next()).value, { from: 'somebody', text: 'hello' })
  t.same(await client.calls.history({ limit: 5 }), [{ from: 'somebody', text: 'hello' }])
  const far = await attempt(client).history({ limit: 100 })
  t.ok(!far.ok && far.error.code === 'too_far' && far.error.data.oldest === 7)
  await t.rejects(client.calls.history({ limit: 0 }), { code: 'invalid_message', issues: [{ path: '/limit' }] })
  client.send.say({ text: '' })
  await until(() => errors.length > 0)
  t.match(errors, [{ code: 'invalid_message', type: 'say', sent: { text: '' }, issues: [{ path: '/text' }] }])
  t.equal(server.opened(), 1)
})

t.test('a call that is aborted is stopped on the server', async t => {
  const server = await served(t)
  const { client } = clientOf(t, server.port)
  const controller = new AbortController()
  const call = client.calls.add({ n: -1 }, { signal: controller.signal })
  await until(() => server.added.length === 1)
  controller.abort()
  await t.rejects(call, { code: 'aborted' })
  t.equal(await client.calls.add({ n: 1 }), 2)
})

t.test('a server killed and back: listeners stay, a call on the wire fails once and is not made twice', async t => {
  const port = await freePort()
  const first = await spawnChatServer(port)
  t.teardown(() => stopChild(first))
  const { client, states } = clientOf(t, port)
  const heard: string[] = []
  client.on.said(({ text }) => heard.push(text))
  t.equal(await client.calls.add({ n: 1 }), 2)
  const call = client.calls.add({ n: -1 })
  await new Promise(resolve => setTimeout(resolve, 50))
  first.kill('SIGKILL')
  await t.rejects(call, { code: 'disconnected', type: 'add' })
  client.send.say({ text: 'said while nobody was there' })
  const queued = client.calls.add({ n: 5 })
  const second = await spawnChatServer(port)
  t.teardown(() => stopChild(second))
  t.equal(await queued, 6)
  await until(() => heard.length > 0)
  t.same(heard, ['said while nobody was there'])
  t.match(states.map(({ state }) => state).slice(0, 3), ['connecting', 'open', 'waiting'])
})

t.test('a shutdown is waited for: 1001, then back', async t => {
  const server = await chatServer()
  const { client, states } = clientOf(t, server.port)
  await client.calls.add({ n: 1 })
  await server.app.close()
  t.match(states.find(({ state }) => state === 'waiting'), { code: 1001, reason: 'shutdown' })
  await served(t, { port: server.port })
  t.equal(await client.calls.add({ n: 1 }), 2)
})

t.test('a path that swallows everything, FIN included, is given up after a missed beat', async t => {
  const server = await served(t)
  const way = await tunnel(t, server.port)
  const { client, states } = clientOf(t, way.port, { beat: 200 })
  await client.calls.add({ n: 1 })
  await new Promise(resolve => setTimeout(resolve, 700))
  t.equal(way.count(), 1, 'a living silent server is no reason')
  way.swallow()
  const lost = client.calls.add({ n: -1 })
  await t.rejects(lost, { code: 'disconnected' }, 'long before its own timeout')
  t.match(states.find(({ state }) => state === 'waiting'), { code: 1006 })
  t.equal(await client.calls.add({ n: 2 }), 3)
  t.equal(way.count(), 2)
})

t.test('the queue: what fits is delivered in order, what does not is refused at once', async t => {
  const port = await freePort()
  const { client, errors } = clientOf(t, port)
  const results = Array.from({ length: 300 }, (_, n) => client.send.say({ text: String(n) }))
  t.same([results.filter(Boolean).length, results.indexOf(false)], [256, 256])
  const server = await served(t, { port })
  await until(() => server.said.length === 256)
  t.same(server.said, Array.from({ length: 256 }, (_, n) => String(n)))
  errors.length = 0
  t.equal(client.send.say({ text: 'more' }), true)
})

t.test('a burst keeps to the default limits of a server: nothing is refused', async t => {
  const server = await served(t, { guard: { messages: {} } })
  const { client, errors } = clientOf(t, server.port, { pace: {}, queue: 400 })
  for (let n = 0; n < 300; n++) client.send.say({ text: String(n) })
  await until(() => server.said.length === 300)
  t.same(errors, [])
})

t.test('a server with a tighter limit is obeyed once it has said so', async t => {
  const server = await served(t, { guard: { messages: { rate: 50, burst: 20 } } })
  const { client, errors, states } = clientOf(t, server.port, { pace: {} })
  client.connect()
  await until(() => client.state === 'open')
  for (let n = 0; n < 25; n++) client.send.say({ text: String(n) })
  await until(() => errors.length > 0)
  t.equal(errors[0]?.code, 'rate_limited')
  const [refused, heard] = [errors.length, server.said.length]
  for (let n = 0; n < 30; n++) client.send.say({ text: String(n) })
  await client.calls.add({ n: 1 })
  t.same([errors.length, server.said.length], [refused, heard + 30], 'nothing that comes after the pause is refused')
  t.same(states.map(({ state }) => state), ['connecting', 'open'])
})

t.test('what no budget can pay for is known by its type: a call fails at once, and says when', async t => {
  const server = await served(t, { guard: { messages: { rate: 50, burst: 2 } } })
  const { client, errors } = clientOf(t, server.port)
  client.connect()
  await until(() => client.state === 'open')
  for (const text of ['a', 'b', 'c']) client.send.say({ text })
  await t.rejects(client.calls.add({ n: 1 }), { code: 'rate_limited', type: 'add', sent: { n: 1 }, budget: 'socket', retryAfter: Number })
  t.match(errors, [{ code: 'rate_limited', type: 'say', sent: { text: 'c' } }])
  t.same([server.said, server.added], [['a', 'b'], []])
})

t.test('the session ends: one event, no further attempt', async t => {
  const server = await served(t)
  const { client } = clientOf(t, server.port)
  const events: number[] = []
  client.listen('unauthenticated', ({ code }) => events.push(code ?? 0))
  await client.calls.add({ n: 1 })
  server.route.group('lobby').close(4401, 'unauthenticated')
  await until(() => client.state === 'closed')
  await new Promise(resolve => setTimeout(resolve, 200))
  t.same([events, server.opened()], [[4401], 1])
  client.connect()
  t.equal(await client.calls.add({ n: 1 }), 2, 'after a new login it is opened anew')
})

t.test('a credential that has ended is renewed once, at once', async t => {
  const valid = new Set(['t1', 't2'])
  const server = await served(t, { accepts: token => valid.has(token) })
  let n = 0
  const { client, states } = clientOf(t, server.port, { auth: () => `t${++n}` })
  await client.calls.add({ n: 1 })
  valid.delete('t1')
  server.route.group('lobby').close(4401, 'unauthenticated')
  await until(() => states.some(({ state }) => state === 'waiting'))
  t.equal(await client.calls.add({ n: 2 }), 3)
  t.same([n, server.opened()], [2, 2])
  t.match(states.find(({ state }) => state === 'waiting'), { code: 4401, delay: 0 })
})

t.test('a credential that is refused at the handshake is renewed once; what waits is not lost', async t => {
  const server = await served(t, { accepts: token => token === 't2' })
  const asked: boolean[] = []
  const { client, errors, states } = clientOf(t, server.port, {
    auth ({ refused }) {
      asked.push(refused === true)
      return `t${asked.length}`
    },
  })
  client.send.say({ text: 'kept' })
  t.equal(await client.calls.add({ n: 1 }), 2)
  t.same([asked, server.said, server.opened(), errors], [[false, true], ['kept'], 1, []])
  t.same(states.map(({ state, code }) => code ?? state), ['connecting', 4401, 'connecting', 'open'], 'it never took itself for admitted')
})

t.test('a token is renewed over the open connection, before it ends', async t => {
  await Promise.all([false, true].map(async inMessage => {
    let count = 0
    const server = await served(t, { auth: tokenAuth({ verify: token => token.startsWith('t/') || token.startsWith('t-') ? { id: 'ada', expires: later(3000) } : null }) })
    const source = (): string => `${inMessage ? 't/' : 't-'}${count++}`
    const { client, states } = clientOf(t, server.port, { auth: inMessage ? firstMessage(source) : source })
    client.send.say({ text: 'hello' })
    await until(() => count === 3)
    t.same([server.opened(), server.said, states.map(({ state }) => state)], [1, ['hello'], ['connecting', 'open']])
    client.close()
  }))
})

t.test('refused for good: one event that says why, and no further attempt', async t => {
  const server = await served(t, { accepts: () => false })
  for (const [options, expected] of [
    [{}, ['unauthenticated 4401', 'closed 4401']],
    [{ auth: () => 'wrong' }, ['unauthenticated 4401', 'closed 4401']],
    [{ fingerprint: 'cf-0123456789abcdef' }, ['stale 4426', 'closed 4426']],
    [{ url: `ws://localhost:${server.port}/rooms/${'x'.repeat(40)}`, auth: () => 'wrong' }, ['unauthenticated 4401', 'closed 4401']],
  ] as const) {
    const { client } = clientOf(t, server.port, options)
    const events: string[] = []
    for (const event of ['unauthenticated', 'stale', 'closed'] as const) client.listen(event, ({ code }) => events.push(`${event} ${code}`))
    await t.rejects(client.calls.add({ n: 1 }), { code: 'closed' })
    t.same(events, expected)
  }
  t.equal(server.opened(), 0)
})

t.test('too many connections: it waits as long as it is told, and then gets in', async t => {
  const server = await served(t, { guard: { connections: { perAddress: 1 } } })
  const first = clientOf(t, server.port)
  await first.client.calls.add({ n: 1 })
  const second = clientOf(t, server.port)
  const call = second.client.calls.add({ n: 2 })
  await until(() => second.states.some(({ code }) => code === 4429))
  first.client.close()
  t.equal(await call, 3)
})

t.test('accepted and closed at once, by the real server', async t => {
  const server = await served(t)
  const { client } = clientOf(t, server.port, { backoff: 500 })
  client.listen('state', ({ state }) => {
    if (state === 'open') setTimeout(() => server.route.group('lobby').close(1011, 'internal'), 30)
  })
  client.connect()
  await new Promise(resolve => setTimeout(resolve, 4000))
  t.ok(server.opened() <= 6, `${server.opened()} in 4 s`)
})
