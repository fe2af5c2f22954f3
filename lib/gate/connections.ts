import type { Refusal } from '../../types/gate.js'
import type { Duplex } from 'node:stream'

/** Caps on connections, all in sockets. */
export interface ConnectionCaps {
  readonly total: number
  readonly perAddress: number
  readonly perIdentity: number
  readonly pending: number
}

/** Seconds a refused client is told to wait: long enough that a retry loop costs little. */
const RETRY_AFTER = 5

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
  enter (socket: Duplex): Refusal | null {
    this.#total++
    this.#pending++
    socket.once('close', () => { this.#total-- })
    if (this.#pending > this.#caps.pending) return { code: 'WSG_ERR_CONNECTIONS_PENDING', retryAfter: RETRY_AFTER }
    if (this.#total > this.#caps.total) return { code: 'WSG_ERR_CONNECTIONS_TOTAL', retryAfter: RETRY_AFTER }
    return null
  }

  /** The handshake is over, one way or the other. Called once per `enter`. */
  settle (): void {
    this.#pending--
  }

  /** Takes a slot of this address for as long as the socket lives. */
  claimAddress (socket: Duplex, key: string): Refusal | null {
    return this.#claim(this.#addresses, socket, key, this.#caps.perAddress)
      ? null
      : { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value: key, retryAfter: RETRY_AFTER }
  }

  /** Takes a slot of this identity for as long as the socket lives. */
  claimIdentity (socket: Duplex, key: string): Refusal | null {
    return this.#claim(this.#identities, socket, key, this.#caps.perIdentity)
      ? null
      : { code: 'WSG_ERR_CONNECTIONS_PER_IDENTITY', retryAfter: RETRY_AFTER }
  }

  #claim (counts: Map<string, number>, socket: Duplex, key: string, cap: number): boolean {
    const count = counts.get(key) ?? 0
    // A socket that is gone already has fired its `close`: nothing would give the slot back.
    if (count >= cap || socket.destroyed) return false
    counts.set(key, count + 1)
    socket.once('close', () => {
      const left = (counts.get(key) ?? 1) - 1
      if (left === 0) counts.delete(key)
      else counts.set(key, left)
    })
    return true
  }
}
