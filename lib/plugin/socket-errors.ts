import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import { logThrown } from '../errors/log-safe.js'
import { Repeats } from '../errors/repeats.js'

const NETWORK = new Set([
  'ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_DESTROYED',
])

/** Errors of sockets on routes without a contract. */
export interface SocketErrors {
  /**
   * Error handler for @fastify/websocket: ws closes a socket that broke the protocol by itself, with the right code; a
   * handler that threw closes 1011. Nothing of the error reaches the peer.
   */
  readonly onError: (error: unknown, socket: WebSocket, request: FastifyRequest) => void
  /** Writes what was counted. Called once, at `preClose`. */
  readonly stop: () => void
}

/** A client that reconnects into the same violation five times a second gets one line per 10 s, with a count. */
export function socketErrors (log: FastifyBaseLogger): SocketErrors {
  const repeats = new Repeats((kind, count) => {
    const [code, route] = kind.split(' ')
    log.warn({ event: 'ws.proto.violation', code, route, count }, 'WebSocket protocol violated, repeated')
  })
  return {
    onError (error, socket, request) {
      const code = codeOf(error)
      if (NETWORK.has(code)) {
        socket.terminate()
        return
      }
      if (code.startsWith('WS_ERR_')) {
        const route = request.routeOptions.url
        if (!repeats.isFirst(`${code} ${route ?? ''}`)) return
        request.log.warn({ event: 'ws.proto.violation', code, route }, 'WebSocket protocol violated')
        return
      }
      logThrown(request.log, 'error', { event: 'ws.handler.error' }, error, 'WebSocket handler failed')
      socket.close(1011, 'internal')
    },
    stop: () => { repeats.stop() },
  }
}

// A handler may throw null, or something that throws when it is read.
function codeOf (thrown: unknown): string {
  try {
    const { code } = thrown as { readonly code?: unknown }
    return typeof code === 'string' ? code : ''
  } catch {
    return ''
  }
}
