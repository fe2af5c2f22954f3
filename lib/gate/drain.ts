import type { WebSocketServer } from 'ws'

/** Milliseconds between two looks at whether the last socket has gone. */
const LOOK = 10

/**
 * Closes every WebSocket with 1001 and terminates those still there after `closeTimeout` ms. Resolves when all are
 * gone. @fastify/websocket itself would close without a code and wait 30 s for a peer that does not answer.
 */
export async function closeSockets (server: WebSocketServer, closeTimeout: number): Promise<void> {
  for (const socket of server.clients) {
    // A paused socket would never see the peer's half of the closing handshake.
    if (socket.isPaused) socket.resume()
    socket.close(1001, 'shutdown')
  }
  const deadline = Date.now() + closeTimeout
  while (server.clients.size > 0 && Date.now() < deadline) await new Promise(resolve => setTimeout(resolve, LOOK))
  for (const socket of server.clients) socket.terminate()
}
