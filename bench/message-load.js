// Load for bench/messages.js: `connections` sockets with `depth` messages in flight on each, over plain TCP. Frames are masked
// in advance, answers are counted by their headers, and each read is answered by as many new messages in one write.
import { clientFrame, connect, FrameCounter } from './lib/frames.js'
import { payloads } from './lib/message.js'
import { report, whenAsked } from './lib/process.js'

const { port, kind, cookie, connections, depth, warmUp, duration } = JSON.parse(process.argv[2])

const DIALECTS = {
  plain: { path: '/ws', frame: data => JSON.stringify({ type: 'say', data }), expect: '"said"', setup: [] },
  trpc: { path: '/', frame: (data, index) => JSON.stringify({ id: 10_000 + index, jsonrpc: '2.0', method: 'mutation', params: { path: 'say', input: data } }), expect: '"result"', setup: [] },
  // `40` joins the default namespace; the server says `0{…}` by itself and answers `40{…}`.
  socketio: { path: '/socket.io/?EIO=4&transport=websocket', frame: data => `42${JSON.stringify(['say', data])}`, expect: '"said"', setup: ['40'], greetings: 2 },
}
const { path, frame, expect, setup, greetings = 0 } = DIALECTS[kind] ?? DIALECTS.plain

const frames = payloads(depth).map((data, index) => clientFrame(frame(data, index)))
const size = frames[0].length
if (frames.some(({ length }) => length !== size)) throw new Error('frames of one length are expected')
const batch = Buffer.concat(frames)

let answered = 0
let measuring = false
const headers = { Origin: 'https://bench.test', ...(cookie === null ? {} : { Cookie: cookie }) }
for (let index = 0; index < connections; index++) {
  const { socket, rest } = await connect({ port, path, headers })
  const counter = new FrameCounter()
  let greeted = greetings
  let checked = false
  const read = chunk => {
    let ended = counter.push(chunk)
    if (greeted > 0) {
      const skipped = Math.min(greeted, ended)
      greeted -= skipped
      ended -= skipped
      if (greeted === 0) socket.write(batch)
    }
    if (ended === 0) return
    if (!checked) {
      checked = true
      if (!chunk.toString('latin1').includes(expect)) throw new Error(`unexpected answer: ${chunk.toString('latin1', 0, 300)}`)
    }
    if (measuring) answered += ended
    socket.write(ended === depth ? batch : batch.subarray(0, ended * size))
  }
  socket.on('data', read)
  socket.on('close', () => { throw new Error('the server closed a socket') })
  for (const text of setup) socket.write(clientFrame(text))
  if (greetings === 0) socket.write(batch)
  if (rest.length > 0) read(rest)
}

await new Promise(resolve => { setTimeout(resolve, warmUp) })
await whenAsked()
measuring = true
const before = process.cpuUsage()
const started = process.hrtime.bigint()
setTimeout(() => {
  measuring = false
  const seconds = Number(process.hrtime.bigint() - started) / 1e9
  const { user, system } = process.cpuUsage(before)
  report({ answered, seconds, cpu: user + system })
}, duration)
