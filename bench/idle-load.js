// Load for bench/idle.js: opens `count` WebSockets from several loopback addresses, then holds them until it is asked to end.
import { connect } from './lib/frames.js'
import { report, whenAsked } from './lib/process.js'

const { port, cookie, count } = JSON.parse(process.argv[2])
const CONCURRENCY = 64
const PER_ADDRESS = 5000

let next = 0
const held = []
const worker = async () => {
  while (next < count) {
    const index = next++
    const { socket } = await connect({
      port,
      path: '/ws',
      headers: { Origin: 'https://bench.test', Cookie: cookie },
      localAddress: `127.0.0.${2 + Math.floor(index / PER_ADDRESS)}`,
    })
    socket.on('close', () => { throw new Error('the server closed a socket') })
    held.push(socket)
  }
}
await Promise.all(Array.from({ length: CONCURRENCY }, worker))
await whenAsked()
report({ open: held.length })
