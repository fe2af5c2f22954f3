import { fileURLToPath } from 'node:url'
import { type ChildProcess, spawn } from 'node:child_process'
import Fastify, { type FastifyInstance } from 'fastify'
import { WebSocket } from 'ws'
import type { AuthStrategy } from '../../types/gate.js'
import type { GuardOptions } from '../../types/options.js'
import guard, { type WsRouteHandle } from '../../lib/index.js'
import type { WebSocketConstructor } from '../../lib/client.js'
import { chat } from '../client/contracts.js'
import { waitForOutput } from './child.js'

/** The guarded chat that tests of the client talk to. */
export interface ChatServer {
  readonly app: FastifyInstance
  readonly port: number
  readonly route: WsRouteHandle<typeof chat>
  /** What handlers were given, in their order. */
  readonly said: string[]
  /** Handshakes that were admitted. */
  readonly opened: () => number
  /** Sockets that are open. */
  readonly sockets: () => number
  readonly added: number[]
}

export interface ChatServerOptions {
  readonly port?: number
  readonly guard?: GuardOptions
  /** Asks for a `bearer.<token>` that passes; null: everyone may. */
  readonly accepts?: ((token: string) => boolean) | null
  /** Over `accepts`. */
  readonly auth?: AuthStrategy
  readonly before?: (app: FastifyInstance) => void
}

/** Reads a token out of the offered subprotocols. */
function bearer (accepts: (token: string) => boolean): AuthStrategy {
  return {
    name: 'bearer',
    needs: { credential: 'header', session: false },
    authenticate ({ request }) {
      const token = /(?:^|[ ,])bearer\.([^ ,]+)/.exec(request.headers['sec-websocket-protocol'] ?? '')?.[1]
      return token !== undefined && accepts(token) ? { id: token } : null
    },
  }
}

/** Listens with the contract of the client's tests. `add` of a negative number never answers. */
export async function chatServer (options: ChatServerOptions = {}): Promise<ChatServer> {
  const app = Fastify()
  options.before?.(app)
  await app.register(guard, {
    development: true,
    upgradeRate: false,
    connections: { total: 10_000, perAddress: 5000, anonymous: 5000, pending: 5000 },
    messages: { rate: 1e6, burst: 1e6 },
    ...options.guard,
  })
  const said: string[] = []
  const added: number[] = []
  let opened = 0
  let sockets = 0
  const { accepts = null, auth = accepts === null ? null : bearer(accepts) } = options
  const route = app.wsRoute(chat, {
    ...(auth === null ? { public: true as never } : { auth }),
    onOpen (socket) {
      opened++
      sockets++
      socket.join(socket.params.room)
    },
    onClose () { sockets-- },
    on: {
      say ({ text }, socket) {
        said.push(text)
        socket.group(socket.params.room).send.said({ from: 'somebody', text })
      },
      typing () { said.push('(typing)') },
    },
    calls: {
      history ({ limit }, _socket, { fail }) {
        if (limit === 100) throw fail.too_far({ oldest: 7 })
        return said.slice(-limit).map(text => ({ from: 'somebody', text }))
      },
      async add ({ n }, _socket, { signal }) {
        added.push(n)
        if (n < 0) await new Promise(resolve => signal.addEventListener('abort', resolve))
        return n + 1
      },
    },
  })
  const url = await app.listen({ port: options.port ?? 0, host: '127.0.0.1' })
  return { app, port: Number(new URL(url).port), route, said, added, opened: () => opened, sockets: () => sockets }
}

/** A WebSocket of `ws` that says which page it comes from, as a browser does. */
export function pageSocket (port: number): WebSocketConstructor {
  return class extends WebSocket {
    constructor (url: string, protocols: string[]) {
      super(url, protocols, { origin: `http://localhost:${port}` })
    }
  }
}

/** The same server in a process of its own, so that it can be killed. */
export async function spawnChatServer (port: number): Promise<ChildProcess> {
  const child = spawn(process.execPath, [fileURLToPath(import.meta.url), String(port)], { stdio: ['ignore', 'pipe', 'inherit'] })
  await waitForOutput(child.stdout, /listening/)
  return child
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await chatServer({ port: Number(process.argv[2]) })
  console.log('listening')
}
