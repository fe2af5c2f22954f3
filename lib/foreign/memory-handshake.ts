import type { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'

// Tested in test/foreign/ws-internals.test.ts and test/foreign/websocket-server.test.ts.

// For self-checks of this room: a handshake with a ws server on a stream that keeps what is written to it.

/** A socket of ws, its stream, and what ws has written so far as latin1 text, one character per byte. */
export interface MemorySocket {
  readonly ws: WebSocket
  readonly stream: Duplex
  readonly written: () => string
}

/**
 * Opens a socket of `Server` and returns what `probe` says of it; false where no socket came or anything threw.
 * `prepare` may change the server's options before. Synchronous.
 */
export function probeInMemory (
  Server: typeof WebSocketServer,
  probe: (socket: MemorySocket) => boolean,
  prepare: (server: WebSocketServer) => void = () => {}
): boolean {
  let written = ''
  const stream = new Duplex({
    read () {},
    write (chunk: Buffer, _encoding, callback) {
      written += chunk.toString('latin1')
      callback()
    },
  })
  stream.on('error', () => {})
  const headers = {
    upgrade: 'websocket',
    connection: 'Upgrade',
    'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
    'sec-websocket-version': '13',
    'sec-websocket-protocol': 'other, probe',
  }
  const request = { method: 'GET', url: '/', headers, socket: stream } as unknown as IncomingMessage
  try {
    const server = new Server({ noServer: true, clientTracking: false, perMessageDeflate: false })
    prepare(server)
    let passed = false
    server.handleUpgrade(request, stream, Buffer.alloc(0), ws => {
      ws.on('error', () => {})
      passed = probe({ ws, stream, written: () => written })
    })
    return passed
  } catch {
    return false
  } finally {
    stream.destroy()
  }
}
