// Load for bench/idle.js and bench/heartbeat.js: opens `count` WebSockets from several loopback addresses, answers their pings, and holds
// them until it is asked to end.
import { connect } from './lib/frames.js'
import { report, whenAsked } from './lib/process.js'
import { sessionCookie } from './lib/sessions.js'

// `from`: each has a session of its own, from that number on.
const { port, cookie, count, from } = JSON.parse(process.argv[2])
const CONCURRENCY = 64
const PER_ADDRESS = 5000

let next = 0
const held = []
let pings = 0
// Empty, and masked with zeros.
const pong = Buffer.from([0x8a, 0x80, 0, 0, 0, 0])
const worker = async () => {
  while (next < count) {
    const index = next++
    const { socket } = await connect({
      port,
      path: '/ws',
      headers: { Origin: 'https://bench.test', Cookie: from === undefined ? cookie : sessionCookie(from + index) },
      localAddress: `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`,
    })
    socket.on('close', () => { throw new Error('the server closed a socket') })
    socket.on('data', chunk => {
      // Nothing else comes: 0x89 0x00, one or several.
      for (let at = 0; at < chunk.length; at += 2) {
        pings++
        socket.write(pong)
      }
    })
    held.push(socket)
  }
}
await Promise.all(Array.from({ length: CONCURRENCY }, worker))
await whenAsked()
report({ open: held.filter(socket => !socket.destroyed).length, pings })
