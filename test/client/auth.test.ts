import t from 'tap'
import { createClient, firstMessage, ticket } from '../../lib/client.js'
import type { AuthContext, ClientError, ClientOptions } from '../../lib/client.js'
import { fakeClock, settled } from '../helpers/fake-clock.js'
import { type FakeSocket, fakeSockets } from '../helpers/fake-websocket.js'
import type { Teardown } from '../helpers/teardown.js'
import type { chat } from './contracts.js'

function bench (t: Teardown, auth: ClientOptions<typeof chat>['auth']) {
  const { WebSocket, sockets } = fakeSockets()
  const client = createClient<typeof chat>({ url: 'ws://h/rooms/lobby', WebSocket, auth })
  t.teardown(() => client.close())
  client.connect()
  return { client, last: (): FakeSocket => sockets.at(-1)!, sockets }
}

/** Tokens t1, t2 …, and with what they were asked for. */
function tokens (): { readonly asked: boolean[], readonly auth: (context: AuthContext) => string } {
  const asked: boolean[] = []
  return { asked, auth: ({ refused }) => `t${asked.push(refused === true)}` }
}

const auth = (token?: string): object => ({ type: '$auth', data: token === undefined ? {} : { token } })

t.test('a token is renewed after four fifths of its time, over the open connection, again and again', async t => {
  const clock = fakeClock(t)
  const { asked, auth: source } = tokens()
  const { client, last, sockets } = bench(t, source)
  await settled()
  t.same(last().protocols, ['wsg.v1', 'bearer.t1'])
  last().onopen?.({} as never)
  last().say({ type: '$auth', data: { expiresIn: 10_000 } })
  t.equal(client.state, 'open', 'it is the first word of a server that has admitted us')
  await clock.pass(7990)
  t.same(last().sent, [])
  await clock.pass(10)
  t.same(last().sent, [auth('t2')])
  last().say({ type: '$auth', data: { expiresIn: 10_000 } })
  await clock.pass(8000)
  t.same(last().sent, [auth('t2'), auth('t3')])
  t.same(asked, [false, false, false])
  t.equal(sockets.length, 1)
})

t.test('a server that waits for the first token gets it, and messages wait until it has accepted it', async t => {
  const clock = fakeClock(t)
  const { asked, auth: source } = tokens()
  const { client, last } = bench(t, firstMessage(source))
  client.send.say({ text: 'hello' })
  await settled()
  t.same(last().protocols, ['wsg.v1'])
  last().onopen?.({} as never)
  last().say({ type: '$auth', data: { deadline: 5000 } })
  await clock.pass(100)
  t.same([client.state, last().sent], ['connecting', [auth('t1')]], 'silence does not admit who was asked')
  last().say({ type: '$auth', data: { deadline: 4000, refused: true } })
  await clock.pass(100)
  t.same(last().sent, [auth('t1'), auth('t2')])
  last().say({ type: '$auth', data: { expiresIn: 60_000 } })
  t.equal(client.state, 'open')
  t.match(last().sent[2], { type: 'say' })
  t.same(asked, [false, true])
})

t.test('who has no token says so, and what waits is not sent: the server ends it', async t => {
  const clock = fakeClock(t)
  for (const [source, asked] of [[undefined, 1], [() => {}, 2], [ticket(() => null), 2]] as const) {
    const { client, last, sockets } = bench(t, source)
    const events: string[] = []
    for (const event of ['unauthenticated', 'closed'] as const) client.listen(event, ({ code }) => events.push(`${event} ${code}`))
    client.send.say({ text: 'hello' })
    for (let attempt = 0; attempt < 2; attempt++) {
      await settled()
      last().onopen?.({} as never)
      last().say({ type: '$auth', data: { deadline: 5000 } })
      await clock.pass(100)
      t.same(last().sent, [auth()])
      last().end(4401)
      await clock.pass(1)
    }
    t.same([client.state, sockets.length, events], ['closed', asked, ['unauthenticated 4401', 'closed 4401']])
  }
})

t.test('why a token is asked for is told', async t => {
  const clock = fakeClock(t)
  const asked: AuthContext[] = []
  const { last } = bench(t, context => { asked.push(context) })
  await settled()
  last().onopen?.({} as never)
  for (const data of [{ deadline: 5000 }, { deadline: 4000, refused: true }, { expiresIn: 1000 }]) {
    last().say({ type: '$auth', data })
    await clock.pass(1000)
  }
  t.same(asked, [{ refused: false }, { deadline: 5000 }, { deadline: 4000, refused: true }, { expiresIn: 1000 }])
})

t.test('nothing is renewed on a connection that is gone', async t => {
  const clock = fakeClock(t)
  const { asked, auth: source } = tokens()
  const { client, last, sockets } = bench(t, source)
  await settled()
  last().open()
  last().say({ type: '$auth', data: { expiresIn: 10_000 } })
  last().end(1001)
  await clock.pass(1000)
  await settled()
  t.equal(sockets.length, 2)
  last().open()
  last().say({ type: '$auth', data: { expiresIn: 20_000 } })
  await clock.pass(10_000)
  t.same(asked.length, 2, 'the new connection has a time of its own')
  client.close()
  await clock.pass(20_000)
  t.same(last().sent, [])
})

t.test('what can\'t be renewed is an error, and the token may end', async t => {
  const clock = fakeClock(t)
  const cause = new Error('no token service')
  let calls = 0
  const { client, last } = bench(t, () => {
    if (++calls > 1) throw cause
    return 't1'
  })
  const told: ClientError[] = []
  client.listen('error', error => told.push(error))
  await settled()
  last().open()
  last().say({ type: '$auth', data: { expiresIn: 1000 } })
  await clock.pass(1000)
  await settled()
  t.match(told, [{ code: 'connect_failed', cause }])
  t.same([told.length, last().sent, client.state], [1, [], 'open'])
})

t.test('one source serves several clients', async t => {
  const clock = fakeClock(t)
  const source = (): string => 'one'
  const [a, b] = [bench(t, source), bench(t, source)]
  await settled()
  for (const { last } of [a, b]) {
    last().open()
    last().say({ type: '$auth', data: { expiresIn: 1000 } })
  }
  await clock.pass(1000)
  for (const { last } of [a, b]) t.same(last().sent, [auth('one')])
})

t.test('a ticket is offered under its own name', async t => {
  const { last } = bench(t, ticket(async () => 'abc'))
  await settled()
  t.same(last().protocols, ['wsg.v1', 'ticket.abc'])
})

t.test('without a ticket nothing is dialled: that is a fault of who fetches it, and is tried again', async t => {
  const clock = fakeClock(t)
  for (const given of [undefined, '', 7, {}]) {
    let asked = 0
    const { client, last, sockets } = bench(t, ticket((() => ++asked < 3 ? given : 'abc') as () => string))
    const told: ClientError[] = []
    client.listen('error', error => told.push(error))
    await settled()
    t.match(told, [{ code: 'connect_failed', cause: /ticket/ }], String(given))
    t.same([client.state, sockets.length], ['waiting', 0])
    await clock.pass(500)
    await settled()
    await clock.pass(1000)
    await settled()
    t.same([asked, told.length, last().protocols], [3, 2, ['wsg.v1', 'ticket.abc']])
  }
})

t.test('a ticket route that fails is asked again, as any network is', async t => {
  const clock = fakeClock(t)
  const cause = new Error('the ticket route answered 503')
  let asked = 0
  const { client, last } = bench(t, ticket(async () => {
    if (++asked === 1) throw cause
    return 'abc'
  }))
  const told: ClientError[] = []
  client.listen('error', error => told.push(error))
  await settled()
  t.match(told, [{ code: 'connect_failed', cause }])
  await clock.pass(500)
  await settled()
  t.same(last().protocols, ['wsg.v1', 'ticket.abc'])
})
