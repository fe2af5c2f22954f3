// Load for bench/broadcast.js: `receivers` sockets; one of them says `burst` messages in one write, and says the next ones
// once every socket has got every one of them.
import { clientFrame, connect, FrameCounter } from './lib/frames.js'
import { report, whenAsked } from './lib/process.js'

const { port, receivers, burst, times } = JSON.parse(process.argv[2])
const said = Buffer.concat(Array.from({ length: burst }, (_, index) =>
  clientFrame(JSON.stringify({ type: 'say', data: { text: `The quick brown fox jumps over the lazy dog, ${100 + index} times.` } }))))

let missing = 0
let done = () => {}
const sockets = []
for (let index = 0; index < receivers; index++) {
  const { socket } = await connect({ port, path: '/ws', headers: { Origin: 'https://bench.test' } })
  const counter = new FrameCounter()
  socket.on('data', chunk => {
    missing -= counter.push(chunk)
    if (missing === 0) done()
  })
  socket.on('close', () => { throw new Error('the server closed a socket') })
  sockets.push(socket)
}
const broadcast = () => new Promise(resolve => {
  missing = receivers * burst
  done = resolve
  sockets[0].write(said)
})
for (let warm = 0; warm < 30; warm++) await broadcast()

await whenAsked()
const before = process.cpuUsage()
const started = process.hrtime.bigint()
for (let round = 0; round < times; round++) await broadcast()
const micros = Number(process.hrtime.bigint() - started) / 1e3
const { user, system } = process.cpuUsage(before)
report({ micros, cpu: user + system })
