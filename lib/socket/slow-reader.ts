// Tested in test/socket/slow.test.ts.
import { Backlog } from './backlog.js'
import type { Lossy, SharedMessage } from './shared-message.js'

/** The outbox of a peer that is behind. */
export interface Delayed {
  /** Resolves once the network has taken what is on its way. */
  drained (): Promise<void>
  /** May so many bytes more wait? False: the peer is closed as too slow. */
  mayHold (bytes: number): boolean
  /** So many bytes wait no more. */
  release (bytes: number): void
  sendShared (message: SharedMessage): boolean
}

/** Keeps back what a peer that is behind may miss, or have later, until it has caught up. */
export class SlowReader {
  readonly #outbox: Delayed
  readonly #missed: (type: string, messages: number) => void
  readonly #backlog = new Backlog()
  #caughtUp: Promise<void> | null = null

  /** `missed` is told how many messages of a type were dropped. */
  constructor (outbox: Delayed, missed: (type: string, messages: number) => void) {
    this.#outbox = outbox
    this.#missed = missed
  }

  /** Bytes that are kept back. */
  get bytes (): number {
    return this.#backlog.bytes
  }

  /** Settles when it has caught up; null: it is not behind. */
  get caughtUp (): Promise<void> | null {
    return this.#caughtUp
  }

  /** Keeps the message back, or drops it: false. */
  spare (message: SharedMessage, lossy: Lossy): boolean {
    this.#caughtUp ??= this.#outbox.drained().then(() => { this.#catchUp() })
    if (lossy.key === null) {
      this.#backlog.miss(lossy.type)
      return false
    }
    if (!this.#outbox.mayHold(message.frame.length)) return false
    this.#outbox.release(this.#backlog.hold(message, lossy))
    return true
  }

  /** Forgets what is kept back of this group. */
  forget (group: string): void {
    this.#outbox.release(this.#backlog.forget(group))
  }

  #catchUp (): void {
    this.#caughtUp = null
    this.#outbox.release(this.#backlog.bytes)
    const { messages, missed } = this.#backlog.empty()
    for (const [type, count] of missed) this.#missed(type, count)
    for (const message of messages) this.#outbox.sendShared(message)
  }
}
