import t from 'tap'
import { createClient } from '../../lib/client.js'
import { stopChild } from '../helpers/child.js'
import { pageSocket, spawnChatServer } from '../helpers/client-server.js'
import { fakeClock, settled } from '../helpers/fake-clock.js'
import { fakeSockets } from '../helpers/fake-websocket.js'
import { until } from '../helpers/until.js'
import { freePort } from '../helpers/ports.js'
import type { chat } from './contracts.js'

const CLIENTS = 1000

/** The largest number of `times` that lie within one window, in hundredths of all. */
function peak (times: readonly number[], window: number): number {
  const sorted = [...times].sort((a, b) => a - b)
  let most = 0
  for (let from = 0, to = 0; to < sorted.length; to++) {
    while (sorted[to]! - sorted[from]! >= window) from++
    most = Math.max(most, to - from + 1)
  }
  return most / sorted.length * 100
}

t.test('the measure sees a herd', async t => {
  t.equal(peak(Array.from({ length: 100 }, () => 5), 50), 100)
  t.equal(peak(Array.from({ length: 100 }, (_, n) => n * 10), 50), 5)
})

t.test('I08 a thousand clients that lose their server in one moment come back spread out', async t => {
  const clock = fakeClock(t)
  const attempts: number[][] = []
  let down = false
  const { WebSocket } = fakeSockets(socket => {
    const own = attempts[Number(socket.url.slice(-4)) - 1000]!
    own.push(clock.now())
    if (down) setTimeout(() => socket.end(1006), 5)
    else setTimeout(() => socket.open(), 5)
  })
  const clients = Array.from({ length: CLIENTS }, (_, n) => {
    attempts.push([])
    const sockets: { end (code: number): void }[] = []
    const client = createClient<typeof chat>({
      url: `ws://h/${1000 + n}`,
      WebSocket: class extends WebSocket {
        constructor (url: string, protocols: string[]) {
          super(url, protocols)
          sockets.push(this as never)
        }
      },
    })
    client.connect()
    return { client, cut: () => sockets.at(-1)!.end(1006) }
  })
  t.teardown(() => { for (const { client } of clients) client.close() })
  await settled()
  await clock.pass(6000, 1000)
  t.ok(clients.every(({ client }) => client.state === 'open'))
  down = true
  const start = clock.now()
  for (const { cut } of clients) cut()
  await clock.pass(10_000, 5)
  down = false
  await clock.pass(25_000, 25)
  t.ok(clients.every(({ client }) => client.state === 'open'), 'all are back')
  const back = attempts.map(own => own.slice(1))
  // The k-th attempts of all clients: the range they could lie in, and the fullest twentieth of it.
  for (let k = 0; k < 4; k++) {
    const times = back.map(own => own[k]).filter(time => time !== undefined)
    const range = Math.max(...times) - Math.min(...times)
    const fullest = peak(times, range / 20)
    t.comment(`attempt ${k + 1}: ${times.length} clients from ${Math.min(...times) - start} to ${Math.max(...times) - start} ms, ${fullest.toFixed(1)} % in the fullest twentieth of that`)
    t.ok(fullest < 20, `attempt ${k + 1}: ${fullest} %`)
  }
  const most = Math.max(...back.map(own => own.length))
  t.comment(`10 s down: at most ${most} attempts of a client, ${(back.flat().length / CLIENTS).toFixed(1)} on average`)
  t.ok(most <= 9)
})

t.test('I08 a real server, killed, gets all of a thousand back', async t => {
  const port = await freePort()
  const first = await spawnChatServer(port)
  t.teardown(() => stopChild(first))
  let attempts = 0
  const Page = pageSocket(port)
  const WebSocket = class extends Page {
    constructor (url: string, protocols: string[]) {
      super(url, protocols)
      attempts++
    }
  }
  const clients = Array.from({ length: CLIENTS }, () => createClient<typeof chat>({ url: `ws://127.0.0.1:${port}/rooms/lobby`, WebSocket, timeout: 60_000 }))
  t.teardown(() => { for (const client of clients) client.close() })
  for (const client of clients) client.connect()
  await until(() => clients.every(({ state }) => state === 'open'))
  const before = attempts
  first.kill('SIGKILL')
  await until(() => clients.every(({ state }) => state !== 'open'))
  const second = await spawnChatServer(port)
  t.teardown(() => stopChild(second))
  await until(() => clients.every(({ state }) => state === 'open'))
  t.comment(`${attempts - before} attempts until all of ${CLIENTS} were back`)
  t.ok(attempts - before < CLIENTS * 8)
})
