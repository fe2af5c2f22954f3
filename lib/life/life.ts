import type { CloseCause } from '../../types/events.js'
import type { Identity, Refusal, SessionReader } from '../../types/gate.js'
import type { RevokeTarget } from '../../types/revoke-refresh.js'
import { isThenable } from '../callbacks/thenable.js'
import { expiryOf } from '../identity/expiry.js'
import { Line } from './line.js'
import type { Bearer, Living } from './living.js'
import { Recent, type RecentOptions } from './recent.js'
import { readRefresh } from './refresh.js'
import { readRevokeTarget } from './revoke-target.js'
import { Timetable } from './timetable.js'
import { type StoreParts, WatchedStore } from './watched-store.js'
import { whomOf } from './whom.js'

/** What is told of sessions as it happens; of other processes nothing is told. */
export interface SessionListener {
  destroyed (id: string): void
  written (id: string, stored: object): void
}

export interface LifeParts extends Pick<StoreParts, 'events' | 'times'>, RecentOptions {
  /** Every open socket. */
  readonly sockets: Iterable<Living>
  /** Tells what happens to the sessions of a store; what is returned ends that. */
  readonly listen: (store: SessionReader, listener: SessionListener) => () => void
  /** Milliseconds that `authorize` may take when it is asked again. */
  readonly authTimeout: number
}

/** Sees to it that a socket ends with its identity, whatever ended that, and that it is who it is by now. */
export class Life {
  readonly #parts: LifeParts
  readonly #timetable = new Timetable()
  readonly #recent: Recent
  // Only of those that can end so.
  readonly #lines = new Map<Living, Line>()
  readonly #stores = new Map<SessionReader, WatchedStore>()
  readonly #ends: (() => void)[] = []

  constructor (parts: LifeParts) {
    this.#parts = parts
    this.#recent = new Recent(parts)
  }

  /** What is kept, by kind: each is 0 when no socket is open and no handshake under way. */
  get sizes (): { readonly sockets: number, readonly due: number, readonly sessions: number, readonly recent: number } {
    let sessions = 0
    for (const store of this.#stores.values()) sessions += store.size
    return { sockets: this.#lines.size, due: this.#timetable.size, sessions, recent: this.#recent.size }
  }

  /* ---- handshakes ---- */

  /** Begins to hear what becomes of a store's sessions. Before its first session is read. */
  follow (reader: SessionReader): WatchedStore {
    let store = this.#stores.get(reader)
    if (store !== undefined) return store
    const { events, times, now, listen } = this.#parts
    const made = store = new WatchedStore(reader, { events, times, now, timetable: this.#timetable })
    this.#stores.set(reader, store)
    this.#ends.push(listen(reader, {
      destroyed: id => {
        this.#recent.endedSession(id, 'session')
        made.destroyed(id)
      },
      written: (id, stored) => {
        this.#recent.written(id, stored)
        made.written(id, stored)
      },
    }))
    return store
  }

  /** Why a handshake must not become a socket any more; null: it may. Asked right before the 101. */
  endOf (bearer: Bearer, route: string): CloseCause | null {
    const { identity, credential } = bearer
    const ends = Math.min(expiryOf(identity), credential?.session?.expires ?? Infinity)
    if (ends <= Date.now()) return 'expired'
    const ended = this.#recent.endOf(bearer, route)
    if (ended !== null) return ended
    const written = this.#recent.writtenOf(bearer)
    return written !== undefined && isSomebodyElses(bearer, written) ? 'session' : null
  }

  /* ---- sockets ---- */

  /** A socket was opened. */
  entered (socket: Living): void {
    const { bearer } = socket
    const cause = this.endOf(bearer, socket.route)
    if (cause !== null) {
      socket.closeAs('unauthenticated', cause)
      return
    }
    this.#schedule(socket)
    const session = bearer.credential?.session
    if (session !== undefined) {
      this.follow(session.store).join(this.#lineOf(socket), session, this.#recent.writtenOf(bearer))
    }
    // Their session may have closed it.
    if (socket.open) become(socket, () => this.#recent.identityOf(bearer, socket.route))
  }

  /**
   * A socket's identity was replaced: when it ends, and whether it may be here, is another question now. Resolves once
   * that is answered; null: it is. Never rejects.
   */
  changed (socket: Living): Promise<void> | null {
    // Of one that is closing there may be no more to be told.
    if (!socket.open) return null
    this.#schedule(socket)
    const { identity } = socket.bearer
    const verdict = socket.reauthorize()
    if (!(verdict instanceof Promise)) {
      obey(socket, verdict)
      return null
    }
    const timer = setTimeout(() => { socket.closeAs('timeout', 'policy') }, this.#parts.authTimeout)
    timer.unref()
    return verdict.then(refusal => {
      clearTimeout(timer)
      // Of a former identity it says nothing any more.
      if (socket.bearer.identity === identity) obey(socket, refusal)
    })
  }

  /** A socket is gone. */
  left (socket: Living): void {
    const line = this.#lines.get(socket)
    if (line === undefined) return
    this.#lines.delete(socket)
    this.#timetable.delete(line)
    line.session?.leave(line)
  }

  /**
   * `app.wsGuard.revoke`. Throws WSG_ERR_SOCKET_ARGUMENT, and, once all others are ended, what a condition has thrown
   * first.
   */
  revoke (whom: RevokeTarget): number {
    const target = readRevokeTarget(whom)
    const thrown: unknown[] = []
    // Asked of all before one is ended.
    const meant = [...this.#parts.sockets].filter(({ open, bearer, route }) => {
      try {
        return open && target.means(bearer, route)
      } catch (error) {
        // One that nobody can tell of is no shelter for the others.
        thrown.push(error)
        return false
      }
    })
    target.remember(this.#recent)
    for (const socket of meant) socket.closeAs('unauthenticated', 'revoked')
    if (thrown.length > 0) throw thrown[0]
    return meant.length
  }

  /** `app.wsGuard.refresh`. Throws WSG_ERR_SOCKET_ARGUMENT. */
  refresh (given: unknown, change?: unknown): number {
    const refresh = readRefresh(given, change)
    this.#recent.refreshed(refresh)
    // By type and value, as budgets and caps tell users apart: what is given must not reach another one.
    const meant = [...this.#parts.sockets].filter(socket => socket.open && socket.bearer.identity?.id === refresh.id)
    for (const socket of meant) {
      this.#lines.get(socket)?.session?.refreshed()
      const { bearer, route } = socket
      become(socket, () => bearer.identity === null ? null : refresh.apply(bearer.identity, whomOf(bearer, route)))
    }
    return meant.length
  }

  /** Called about once a second: re-checks, and forgetting. */
  look (): void {
    this.#recent.forget()
    for (const store of this.#stores.values()) store.look()
  }

  stop (): void {
    this.#timetable.stop()
    for (const end of this.#ends.splice(0)) end()
  }

  #lineOf (socket: Living): Line {
    let line = this.#lines.get(socket)
    if (line === undefined) this.#lines.set(socket, line = new Line(socket))
    return line
  }

  #schedule (socket: Living): void {
    const at = expiryOf(socket.bearer.identity)
    if (at !== Infinity) this.#timetable.set(this.#lineOf(socket), at)
    else if (this.#lines.has(socket)) this.#timetable.delete(this.#lineOf(socket))
  }
}

/** True where a session, as it is stored, is said at once to be nobody's or another one's. */
function isSomebodyElses ({ identity, credential }: Bearer, stored: object): boolean {
  const session = credential?.session
  if (session === undefined) return false
  try {
    const found = session.source.identify(session.id, stored)
    if (!isThenable(found)) return found === null || found.id !== identity?.id
    // As a socket it is asked about again, and waited for.
    found.then(undefined, () => {})
    return false
  } catch {
    return false
  }
}

/** `find`: who it is from now on; null: it is taken away; undefined: who it was. */
function become (socket: Living, find: () => Identity | null | undefined): void {
  let found: Identity | null | undefined
  try {
    found = find()
  } catch (error) {
    socket.handlerFailed('refresh', error)
    socket.closeAs('internal', 'policy')
    return
  }
  if (found === null) socket.closeAs('unauthenticated', 'revoked')
  else if (found !== undefined && socket.open) void socket.assume(found)
}

/** Only false takes a place away for good; who can't be told about may come again and be asked then. */
function obey (socket: Living, refusal: Refusal | null): void {
  if (refusal === null) return
  if (refusal.code === 'WSG_ERR_FORBIDDEN') socket.closeAs('forbidden', 'revoked')
  else if (refusal.code === 'WSG_ERR_UNAUTHENTICATED') socket.closeAs('unauthenticated', 'revoked')
  else {
    socket.handlerFailed('authorize', refusal.cause)
    socket.closeAs('internal', 'policy')
  }
}
