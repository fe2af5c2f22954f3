// Tested in test/socket/messages.test.ts and test/socket/limits.test.ts.
import { isThenable } from '../callbacks/thenable.js'
import type { MessageId } from '../protocol/envelope.js'
import { REFUSED } from '../protocol/refused.js'
import type { Plainness } from '../../types/contract.js'
import type { ContractSocket } from './contract-socket.js'
import type { FrameQueue } from './frame-queue.js'
import type { Entry } from './handlers.js'
import type { RouteParts } from './parts.js'
import type { Paying } from './purse.js'
import type { Runner } from './runner.js'

/** What became of a message's own check: true admits, false is `forbidden`, a code says why there is no verdict. */
type Verdict = boolean | 'timeout' | 'internal'

/**
 * Decides, from its type on, whether a message is handled: cost, id, roles, contract, `authorize`. Then the runner
 * has it.
 */
export class Judge {
  private readonly socket: ContractSocket
  private readonly runner: Runner
  private readonly queue: FrameQueue
  private readonly parts: RouteParts
  private readonly paying: Paying

  constructor (socket: ContractSocket, runner: Runner, queue: FrameQueue, parts: RouteParts, paying: Paying) {
    this.socket = socket
    this.runner = runner
    this.queue = queue
    this.parts = parts
    this.paying = paying
  }

  /**
   * Handles the message or refuses it. `plain`: what the contract's `isPlain` said of its frame; false of bytes. Never
   * throws.
   */
  admit (entry: Entry, id: MessageId | null, payload: unknown, plain: Plainness): void {
    const { socket, runner } = this
    if (entry.cost !== 1 && !this.pay(entry, id)) return
    if (entry.isCall && id !== null && runner.operations.has(id)) {
      socket.refuse('duplicate_id', id, entry.type)
      return
    }
    if (entry.roles !== null) {
      const verdict = this.hasRole(entry, entry.roles)
      if (verdict !== true) {
        this.decide(entry, id, null, verdict)
        return
      }
    }
    const data = this.accept(entry, id, payload, plain)
    if (data === REFUSED) return
    if (runner.operations.choked || this.paying.purse.crowded) {
      socket.refuse('too_many_calls', id, entry.type)
      return
    }
    if (entry.authorize === null) runner.run(entry, id, data)
    else this.authorize(entry, id, data)
  }

  /** The rest of its cost: one token was taken for the frame. False: that is refused. */
  private pay ({ cost, type }: Entry, id: MessageId | null): boolean {
    const { purse, now } = this.paying
    purse.giveBack(1)
    const wait = purse.take(cost, now())
    if (wait > 0) this.socket.flood(wait, purse.short, id, type)
    return wait === 0
  }

  /** What the contract takes of the payload; REFUSED, and answered, where it does not. */
  private accept ({ type, inbound }: Entry, id: MessageId | null, payload: unknown, plain: Plainness): unknown {
    let data: unknown
    try {
      data = inbound.accept(payload, plain)
    } catch (error) {
      // An adapter of an older contract.
      this.socket.handlerFailed(type, error)
      this.runner.answerError('internal', id)
      return REFUSED
    }
    if (data !== REFUSED) return data
    const { data: key } = this.parts.contract.envelope
    const missing = { path: '', message: `expected "${key}" beside the type` }
    const isMissing = payload === undefined && key !== null
    this.socket.refuse('invalid_message', id, type, { issues: isMissing ? [missing] : inbound.explain(payload) })
    return REFUSED
  }

  private decide (entry: Entry, id: MessageId | null, data: unknown, verdict: Verdict): void {
    if (verdict === true) this.runner.run(entry, id, data)
    else if (verdict === false) this.socket.refuse('forbidden', id, entry.type)
    else this.runner.answerError(verdict, id)
  }

  /** Whether the identity has one of the roles; asked anew for each message. */
  private hasRole (entry: Entry, roles: readonly string[]): Verdict {
    try {
      const own = rolesOf(this.socket.identity)
      return own !== undefined && roles.some(role => own.includes(role))
    } catch (error) {
      this.socket.handlerFailed(entry.type, error)
      return 'internal'
    }
  }

  private authorize (entry: Entry, id: MessageId | null, data: unknown): void {
    const { identity, face } = this.socket
    let verdict: unknown
    try {
      verdict = entry.authorize?.(data, face)
      if (isThenable(verdict)) {
        // Messages behind this one wait, else a later one would overtake it.
        this.queue.hold()
        void this.decideLater(entry, id, data, verdict, identity)
        return
      }
    } catch (error) {
      this.socket.handlerFailed(entry.type, error)
      this.decide(entry, id, data, 'internal')
      return
    }
    this.decide(entry, id, data, verdict === true)
  }

  /** `asked`: whom the verdict is about. */
  private async decideLater (
    entry: Entry, id: MessageId | null, data: unknown, pending: PromiseLike<unknown>, asked: unknown
  ): Promise<void> {
    const verdict = await this.withinDeadline(entry, pending)
    const { socket } = this
    if (socket.receiving) {
      // Its identity may have been replaced meanwhile, and a yes for the former one is none for this.
      const stands = verdict === true && entry.roles !== null ? this.hasRole(entry, entry.roles) : verdict
      if (stands === true && socket.identity !== asked) this.authorize(entry, id, data)
      else this.decide(entry, id, data, stands)
    }
    this.queue.release()
  }

  private withinDeadline (entry: Entry, pending: PromiseLike<unknown>): Promise<Verdict> {
    // An async function, so that a `then` that throws is a rejection as well.
    const settle = async (): Promise<Verdict> => {
      try {
        return await pending === true
      } catch (error) {
        this.socket.handlerFailed(entry.type, error)
        return 'internal'
      }
    }
    return this.parts.deadlines.within(entry.deadline, settle(), () => {
      this.runner.overran(entry)
      return 'timeout'
    })
  }
}

function rolesOf (identity: unknown): readonly string[] | undefined {
  if (typeof identity !== 'object' || identity === null) return undefined
  const { roles } = identity as { readonly roles?: unknown }
  return Array.isArray(roles) ? roles : undefined
}
