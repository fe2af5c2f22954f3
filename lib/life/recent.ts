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
  readonly now: () => number
}

/**
 * What was ended and replaced while handshakes were under way. They were let in by what they had read before, so each
 * is held against this when it becomes a socket. Nothing is remembered for longer than the oldest of them takes.
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
    this.#remember(at => { this.#written.set(session, at, stored) })
  }

  refreshed (identity: Identity): void {
    this.#remember(at => { this.#identities.set(typedKey(identity.id), at, identity) })
  }

  /** Why this one has ended since its handshake began; null: it has not. */
  endOf (bearer: Bearer, route: string): CloseCause | null {
    const { identity, credential, startedAt } = bearer
    const session = credential?.session?.id
    const own = (session === undefined ? undefined : this.#sessions.since(session, startedAt)) ??
      (identity === null ? undefined : this.#users.since(String(identity.id), startedAt))
    if (own !== undefined) return own
    return this.#conditions.some(({ at, ends }) => at >= startedAt && ends(bearer, route)) ? 'revoked' : null
  }

  /** What its identity was replaced by since its handshake began. */
  identityOf ({ identity, startedAt }: Bearer): Identity | undefined {
    return identity === null ? undefined : this.#identities.since(typedKey(identity.id), startedAt)
  }

  /** What was written to its session since its handshake began. */
  writtenOf ({ credential, startedAt }: Bearer): object | undefined {
    const session = credential?.session?.id
    return session === undefined ? undefined : this.#written.since(session, startedAt)
  }

  /** Forgets what no handshake under way has to do with. */
  forget (): void {
    const before = this.#options.underWaySince()
    for (const marks of [this.#sessions, this.#users, this.#written, this.#identities]) marks.forget(before)
    this.#conditions = this.#conditions.filter(({ at }) => at >= before)
  }

  #remember (note: (at: number) => void): void {
    if (this.#options.underWaySince() !== Infinity) note(this.#options.now())
  }
}
