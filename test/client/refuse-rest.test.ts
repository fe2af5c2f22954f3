import t from 'tap'
import { createClient, envelope, eventsOf, urlOf } from '../../lib/client.js'
import { fakeSockets } from '../helpers/fake-websocket.js'
import type { chat } from './contracts.js'

// Nothing that is handed in is silently passed over. Which name was meant is told elsewhere: explained-client.test.ts.

const url = 'ws://h/rooms/lobby'
const wrong = (message: string): { name: string, code: string, message: string } => ({ name: 'ClientError', code: 'unknown_option', message })

t.test('an unknown option is an error, wherever it stands', async t => {
  const { WebSocket, sockets } = fakeSockets()
  for (const more of [{ quue: 3 }, { Auth: () => 'x' }, { params: {} }, { pase: undefined }]) {
    t.throws(() => createClient<typeof chat>({ url, WebSocket, ...more }), wrong(Object.keys(more)[0]!))
  }
  t.throws(() => createClient<typeof chat>({ url, WebSocket, pace: { rate: 1, brust: 1 } as never }), wrong('brust'))
  const client = createClient<typeof chat>({ url, WebSocket })
  t.throws(() => client.calls.history({ limit: 1 }, { timout: 5 } as never), wrong('timout'))
  t.throws(() => eventsOf(client).said({ bufer: 5 } as never), wrong('bufer'))
  t.throws(() => urlOf('/rooms/:room', { parms: {} } as never), wrong('parms'))
  t.throws(() => envelope({ tpye: 'event' } as never), wrong('tpye'))
  client.close()
  t.equal(sockets.length, 0)
})

t.test('every option that there is is known', async t => {
  const { WebSocket } = fakeSockets()
  t.doesNotThrow(() => createClient<typeof chat>({
    url,
    WebSocket,
    auth: () => {},
    fingerprint: 'cf-0123456789abcdef',
    retry: () => undefined,
    backoff: 1,
    maxBackoff: 1,
    beat: 1,
    timeout: 1,
    codec: envelope({ type: 'event', data: null, id: 'i', binary: 'b' }),
    offline: { say: 'drop' },
    idempotent: ['add'],
    queue: 1,
    pace: { rate: 1, burst: 1 },
  }).close())
  t.doesNotThrow(() => urlOf('/rooms/:room', { params: { room: 'x' }, query: {} }))
})
