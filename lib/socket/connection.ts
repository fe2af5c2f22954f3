import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import type { ErrorCode } from '../protocol/codes.js'
import type { GroupKey, Group, GuardedSocket, Senders } from '../../types/socket.js'
import type { WebSocket } from 'ws'
import type { ErrorDetail } from './error-text.js'
import { Inbox } from './inbox.js'
import type { InboxOwner } from './inbox.js'
import { Outbox } from './outbox.js'
import { Penalties } from './penalties.js'
import type { Member, RouteParts, SocketLog } from './parts.js'
import type { RegisteredSocket } from './registry.js'
import { Runner, isThenable } from './runner.js'
import type { RunnerSocket } from './runner.js'

/** Who is connected, as the gate found out. */
export interface SocketContext {
  /** Unique in this process. */
  readonly id: string
  readonly identity: unknown
  readonly params: unknown
  readonly query: unknown
  readonly log: SocketLog
}

const enum State { Open, Draining, Closing, Closed }

const WS_OPEN = 1

/** Where a ws finds its connection: listeners that all sockets share weigh nothing per socket. */
const CONNECTION = Symbol('fastify-ws-guard.connection')

type Listened = WebSocket & { [CONNECTION]?: Connection }

function onMessage (this: Listened, data: unknown, isBinary: boolean): void {
  this[CONNECTION]?.receive(data as Buffer, isBinary)
}

function onError (this: Listened, error: Error): void {
  this[CONNECTION]?.failed(error)
}

function onClose (this: Listened, code: number, reason: Buffer): void {
  this[CONNECTION]?.gone(code, reason.toString())
}

/** An admitted connection: one ws, its inbox, its outbox and the handlers under way. */
export class Connection implements RunnerSocket, InboxOwner, Member, RegisteredSocket {
  readonly id: string
  readonly identity: GuardedSocket['identity']
  readonly params: GuardedSocket['params']
  readonly query: GuardedSocket['query']
  readonly outbox: Outbox
  private readonly ws: WebSocket
  private readonly parts: RouteParts
  private readonly log: SocketLog
  // Made with the first frame, or when a hook needs them: most sockets are idle most of the time.
  private inboxMade: Inbox | null = null
  private runnerMade: Runner | null = null
  private state = State.Open
  private senders: Senders<object> | null = null
  private penalties: Penalties | null = null
  private reported = false
  private drainRequested = false
  private openTimer: NodeJS.Timeout | null = null

  constructor (ws: WebSocket, parts: RouteParts, context: SocketContext) {
    this.ws = ws
    this.parts = parts
    this.id = context.id
    this.identity = context.identity as GuardedSocket['identity']
    this.params = context.params as GuardedSocket['params']
    this.query = context.query as GuardedSocket['query']
    this.log = context.log
    this.outbox = new Outbox(ws, { limit: parts.limits.sendBuffer, direct: parts.direct, owner: this })
    const listened: Listened = ws
    listened[CONNECTION] = this
    ws.on('message', onMessage)
    ws.on('error', onError)
    ws.on('close', onClose)
    parts.registry.add(this)
  }

  private get runner (): Runner {
    this.runnerMade ??= new Runner(this, this.parts, this.log)
    return this.runnerMade
  }

  private get inbox (): Inbox {
    this.inboxMade ??= new Inbox(this, this.runner, this.parts)
    return this.inboxMade
  }

  /** One frame of the peer's. */
  receive (data: Buffer, isBinary: boolean): void {
    this.inbox.receive(data, isBinary)
  }

  /* ---- the application's side ---- */

  get open (): boolean {
    return this.state <= State.Draining && this.ws.readyState === WS_OPEN
  }

  get bufferedAmount (): number {
    return this.outbox.bufferedAmount
  }

  get send (): Senders<object> {
    this.senders ??= this.parts.sendersOf(this)
    return this.senders
  }

  join (key: GroupKey): void {
    if (this.state <= State.Draining) this.parts.groups.join(key, this)
  }

  leave (key: GroupKey): void {
    this.parts.groups.leave(key, this)
  }

  group (key: GroupKey): Group<object> {
    return this.parts.groupOf(key)
  }

  close (code = 1000, reason = ''): void {
    if (!isCloseCode(code)) throw new WSG_ERR_SOCKET_ARGUMENT(`close: expected a code of 1000-1003, 1007-1014 or 3000-4999, got ${String(code)}`)
    if (typeof reason !== 'string' || Buffer.byteLength(reason) > 123) throw new WSG_ERR_SOCKET_ARGUMENT('close: expected a reason of at most 123 bytes')
    if (this.state >= State.Closing) return
    this.state = State.Closing
    this.inboxMade?.clear()
    this.ws.close(code, reason)
  }

  /* ---- the route's and the registry's side ---- */

  /** Runs `onOpen`; messages wait until it settles. */
  begin (): void {
    const { onOpen } = this.parts
    if (onOpen === null || this.state !== State.Open) return
    let result: unknown
    try {
      result = onOpen(this)
      if (!isThenable(result)) return
      this.inbox.hold()
      this.openTimer = setTimeout(() => { this.policyClose(4408, 'timeout') }, this.parts.limits.handlerTimeout)
      this.openTimer.unref()
      void this.settleOpen(result)
    } catch (error) {
      this.openFailed(error)
    }
  }

  // Awaited, so that a thenable which settles twice counts once.
  private async settleOpen (result: PromiseLike<unknown>): Promise<void> {
    try {
      await result
    } catch (error) {
      this.openFailed(error)
      return
    }
    this.clearOpenTimer()
    this.inbox.release()
  }

  private openFailed (error: unknown): void {
    this.clearOpenTimer()
    this.runner.handlerFailed('onOpen', error)
    this.policyClose(1011, 'internal')
  }

  /** Drops what comes in from now on; handlers under way go on. */
  stopReceiving (): void {
    if (this.state !== State.Open) return
    this.state = State.Draining
    this.inboxMade?.clear()
  }

  /** Closes 1001 once no handler is under way. */
  drain (): void {
    this.stopReceiving()
    this.drainRequested = true
    this.onSlot()
  }

  terminate (): void {
    this.ws.terminate()
  }

  /** For the heartbeat. */
  get socket (): WebSocket {
    return this.ws
  }

  /** Handlers within their deadline. */
  get running (): number {
    return this.runnerMade === null ? 0 : this.runnerMade.operations.running
  }

  /* ---- the inbox's and the runner's side ---- */

  get receiving (): boolean {
    return this.state === State.Open && this.ws.readyState === WS_OPEN
  }

  onSlot (): void {
    if (this.drainRequested) {
      if (this.running === 0) this.policyClose(1001, 'shutdown')
      return
    }
    this.inboxMade?.pump()
  }

  refuse (code: ErrorCode, id: string | number | null, detail?: ErrorDetail): void {
    this.report(code)
    this.penalties ??= new Penalties(this.parts.limits)
    const close = this.penalties.violation(code, this.parts.now())
    if (close === null) this.outbox.send(this.parts.errors.of(code, id, detail))
    else this.policyClose(...close)
  }

  flood (wait: number, id: string | number | null): void {
    this.report('rate_limited')
    this.penalties ??= new Penalties(this.parts.limits)
    const verdict = this.penalties.flood(this.parts.now())
    if (verdict === 'answer') this.outbox.send(this.parts.errors.of('rate_limited', id, { retryAfter: wait }))
    else if (verdict !== 'drop') this.policyClose(...verdict)
  }

  /** The first refusal of a socket is logged, all are counted: a line per message would be an attack by itself. */
  private report (code: ErrorCode): void {
    this.parts.registry.counters.refused++
    if (this.reported) return
    this.reported = true
    this.log.info({ event: 'ws.message.refused', connId: this.id, code }, 'a WebSocket message was refused')
  }

  pause (): void {
    this.ws.pause()
  }

  resume (): void {
    this.ws.resume()
  }

  overflow (): void {
    this.policyClose(1013, 'overload')
  }

  /* ---- the end ---- */

  /** For the outbox: the peer reads too slowly. */
  slow (): void {
    if (this.state >= State.Closing) return
    this.parts.registry.counters.slow++
    this.policyClose(1013, 'slow_consumer')
  }

  /** For the outbox: writing failed by a throw. */
  broken (error: unknown): void {
    this.runner.handlerFailed('write', error)
    this.terminate()
  }

  private policyClose (code: number, reason: string): void {
    if (this.state >= State.Closing) return
    if (code !== 1001) this.log.warn({ event: 'ws.socket.closed', connId: this.id, code, reason }, 'a WebSocket was closed by the server')
    this.close(code, reason)
  }

  /** For the listener of ws. */
  failed (error: Error & { readonly code?: unknown }): void {
    this.log.info({ event: 'ws.proto.violation', connId: this.id, code: error.code }, 'a WebSocket broke the protocol or its connection failed')
  }

  /** For the listener of ws. */
  gone (code: number, reason: string): void {
    if (this.state === State.Closed) return
    this.state = State.Closed
    this.clearOpenTimer()
    this.inboxMade?.clear()
    this.parts.groups.leaveAll(this)
    this.parts.registry.delete(this)
    this.runnerMade?.operations.abortAll()
    const { onClose } = this.parts
    if (onClose === null) return
    try {
      const result = onClose(this, code, reason)
      if (isThenable(result)) result.then(undefined, error => { this.runner.handlerFailed('onClose', error) })
    } catch (error) {
      this.runner.handlerFailed('onClose', error)
    }
  }

  private clearOpenTimer (): void {
    if (this.openTimer !== null) clearTimeout(this.openTimer)
    this.openTimer = null
  }
}

function isCloseCode (code: unknown): code is number {
  return Number.isInteger(code) && typeof code === 'number' &&
    ((code >= 1000 && code <= 1014 && code !== 1004 && code !== 1005 && code !== 1006) || (code >= 3000 && code <= 4999))
}
