import type { FastifyBaseLogger } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { warnAtBoot } from '../log/boot-warning.js'
import { WSG_ERR_DEPENDENCY, WSG_ERR_OPTION_UNSAFE } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { warnChanged } from './changed.js'
import { guardSocketClass, watchesSockets } from './guarded-socket.js'
import { probeInMemory } from './memory-handshake.js'
import { readsFragments } from './ws-internals.js'

/** The part of the gate that the server asks before and after each 101. */
export interface UpgradeJudge {
  mayUpgrade: (raw: IncomingMessage, socket: Duplex) => boolean
  subprotocolOf: (raw: IncomingMessage) => string | false
  complete: (raw: IncomingMessage) => void
}

/** Limits of the ws server, in bytes, fragments and milliseconds. */
export interface ServerLimits {
  readonly maxPayload: number
  readonly maxFragments: number
  readonly closeTimeout: number
}

/** Options of `ws.Server` as ws 8.23 has them; @types/ws lags behind. */
interface LiveOptions {
  maxPayload: number
  maxFragments?: number
  closeTimeout?: number
  maxPendingAutoPongs?: number
  autoPong?: boolean
  perMessageDeflate: boolean | object
  skipUTF8Validation?: boolean
  verifyClient?: unknown
  handleProtocols?: unknown
  path?: unknown
  WebSocket: typeof WebSocket
  clientTracking?: boolean
}

const WS_DEFAULTS = { maxPayload: 100 * 1024 * 1024, maxFragments: 16 * 1024, closeTimeout: 30_000 }

/** What the plugin passes to @fastify/websocket when it registers it itself. */
export function safeServerOptions ({ maxPayload, maxFragments, closeTimeout }: ServerLimits): Record<string, unknown> {
  return {
    maxPayload,
    maxFragments,
    closeTimeout,
    perMessageDeflate: false,
    clientTracking: true,
    skipUTF8Validation: false,
  }
}

/** Payload limits by request, for routes whose contract says how large a message can be. */
export type PayloadLimit = (raw: IncomingMessage) => number | undefined

/**
 * Puts the gate between @fastify/websocket and its ws server, whoever registered it: without the mark of having been
 * admitted no 101 is written and no handler runs, whichever route, scope or order of registration led there.
 * Called once, at boot. Throws WSG_ERR_DEPENDENCY for a ws without the fixes this relies on, WSG_ERR_OPTION_UNSAFE for
 * server options that can't be made safe.
 */
export function guardServer (
  server: WebSocketServer, judge: UpgradeJudge, limits: ServerLimits, payloadLimit: PayloadLimit, log: FastifyBaseLogger
): void {
  const options = server.options as unknown as LiveOptions
  refuseUnsafe(options)
  if (options.perMessageDeflate !== false) {
    warnAtBoot(log, {}, '@fastify/websocket options.perMessageDeflate is on: each socket costs about 400 KiB, and ' +
      'secrets beside attacker-chosen text can leak by length (CRIME)')
  }
  tighten(options, limits)
  // Without it nothing could be closed, swept or counted; ws itself fills and empties the set.
  ;(server as { clients: Set<WebSocket> | undefined }).clients ??= new Set()
  judgeUpgrades(server, judge, payloadLimit)
  checkInsides(server.constructor as typeof WebSocketServer, log)
  server.on('connection', (_socket: WebSocket, raw: IncomingMessage) => { judge.complete(raw) })
}

function refuseUnsafe (options: LiveOptions): void {
  // The instance is asked, not a package.json: several copies of ws can be installed. The option came with 8.23.0.
  if (options.maxPendingAutoPongs === undefined) {
    throw new WSG_ERR_DEPENDENCY('ws: expected version 8.23.0 or later (unbounded pongs before it), got an older ' +
      'one; run npm ls ws')
  }
  if (options.skipUTF8Validation === true) {
    throw new WSG_ERR_OPTION_UNSAFE('@fastify/websocket options.skipUTF8Validation: expected false, got true; ' +
      'invalid UTF-8 would reach JSON.parse')
  }
  if (options.verifyClient !== undefined && options.verifyClient !== null) {
    throw new WSG_ERR_OPTION_UNSAFE('@fastify/websocket options.verifyClient: it runs after every hook and answers ' +
      'by itself; use auth and authorize of fastify-ws-guard')
  }
  if (options.handleProtocols !== undefined && options.handleProtocols !== null) {
    throw new WSG_ERR_OPTION_UNSAFE('@fastify/websocket options.handleProtocols: expected to be left out, got a ' +
      'function; list what may be chosen in subprotocols of fastify-ws-guard, for all routes or in a route\'s wsGuard')
  }
  if (options.path !== undefined && options.path !== null) {
    throw new WSG_ERR_OPTION_UNSAFE('@fastify/websocket options.path: expected to be left out, got ' +
      `${got(options.path)}; ws would answer 400 to the handshakes of every other route`)
  }
}

/** What the application chose itself stays; ws's own defaults are not fit for strangers. */
function tighten (options: LiveOptions, limits: ServerLimits): void {
  if (options.maxPayload === WS_DEFAULTS.maxPayload) options.maxPayload = limits.maxPayload
  if (options.maxFragments === WS_DEFAULTS.maxFragments) options.maxFragments = limits.maxFragments
  if (options.closeTimeout === WS_DEFAULTS.closeTimeout) options.closeTimeout = limits.closeTimeout
  options.WebSocket = guardSocketClass(options.WebSocket, options.autoPong !== false)
  options.autoPong = false
}

/** Asks the gate before each 101, with which payload limit and subprotocol. */
function judgeUpgrades (server: WebSocketServer, judge: UpgradeJudge, payloadLimit: PayloadLimit): void {
  const options = server.options as unknown as LiveOptions
  const choose = (_offers: Set<string>, raw: IncomingMessage): string | false => judge.subprotocolOf(raw)
  const standard = options.maxPayload
  const upgrade = server.handleUpgrade.bind(server)
  server.handleUpgrade = (raw, socket, head, callback) => {
    if (!judge.mayUpgrade(raw, socket)) return
    // ws reads these within the call, so each socket gets its own route's. What others have written there meanwhile, as
    // graphql-ws does at each connection, comes back for them.
    const { handleProtocols } = options
    options.maxPayload = payloadLimit(raw) ?? standard
    options.handleProtocols = choose
    upgrade(raw, socket, head, callback)
    options.maxPayload = standard
    options.handleProtocols = handleProtocols
  }
}

function checkInsides (Server: typeof WebSocketServer, log: FastifyBaseLogger): void {
  if (!watchesSockets(Server)) {
    warnChanged(log, 'guarded-socket', 'pings may not be counted, frames behind a close may be handled, and a close ' +
      'that the client began may be told as the application\'s')
  }
  if (!readsFragments(Server)) {
    warnChanged(log, 'ws-internals', 'websocket.fragmentTimeout does nothing: a fragmented message has no deadline')
  }
  if (!readsOptionsPerCall(Server)) {
    warnChanged(log, 'websocket-server', 'a route\'s own payload limit and subprotocols can\'t be set; ' +
      'websocket.maxPayload holds for every route')
  }
}

/**
 * Proves on a socket in memory that this version of ws reads `maxPayload` and `handleProtocols` at each handshake,
 * within the call. Synchronous; never throws.
 */
export function readsOptionsPerCall (Server: typeof WebSocketServer): boolean {
  return probeInMemory(Server, ({ ws, written }) => {
    const limit = (ws as unknown as { readonly _receiver?: { readonly _maxPayload?: unknown } })._receiver?._maxPayload
    return limit === 12345 && /\r\nsec-websocket-protocol: probe\r\n/i.test(written())
  }, server => {
    Object.assign(server.options, { maxPayload: 12345, handleProtocols: () => 'probe' })
  })
}
