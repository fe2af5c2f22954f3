import t from 'tap'
import { createClient, type Client, type ClientOptions, type StateChange, urlOf } from '../../lib/client.js'
import { CLOSES } from '../../lib/protocol/codes.js'
import { fakeClock, settled } from '../helpers/fake-clock.js'
import { type FakeSocket, fakeSockets } from '../helpers/fake-websocket.js'
import type { Teardown } from '../helpers/teardown.js'
import type { chat } from './contracts.js'

interface Bench {
  readonly client: Client<typeof chat>
  readonly sockets: FakeSocket[]
  readonly states: StateChange[]
  readonly events: string[]
  readonly last: () => FakeSocket
}

function bench (t: Teardown, options: Partial<ClientOptions<typeof chat>> = {}, onNew?: (socket: FakeSocket) => void): Bench {
  const { WebSocket, sockets } = fakeSockets(onNew)
  const client = createClient<typeof chat>({ url: 'ws://h/rooms/lobby', WebSocket, ...options })
  t.teardown(() => client.close())
  const states: StateChange[] = []
  const events: string[] = []
  client.listen('state', change => states.push(change))
  client.listen('error', ({ code }) => events.push(code))
  for (const event of ['unauthenticated', 'stale', 'closed'] as const) client.listen(event, ({ code }) => events.push(`${event} ${code}`))
  return { client, sockets, states, events, last: () => sockets.at(-1)! }
}

/** The dice: always the least wait, or the longest. */
function dice (t: Teardown, value: number): void {
  const { random } = Math
  Math.random = () => value
  t.teardown(() => { Math.random = random })
}

t.test('nothing is connected before the first use, and then once', async t => {
  const { client, sockets } = bench(t)
  client.listen('state', () => {})
  await settled()
  t.same([client.state, sockets.length], ['idle', 0])
  client.on.said(() => {})
  client.send.say({ text: 'x' })
  client.connect()
  await settled()
  t.same([client.state, sockets.length], ['connecting', 1])
  t.equal(sockets[0]?.url, 'ws://h/rooms/lobby')
  t.same(sockets[0]?.protocols, ['wsg.v1'])
  sockets[0]?.open()
  t.equal(client.state, 'open')
})

t.test('close and connect within one tick: one socket', async t => {
  const { client, sockets } = bench(t)
  client.connect()
  client.close()
  client.connect()
  await settled()
  t.equal(sockets.length, 1)
})

t.test('fingerprint and credential are offered, both anew for each attempt; so are url and query', async t => {
  const clock = fakeClock(t)
  let n = 0
  const { client, sockets } = bench(t, {
    fingerprint: 'cf-0123456789abcdef',
    url: urlOf<typeof chat>(async () => `wss://h${++n}/x`, { query: () => ({ since: n }) }),
    auth: async () => `token${n}`,
  })
  client.connect()
  await settled()
  sockets[0]?.end(1006)
  await clock.pass(500)
  t.same(sockets.map(({ url }) => url), ['wss://h1/x?since=1', 'wss://h2/x?since=2'])
  t.same(sockets.map(({ protocols }) => protocols), [['wsg.v1', 'cf-0123456789abcdef', 'bearer.token0'], ['wsg.v1', 'cf-0123456789abcdef', 'bearer.token1']])
})

t.test('of an address only the scheme is changed: the token goes to no other host', async t => {
  for (const [url, expected] of [
    ['wss://http-gw.example.com/chat', 'wss://http-gw.example.com/chat'],
    ['wss://h/http/live?next=http%3A%2F%2Fa', 'wss://h/http/live?next=http%3A%2F%2Fa'],
    ['https://http.example.com/x', 'wss://http.example.com/x'],
    [urlOf('https://h/r/:room', { params: { room: 'http' }, query: { q: 'see http://x' } } as never), 'wss://h/r/http?q=see+http%3A%2F%2Fx'],
  ] as const) {
    const { client, last } = bench(t, { url, auth: () => 'token' })
    client.connect()
    await settled()
    await settled()
    t.same([last().url, last().protocols], [expected, ['wsg.v1', 'bearer.token']])
  }
})

t.test('an auth that only renews a cookie offers nothing', async t => {
  const { client, last } = bench(t, { auth: () => {} })
  client.connect()
  await settled()
  t.same(last().protocols, ['wsg.v1'])
})

// Rows of the table of close codes: does the client connect again by itself?
const AGAIN = [1000, 1001, 1005, 1006, 1011, 1012, 1013, 1014, 1015, 3000, 3999, 4000, 4399, 4408, 4429, 4500, 4999]
const NEVER = [1002, 1003, 1007, 1008, 1009, 1010, 4400, 4401, 4402, 4403, 4409, 4426, 4499]

t.test('the rows agree with the table that the server has', async t => {
  for (const { code, retryable } of Object.values(CLOSES)) t.ok((retryable ? AGAIN : NEVER).includes(code), String(code))
})

for (const [codes, again] of [[AGAIN, true], [NEVER, false]] as const) {
  for (const code of codes) {
    t.test(`after ${code} it ${again ? 'connects again' : 'is closed'}`, async t => {
      const clock = fakeClock(t)
      const { client, sockets, last, states, events } = bench(t)
      client.connect()
      await settled()
      last().open()
      last().end(code, 'because')
      await clock.pass(20_000, 50)
      t.equal(sockets.length > 1, again)
      t.match(states.find(({ state }) => state === (again ? 'waiting' : 'closed')), { code, reason: 'because' })
      const own = code === 4401 ? ['unauthenticated 4401'] : code === 4426 ? ['stale 4426'] : []
      t.same(events, again ? [] : [...own, `closed ${code}`])
    })
  }
}

t.test('retry overrides the table, in both directions', async t => {
  const clock = fakeClock(t)
  const { client, sockets, last, events } = bench(t, { retry: code => code === 4403 ? true : code === 4000 ? false : undefined })
  client.connect()
  await settled()
  last().end(4403)
  await clock.pass(600)
  t.equal(sockets.length, 2)
  last().end(4000)
  await clock.pass(30_000, 100)
  t.same([sockets.length, client.state, events], [2, 'closed', ['closed 4000']])
})

for (const [name, luck] of [['the shortest waits', 0], ['the longest waits', 0.999]] as const) {
  for (const code of [1000, 1006, 1011, 1013, 4429]) {
    t.test(`accepted and closed ${code} again and again, with ${name}: at most 8 connections in 15 s`, async t => {
      const clock = fakeClock(t)
      dice(t, luck)
      const { client, sockets } = bench(t, {}, socket => {
        setTimeout(() => socket.open(), 1)
        setTimeout(() => socket.end(code), 30)
      })
      client.connect()
      await clock.pass(15_000)
      t.ok(sockets.length <= 8, `${sockets.length}`)
      t.ok(sockets.length >= 3, `${sockets.length}: it goes on trying`)
      await clock.pass(600_000, 1000)
      const before = sockets.length
      await clock.pass(60_000, 200)
      t.ok(sockets.length > before, 'for ever')
    })
  }
}

t.test('a storm of 4401 with a credential: two connections; without: one', async t => {
  const clock = fakeClock(t)
  for (const [auth, expected] of [[() => 'token', 2], [undefined, 1]] as const) {
    const { client, sockets, events } = bench(t, { auth }, socket => {
      setTimeout(() => socket.open(), 1)
      setTimeout(() => socket.end(4401, 'unauthenticated'), 30)
    })
    client.connect()
    await clock.pass(60_000, 200)
    t.same([sockets.length, events], [expected, ['unauthenticated 4401', 'closed 4401']])
  }
})

t.test('a refused credential is renewed once, at once; a connection that lasted earns another renewal', async t => {
  const clock = fakeClock(t)
  const asked: boolean[] = []
  const { client, sockets, last, events } = bench(t, { auth: ({ refused }) => { asked.push(refused === true); return `t${asked.length}` } })
  client.connect()
  await settled()
  last().open()
  last().end(4401)
  await clock.pass(10)
  t.same([asked, sockets.length], [[false, true], 2])
  last().open()
  await clock.pass(6000)
  last().end(4401)
  await clock.pass(10)
  t.same([asked, sockets.length, events], [[false, true, true], 3, []])
  last().end(4401)
  await clock.pass(10_000)
  t.same([sockets.length, events], [3, ['unauthenticated 4401', 'closed 4401']])
})

t.test('waits double up to the longest; only a connection that lasted begins anew', async t => {
  const clock = fakeClock(t)
  dice(t, 1)
  const { client, last, states } = bench(t, { backoff: 100, maxBackoff: 1000 })
  client.connect()
  await settled()
  const delays = (): (number | undefined)[] => states.filter(({ state }) => state === 'waiting').map(({ delay }) => delay)
  for (let n = 0; n < 6; n++) {
    last().open()
    last().end(1006)
    await clock.pass(1010)
  }
  t.same(delays(), [100, 200, 400, 800, 1000, 1000])
  last().open()
  await clock.pass(5000)
  last().end(1006)
  t.equal(delays().at(-1), 100)
})

t.test('waits are spread over three quarters of their length', async t => {
  for (const [luck, delay] of [[0, 125], [0.5, 312.5], [1, 500]] as const) {
    dice(t, luck)
    const { client, last, states } = bench(t)
    client.connect()
    await settled()
    last().end(1006)
    t.equal(states.at(-1)?.delay, delay)
    client.close()
  }
})

t.test('the wait that the server asked for is kept, whatever wakes the client', async t => {
  const clock = fakeClock(t)
  dice(t, 0)
  const page = fakePage(t)
  const { client, last, states, sockets } = bench(t)
  client.listen('error', () => {})
  client.connect()
  await settled()
  last().open()
  last().say({ type: '$error', error: { code: 'too_many', message: '', retryAfter: 8000 } })
  last().end(4429, 'too_many')
  t.equal(states.at(-1)?.delay, 8125)
  await clock.pass(4000)
  page.fire('online')
  await clock.pass(3000)
  t.equal(sockets.length, 1)
  await clock.pass(2000)
  t.equal(sockets.length, 2)
  last().end(1006)
  t.equal(states.at(-1)?.delay, 250, 'and then forgotten')
})

/** A page whose events a test fires. */
function fakePage (t: Teardown): { fire (event: string): void, readonly count: () => number } {
  const page = globalThis as { addEventListener?: unknown }
  const target = new EventTarget()
  let count = 0
  page.addEventListener = (type: string, listener: () => void, options: { readonly signal: AbortSignal }) => {
    count++
    target.addEventListener(type, listener, options)
    options.signal.addEventListener('abort', () => { count-- })
  }
  t.teardown(() => { delete page.addEventListener })
  return { fire: event => { target.dispatchEvent(new Event(event)) }, count: () => count }
}

t.test('network back or tab shown: a wait is cut short, after a second at the earliest', async t => {
  const clock = fakeClock(t)
  dice(t, 1)
  const page = fakePage(t)
  const { client, sockets, last } = bench(t, { backoff: 10_000 })
  client.connect()
  await settled()
  last().end(1006)
  page.fire('online')
  page.fire('visibilitychange')
  await clock.pass(900)
  t.equal(sockets.length, 1)
  await clock.pass(200)
  t.equal(sockets.length, 2)
  last().end(1006)
  await clock.pass(2000)
  page.fire('visibilitychange')
  await clock.pass(10)
  t.equal(sockets.length, 3)
  client.close()
  t.equal(page.count(), 0, 'a closed client listens to nothing')
  page.fire('online')
  await clock.pass(60_000, 200)
  t.equal(sockets.length, 3, 'an explicit close wins')
})

t.test('silence is asked once, and given up two fifths later; the next connection does not wait for the old one to end', async t => {
  const clock = fakeClock(t)
  const { client, sockets, last, states } = bench(t)
  client.connect()
  await settled()
  const first = last()
  first.open()
  await clock.pass(24_900)
  t.equal(first.pings, 0)
  await clock.pass(200)
  t.equal(first.pings, 1)
  await clock.pass(9800)
  t.equal(client.state, 'open')
  await clock.pass(200)
  t.match(states.at(-1), { state: 'waiting', code: 1006 })
  t.ok(first.closed)
  await clock.pass(500)
  t.equal(sockets.length, 2)
  last().open()
  first.say({ type: 'said', data: {} })
  first.end(1006)
  t.equal(client.state, 'open', 'what the old one still says is not heard')
})

t.test('any frame is an answer, and puts the next question off', async t => {
  const clock = fakeClock(t)
  const { client, last } = bench(t)
  client.connect()
  await settled()
  last().open()
  for (let n = 0; n < 5; n++) {
    await clock.pass(20_000, 50)
    last().say({ type: 'said', data: {} })
  }
  t.equal(last().pings, 0)
  await clock.pass(25_100)
  last().say({ type: '$pong' })
  await clock.pass(20_000, 50)
  t.same([last().pings, client.state], [1, 'open'])
})

t.test('a laptop that slept asks again, with little patience, before it gives the connection up', async t => {
  const clock = fakeClock(t)
  const { client, sockets, last } = bench(t)
  client.connect()
  await settled()
  last().open()
  await clock.pass(25_100)
  t.equal(last().pings, 1)
  clock.sleep(3_600_000)
  await clock.pass(10_000)
  t.same([last().pings, client.state], [2, 'open'], 'the answer to the first could not be heard')
  last().say({ type: '$pong' })
  await clock.pass(20_000, 50)
  t.same([client.state, sockets.length], ['open', 1], 'a connection that has survived is kept')

  await clock.pass(5100)
  clock.sleep(3_600_000)
  await clock.pass(10_000)
  t.equal(last().pings, 4)
  await clock.pass(3500)
  t.ok(sockets.length === 2 || client.state === 'waiting', 'one that has not is given up after 3 s')
})

t.test('an open connection is asked when the network comes back', async t => {
  const clock = fakeClock(t)
  const page = fakePage(t)
  const { client, last } = bench(t)
  client.connect()
  await settled()
  last().open()
  page.fire('online')
  t.equal(last().pings, 1)
  await clock.pass(2900)
  t.equal(client.state, 'open')
  await clock.pass(200)
  t.equal(client.state, 'waiting')
})

t.test('an attempt that hangs is given up, at whatever step', async t => {
  const clock = fakeClock(t)
  const { client, states, sockets } = bench(t, { timeout: 3000 })
  client.connect()
  await clock.pass(3100)
  t.match(states.at(-1), { state: 'waiting', code: 1006 })
  t.ok(sockets[0]?.closed)
  const hung = bench(t, { timeout: 3000, auth: async () => await new Promise<never>(() => {}) })
  hung.client.connect()
  await clock.pass(3100)
  t.equal(hung.client.state, 'waiting')
})

t.test('an auth or url that fails is an error, and is tried again with back-off', async t => {
  const clock = fakeClock(t)
  let tries = 0
  const { client, events, sockets } = bench(t, { auth: async () => { if (++tries < 3) throw new Error('offline'); return 'x' } })
  client.connect()
  await clock.pass(3000)
  t.same([tries, events, sockets.length], [3, ['connect_failed', 'connect_failed'], 1])
})

t.test('what makes no URL, and a missing WebSocket, are errors that say so', async t => {
  const clock = fakeClock(t)
  const causes: string[] = []
  for (const options of [{ url: 'nonsense' }, { url: urlOf<typeof chat>(() => 'ws://h/rooms/:room', {}) }, { WebSocket: undefined }]) {
    const page = globalThis as { WebSocket?: unknown }
    const own = page.WebSocket
    delete page.WebSocket
    const { client } = bench(t, options)
    client.listen('error', ({ cause }) => causes.push((cause as Error).message))
    client.connect()
    await settled()
    client.close()
    page.WebSocket = own
  }
  await clock.pass(1)
  t.equal(causes.length, 3)
  t.match(causes[0], /Invalid URL/)
  t.match(causes[1], /params\.room/)
  t.match(causes[2], /WebSocket/)
})

t.test('where there is no WebSocket nothing is tried again', async t => {
  const clock = fakeClock(t)
  const page = globalThis as { WebSocket?: unknown }
  const own = page.WebSocket
  delete page.WebSocket
  t.teardown(() => { page.WebSocket = own })
  const { client, events, states } = bench(t, { WebSocket: undefined })
  const call = client.calls.history({ limit: 1 })
  await clock.pass(60_000, 1000)
  t.same(events, ['connect_failed', 'closed 1006'])
  t.same(states.map(({ state }) => state), ['connecting', 'closed'])
  await t.rejects(call, { code: 'closed', cause: { state: 'closed', code: 1006 } })
  client.connect()
  await settled()
  t.equal(events.length, 4, 'but by connect()')
})

t.test('without a url nothing is tried again: undefined is no path of the page\'s site', async t => {
  const clock = fakeClock(t)
  const page = globalThis as { location?: { href: string } }
  page.location = { href: 'https://app.example.com/' }
  t.teardown(() => { delete page.location })
  const { client, sockets, events } = bench(t, { url: undefined as never })
  client.listen('error', ({ cause }) => { t.match((cause as Error).message, /undefined/) })
  client.connect()
  await clock.pass(60_000, 1000)
  t.same([events, sockets.length, client.state], [['connect_failed', 'closed 1006'], 0, 'closed'])
})

t.test('close: the server is told, and nothing comes after it; connect begins anew', async t => {
  const clock = fakeClock(t)
  const { client, sockets, last, events, states } = bench(t)
  client.connect()
  await settled()
  last().open()
  client.close(4000, 'bye')
  client.close()
  t.same(last().closed, { code: 4000, reason: 'bye' })
  t.same(events, ['closed 4000'])
  last().end(1006)
  await clock.pass(60_000, 200)
  t.same([client.state, sockets.length], ['closed', 1])
  t.equal(client.send.say({ text: 'x' }), false)
  client.on.said(() => {})
  await clock.pass(10)
  t.equal(sockets.length, 1, 'use does not open what was closed')
  client.connect()
  await settled()
  t.same([sockets.length, states.at(-1)?.state], [2, 'connecting'])
})

t.test('a listener may close in whatever state', async t => {
  const clock = fakeClock(t)
  for (const state of ['connecting', 'open', 'waiting'] as const) {
    const { client, sockets } = bench(t, {}, socket => setTimeout(() => { socket.open(); socket.end(1006) }, 5))
    client.listen('state', change => { if (change.state === state) client.close() })
    client.connect()
    await clock.pass(30_000, 100)
    t.same([client.state, sockets.length], ['closed', state === 'connecting' ? 0 : 1], state)
  }
})

t.test('a listener that closes because of an attempt that failed has the last word', async t => {
  const clock = fakeClock(t)
  const { client, sockets, states } = bench(t, { url: 'nonsense' })
  client.listen('error', () => client.close())
  client.connect()
  await clock.pass(30_000, 100)
  t.same([client.state, sockets.length, states.map(({ state }) => state)], ['closed', 0, ['connecting', 'closed']])
})

t.test('retry may bring a refused credential back as well: it is renewed first', async t => {
  const clock = fakeClock(t)
  const asked: boolean[] = []
  const { client, last } = bench(t, { auth: ({ refused }) => { asked.push(refused === true) }, retry: () => true })
  client.connect()
  await settled()
  for (let n = 0; n < 3; n++) {
    last().end(4401)
    await clock.pass(2100)
  }
  t.same(asked, [false, true, false, false])
})
