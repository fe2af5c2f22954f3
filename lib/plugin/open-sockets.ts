// Tested in test/attack/heartbeat.test.ts and test/attack/events.test.ts.
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { WebSocket } from 'ws'
import { authorize } from '../auth/authorize.js'
import { isMute } from '../log/boot-warning.js'
import { escapeForLog } from '../log/log-safe.js'
import { Events } from '../events/events.js'
import { addressKey, readAddress } from '../gate/address.js'
import { clientAddress } from '../gate/client-address.js'
import type { MakeRoom } from '../gate/room.js'
import { handshakeOf } from '../gate/record.js'
import type { Life } from '../life/life.js'
import { consoleLog } from '../observe/console-log.js'
import { type PeerOf, type SocketLogger, logSockets } from '../observe/socket-log.js'
import { BudgetStore } from '../socket/budget-store.js'
import { Eviction } from '../socket/eviction.js'
import { FragmentWatch } from '../socket/fragment-watch.js'
import { Heartbeat } from '../socket/heartbeat.js'
import type { Admission } from '../socket/home.js'
import { OpenSocket, socketOf } from '../socket/open-socket.js'
import { Registry } from '../socket/registry.js'
import type { ResolvedOptions } from './options.js'

/** Milliseconds between two looks at the open sockets, at most; there are sixteen or more in each interval. */
const LOOK = 1000

/** All sockets from their 101 on, whatever their route: their registry, their heartbeat, their events and log lines. */
export class OpenSockets {
  readonly events: Events
  readonly registry: Registry
  readonly budgets = new BudgetStore()
  /** The application's; in development the console where that has none. */
  readonly log: SocketLogger
  /** For the gate, at a cap. */
  readonly makeRoom: MakeRoom
  /** An address by which lines of the log are told apart: the key of caps and rates. */
  readonly peerOf: PeerOf = ip => addressKey(readAddress(ip) ?? undefined, this.#options.connections.ipv6Prefix)
  readonly #options: ResolvedOptions
  readonly #timer: NodeJS.Timeout
  readonly #endLog: () => void
  #opened = 0
  #life: Life | null = null

  constructor (fastify: FastifyInstance, options: ResolvedOptions) {
    this.#options = options
    for (const { name } of options.messages.budgets ?? []) this.budgets.names.add(name)
    const events = this.events = new Events(fastify)
    this.registry = new Registry(events)
    const eviction = new Eviction(this.registry)
    this.makeRoom = (cap, look) => eviction.makeRoom(cap, look)
    this.log = options.development && isMute(fastify.log) ? consoleLog() : fastify.log
    this.#endLog = logSockets(events, this.log, this.peerOf)
    const { heartbeat: { interval }, websocket: { fragmentTimeout } } = options
    const heartbeat = new Heartbeat(this.registry, interval)
    const fragments = new FragmentWatch(this.registry, fragmentTimeout)
    // One timer for all sockets.
    this.#timer = setInterval(() => {
      const now = this.registry.now()
      heartbeat.look(now)
      fragments.look(now)
      this.budgets.sweep(now)
      this.#life?.look()
    }, Math.max(10, Math.min(LOOK, interval / 16, fragmentTimeout / 4)))
    this.#timer.unref()
  }

  /** Once, at boot: what follows each socket's identity. */
  follow (life: Life): void {
    this.#life = this.registry.follower = life
  }

  /** Listener of the ws server's `connection`, before the gate forgets the handshake. */
  readonly onConnection = (ws: WebSocket, raw: IncomingMessage): void => {
    const handshake = handshakeOf(raw)
    // A contract's route makes a socket of its own kind.
    if (!handshake?.request || handshake.policy?.subprotocols.fingerprints.length !== 0) return
    new OpenSocket(ws, raw.socket, this.admissionOf(handshake.request), this.registry).enter()
  }

  /**
   * What the handshake of `request`, which was admitted, leaves behind. `connId`: that which it had while it waited.
   */
  admissionOf (request: FastifyRequest, connId = `s${++this.#opened}`): Admission {
    const bearer = handshakeOf(request.raw)!
    const { policy, slots, identity } = bearer
    const { params, query } = bearer.input ?? request
    const decide = policy?.authorize ?? null
    return {
      bearer,
      params,
      query,
      fingerprint: bearer.fingerprint,
      reauthorize: decide === null
        ? null
        : fresh => authorize(decide, fresh, { params, query }, bearer.keptRequest, bearer),
      keys: slots,
      facts: {
        app: this.events.app,
        connId,
        reqId: request.id,
        identity: identity?.id ?? null,
        ip: escapeForLog(clientAddress(request) ?? ''),
        // Fastify makes an object of `routeOptions` each time it is asked.
        route: policy?.url ?? request.routeOptions.url ?? '',
      },
    }
  }

  /** Error handler for @fastify/websocket: a handler that threw closes 1011. Nothing of the error reaches the peer. */
  readonly onError = (error: unknown, ws: WebSocket): void => {
    const socket = socketOf(ws)
    // What happens on the wire comes here as well; the socket has seen it.
    if (socket === undefined || (error !== null && socket.fault === error)) return
    socket.handlerFailed('handler', error)
    socket.closeAs('internal', 'policy')
  }

  /** Ends every socket; resolves when none is left. */
  async drain (): Promise<void> {
    const { drainTimeout, websocket: { closeTimeout } } = this.#options
    await this.registry.drain({ timeout: drainTimeout, closeTimeout })
    clearInterval(this.#timer)
    this.#life?.stop()
    this.#endLog()
  }
}
