// Tested in test/life/sessions.test.ts.
import { isDeepStrictEqual } from 'node:util'
import type { CloseCause } from '../../types/events.js'
import type { Identity, SessionSource } from '../../types/gate.js'
import { isThenable } from '../callbacks/thenable.js'
import { identityFault } from '../identity/identity-fault.js'
import type { Followed, Line } from './line.js'
import { NOWHERE, type Timed, type Timetable } from './timetable.js'

/**
 * Milliseconds before its expiry that a session is read once more, because another process may have renewed it; of a
 * short life half of it.
 */
const LEAD = 2000

/** The store that a watched session is in. */
export interface SessionHome {
  readonly timetable: Timetable
  /** Reads the session and tells it. */
  ask (watch: SessionWatch): void
  /** It has no socket any more. */
  drop (watch: SessionWatch): void
  /** It was read or written. */
  confirm (watch: SessionWatch): void
  /** Waits no longer than for a read: rejects then. */
  inTime<T> (answer: PromiseLike<T>): Promise<T>
}

/** A session that sockets rest on; one, however many they are. */
export class SessionWatch implements Timed, Followed {
  at = 0
  place = NOWHERE
  readonly id: string
  /* ---- for its store; times of `performance.now()` ---- */

  /** When it is to be read. */
  askAt = 0
  /** It is being read. */
  isAsked = false
  /** Since when that fails; Infinity: it does not. */
  failsSince = Infinity
  readonly #home: SessionHome
  readonly #lines: Line[] = []
  #expires = Infinity
  /** The expiry before which it was read once more. */
  #lookedBefore = 0
  /** What is known was overtaken by something newer. */
  #version = 0
  /** Sockets were refreshed since the last read began. */
  #isRefreshed = false

  constructor (id: string, home: SessionHome) {
    this.id = id
    this.#home = home
  }

  get size (): number {
    return this.#lines.length
  }

  /** `expires` is what was read at the handshake. */
  join (line: Line, expires: number | null): void {
    // Of several the latest: the session was renewed in between.
    if (this.#lines.length === 0 || (expires ?? Infinity) > this.#expires) this.#schedule(expires)
    line.session = this
    line.seat = this.#lines.push(line) - 1
  }

  leave (line: Line): void {
    const { seat } = line
    line.session = null
    line.seat = NOWHERE
    const last = this.#lines.pop()
    if (last !== undefined && last !== line) {
      this.#lines[seat] = last
      last.seat = seat
    }
    if (this.#lines.length === 0) this.#release()
  }

  /** Ends its sockets. */
  end (cause: CloseCause): void {
    const lines = this.#lines.splice(0)
    this.#release()
    for (const line of lines) {
      line.session = null
      line.socket.closeAs('unauthenticated', cause)
    }
  }

  /** For the timetable. */
  due (now: number): void {
    if (now >= this.#expires) {
      this.end('expired')
      return
    }
    this.#lookedBefore = this.#expires
    this.#home.timetable.set(this, this.#expires)
    this.#home.ask(this)
  }

  /** A read begins; what it brings counts unless something newer has come by then. */
  begin (): number {
    this.#isRefreshed = false
    return ++this.#version
  }

  /** Whether what is being read is older than that nobody can tell. */
  refreshed (): void {
    this.#isRefreshed = true
  }

  isCurrent (version: number): boolean {
    return version === this.#version && this.#lines.length > 0
  }

  /**
   * This is what is stored now, as of `version`, for all its sockets or those of `lines`. At once, where the strategy
   * answers at once. Rejects where that is nothing that can be read.
   */
  async hold (
    stored: object | null, version: number = this.begin(), lines: readonly Line[] = this.#lines
  ): Promise<void> {
    if (stored === null) this.end('session')
    else await this.#compare(stored, version, [...lines])
    if (!this.isCurrent(version)) return
    this.#home.confirm(this)
    // Rights that a refresh may have taken away were not given again; what is read from now on is newer than that.
    if (this.#isRefreshed) this.#home.ask(this)
  }

  async #compare (stored: object, version: number, lines: readonly Line[]): Promise<void> {
    let asked: SessionSource | undefined
    let found: Identity | null = null
    for (const line of lines) {
      const { socket } = line
      const { identity, credential } = socket.bearer
      const source = credential?.session?.source
      const isOther = source !== asked && source !== undefined
      // Outside of what is caught: that this can't be read is the store's fault.
      if (isOther) this.#schedule(source.expiryOf(stored))
      try {
        if (isOther) {
          asked = source
          const answer = source.identify(this.id, stored)
          found = isThenable(answer) ? await this.#home.inTime(answer) : answer
          if (!this.isCurrent(version)) return
        }
        if (found === null || identityFault(found) !== null || found.id !== identity?.id) lose(line)
        else if (!this.#isRefreshed && !isDeepStrictEqual(found, line.read)) {
          line.read = found
          void socket.assume(found)
        }
      } catch (error) {
        if (!this.isCurrent(version)) return
        // The application's own function: it says nothing of the store, and nothing of other sessions.
        found = null
        socket.handlerFailed('auth', error)
        lose(line)
      }
    }
  }

  #schedule (expires: number | null): void {
    // NaN, of a date that is none, is no time to come.
    const at = this.#expires = expires === null ? Infinity : expires || 0
    const lead = at === this.#lookedBefore ? 0 : Math.max(0, Math.min(LEAD, (at - Date.now()) / 2))
    this.#home.timetable.set(this, at - lead)
  }

  #release (): void {
    this.#version++
    this.#home.timetable.delete(this)
    this.#home.drop(this)
  }
}

/** Its session is nobody's any more, or somebody else's. */
function lose (line: Line): void {
  line.session?.leave(line)
  line.socket.closeAs('unauthenticated', 'session')
}
