// Tested in test/life/sessions.test.ts.
import { WSG_ERR_AUTH_TIMEOUT } from '../errors/coded.js'
import type { Events } from '../events/events.js'
import type { SessionCredential, SessionReader } from '../../types/gate.js'
import { readSession } from '../identity/read-session.js'
import type { Line } from './line.js'
import { type SessionHome, SessionWatch } from './session-watch.js'
import type { Timetable } from './timetable.js'

/** Reads under way at once. */
const CONCURRENCY = 32
/** Milliseconds after a failure until the store is asked again, by one read at a time until one succeeds. */
const RETRY = 1000

/** Times in milliseconds. */
export interface SessionTimes {
  /** Between two reads of a session. */
  readonly recheck: number
  /** That a session lives on which can't be read. */
  readonly grace: number
  /** That one read may take. */
  readonly readTimeout: number
}

export interface StoreParts {
  readonly events: Events
  readonly timetable: Timetable
  readonly times: SessionTimes
  readonly now: () => number
}

/** The sessions of one store that sockets rest on, and whether it answers. */
export class WatchedStore implements SessionHome {
  readonly timetable: Timetable
  readonly #reader: SessionReader
  readonly #parts: StoreParts
  readonly #watches = new Map<string, SessionWatch>()
  /** To be read, first come first served. */
  readonly #queue = new Set<SessionWatch>()
  #reading = 0
  /** Infinity: it answers. */
  #failsSince = Infinity
  #retryAt = 0

  constructor (reader: SessionReader, parts: StoreParts) {
    this.#reader = reader
    this.#parts = parts
    this.timetable = parts.timetable
  }

  /** Sessions with an open socket. */
  get size (): number {
    return this.#watches.size
  }

  /** `written`: what was written to the session since it was read for this socket. */
  join (line: Line, { id, expires }: SessionCredential, written?: object): void {
    let watch = this.#watches.get(id)
    if (watch === undefined) {
      this.#watches.set(id, watch = new SessionWatch(id, this))
      this.confirm(watch)
    }
    watch.join(line, expires)
    if (written === undefined) return
    // Counts for this socket from its first moment on. The others may know of something newer, so it is read as well.
    watch.hold(written, watch.begin(), [line]).catch(() => {})
    if (watch.size > 0) this.ask(watch)
  }

  /** A session was destroyed. */
  destroyed (id: string): void {
    this.#watches.get(id)?.end('session')
  }

  /** A session was written. */
  written (id: string, stored: object): void {
    const watch = this.#watches.get(id)
    // What can't be read is read again soon.
    watch?.hold(stored).catch(() => { this.ask(watch) })
  }

  /** Many times per re-check: asks for what is due, and ends what could not be read for too long. */
  look (): void {
    const now = this.#parts.now()
    const { grace } = this.#parts.times
    for (const watch of this.#watches.values()) {
      if (watch.askAt > now && watch.failsSince === Infinity) continue
      if (!watch.isAsked) this.#queue.add(watch)
      // One that is not asked for because the store fails is as little known as one that was.
      const unknownSince = Math.min(watch.failsSince, Math.max(this.#failsSince, watch.askAt))
      if (now - unknownSince >= grace) watch.end('session')
    }
    this.#pump()
  }

  /* ---- for its sessions ---- */

  ask (watch: SessionWatch): void {
    this.#queue.add(watch)
    this.#pump()
  }

  drop (watch: SessionWatch): void {
    this.#queue.delete(watch)
    if (this.#watches.get(watch.id) === watch) this.#watches.delete(watch.id)
  }

  confirm (watch: SessionWatch): void {
    watch.failsSince = Infinity
    // Those that came together, as after a deploy, drift apart.
    watch.askAt = this.#parts.now() + this.#parts.times.recheck * (1 + Math.random() / 4)
  }

  async inTime<T> (answer: PromiseLike<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => { reject(new WSG_ERR_AUTH_TIMEOUT()) }, this.#parts.times.readTimeout).unref()
    })
    try {
      return await Promise.race([answer, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /* ---- reading ---- */

  #pump (): void {
    for (const watch of this.#queue) {
      const isFailing = this.#failsSince !== Infinity
      if (isFailing ? this.#reading > 0 || this.#parts.now() < this.#retryAt : this.#reading >= CONCURRENCY) return
      this.#queue.delete(watch)
      void this.#read(watch)
    }
  }

  async #read (watch: SessionWatch): Promise<void> {
    this.#reading++
    watch.isAsked = true
    const version = watch.begin()
    try {
      const stored = await this.inTime(readSession(this.#reader, watch.id))
      this.#answers()
      if (watch.isCurrent(version)) await watch.hold(stored, version)
    } catch (error) {
      // What comes after all is too old.
      watch.begin()
      this.#fails(watch, error)
    } finally {
      watch.isAsked = false
      this.#reading--
      this.#pump()
    }
  }

  #fails (watch: SessionWatch, error: unknown): void {
    const now = this.#parts.now()
    this.#retryAt = now + RETRY
    watch.failsSince = Math.min(watch.failsSince, now)
    if (this.#failsSince !== Infinity) return
    this.#failsSince = now
    const { events } = this.#parts
    events.publish('store:unavailable', () => ({ app: events.app, sessions: this.size, error }))
  }

  #answers (): void {
    if (this.#failsSince === Infinity) return
    const duration = this.#parts.now() - this.#failsSince
    this.#failsSince = Infinity
    const { events } = this.#parts
    events.publish('store:available', () => ({ app: events.app, sessions: this.size, duration }))
  }
}
