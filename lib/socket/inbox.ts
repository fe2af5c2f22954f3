import { REFUSED } from '../protocol/refused.js'
import type { CompiledContract } from '../../types/contract.js'
import type { ErrorCode } from '../protocol/codes.js'
import { CANCEL_TYPE, isMessageId } from '../protocol/envelope.js'
import type { ErrorDetail } from './error-text.js'
import type { Operations } from './calls.js'
import type { Entry } from './handlers.js'
import type { RouteParts } from './parts.js'
import type { Runner, Verdict } from './runner.js'
import { TokenBucket } from './token-bucket.js'

type Id = string | number | null
interface Fields { readonly [key: string]: unknown }

/** The socket, as its inbox sees it. */
export interface InboxOwner {
  /** False once a close was begun or the server drains. */
  readonly receiving: boolean
  /** An error reply, counted against the budget of its kind. */
  refuse (code: ErrorCode, id: Id, detail?: ErrorDetail): void
  /** A message over the rate limit; `wait` is in milliseconds. */
  flood (wait: number, id: Id): void
  pause (): void
  resume (): void
  /** More waits than can come in one read. */
  overflow (): void
}

/** Frames, and characters in them, that wait before reading pauses. */
const HIGH_WATER = 128
const HIGH_WATER_LENGTH = 65_536
/** Frames that wait at most: more than the smallest ones one read of 64 KiB can hold. */
const MAX_WAITING = 16_384

/** Judges every inbound frame, in the order of docs/protocol.md, and keeps the order of one socket's messages. */
export class Inbox {
  private readonly owner: InboxOwner
  private readonly runner: Runner
  private readonly operations: Operations
  private readonly contract: CompiledContract
  private readonly entries: ReadonlyMap<string, Entry>
  private readonly binary: Entry | null
  private readonly now: () => number
  private readonly tokens: TokenBucket
  private readonly maxCost: number
  private readonly typeKey: string
  private readonly dataKey: string | null
  private readonly idKey: string
  private waiting: (string | Uint8Array)[] = []
  private next = 0
  private length = 0
  private holds = 0
  private paused = false

  constructor (owner: InboxOwner, runner: Runner, parts: RouteParts) {
    this.owner = owner
    this.runner = runner
    this.operations = runner.operations
    this.contract = parts.contract
    this.entries = parts.entries
    this.binary = parts.binary
    this.now = parts.now
    this.tokens = new TokenBucket(parts.limits.rate, parts.limits.burst, parts.now())
    this.maxCost = parts.maxCost
    this.typeKey = parts.contract.envelope.type
    this.dataKey = parts.contract.envelope.data
    this.idKey = parts.contract.envelope.id
  }

  /** One frame from ws. Never throws. */
  receive (data: Buffer, isBinary: boolean): void {
    if (!this.owner.receiving) return
    const now = this.now()
    if (this.tokens.take(1, now) > 0) {
      // What it would have cost is not known yet.
      this.owner.flood(this.tokens.waitFor(this.maxCost, now), null)
      return
    }
    let frame: string | Uint8Array
    if (isBinary) {
      if (this.binary === null) {
        this.owner.refuse('unsupported_data', null)
        return
      }
      frame = data
    } else {
      frame = data.toString()
    }
    if (this.holds > 0 || this.next < this.waiting.length || this.operations.full) this.enqueue(frame)
    else this.judge(frame)
  }

  /** Keeps messages waiting until `release`. */
  hold (): void {
    this.holds++
  }

  release (): void {
    this.holds--
    this.pump()
  }

  /** Judges what waits, as far as there are slots. A close drops what waits, also in the middle of this. */
  pump (): void {
    const { waiting } = this
    while (this.next < waiting.length && this.owner.receiving) {
      if (this.holds > 0 || this.operations.full) return
      const frame = waiting[this.next++]
      if (frame !== undefined) this.judge(frame)
    }
    this.clear()
    if (this.paused) {
      this.paused = false
      this.owner.resume()
    }
  }

  /** Forgets what waits. */
  clear (): void {
    if (this.next === 0 && this.waiting.length === 0) return
    this.waiting.length = 0
    this.next = this.length = 0
  }

  private enqueue (frame: string | Uint8Array): void {
    const count = this.waiting.length - this.next
    if (count >= MAX_WAITING) {
      this.owner.overflow()
      return
    }
    // A view would keep the whole chunk it was read from.
    this.waiting.push(typeof frame === 'string' ? frame : Buffer.from(frame))
    this.length += frame.length
    if (!this.paused && (count + 1 >= HIGH_WATER || this.length >= HIGH_WATER_LENGTH)) {
      this.paused = true
      this.owner.pause()
    }
  }

  private judge (frame: string | Uint8Array): void {
    if (typeof frame !== 'string') {
      if (this.binary !== null) this.admit(this.binary, null, frame)
      return
    }
    const { owner, contract } = this
    const fault = contract.scan(frame)
    if (fault !== null) {
      owner.refuse(fault, null)
      return
    }
    let message: unknown
    try {
      message = JSON.parse(frame)
    } catch {
      owner.refuse('invalid_json', null)
      return
    }
    if (contract.mayHoldForbiddenKey(frame) && contract.hasForbiddenKey(message)) {
      owner.refuse('forbidden_key', null)
      return
    }
    // An envelope's keys may be named "0" and "1".
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      owner.refuse('invalid_message', null)
      return
    }
    this.open(message as Fields)
  }

  private open (message: Fields): void {
    const { owner } = this
    const type = message[this.typeKey]
    if (typeof type !== 'string') {
      owner.refuse('invalid_message', null)
      return
    }
    const entry = this.entries.get(type)
    const rawId = message[this.idKey]
    if (entry === undefined || entry.inbound.binary) {
      const id = isMessageId(rawId) ? rawId : null
      if (type === CANCEL_TYPE) {
        if (id === null) owner.refuse('invalid_message', null)
        else this.runner.cancel(id)
        return
      }
      owner.refuse('unknown_type', id)
      return
    }
    const flat = this.dataKey === null
    let id: Id = null
    if (entry.isCall) {
      if (!isMessageId(rawId)) {
        owner.refuse('invalid_message', null)
        return
      }
      id = rawId
    } else if (rawId !== undefined && !flat) {
      if (!isMessageId(rawId)) {
        owner.refuse('invalid_message', null)
        return
      }
      id = rawId
    }
    // A flat payload stands beside the envelope's keys, which the contract's `accept` passes over.
    this.admit(entry, id, this.dataKey === null ? message : message[this.dataKey])
  }

  /** From the type on: what is allowed for this message. */
  private admit (entry: Entry, id: Id, payload: unknown): void {
    const { owner } = this
    // One token was taken for the frame.
    if (entry.cost !== 1) {
      this.tokens.giveBack(1)
      const wait = this.tokens.take(entry.cost, this.now())
      if (wait > 0) {
        owner.flood(wait, id)
        return
      }
    }
    if (entry.isCall && id !== null && this.operations.has(id)) {
      owner.refuse('duplicate_id', id)
      return
    }
    if (entry.roles !== null) {
      const verdict = this.runner.hasRole(entry)
      if (verdict !== true) {
        this.decide(entry, id, null, verdict)
        return
      }
    }
    const data = entry.inbound.accept(payload)
    if (data === REFUSED) {
      owner.refuse('invalid_message', id, { issues: entry.inbound.explain(payload) })
      return
    }
    if (this.operations.choked) {
      owner.refuse('too_many_calls', id)
      return
    }
    if (entry.authorize === null) this.runner.run(entry, id, data)
    else this.authorize(entry, id, data)
  }

  private authorize (entry: Entry, id: Id, data: unknown): void {
    const verdict = this.runner.authorize(entry, data)
    if (typeof verdict !== 'object') {
      this.decide(entry, id, data, verdict)
      return
    }
    // Messages behind this one wait, else a later one would overtake it.
    this.hold()
    // The verdict never rejects, and what is done with it never throws.
    void verdict.then(value => {
      if (this.owner.receiving) this.decide(entry, id, data, value)
      this.release()
    })
  }

  private decide (entry: Entry, id: Id, data: unknown, verdict: Verdict): void {
    if (verdict === true) this.runner.run(entry, id, data)
    else if (verdict === false) this.owner.refuse('forbidden', id)
    else this.runner.answerError(verdict, id)
  }
}
