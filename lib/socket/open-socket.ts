// Tested in test/socket/heartbeat.test.ts and test/attack/control-frames.test.ts.
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import type { CloseCause } from '../../types/events.js'
import type { Identity, Refusal } from '../../types/gate.js'
import type { Events } from '../events/events.js'
import { escapeForLog } from '../log/log-safe.js'
import { WATCH } from '../foreign/guarded-socket.js'
import type { SocketWatch, Watched } from '../foreign/guarded-socket.js'
import { StreamProgress } from './stream-progress.js'
import { CLOSES } from '../protocol/codes.js'
import type { CloseName } from '../protocol/codes.js'
import type { Admission, Bearer, SlotKeys, SocketFacts, SocketHome } from './home.js'
import { TokenBucket } from './token-bucket.js'

const WS_OPEN = 1
/** Pings and pongs of a client: per second, and at once. */
const CONTROL_RATE = 10
const CONTROL_BURST = 32
/** Codes with which ws itself ends who breaks RFC 6455 or its limits. */
const PROTOCOL_CODES = new Set([1002, 1007, 1008, 1009])

/** Where a ws finds its socket: listeners that all sockets share weigh nothing per socket. */
const SOCKET = Symbol('fastify-ws-guard.socket')

type Held = WebSocket & Watched & { [SOCKET]?: OpenSocket }

function onError (this: Held, error: Error): void {
  this[SOCKET]?.failed(error)
}

function onClose (this: Held, code: number, reason: Buffer): void {
  this[SOCKET]?.ended(code, reason.toString())
}

/** The open socket around a ws. */
export function socketOf (ws: WebSocket): OpenSocket | undefined {
  return (ws as Held)[SOCKET]
}

/** An open WebSocket of any route: who it is, whether its peer lives, and how it ends. */
export class OpenSocket implements SocketWatch {
  readonly ws: WebSocket
  /** When the heartbeat is to look at it. */
  beatAt = 0
  /** Last sign of life that a look saw. */
  aliveAt: number
  /** When the heartbeat pinged it last; 0: never. Others who ask keep a time of their own. */
  pingedAt = 0
  protected readonly home: SocketHome<OpenSocket>
  protected readonly admission: Admission
  private told: SocketFacts
  private readonly stream: Duplex
  private readonly openedAt: number
  /** What last went wrong on the wire. */
  fault: Error | null = null
  private controls: TokenBucket | null = null
  private cause: CloseCause | null = null
  private code = 0
  private reason = ''
  private readonly progress: StreamProgress

  constructor (ws: WebSocket, stream: Duplex, admission: Admission, home: SocketHome<OpenSocket>) {
    this.ws = ws
    this.stream = stream
    this.admission = admission
    this.told = admission.facts
    this.home = home
    this.openedAt = this.aliveAt = home.now()
    this.progress = new StreamProgress(stream)
    const held: Held = ws
    // One that waited for its identity has them already.
    if (held[SOCKET] === undefined) {
      ws.on('error', onError)
      ws.on('close', onClose)
    }
    held[SOCKET] = held[WATCH] = this
  }

  /** Takes its place among the open sockets. Called once, when it is whole. */
  enter (): void {
    this.events.publish('opened', () => ({ fingerprint: this.admission.fingerprint, ...this.facts }))
    this.home.add(this)
  }

  get events (): Events {
    return this.home.events
  }

  get open (): boolean {
    return this.ws.readyState === WS_OPEN
  }

  /* ---- who it is ---- */

  /** Null on a public route. */
  get identity (): Identity | null {
    return this.admission.bearer.identity
  }

  get bearer (): Bearer {
    return this.admission.bearer
  }

  get route (): string {
    return this.told.route
  }

  get keys (): SlotKeys {
    return this.admission.keys
  }

  /** For events. */
  get facts (): SocketFacts {
    return this.told
  }

  /** Replaces the identity in place: what is asked from here on is asked of the new one. Resolves as `changed` does. */
  assume (identity: Identity): Promise<void> | null {
    this.admission.bearer.identity = identity
    if (this.told.identity !== identity.id) this.told = { ...this.told, identity: identity.id }
    this.refreshed()
    this.identityChanged()
    return this.home.changed(this)
  }

  /** Tells of it. */
  protected refreshed (): void {
    this.events.publish('refreshed', () => this.told)
  }

  /** What was decided by the identity is to be decided again. */
  protected identityChanged (): void {}

  /** Asks the route's `authorize` again; null: it may stay. Never throws or rejects. */
  reauthorize (): Refusal | null | Promise<Refusal | null> {
    return this.identity === null ? null : this.admission.reauthorize?.(this.identity) ?? null
  }

  /* ---- how it ends ---- */

  /** Closes for a reason of this plugin's. Nothing is handled from here on. */
  closeAs (name: CloseName, cause: CloseCause): void {
    if (!this.open) return
    this.cause = cause
    const { code, reason } = CLOSES[name]
    this.ws.close(code, reason)
  }

  /** Ends it without a close frame. */
  cutOff (cause: CloseCause): void {
    this.cause ??= cause
    this.ws.terminate()
  }

  /** For the drain: closes 1001 as soon as it is idle. */
  drain (): void {
    this.closeAs('shutdown', 'drain')
  }

  /** Work that the drain waits for. */
  get running (): number {
    return 0
  }

  /** For ws's class: a close frame is about to be written. */
  closing (byPeer: boolean, code: number, reason: string): void {
    this.cause ??= byPeer ? 'peer' : 'application'
    this.code = code
    this.reason = reason
  }

  /** For the listener of ws. */
  failed (error: Error & { readonly code?: unknown }): void {
    const { code } = error
    this.fault = error
    if (typeof code === 'string' && code.startsWith('WS_ERR_')) {
      // ws has closed it just before.
      if (this.cause === 'application' && PROTOCOL_CODES.has(this.code)) this.cause = 'protocol'
      this.events.publish('protocol:violated', () => ({ code, ...this.facts }))
    } else {
      this.cause ??= 'network'
    }
  }

  /** For the listener of ws: the socket is gone. */
  ended (code: number, reason: string): void {
    this.home.delete(this)
    this.events.publish('closed', () => ({
      code: this.code === 0 ? code : this.code,
      reason: escapeForLog(this.code === 0 ? reason : this.reason),
      cause: this.cause ?? (code === CLOSES.lost.code ? 'network' : 'peer'),
      duration: this.home.now() - this.openedAt,
      ...this.facts,
    }))
  }

  /** Says that code of the application failed. */
  handlerFailed (type: string, error: unknown): void {
    this.events.publish('handler:failed', () => ({ type, error, ...this.facts }))
  }

  /* ---- whether its peer lives ---- */

  /** For ws's class: counts a ping or pong. */
  control (): boolean {
    const now = this.home.now()
    this.controls ??= new TokenBucket(CONTROL_RATE, CONTROL_BURST, now)
    if (this.controls.take(1, now) === 0) return true
    this.closeAs('policy_violation', 'policy')
    return false
  }

  /**
   * Lets the kernel ask for life as well, after so many milliseconds of silence. At the first look, not in the
   * handshake: it takes system calls.
   */
  keepAlive (interval: number): void {
    // A stream in memory has none.
    const { setKeepAlive } = this.stream as Partial<Socket>
    setKeepAlive?.call(this.stream, true, interval)
  }

  /** Asks the peer for a sign of life. */
  ping (now: number): void {
    this.notice(now)
    this.ws.ping(undefined, false, ignore)
  }

  /** True when there was a sign of life since `time`, or when that can't be told. */
  livesSince (time: number, now: number): boolean {
    this.notice(now)
    return this.aliveAt > time
  }

  private notice (now: number): void {
    const moved = this.progress.hasMoved()
    // While reading is paused the answer waits at our own door.
    if (moved || this.ws.isPaused) this.aliveAt = now
  }
}

// What a ping can't reach has an event of its own.
function ignore (): void {}
