// Tested in test/socket/calls.test.ts.
import { isThenable } from '../callbacks/thenable.js'
import { encodeId, type MessageId } from '../protocol/envelope.js'
import type { MessageHandledEvent } from '../../types/events.js'
import { Operation, Operations } from './calls.js'
import type { OperationEvents } from './calls.js'
import type { ContractSocket } from './contract-socket.js'
import { CallFailure } from './handlers.js'
import type { Entry } from './handlers.js'
import type { RouteParts } from './parts.js'
import type { Paying } from './purse.js'

/** Runs the handlers of one socket and answers for them. */
export class Runner implements OperationEvents {
  readonly operations: Operations
  /** A handler gave its slot back. */
  readonly onSlot: () => void
  private readonly socket: ContractSocket
  private readonly parts: RouteParts
  private readonly paying: Paying
  private readonly now: () => number

  constructor (socket: ContractSocket, parts: RouteParts, paying: Paying, onSlot: () => void) {
    this.socket = socket
    this.parts = parts
    this.paying = paying
    this.now = paying.now
    this.onSlot = onSlot
    this.operations = new Operations(parts.limits.inFlight, parts.deadlines, this)
  }

  /** Calls the handler and owns what becomes of it: a throw or a rejection answers `internal`. Never throws. */
  run (entry: Entry, id: MessageId | null, data: unknown): void {
    const operation = new Operation(entry, id)
    const { events } = this.socket
    if (events.wanted('message:handled')) operation.startedAt = this.now()
    let result: unknown
    try {
      result = entry.handle(data, this.socket.face, operation)
      if (isThenable(result)) {
        this.operations.track(operation)
        operation.countIn(this.paying.purse.shared)
        result.then(value => { this.settled(operation, value) }, error => { this.rejected(operation, error) })
        return
      }
    } catch (error) {
      operation.uncount()
      // A `then` that throws after the handler was tracked must give the slot back, and may have answered already.
      if (this.operations.settle(operation) || operation.claim()) this.answerFailure(operation, error)
      return
    }
    this.answer(operation, result)
  }

  private settled (operation: Operation, value: unknown): void {
    operation.uncount()
    if (this.operations.settle(operation)) this.answer(operation, value)
    else this.note(operation, 'late')
    this.onSlot()
  }

  private rejected (operation: Operation, error: unknown): void {
    operation.uncount()
    if (this.operations.settle(operation)) this.answerFailure(operation, error)
    else this.note(operation, 'late')
    this.onSlot()
  }

  private answer (operation: Operation, value: unknown): void {
    const { id, entry } = operation
    if (entry.isCall && id !== null && entry.inbound.encodeReply !== null) {
      let text: string
      try {
        text = entry.inbound.encodeReply(encodeId(id), value)
      } catch (error) {
        this.answerFailure(operation, error)
        return
      }
      this.socket.outbox.send(text)
    }
    this.note(operation, 'ok')
  }

  private answerFailure (operation: Operation, error: unknown): void {
    const { id, entry } = operation
    if (CallFailure.is(error) && error.entryType === entry.type && id !== null) {
      this.socket.outbox.send(this.parts.text.declared(error.code, error.json, id))
      this.note(operation, 'ok')
      return
    }
    this.socket.handlerFailed(entry.type, error)
    this.answerError('internal', id, this.parts.hints?.on('internal', { type: entry.type, thrown: error }))
    this.note(operation, 'failed')
  }

  /** An error reply that is not the peer's fault. */
  answerError (code: 'timeout' | 'internal', id: MessageId | null, detail?: string): void {
    this.socket.outbox.send(this.parts.text.error(code, id, { detail }))
  }

  cancel (id: MessageId): void {
    if (this.operations.cancel(id)) this.socket.outbox.send(this.parts.text.error('cancelled', id))
  }

  onTimeout (operation: Operation): void {
    this.overran(operation.entry)
    this.answerError('timeout', operation.id)
  }

  overran ({ type }: Entry): void {
    const { socket } = this
    if (socket.open) socket.events.publish('handler:timeout', () => ({ type, ...socket.facts }))
  }

  private note (operation: Operation, outcome: MessageHandledEvent['outcome']): void {
    const { startedAt, entry: { type } } = operation
    if (startedAt === null) return
    const { facts, events } = this.socket
    events.publish('message:handled', () => ({ type, outcome, duration: this.now() - startedAt, ...facts }))
  }
}
