import type { CloseCause } from '../../types/events.js'
import type { Identity } from '../../types/gate.js'
import { typedKey } from '../identity/typed-key.js'
import type { Bearer } from './living.js'
import { Marks } from './marks.js'
import type { Refresh } from './refresh.js'
import { whomOf } from './whom.js'

/** Whether who is on that route is one of those that are ended. Must not throw. */
export type Condition = (bearer: Bearer, route: string) => boolean

interface Refreshed {
  readonly at: number
  readonly refresh: Refresh
}

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
  readonly #refreshes = new Marks<readonly Refreshed[]>()
  #conditions: { readonly at: number, readonly ends: Condition }[] = []

  constructor (options: RecentOptions) {
    this.#options = options
  }

  get size (): number {
    return this.#sessions.size + this.#users.size + this.#written.size + this.#refreshes.size + this.#conditions.length
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

  /** A user's identity was replaced, or is to be changed. */
  refreshed (refresh: Refresh): void {
    const key = typedKey(refresh.id)
    const before = refresh.isWhole ? [] : this.#refreshesOf(key, this.#since)
    this.#remember(at => { this.#refreshes.set(key, at, [...before, { at, refresh }]) })
  }

  /** Why this one has ended since it was proven who it is; null: it has not. */
  endOf (bearer: Bearer, route: string): CloseCause | null {
    const { identity, credential } = bearer
    const since = provenAt(bearer)
    const session = credential?.session?.id
    const own = (session === undefined ? undefined : this.#sessions.since(session, since)) ??
      (identity === null ? undefined : this.#users.since(String(identity.id), since))
    if (own !== undefined) return own
    const isEnded = this.#conditions.some(({ at, ends }) => at >= since && ends(bearer, route))
    return isEnded || this.#isTakenAway(bearer, route) ? 'revoked' : null
  }

  /**
   * Who it is by what was refreshed since its identity was read; undefined: who it was; null: it is taken away. Throws
   * where nobody can tell.
   */
  identityOf (bearer: Bearer, route: string): Identity | null | undefined {
    const { identity, credential, startedAt } = bearer
    if (identity === null) return undefined
    // A session was read in the handshake, also one that a ticket was handed out for.
    const since = credential?.session === undefined ? provenAt(bearer) : startedAt
    let found: Identity | undefined
    for (const { refresh } of this.#refreshesOf(typedKey(identity.id), since)) {
      const former = found ?? identity
      const next = refresh.apply(former, whomOf({ ...bearer, identity: former }, route))
      if (next === null) return null
      found = next
    }
    return found
  }

  /** Of whom nobody can tell, the socket is asked again, and ends as any that is open. */
  #isTakenAway (bearer: Bearer, route: string): boolean {
    try {
      return this.identityOf(bearer, route) === null
    } catch {
      return false
    }
  }

  #refreshesOf (key: string, since: number): readonly Refreshed[] {
    return this.#refreshes.since(key, since)?.filter(({ at }) => at >= since) ?? []
  }

  /** What was written to its session since its handshake began. */
  writtenOf ({ credential, startedAt }: Bearer): object | undefined {
    const session = credential?.session?.id
    return session === undefined ? undefined : this.#written.since(session, startedAt)
  }

  /** Forgets what no handshake under way and no ticket has to do with. */
  forget (): void {
    const before = this.#since
    for (const marks of [this.#sessions, this.#users, this.#refreshes]) marks.forget(before)
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
