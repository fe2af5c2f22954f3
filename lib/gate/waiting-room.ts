// Tested in test/attack/first-message.test.ts.
import type { Refusal } from '../../types/gate.js'
import { RETRY_AFTER } from './connections.js'
import { Counts } from './counts.js'
import type { Handshake } from './record.js'

/** Sockets whose first message is to be a token: how many there may be, in total and of one client address. */
export class WaitingRoom {
  readonly #total: number
  readonly #perAddress: number
  // By handshake: each gives its place back once, however it ends. Null: its address is not counted.
  readonly #places = new Map<Handshake, string | null>()
  readonly #byAddress = new Counts()

  constructor (total: number, perAddress: number) {
    this.#total = total
    this.#perAddress = perAddress
  }

  get size (): number { return this.#places.size }

  /** When the oldest of them began, or its token came; Infinity: there is none. */
  get oldest (): number {
    let oldest = Infinity
    for (const { startedAt } of this.#places.keys()) oldest = Math.min(oldest, startedAt)
    return oldest
  }

  has (handshake: Handshake): boolean {
    return this.#places.has(handshake)
  }

  /** `address` is null where addresses are not counted. */
  enter (handshake: Handshake, address: string | null): Refusal | null {
    if (this.#places.size >= this.#total) {
      return { code: 'WSG_ERR_CONNECTIONS_PENDING', value: 'without a token yet', retryAfter: RETRY_AFTER }
    }
    if (address !== null && !this.#byAddress.take(address, this.#perAddress)) {
      const value = `${address}: without a token yet`
      return { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value, retryAfter: RETRY_AFTER }
    }
    this.#places.set(handshake, address)
    return null
  }

  /** It is somebody now, or gone. */
  leave (handshake: Handshake): void {
    const key = this.#places.get(handshake)
    if (key === undefined) return
    this.#places.delete(handshake)
    this.#byAddress.give(key)
  }
}
