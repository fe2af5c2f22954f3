import type { Refusal } from '../../types/gate.js'

/** Caps on connections, all in sockets. */
export interface ConnectionCaps {
  readonly total: number
  readonly perAddress: number
  readonly perIdentity: number
  readonly pending: number
}

/** Seconds a refused client is told to wait: long enough that a retry loop costs little. */
const RETRY_AFTER = 5

/** What one socket holds. Given back as a whole when the socket closes. */
export interface Slots {
  address: string | null
  identity: string | null
}

/**
 * Counts sockets by address and identity. A slot belongs to a TCP socket and is given back by that socket's `close`
 * event and by nothing else: every way out (FIN, RST, refusal, throw, close frame) ends there.
 */
export class Connections {
  readonly #caps: ConnectionCaps
  readonly #addresses = new Map<string, number>()
  readonly #identities = new Map<string, number>()
  #total = 0
  #pending = 0

  constructor (caps: ConnectionCaps) {
    this.#caps = caps
  }

  get total (): number { return this.#total }
  get pending (): number { return this.#pending }
  get addresses (): number { return this.#addresses.size }
  get identities (): number { return this.#identities.size }

  /** Counts a socket from its upgrade request on. Always counts, and says whether it is one too many. */
  enter (): Refusal | null {
    this.#total++
    this.#pending++
    if (this.#pending > this.#caps.pending) return { code: 'WSG_ERR_CONNECTIONS_PENDING', retryAfter: RETRY_AFTER }
    if (this.#total > this.#caps.total) return { code: 'WSG_ERR_CONNECTIONS_TOTAL', retryAfter: RETRY_AFTER }
    return null
  }

  /** The handshake is over, one way or the other. Called once per `enter`. */
  settle (): void {
    this.#pending--
  }

  /** The socket is closed. Called once per `enter`. */
  leave (slots: Slots): void {
    this.#total--
    if (slots.address !== null) release(this.#addresses, slots.address)
    if (slots.identity !== null) release(this.#identities, slots.identity)
    slots.address = slots.identity = null
  }

  /** Takes a slot of this address. */
  claimAddress (slots: Slots, key: string): Refusal | null {
    if (!claim(this.#addresses, key, this.#caps.perAddress)) return { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value: key, retryAfter: RETRY_AFTER }
    slots.address = key
    return null
  }

  /** Takes a slot of this identity. */
  claimIdentity (slots: Slots, key: string): Refusal | null {
    if (!claim(this.#identities, key, this.#caps.perIdentity)) return { code: 'WSG_ERR_CONNECTIONS_PER_IDENTITY', retryAfter: RETRY_AFTER }
    slots.identity = key
    return null
  }
}

function claim (counts: Map<string, number>, key: string, cap: number): boolean {
  const count = counts.get(key) ?? 0
  if (count >= cap) return false
  counts.set(key, count + 1)
  return true
}

function release (counts: Map<string, number>, key: string): void {
  const left = (counts.get(key) ?? 1) - 1
  if (left === 0) counts.delete(key)
  else counts.set(key, left)
}
