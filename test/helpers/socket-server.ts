import type { Identity } from '../../types/gate.js'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { WebSocket as Standard, WebSocketServer } from 'ws'
import type { ServerOptions, WebSocket } from 'ws'
import type { Connection } from '../../lib/socket/connection.js'
import { CHANNELS, Events } from '../../lib/events/events.js'
import type { EventName } from '../../lib/events/events.js'
import { guardSocketClass } from '../../lib/foreign/guarded-socket.js'
import { selfCheck } from '../../lib/foreign/ws-internals.js'
import type { RouteHandlers } from '../../lib/socket/handlers.js'
import { BudgetStore } from '../../lib/socket/budget-store.js'
import { Registry } from '../../lib/socket/registry.js'
import type { EventPayloads } from '../../types/events.js'
import type { SocketLimits } from '../../lib/socket/limits.js'
import { createSocketRoute } from '../../lib/socket/route.js'
import type { SocketRoute } from '../../lib/socket/route.js'
import { handContract } from './hand-contract.js'
import type { HandSpec } from './hand-contract.js'
import { openRaw } from './raw-client.js'
import type { RawClient } from './raw-client.js'
import type { UpgradeOptions } from './handshake.js'
import type { Teardown } from './teardown.js'

export const LIMITS: SocketLimits = { rate: 20, burst: 40, errors: 5, inFlight: 32, handlerTimeout: 10_000, sendBuffer: 1 << 20, bytes: 1 << 30, perIdentity: 1000, perAddress: 1000 }

/** Limits that nothing in a test meets. */
export const NO_RATE = { rate: 1e6, burst: 1e6 }

export interface SocketServerOptions extends HandSpec {
  readonly handlers?: RouteHandlers
  /** `closeTimeout` is ws's. */
  readonly limits?: Partial<SocketLimits> & { readonly closeTimeout?: number }
  readonly ws?: ServerOptions
  /** False: through `ws.send`. */
  readonly direct?: boolean
  readonly identity?: (url: string) => unknown
  readonly now?: () => number
  readonly budgetStore?: BudgetStore
  /** Sees each ws before the route does. */
  readonly onSocket?: (ws: WebSocket) => void
}

export interface SocketServer {
  readonly port: number
  readonly registry: Registry
  readonly route: SocketRoute
  readonly sockets: Connection[]
  /** What was published, oldest first. */
  events<N extends EventName> (name: N): readonly EventPayloads[N][]
  open (options?: UpgradeOptions): Promise<RawClient>
  /** A fresh client connects, calls `ping` and is answered. */
  answers (): Promise<boolean>
}

/** A server of one route with a call `ping` beside what is given. Its identity is `{ id, roles }` from `?id=…&roles=a,b`. */
export async function socketServer (t: Teardown, options: SocketServerOptions = {}): Promise<SocketServer> {
  const contract = handContract({ ...options, calls: { ...options.calls, ping: {} } })
  const handlers = { ...options.handlers, calls: { ...options.handlers?.calls, ping: () => 'pong' } }
  const published = new Map<EventName, object[]>()
  const events = new Events({})
  for (const name of Object.keys(CHANNELS) as EventName[]) {
    const list: object[] = []
    published.set(name, list)
    t.teardown(events.listen(name, event => { list.push(event) }))
  }
  const registry = new Registry(events, options.now)
  const { closeTimeout = 3000, ...limits } = options.limits ?? {}
  const route = createSocketRoute({
    development: false,
    contract,
    versions: [],
    handlers,
    limits: { ...LIMITS, ...limits },
    ownLimits: {},
    budgetStore: options.budgetStore ?? new BudgetStore(),
    url: '/ws',
    registry,
    direct: options.direct ?? selfCheck(WebSocketServer),
  })
  const sockets: Connection[] = []
  const wss = new WebSocketServer({
    noServer: true,
    maxPayload: 65536,
    perMessageDeflate: false,
    autoPong: false,
    ...{ closeTimeout },
    WebSocket: guardSocketClass(Standard, true),
    ...options.ws,
  })
  const server = createServer()
  const tcp = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    tcp.add(socket)
    socket.on('close', () => tcp.delete(socket))
  })
  server.on('upgrade', (request, socket, head) => {
    wss.handleUpgrade(request, socket, head, ws => {
      options.onSocket?.(ws)
      const url = new URL(request.url ?? '/', 'http://localhost')
      const identity = options.identity?.(url.href) ?? { id: url.searchParams.get('id') ?? 'ann', roles: url.searchParams.get('roles')?.split(',') ?? [] }
      const connId = String(sockets.length + 1)
      sockets.push(route.open(ws, socket, {
        bearer: { identity: identity as Identity, credential: null, startedAt: 0 },
        reauthorize: null,
        params: {},
        query: {},
        fingerprint: null,
        keys: { address: '127.0.0.1', anonymous: null, identity: `id ${url.searchParams.get('id') ?? 'ann'}` },
        facts: { app: events.app, connId, reqId: `req-${connId}`, identity: url.searchParams.get('id') ?? 'ann', ip: '127.0.0.1', route: '/ws' },
      }, { url: url.pathname } as never))
    })
  })
  await new Promise<void>(resolve => { server.listen(0, '127.0.0.1', resolve) })
  const clients: RawClient[] = []
  t.teardown(async () => {
    for (const client of clients) client.client.destroy()
    for (const socket of tcp) socket.destroy()
    await new Promise(resolve => { server.close(resolve) })
  })
  const { port } = server.address() as AddressInfo
  const open = async (how: UpgradeOptions = {}): Promise<RawClient> => {
    const client = await openRaw(port, how)
    clients.push(client)
    return client
  }
  return {
    port,
    registry,
    route,
    sockets,
    events: name => (published.get(name) ?? []) as never,
    open,
    async answers () {
      const client = await open()
      client.json({ type: 'ping', id: 'fresh', data: { text: 'x' } })
      const reply = await client.waitMessage(message => message.id === 'fresh')
      client.client.destroy()
      return reply.data === 'pong'
    },
  }
}
