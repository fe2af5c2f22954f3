// Load for bench/logout.js: opens a WebSocket per session, logs some of them out one by one, then ends all the others at once. A time
// runs from the request that ends a socket to the first byte of its close frame.
import { connect } from './lib/frames.js'
import { report } from './lib/process.js'
import { sessionCookie } from './lib/sessions.js'

const { port, count, logouts } = JSON.parse(process.argv[2])
const CONCURRENCY = 64
const PER_ADDRESS = 5000
const CLOSE_FRAME = 0x88
/** An empty ping, and its answer, masked with zeros. */
const PING = 0x89
const PONG = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])

/** Milliseconds at which each socket's close frame came. */
const closed = new Map()
let open = 0
let next = 0
await Promise.all(Array.from({ length: CONCURRENCY }, async () => {
  while (next < count) {
    const index = next++
    const { socket } = await connect({
      port,
      path: '/ws',
      headers: { Origin: 'https://bench.test', Cookie: sessionCookie(index) },
      localAddress: `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`,
    })
    open++
    socket.on('data', chunk => {
      let at = 0
      for (; chunk[at] === PING; at += 2) socket.write(PONG)
      if (at === chunk.length) return
      if (chunk[at] !== CLOSE_FRAME) throw new Error(`something else than a close frame came: ${chunk.toString('hex')}`)
      closed.set(index, performance.now())
      socket.destroy()
    })
  }
}))

const post = async (path, cookie) => {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers: cookie === undefined ? {} : { cookie } })
  if (!response.ok) throw new Error(`${path}: ${response.status}`)
}
const until = async condition => {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 1))
}

const single = []
// From all over: neither the first nor the last of any list.
for (let n = 0; n < logouts; n++) {
  const index = (n * 7919) % count
  if (closed.has(index)) continue
  const start = performance.now()
  await Promise.all([post('/logout', sessionCookie(index)), until(() => closed.has(index))])
  single.push(closed.get(index) - start)
}
const before = closed.size
const start = performance.now()
await Promise.all([post('/end'), until(() => closed.size === open)])
const all = [...closed.values()].slice(before).map(time => time - start)
report({ open, single, all })
