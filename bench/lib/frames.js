// WebSocket frames as a load generator needs them: written once in advance, and counted without reading what they hold.
import net from 'node:net'

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d])

/** A client's text frame, masked (RFC 6455 section 5.3). */
export function clientFrame (text) {
  const payload = Buffer.from(text)
  const { length } = payload
  const head = length < 126
    ? Buffer.from([0x81, 0x80 | length])
    : length < 0x10000
      ? Buffer.from([0x81, 0xfe, length >> 8, length & 255])
      : Buffer.from([0x81, 0xff, 0, 0, 0, 0, length >>> 24, (length >> 16) & 255, (length >> 8) & 255, length & 255])
  for (let index = 0; index < payload.length; index++) payload[index] ^= MASK[index & 3]
  return Buffer.concat([head, MASK, payload])
}

/** Counts complete server frames in a byte stream, wherever it is cut. */
export class FrameCounter {
  #head = Buffer.alloc(10)
  #have = 0
  #skip = 0

  /** Frames that end in this chunk. */
  push (chunk) {
    let ended = 0
    let at = 0
    const { length } = chunk
    while (at < length) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, length - at)
        this.#skip -= step
        at += step
        if (this.#skip === 0) ended++
        continue
      }
      if (this.#have === 0 && length - at >= 4) {
        // The usual case: a whole header of 2 or 4 bytes.
        const short = chunk[at + 1]
        if (short > 0 && short < 127) {
          const body = short < 126 ? short : (chunk[at + 2] << 8) | chunk[at + 3]
          const end = at + (short < 126 ? 2 : 4) + body
          if (end <= length) {
            at = end
            ended++
            continue
          }
        }
      }
      this.#head[this.#have++] = chunk[at++]
      const body = this.#body()
      if (body === -1) continue
      this.#have = 0
      this.#skip = body
      if (body === 0) ended++
    }
    return ended
  }

  #body () {
    if (this.#have < 2) return -1
    const short = this.#head[1]
    if (short < 126) return short
    if (short === 126) return this.#have < 4 ? -1 : this.#head.readUInt16BE(2)
    return this.#have < 10 ? -1 : Number(this.#head.readBigUInt64BE(2))
  }
}

/**
 * Opens a WebSocket over plain TCP. Resolves with the socket and what came behind the 101; rejects on any other answer.
 */
export function connect ({ port, path, headers = {}, localAddress }) {
  const lines = Object.entries({
    Host: 'bench.test',
    Upgrade: 'websocket',
    Connection: 'Upgrade',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': '13',
    ...headers,
  }).map(([name, value]) => `${name}: ${value}`)
  const request = [`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n')
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress }, () => { socket.write(request) })
    socket.setNoDelay(true)
    let answer = Buffer.alloc(0)
    const read = chunk => {
      answer = Buffer.concat([answer, chunk])
      const end = answer.indexOf('\r\n\r\n')
      if (end === -1) return
      socket.off('data', read)
      socket.off('error', reject)
      const status = answer.toString('latin1', 9, 12)
      if (status === '101') resolve({ socket, rest: answer.subarray(end + 4) })
      else reject(new Error(`${path}: ${answer.toString('latin1')}`))
    }
    socket.on('data', read)
    socket.on('error', reject)
  })
}
