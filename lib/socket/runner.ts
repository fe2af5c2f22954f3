import { encodeId } from '../protocol/envelope.js'
import type { GuardedSocket } from '../../types/socket.js'
import { Operation, Operations } from './calls.js'
import type { OperationEvents } from './calls.js'
import { CallFailure } from './handlers.js'
import type { Entry } from './handlers.js'
import type { RouteParts, SocketLog } from './parts.js'
import type { Outbox } from './outbox.js'

/** What became of a message's own check: true admits, false is `forbidden`, a code says why there is no verdict. */
export type Verdict = boolean | 'timeout' | 'internal'

/** The socket whose handlers run. */
export interface RunnerSocket extends GuardedSocket {
  readonly outbox: Outbox
  /** A handler gave its slot back. */
  onSlot (): void
}

/** Runs the handlers of one socket and answers for them. */
export class Runner implements OperationEvents {
  readonly operations: Operations
  private readonly socket: RunnerSocket
  private readonly outbox: Outbox
  private readonly parts: RouteParts
  private readonly log: SocketLog

  constructor (socket: RunnerSocket, parts: RouteParts, log: SocketLog) {
    this.socket = socket
    this.outbox = socket.outbox
    this.parts = parts
    this.log = log
    this.operations = new Operations(parts.limits.inFlight, parts.deadlines, this)
  }

  /** Whether the identity has one of the roles that the message needs; asked anew for each message. Never throws. */
  hasRole (entry: Entry): Verdict {
    const { roles } = entry
    if (roles === null) return true
    try {
      const held = this.parts.rolesOf(this.socket.identity)
      return held !== undefined && roles.some(role => held.includes(role))
    } catch (error) {
      // The identity is the application's: its roles may be a getter.
      this.handlerFailed(entry.type, error)
      return 'internal'
    }
  }

  /** The message's own check, within its deadline. A promise holds the messages behind it; it never rejects. */
  authorize (entry: Entry, data: unknown): Verdict | Promise<Verdict> {
    try {
      const verdict = entry.authorize?.(data, this.socket)
      return isThenable(verdict) ? this.decideLater(entry, verdict) : verdict === true
    } catch (error) {
      this.handlerFailed(entry.type, error)
      return 'internal'
    }
  }

  private decideLater (entry: Entry, verdict: PromiseLike<unknown>): Promise<Verdict> {
    const { deadlines } = this.parts
    return new Promise(resolve => {
      const limit = { deadline: entry.deadline, expire: () => { this.overran(entry); resolve('timeout') } }
      deadlines.add(limit)
      // Called by an async function, so that a `then` that throws is a rejection as well.
      const settle = async (): Promise<Verdict> => await verdict === true
      settle().then(resolve, error => {
        this.handlerFailed(entry.type, error)
        resolve('internal')
      }).finally(() => { deadlines.delete(limit) })
    })
  }

  /** An error reply that is not the peer's fault. */
  answerError (code: 'timeout' | 'internal', id: string | number | null): void {
    this.outbox.send(this.parts.errors.of(code, id))
  }

  /** Calls the handler and owns what becomes of it: a throw or a rejection answers `internal`. Never throws. */
  run (entry: Entry, id: string | number | null, data: unknown): void {
    const operation = new Operation(entry, id)
    this.parts.registry.counters.handled++
    let result: unknown
    try {
      result = entry.handle(data, this.socket, operation)
      if (isThenable(result)) {
        this.operations.track(operation)
        result.then(value => { this.settled(operation, value) }, error => { this.rejected(operation, error) })
        return
      }
    } catch (error) {
      // A `then` that throws after the handler was tracked must give the slot back, and may have answered already.
      if (this.operations.settle(operation) || operation.claim()) this.answerFailure(operation, error)
      return
    }
    if (entry.isCall) this.answer(operation, result)
  }

  private settled (operation: Operation, value: unknown): void {
    if (this.operations.settle(operation) && operation.entry.isCall) this.answer(operation, value)
    this.socket.onSlot()
  }

  private rejected (operation: Operation, error: unknown): void {
    if (this.operations.settle(operation)) this.answerFailure(operation, error)
    this.socket.onSlot()
  }

  private answer (operation: Operation, value: unknown): void {
    const { id, entry } = operation
    if (id === null || entry.inbound.encodeReply === null) return
    let text: string
    try {
      text = entry.inbound.encodeReply(encodeId(id), value)
    } catch (error) {
      this.answerFailure(operation, error)
      return
    }
    this.outbox.send(text)
  }

  private answerFailure (operation: Operation, error: unknown): void {
    const { id, entry } = operation
    if (CallFailure.is(error) && error.entryType === entry.type && id !== null) {
      this.outbox.send(this.parts.errors.declared(error.code, error.json, id))
      return
    }
    this.handlerFailed(entry.type, error)
    this.answerError('internal', id)
  }

  cancel (id: string | number): void {
    if (this.operations.cancel(id)) this.outbox.send(this.parts.errors.of('cancelled', id))
  }

  onSlot (): void {
    this.socket.onSlot()
  }

  onTimeout (operation: Operation): void {
    this.overran(operation.entry)
    this.answerError('timeout', operation.id)
  }

  private overran (entry: Entry): void {
    if (!this.socket.open) return
    this.log.warn({ event: 'ws.handler.timeout', connId: this.socket.id, type: entry.type }, 'a WebSocket handler overran its deadline')
  }

  /** Logs what a handler threw: ids and the error, never a payload. */
  handlerFailed (type: string, error: unknown): void {
    this.parts.registry.counters.failed++
    const record = { event: 'ws.handler.error', connId: this.socket.id, type }
    try {
      this.log.error({ ...record, err: error }, 'a WebSocket handler failed')
    } catch {
      // The log reads what was thrown, and a getter or proxy may throw again.
      this.log.error(record, 'a WebSocket handler failed')
    }
  }
}

/** True for promises and whatever else `await` would wait for. May throw when `then` is a getter that does. */
export function isThenable (value: unknown): value is PromiseLike<unknown> {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof (value as { readonly then?: unknown }).then === 'function'
}
