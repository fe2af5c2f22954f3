// Tested in test/attack/first-message.test.ts.
import type { Refusal } from '../../types/gate.js'
import type { Handshake } from './record.js'

/** Seconds a refused client is told to wait. */
const RETRY_AFTER = 5

/** Sockets whose first message is to be a token: how many there may be, in total and of one client address. */
export class WaitingRoom {
  readonly #total: number
  readonly #perAddress: number
  // By handshake: each gives its place back once, however it ends.
  readonly #places = new Map<Handshake, string>()
  readonly #byAddress = new Map<string, number>()

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
    const key = address ?? ''
    const count = this.#byAddress.get(key) ?? 0
    if (address !== null && count >= this.#perAddress) {
      return { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value: `${key}: without a token yet`, retryAfter: RETRY_AFTER }
    }
    this.#places.set(handshake, key)
    this.#byAddress.set(key, count + 1)
    return null
  }

  /** It is somebody now, or gone. */
  leave (handshake: Handshake): void {
    const key = this.#places.get(handshake)
    if (key === undefined) return
    this.#places.delete(handshake)
    const left = (this.#byAddress.get(key) ?? 1) - 1
    if (left === 0) this.#byAddress.delete(key)
    else this.#byAddress.set(key, left)
  }
}
