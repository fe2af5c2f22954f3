import type { CloseCause } from '../../types/events.js'
import type { Identity } from '../../types/gate.js'
import { typedKey } from '../identity/typed-key.js'
import type { Bearer } from './living.js'
import { Marks } from './marks.js'

/** Whether who is on that route is one of those that are ended. Must not throw. */
export type Condition = (bearer: Bearer, route: string) => boolean

export interface RecentOptions {
  /** When the oldest handshake that is under way began, in milliseconds of `now`; Infinity: there is none. */
  readonly underWaySince: () => number
  /** When the oldest credential was proven that may still be used, as a ticket; Infinity: there are none. */
  readonly provenSince: () => number
  readonly now: () => number
}

/**
 * What was ended and replaced while handshakes were under way, or since a ticket was asked for. They are let in by what
 * was read before, so each is held against this when it becomes a socket. Nothing is remembered for longer than the
 * oldest of them takes.
 */
export class Recent {
  readonly #options: RecentOptions
  readonly #sessions = new Marks<CloseCause>()
  readonly #users = new Marks<CloseCause>()
  readonly #written = new Marks<object>()
  readonly #identities = new Marks<Identity>()
  #conditions: { readonly at: number, readonly ends: Condition }[] = []

  constructor (options: RecentOptions) {
    this.#options = options
  }

  get size (): number {
    return this.#sessions.size + this.#users.size + this.#written.size + this.#identities.size + this.#conditions.length
  }

  /** A session has ended. */
  endedSession (session: string, cause: CloseCause): void {
    this.#remember(at => { this.#sessions.set(session, at, cause) })
  }

  /** All of a user's sockets were ended; `id` is the text of the identity's. */
  endedUser (id: string): void {
    this.#remember(at => { this.#users.set(id, at, 'revoked') })
  }

  /** All sockets were ended for which `ends` is true. */
  endedWhere (ends: Condition): void {
    this.#remember(at => { this.#conditions.push({ at, ends }) })
  }

  /** A session was written: who it belongs to may be another one. */
  written (session: string, stored: object): void {
    if (this.#options.underWaySince() !== Infinity) this.#written.set(session, this.#options.now(), stored)
  }

  refreshed (identity: Identity): void {
    this.#remember(at => { this.#identities.set(typedKey(identity.id), at, identity) })
  }

  /** Why this one has ended since it was proven who it is; null: it has not. */
  endOf (bearer: Bearer, route: string): CloseCause | null {
    const { identity, credential } = bearer
    const since = provenAt(bearer)
    const session = credential?.session?.id
    const own = (session === undefined ? undefined : this.#sessions.since(session, since)) ??
      (identity === null ? undefined : this.#users.since(String(identity.id), since))
    if (own !== undefined) return own
    return this.#conditions.some(({ at, ends }) => at >= since && ends(bearer, route)) ? 'revoked' : null
  }

  /** What its identity was replaced by since that was read. */
  identityOf (bearer: Bearer): Identity | undefined {
    const { identity, credential, startedAt } = bearer
    // A session was read in the handshake, also one that a ticket was handed out for.
    const since = credential?.session === undefined ? provenAt(bearer) : startedAt
    return identity === null ? undefined : this.#identities.since(typedKey(identity.id), since)
  }

  /** What was written to its session since its handshake began. */
  writtenOf ({ credential, startedAt }: Bearer): object | undefined {
    const session = credential?.session?.id
    return session === undefined ? undefined : this.#written.since(session, startedAt)
  }

  /** Forgets what no handshake under way and no ticket has to do with. */
  forget (): void {
    const before = this.#since
    for (const marks of [this.#sessions, this.#users, this.#identities]) marks.forget(before)
    this.#conditions = this.#conditions.filter(({ at }) => at >= before)
    this.#written.forget(this.#options.underWaySince())
  }

  get #since (): number {
    return Math.min(this.#options.underWaySince(), this.#options.provenSince())
  }

  #remember (note: (at: number) => void): void {
    if (this.#since !== Infinity) note(this.#options.now())
  }
}

function provenAt ({ credential, startedAt }: Bearer): number {
  return Math.min(startedAt, credential?.since ?? Infinity)
}
