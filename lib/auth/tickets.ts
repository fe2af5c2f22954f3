import { createHash, randomBytes } from 'node:crypto'
import type { Credential, Identity } from '../../types/gate.js'
import { typedKey } from '../identity/typed-key.js'

/** What a ticket is good for. */
export interface Claim {
  /** Of the page that asked for it; null: there was none. */
  readonly origin: string | null
  /** Of the WebSocket, without its query. */
  readonly path: string
  readonly identity: Identity
  /** What that was proven by. */
  readonly credential: Credential | null
  /** When it was asked for, in milliseconds of `performance.now()`. */
  readonly since: number
}

/** A ticket that waits to be used. */
export interface Ticket extends Claim {
  readonly hash: string
  /** Whose it counts for: a session, or a user. */
  readonly owner: string
  /** In milliseconds since the epoch. */
  readonly endsAt: number
}

/** Bytes of randomness in a ticket. */
const BYTES = 32
/** Tickets that wait at most, of all owners. */
const MAX_TICKETS = 100_000

/** Also what a peer sends is hashed first: how long a look takes tells nothing of what is kept. */
const hashOf = (text: string): string => createHash('sha256').update(text).digest('base64url')

const ownerOf = ({ identity, credential }: Claim): string => credential?.session === undefined
  ? `user ${typedKey(identity.id)}`
  : `session ${credential.session.id}`

/**
 * One-time tickets of this process, kept by their hash. They end after `lifetime` milliseconds, and one owner has
 * `perOwner` at most.
 */
export class Tickets {
  readonly #lifetime: number
  readonly #perOwner: number
  // In the order of their end, but for those that came back.
  readonly #tickets = new Map<string, Ticket>()
  readonly #owners = new Map<string, number>()

  constructor (lifetime: number, perOwner: number) {
    this.#lifetime = lifetime
    this.#perOwner = perOwner
  }

  get size (): number { return this.#tickets.size }

  /** A new ticket's text; null: this owner has as many as may wait, or there are too many in all. */
  issue (claim: Claim): string | null {
    this.#sweep()
    const owner = ownerOf(claim)
    if ((this.#owners.get(owner) ?? 0) >= this.#perOwner || this.#tickets.size >= MAX_TICKETS) return null
    const text = randomBytes(BYTES).toString('base64url')
    this.#put({ ...claim, owner, hash: hashOf(text), endsAt: Date.now() + this.#lifetime })
    return text
  }

  /** Takes it out: of several who ask at once one gets it. */
  take (text: string): Ticket | null {
    const hash = hashOf(text)
    const ticket = this.#tickets.get(hash)
    if (ticket === undefined) return null
    this.#delete(ticket)
    return ticket.endsAt > Date.now() ? ticket : null
  }

  /** It was of no use to who took it: it waits again, for as long as it had left. */
  giveBack (ticket: Ticket): void {
    if (ticket.endsAt > Date.now()) this.#put(ticket)
  }

  #put (ticket: Ticket): void {
    this.#tickets.set(ticket.hash, ticket)
    this.#owners.set(ticket.owner, (this.#owners.get(ticket.owner) ?? 0) + 1)
  }

  #delete ({ hash, owner }: Ticket): void {
    this.#tickets.delete(hash)
    const left = (this.#owners.get(owner) ?? 1) - 1
    if (left === 0) this.#owners.delete(owner)
    else this.#owners.set(owner, left)
  }

  #sweep (): void {
    const now = Date.now()
    for (const ticket of this.#tickets.values()) {
      if (ticket.endsAt > now) return
      this.#delete(ticket)
    }
  }
}
