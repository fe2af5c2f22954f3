// Opens handshakes over raw TCP, `concurrency` at a time, for `duration` ms; each socket is dropped once its answer is complete.
import net from 'node:net'

const { port, cookie, origin, concurrency, duration, expect } = JSON.parse(process.argv[2])
const request = Buffer.from([
  'GET /ws HTTP/1.1', 'Host: bench.test', 'Upgrade: websocket', 'Connection: Upgrade', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version: 13', `Origin: ${origin}`, `Cookie: ${cookie}`, 'User-Agent: bench', '', '',
].join('\r\n'))

let done = 0
let wrong = 0
const started = process.hrtime.bigint()
const isOver = () => Number(process.hrtime.bigint() - started) / 1e6 > duration

const worker = () => new Promise(resolve => {
  const next = () => {
    if (isOver()) {
      resolve()
      return
    }
    const socket = net.connect({ port, host: '127.0.0.1' }, () => { socket.write(request) })
    let answered = false
    socket.on('data', chunk => {
      if (answered) return
      answered = true
      if (chunk.toString('latin1', 9, 12) === expect) done++
      else wrong++
      // A reset leaves no TIME_WAIT behind, so that a long run does not use up the ports.
      socket.resetAndDestroy()
    })
    socket.on('error', () => { if (!answered) wrong++ })
    socket.on('close', next)
  }
  next()
})
await Promise.all(Array.from({ length: concurrency }, worker))
const elapsed = Number(process.hrtime.bigint() - started) / 1e9
process.send({ done, wrong, perSecond: done / elapsed })
process.disconnect()
