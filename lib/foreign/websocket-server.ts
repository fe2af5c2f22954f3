import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { WebSocket, WebSocketServer } from 'ws'
import { WSG_ERR_DEPENDENCY, WSG_ERR_OPTION_UNSAFE } from '../errors/coded.js'
import { logThrown } from '../errors/log-safe.js'
import { guardSocketClass } from './guarded-socket.js'

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
  perMessageDeflate: boolean | object
  skipUTF8Validation?: boolean
  verifyClient?: unknown
  handleProtocols?: unknown
  WebSocket: typeof WebSocket
}

const WS_DEFAULTS = { maxPayload: 100 * 1024 * 1024, maxFragments: 16 * 1024, closeTimeout: 30_000, maxPendingAutoPongs: 60 }
const MAX_PENDING_PONGS = 16

/** What the plugin passes to @fastify/websocket when it registers it itself. */
export function safeServerOptions ({ maxPayload, maxFragments, closeTimeout }: ServerLimits): Record<string, unknown> {
  return { maxPayload, maxFragments, closeTimeout, perMessageDeflate: false, maxPendingAutoPongs: MAX_PENDING_PONGS, clientTracking: true, skipUTF8Validation: false }
}

/** Payload limits by request, for routes whose contract says how large a message can be. */
export type PayloadLimit = (raw: IncomingMessage) => number | undefined

/**
 * Puts the gate between @fastify/websocket and its ws server, whoever registered it: without the mark of having been
 * admitted no 101 is written and no handler runs, whichever route, scope or order of registration led there.
 * Called once, at boot. Throws WSG_ERR_DEPENDENCY for a ws without the fixes this relies on, WSG_ERR_OPTION_UNSAFE for
 * server options that can't be made safe.
 */
export function guardServer (server: WebSocketServer, judge: UpgradeJudge, limits: ServerLimits, payloadLimit: PayloadLimit, log: FastifyBaseLogger): void {
  const options = server.options as unknown as LiveOptions
  // The instance is asked, not a package.json: several copies of ws can be installed. The option came with 8.23.0.
  if (options.maxPendingAutoPongs === undefined) {
    throw new WSG_ERR_DEPENDENCY('ws: expected version 8.23.0 or later (unbounded pongs before it), got an older one; run npm ls ws')
  }
  if (options.skipUTF8Validation === true) {
    throw new WSG_ERR_OPTION_UNSAFE('@fastify/websocket options.skipUTF8Validation: expected false, got true; invalid UTF-8 would reach JSON.parse')
  }
  if (options.verifyClient !== undefined && options.verifyClient !== null) {
    throw new WSG_ERR_OPTION_UNSAFE('@fastify/websocket options.verifyClient: it runs after every hook and answers by itself; use auth and authorize of fastify-ws-guard')
  }
  if (options.perMessageDeflate !== false) {
    log.warn('@fastify/websocket options.perMessageDeflate is on: each socket costs about 400 KiB, and secrets beside attacker-chosen text can leak by length (CRIME)')
  }
  // What the application chose itself stays; ws's own defaults are not fit for strangers.
  if (options.maxPayload === WS_DEFAULTS.maxPayload) options.maxPayload = limits.maxPayload
  if (options.maxFragments === WS_DEFAULTS.maxFragments) options.maxFragments = limits.maxFragments
  if (options.closeTimeout === WS_DEFAULTS.closeTimeout) options.closeTimeout = limits.closeTimeout
  if (options.maxPendingAutoPongs === WS_DEFAULTS.maxPendingAutoPongs) options.maxPendingAutoPongs = MAX_PENDING_PONGS
  options.WebSocket = guardSocketClass(options.WebSocket)
  options.handleProtocols = (_offers: Set<string>, raw: IncomingMessage) => judge.subprotocolOf(raw)

  const standard = options.maxPayload
  const upgrade = server.handleUpgrade.bind(server)
  server.handleUpgrade = (raw, socket, head, callback) => {
    if (!judge.mayUpgrade(raw, socket)) return
    // ws reads this option within the call, so each socket gets its own route's limit.
    options.maxPayload = payloadLimit(raw) ?? standard
    upgrade(raw, socket, head, callback)
    options.maxPayload = standard
  }
  server.on('connection', (_socket: WebSocket, raw: IncomingMessage) => { judge.complete(raw) })
}

const NETWORK = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'ETIMEDOUT', 'ERR_STREAM_WRITE_AFTER_END', 'ERR_STREAM_DESTROYED'])

/**
 * Error handler for @fastify/websocket: ws closes a socket that broke the protocol by itself, with the right code; a
 * handler that threw closes 1011. Nothing of the error reaches the peer.
 */
export function onSocketError (error: unknown, socket: WebSocket, request: FastifyRequest): void {
  const code = codeOf(error)
  if (NETWORK.has(code)) {
    socket.terminate()
    return
  }
  if (code.startsWith('WS_ERR_')) {
    request.log.warn({ event: 'ws.proto.violation', code }, 'WebSocket protocol violated')
    return
  }
  logThrown(request.log, 'error', { event: 'ws.handler.error' }, error, 'WebSocket handler failed')
  socket.close(1011, 'internal')
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
