import type { CallContext } from '../../types/socket.js'
import type { MessageId } from '../protocol/envelope.js'
import type { Deadlines, Expiring } from './deadlines.js'
import type { Entry, Fail } from './handlers.js'

/** What an operation tells its socket. */
export interface OperationEvents {
  /** The deadline is over; the handler may still run. */
  onTimeout (operation: Operation): void
  /** A handler gave its slot back. */
  onSlot (): void
}

/** Handlers under way of one user or address, on whatever sockets. */
export interface Crowd {
  running: number
}

const NONE: readonly Crowd[] = []

/** One run of a handler, and the context it is given. */
export class Operation implements CallContext<{}>, Expiring {
  readonly entry: Entry
  readonly id: MessageId | null
  /** Null where nobody wants to know. */
  startedAt: number | null = null
  #owner: Operations | null = null
  #crowds: readonly Crowd[] = NONE
  #controller: AbortController | null = null
  #answered = false
  #overdue = false

  constructor (entry: Entry, id: MessageId | null) {
    this.entry = entry
    this.id = id
  }

  get fail (): Fail {
    return this.entry.fail
  }

  /** Made when first asked for: most handlers never look at it. */
  get signal (): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController()
      if (this.#answered) this.#controller.abort()
    }
    return this.#controller.signal
  }

  get deadline (): number {
    return this.entry.deadline
  }

  /** True when its deadline is over. */
  get overdue (): boolean {
    return this.#overdue
  }

  /** True for the first caller only: that one may answer. */
  claim (): boolean {
    if (this.#answered) return false
    this.#answered = true
    return true
  }

  /** Counts it as under way in each of these, until `uncount`. */
  countIn (crowds: readonly Crowd[]): void {
    this.#crowds = crowds
    for (const crowd of crowds) crowd.running++
  }

  /** Its handler has settled, on whatever way. */
  uncount (): void {
    for (const crowd of this.#crowds) crowd.running--
    this.#crowds = NONE
  }

  own (owner: Operations): void {
    this.#owner = owner
  }

  expire (): void {
    this.#overdue = true
    this.#owner?.expired(this)
  }

  abort (): void {
    this.#controller?.abort()
  }
}

/** Handlers of one socket that have not settled: ids, slots, deadlines. */
export class Operations {
  private readonly cap: number
  private readonly deadlines: Deadlines
  private readonly events: OperationEvents
  // Made when first needed: most sockets are idle, and two empty tables weigh more than the rest of a connection.
  private calls: Map<MessageId, Operation> | null = null
  private pending: Set<Operation> | null = null
  private overdue = 0

  constructor (cap: number, deadlines: Deadlines, events: OperationEvents) {
    this.cap = cap
    this.deadlines = deadlines
    this.events = events
  }

  private get unsettled (): number {
    return this.pending === null ? 0 : this.pending.size
  }

  /** Handlers within their deadline. */
  get running (): number {
    return this.unsettled - this.overdue
  }

  get full (): boolean {
    return this.unsettled - this.overdue >= this.cap
  }

  /** True when so many handlers overran their deadline that no further one may start. */
  get choked (): boolean {
    return this.overdue >= this.cap * 4
  }

  /** True when a call with this id is under way. */
  has (id: MessageId): boolean {
    return this.calls !== null && this.calls.has(id)
  }

  /** Gives a handler that returned a promise its slot and its deadline. */
  track (operation: Operation): void {
    operation.own(this)
    this.pending ??= new Set()
    this.pending.add(operation)
    if (operation.entry.isCall && operation.id !== null) {
      this.calls ??= new Map()
      this.calls.set(operation.id, operation)
    }
    this.deadlines.add(operation)
  }

  /** The handler settled. True when the answer is its to give. */
  settle (operation: Operation): boolean {
    if (this.pending === null || !this.pending.delete(operation)) return false
    if (operation.overdue) this.overdue--
    else this.deadlines.delete(operation)
    return this.claim(operation)
  }

  /** Frees the id and signals the handler. False when no such call is under way. */
  cancel (id: MessageId): boolean {
    const operation = this.calls?.get(id)
    if (operation === undefined || !this.claim(operation)) return false
    operation.abort()
    return true
  }

  /** Signals every handler; none of them is answered any more. */
  abortAll (): void {
    const all = this.pending ?? []
    this.pending = this.calls = null
    this.overdue = 0
    for (const operation of all) {
      this.deadlines.delete(operation)
      operation.claim()
      operation.abort()
    }
    this.deadlines.sweep()
  }

  /** For the operation, at its deadline. */
  expired (operation: Operation): void {
    if (this.pending === null || !this.pending.has(operation)) return
    this.overdue++
    if (this.claim(operation)) {
      this.events.onTimeout(operation)
      operation.abort()
    }
    this.events.onSlot()
  }

  private claim (operation: Operation): boolean {
    if (!operation.claim()) return false
    if (operation.entry.isCall && operation.id !== null) this.calls?.delete(operation.id)
    return true
  }
}
