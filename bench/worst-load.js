// Load of bench/worst.js: one socket sends the frame at its full allowance, another measures its own round trips meanwhile.
import { clientFrame, connect, FrameCounter } from './lib/frames.js'
import { report } from './lib/process.js'

const { port, frame, seconds } = JSON.parse(process.argv[2])
/** The defaults of `messages`. */
const BURST = 200
const RATE = 100
/** Between two round trips, in milliseconds: below the other socket's own allowance. */
const PAUSE = 10
const headers = { Origin: 'https://bench.test' }
const pause = ms => new Promise(resolve => { setTimeout(resolve, ms) })

const echo = await connect({ port, path: '/echo', headers })
const counter = new FrameCounter()
let answered = () => {}
echo.socket.on('data', chunk => { if (counter.push(chunk) > 0) answered() })
echo.socket.on('close', () => { throw new Error('the server closed the measuring socket') })
const ping = clientFrame('{"type":"ping","data":{"n":1}}')
async function roundTrip () {
  const started = performance.now()
  const answer = new Promise(resolve => { answered = resolve })
  echo.socket.write(ping)
  await answer
  return performance.now() - started
}
for (let i = 0; i < 20; i++) await roundTrip()

const ends = performance.now() + seconds * 1000
let flood = Promise.resolve()
if (frame !== null) {
  const bytes = clientFrame(frame)
  const { socket } = await connect({ port, path: '/worst', headers })
  socket.on('data', () => {})
  socket.on('error', () => {})
  flood = (async () => {
    for (let i = 0; i < BURST; i++) socket.write(bytes)
    while (performance.now() < ends) {
      await pause(1000 / RATE)
      if (!socket.destroyed) socket.write(bytes)
    }
  })()
}
const times = []
while (performance.now() < ends) {
  times.push(await roundTrip())
  await pause(PAUSE)
}
await flood
times.sort((a, b) => a - b)
const { handled } = await (await fetch(`http://127.0.0.1:${port}/handled`, { headers: { Host: 'bench.test' } })).json()
report({ p50: times[times.length >> 1], p99: times[Math.floor(times.length * 0.99)], max: times.at(-1), handled })
