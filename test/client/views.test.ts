import t from 'tap'
import { attempt, createClient, eventsOf, once } from '../../lib/client.js'
import { settled } from '../helpers/fake-clock.js'
import { type FakeSocket, fakeSockets } from '../helpers/fake-websocket.js'
import type { Teardown } from '../helpers/teardown.js'
import type { chat } from './contracts.js'

async function opened (t: Teardown): Promise<{ client: ReturnType<typeof createClient<typeof chat>>, socket: FakeSocket }> {
  const { WebSocket, sockets } = fakeSockets()
  const client = createClient<typeof chat>({ url: 'ws://h/rooms/lobby', WebSocket })
  t.teardown(() => client.close())
  client.connect()
  await settled()
  sockets[0]!.open()
  return { client, socket: sockets[0]! }
}

t.test('once: one message of its own, or none when taken off', async t => {
  const { client, socket } = await opened(t)
  const heard: unknown[] = []
  once(client).said(data => heard.push(data))
  once(client).left(data => heard.push(data))()
  for (const n of [1, 2]) for (const type of ['said', 'left']) socket.say({ type, data: n })
  t.same(heard, [1])
})

t.test('eventsOf: iterators that do not share what they have heard', async t => {
  const { client, socket } = await opened(t)
  const [a, b] = [eventsOf(client).said(), eventsOf(client).said({ buffer: 1 })]
  for (const n of [1, 2]) socket.say({ type: 'said', data: n })
  t.same([(await a.next()).value, (await b.next()).value, b.dropped], [1, 2, 1])
  client.close()
  t.same([(await a.next()).value, (await a.next()).done], [2, true])
})

t.test('attempt: an end of a call, never a rejection', async t => {
  const { client, socket } = await opened(t)
  const [good, bad] = [attempt(client).add({ n: 1 }), attempt(client).add({ n: 2 }, { signal: AbortSignal.abort() })]
  socket.say({ id: socket.sent[0]?.id, data: 2 })
  t.same(await good, { ok: true, data: 2 })
  t.match(await bad, { ok: false, error: { code: 'aborted' } })
})
