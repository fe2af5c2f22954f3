// Tested in test/socket/messages.test.ts and test/socket/limits.test.ts.
import type { CompiledContract, Plainness } from '../../types/contract.js'
import type { BudgetUsage } from '../../types/socket.js'
import { AUTH_TYPE, CANCEL_TYPE, type MessageId, PING_TYPE, isMessageId } from '../protocol/envelope.js'
import type { Operations } from './calls.js'
import type { ContractSocket } from './contract-socket.js'
import { FrameQueue } from './frame-queue.js'
import type { FrameReader, MessageFrame } from './frame-queue.js'
import type { SocketHome } from './home.js'
import { idAtEnd } from './id-at-end.js'
import { Judge } from './judge.js'
import type { OpenSocket } from './open-socket.js'
import { readOwn } from './own-message.js'
import type { Fields } from './own-message.js'
import type { RouteParts } from './parts.js'
import { Purse } from './purse.js'
import { Renewal } from './renewal.js'
import { Runner } from './runner.js'
import { TokenBucket } from './token-bucket.js'

/** Seconds of `messages.bytes` that a silent socket saves up. */
const BYTES_SAVED = 4

/**
 * Takes every inbound frame of a socket, in the order of docs/protocol.md: budgets, JSON, envelope. The judge goes
 * on.
 */
export class Inbox implements FrameReader {
  readonly operations: Operations
  private readonly socket: ContractSocket
  private readonly parts: RouteParts
  private readonly contract: CompiledContract
  private readonly now: () => number
  private readonly runner: Runner
  private readonly judge: Judge
  private readonly queue: FrameQueue
  private readonly renewal: Renewal
  private readonly purse: Purse
  private readonly bytes: TokenBucket
  private inDebt = false

  constructor (socket: ContractSocket, parts: RouteParts, { now }: SocketHome<OpenSocket>, onSlot: () => void) {
    const { rate, burst, bytes } = parts.limits
    this.socket = socket
    this.parts = parts
    this.contract = parts.contract
    this.now = now
    const shared = parts.budgets.take(socket, now())
    this.purse = new Purse(new TokenBucket(rate, burst, now()), shared, parts.budgets.handlers)
    this.bytes = new TokenBucket(bytes, bytes * BYTES_SAVED, now())
    this.queue = new FrameQueue(socket.ws, this)
    this.renewal = new Renewal(socket, this.queue, parts)
    this.runner = new Runner(socket, parts, { now, purse: this.purse }, onSlot)
    this.operations = this.runner.operations
    this.judge = new Judge(socket, this.runner, this.queue, parts, { now, purse: this.purse })
  }

  get receiving (): boolean {
    return this.socket.receiving
  }

  get full (): boolean {
    return this.operations.full
  }

  /** One frame from ws. Never throws. */
  receive (data: Buffer, isBinary: boolean): void {
    const { socket } = this
    if (!socket.receiving) {
      if (!isBinary) this.receiveLast(data)
      return
    }
    const now = this.now()
    const debt = this.bytes.spend(data.length, now)
    if (debt > 0) this.slowDown(debt)
    // What it will have cost when it is heard is not known yet.
    const wait = this.purse.take(1, now, this.parts.maxCost)
    if (wait > 0) {
      // Never less than one token takes: to a client it is the pace as well.
      const pace = Math.ceil(1000 / this.parts.limits.rate)
      const id = isBinary ? null : idAtEnd(data, this.contract.envelope)
      socket.flood(Math.max(pace, wait), this.purse.short, id, null)
      return
    }
    if (isBinary && this.parts.binary === null) socket.refuse('unsupported_data', null, null)
    else if (!this.queue.accept(isBinary ? data : data.toString(), data.length)) socket.closeAs('overload', 'policy')
  }

  /** While the server drains a cancel still counts: it ends what is waited for. All else is dropped, unanswered. */
  private receiveLast (data: Buffer): void {
    if (!this.socket.open || this.purse.take(1, this.now()) > 0) return
    const text = data.toString()
    if (this.contract.scan(text) !== null) return
    const id = readOwn(text, this.contract.envelope, CANCEL_TYPE)?.[this.contract.envelope.id]
    if (isMessageId(id)) this.runner.cancel(id)
  }

  /** Reading pauses until the bytes are paid for: nothing is lost, the peer's own buffers fill up. */
  private slowDown (wait: number): void {
    if (this.inDebt) return
    this.inDebt = true
    this.queue.hold()
    this.queue.pause()
    setTimeout(() => {
      this.inDebt = false
      this.queue.release()
    }, wait).unref()
  }

  /** Its identity is another one: so are the budgets that go by it. */
  identityChanged (): void {
    const now = this.now()
    const { budgets } = this.parts
    const before = this.purse.shared
    // Taken before the others are given back, so that one that stays is not forgotten in between.
    this.purse.shared = budgets.take(this.socket, now)
    budgets.giveBack(before, now)
  }

  /** What its messages are paid from. */
  usage (): BudgetUsage[] {
    return this.purse.usage(this.now())
  }

  /** The socket is gone. */
  end (): void {
    this.clear()
    this.operations.abortAll()
    this.parts.budgets.giveBack(this.purse.shared, this.now())
    this.purse.shared = []
  }

  /** Keeps messages waiting until `release`. */
  hold (): void {
    this.queue.hold()
  }

  release (): void {
    this.queue.release()
  }

  pump (): void {
    this.queue.pump()
  }

  /** Forgets what waits. */
  clear (): void {
    this.queue.clear()
  }

  /** For the queue: this frame's turn has come. `bytes`: how many it came in, if that is still known. */
  read (frame: MessageFrame, bytes?: number): void {
    const { socket, contract, parts } = this
    this.queue.spend(frame.length)
    if (typeof frame !== 'string') {
      if (parts.binary !== null) this.judge.admit(parts.binary, null, frame, false)
      return
    }
    const fault = contract.scan(frame)
    if (fault !== null) {
      socket.refuse(fault, null, null)
      return
    }
    let message: unknown
    try {
      message = JSON.parse(frame)
    } catch {
      socket.refuse('invalid_json', null, null)
      return
    }
    const plain = contract.isPlain(frame, bytes)
    if (contract.mayHoldForbiddenKey(frame, plain) && contract.hasForbiddenKey(message)) {
      socket.refuse('forbidden_key', null, null)
      return
    }
    // An envelope's keys may be named "0" and "1".
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      socket.refuse('invalid_message', null, null)
      return
    }
    this.open(message as Fields, plain)
  }

  private open (message: Fields, plain: Plainness): void {
    const { socket } = this
    const { type: typeKey, data: dataKey, id: idKey } = this.contract.envelope
    const type = message[typeKey]
    if (typeof type !== 'string') {
      socket.refuse('invalid_message', null, null)
      return
    }
    const entry = this.parts.entries.get(type)
    const rawId = message[idKey]
    if (entry === undefined || entry.inbound.binary) {
      this.openOther(type, rawId, message)
      return
    }
    let id: MessageId | null = null
    // In a flat contract the key may belong to the payload.
    if (entry.isCall || (rawId !== undefined && dataKey !== null)) {
      if (!isMessageId(rawId)) {
        const message = `${entry.isCall ? 'a call needs an' : 'expected an'} "${idKey}": 1-64 characters or an integer`
        socket.refuse('invalid_message', null, type, { issues: [{ path: '', message }] })
        return
      }
      id = rawId
    }
    // A flat payload stands beside the envelope's keys, which the contract's `accept` passes over.
    this.judge.admit(entry, id, dataKey === null ? message : message[dataKey], plain)
  }

  /** What belongs to the protocol, or to nobody. */
  private openOther (type: string, rawId: unknown, message: Fields): void {
    const { socket } = this
    const id = isMessageId(rawId) ? rawId : null
    if (type === AUTH_TYPE) this.renewal.take(message, id)
    else if (type === CANCEL_TYPE && id !== null) this.runner.cancel(id)
    else if (type === PING_TYPE && (id !== null || rawId === undefined)) socket.outbox.send(this.parts.text.pong(id))
    else if (type === CANCEL_TYPE || type === PING_TYPE) socket.refuse('invalid_message', id, null)
    else if (this.parts.gone.has(type)) socket.refuseGone(id)
    else socket.refuse('unknown_type', id, null, {}, type)
  }
}
