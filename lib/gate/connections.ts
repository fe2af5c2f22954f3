import type { Refusal } from '../../types/gate.js'
import { Counts } from './counts.js'

/** Caps on connections, all in sockets. */
export interface ConnectionCaps {
  readonly total: number
  /** Of one client address, whoever they belong to. */
  readonly perAddress: number
  /** Of one client address, without an identity. */
  readonly anonymous: number
  readonly perIdentity: number
  /** Handshakes under way. */
  readonly pending: number
  /** Handshakes under way of one client address. */
  readonly pendingPerAddress: number
}

/** A cap that has no slot left: which, under which key, and of which route where it is a route's own. */
export interface FullCap {
  readonly kind: 'address' | 'anonymous' | 'identity'
  readonly key: string
  readonly route: string | null
}

/** Refused at a cap whose sockets can be asked whether they live. */
export interface CapRefusal extends Refusal {
  readonly full: FullCap
}

/** Seconds a refused client is told to wait: long enough that a retry loop costs little. */
export const RETRY_AFTER = 5

/** Keys under which one socket is counted. Given back as a whole when the socket closes. */
export interface Slots {
  address: string | null
  anonymous: string | null
  identity: string | null
  pending: string | null
}

export const noSlots = (): Slots => ({ address: null, anonymous: null, identity: null, pending: null })

/**
 * Counts sockets by address and identity. A slot belongs to a TCP socket and is given back by that socket's `close`
 * event and by nothing else: every way out (FIN, RST, refusal, throw, close frame) ends there.
 */
export class Connections {
  readonly #caps: ConnectionCaps
  readonly #route: string | null
  readonly #addresses = new Counts()
  readonly #anonymous = new Counts()
  readonly #identities = new Counts()
  readonly #pendingBy = new Counts()
  #total = 0
  #pending = 0

  /** `route`: whose own caps these are; null: the application's. */
  constructor (caps: ConnectionCaps, route: string | null = null) {
    this.#caps = caps
    this.#route = route
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
  settle (slots: Slots): void {
    this.#pending--
    slots.pending = this.#pendingBy.give(slots.pending)
  }

  /** The socket is closed. Called once per `enter`. */
  leave (slots: Slots): void {
    this.#total--
    slots.address = this.#addresses.give(slots.address)
    slots.anonymous = this.#anonymous.give(slots.anonymous)
    slots.identity = this.#identities.give(slots.identity)
  }

  /** Takes what a handshake under way needs of its address: one of few, so that one client can't hold them all. */
  claimPending (slots: Slots, key: string): Refusal | null {
    if (slots.pending === key) return null
    if (!this.#pendingBy.take(key, this.#caps.pendingPerAddress)) {
      return { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value: `${key}: handshakes under way`, retryAfter: RETRY_AFTER }
    }
    slots.pending = key
    return null
  }

  /** Takes a slot of this address. Like every claim it counts once, however often it is made. */
  claimAddress (slots: Slots, key: string): CapRefusal | null {
    if (slots.address !== null) return null
    if (!this.#addresses.take(key, this.#caps.perAddress)) return this.#full('address', key)
    slots.address = key
    return null
  }

  /** The same for a socket that will have no identity: one of the slots for those as well. */
  claimAnonymous (slots: Slots, key: string): CapRefusal | null {
    if (slots.anonymous === null) {
      if (!this.#anonymous.take(key, this.#caps.anonymous)) return this.#full('anonymous', key)
      slots.anonymous = key
    }
    return this.claimAddress(slots, key)
  }

  /** Takes a slot of this identity, for the one that a former token was of. */
  claimIdentity (slots: Slots, key: string): CapRefusal | null {
    if (slots.identity === key) return null
    if (!this.#identities.take(key, this.#caps.perIdentity)) return this.#full('identity', key)
    this.#identities.give(slots.identity)
    slots.identity = key
    return null
  }

  #full (kind: FullCap['kind'], key: string): CapRefusal {
    const full = { kind, key, route: this.#route }
    // Who it is stays out of the log.
    if (kind === 'identity') return { code: 'WSG_ERR_CONNECTIONS_PER_IDENTITY', retryAfter: RETRY_AFTER, full }
    const value = kind === 'anonymous' ? `${key}: without an identity` : key
    return { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value, retryAfter: RETRY_AFTER, full }
  }
}
