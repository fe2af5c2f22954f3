import { Events } from '../../lib/events/events.js'
import { Life } from '../../lib/life/life.js'
import type { LifeParts, SessionListener } from '../../lib/life/life.js'
import type { Living } from '../../lib/life/living.js'
import type { EventPayloads } from '../../types/events.js'
import type { Credential, Identity, Refusal, SessionReader, SessionSource } from '../../types/gate.js'
import { settled } from './fake-clock.js'
import type { FakeClock } from './fake-clock.js'
import type { Teardown } from './teardown.js'

export interface StoredSession {
  readonly user?: Identity | undefined
  /** Milliseconds since the epoch. */
  readonly expires?: number | null
}

/** `ok` answers in the next microtask, `down` with an error, `hang` never, `throw` not even that. */
type Mode = 'ok' | 'down' | 'hang' | 'throw'

/** A session store that tells how it is read. */
export class FakeStore implements SessionReader {
  mode: Mode = 'ok'
  /** Of single sessions. */
  readonly modes = new Map<string, Mode>()
  readonly sessions = new Map<string, StoredSession>()
  readonly reads: string[] = []
  /** Reads under way that will be answered. */
  running = 0
  /** The most of them at once. */
  most = 0
  readonly #held: (() => void)[] = []
  isHeld = false

  get (id: string, callback: (error: unknown, session?: object | null) => void): void {
    this.reads.push(id)
    const mode = this.modes.get(id) ?? this.mode
    if (mode === 'throw') throw new Error('no such method')
    if (mode === 'hang') return
    this.most = Math.max(this.most, ++this.running)
    const answer = (): void => {
      this.running--
      if (mode === 'down') callback(new Error('down'))
      else callback(null, this.sessions.get(id) ?? null)
    }
    if (this.isHeld) this.#held.push(answer)
    else queueMicrotask(answer)
  }

  release (): void {
    this.isHeld = false
    for (const answer of this.#held.splice(0)) answer()
  }
}

/** An open socket that notes how it is treated. */
export class FakeSocket implements Living {
  readonly bearer: { identity: Identity | null, readonly credential: Credential | null, readonly startedAt: number }
  readonly route: string
  readonly life: Life
  open = true
  /** `code cause`, once it is closed. */
  closed: string | null = null
  failures: unknown[] = []
  verdict: () => Refusal | null | Promise<Refusal | null> = () => null

  constructor (life: Life, bearer: { identity: Identity | null, credential?: Credential | null, startedAt?: number, route?: string }) {
    this.life = life
    this.bearer = { credential: null, startedAt: 0, ...bearer }
    this.route = bearer.route ?? '/ws'
  }

  get identity (): Identity | null { return this.bearer.identity }

  assume (identity: Identity): Promise<void> | null {
    this.bearer.identity = identity
    return this.life.changed(this)
  }

  reauthorize (): Refusal | null | Promise<Refusal | null> { return this.verdict() }

  closeAs (name: string, cause: string): void {
    if (!this.open) return
    this.open = false
    this.closed = `${name} ${cause}`
  }

  handlerFailed (_type: string, error: unknown): void { this.failures.push(error) }
}

/** As `sessionAuth` reads what `FakeStore` holds. */
export const SOURCE: SessionSource = {
  expiryOf: stored => (stored as StoredSession).expires ?? null,
  identify: (_id, stored) => (stored as StoredSession).user ?? null,
}

/** A life with a clock that a test moves. */
export interface LifeBench {
  readonly life: Life
  readonly store: FakeStore
  readonly sockets: Set<FakeSocket>
  /** What @fastify/session does with the store is told here. */
  readonly listener: SessionListener
  /** Handshakes under way since; Infinity: none. */
  underWaySince: number
  /** Of the oldest ticket; Infinity: there is none. */
  provenSince: number
  events<N extends keyof EventPayloads> (name: N): EventPayloads[N][]
  /** Opens a socket of that user, whose session is stored. */
  open (user: Identity, session?: string, more?: { source?: SessionSource, expires?: number | null, startedAt?: number }): FakeSocket
  /** Opens a socket without a session. */
  plain (identity: Identity | null, more?: { startedAt?: number, route?: string }): FakeSocket
  close (socket: FakeSocket): void
  /** Time goes on, with a look each second. */
  pass (milliseconds: number): Promise<void>
}

/** Times of its sessions: re-checked each 30 s, a grace of 60 s, 5 s for a read. */
export function lifeBench (t: Teardown, clock: FakeClock, times: Partial<LifeParts['times']> = {}): LifeBench {
  const app = {}
  const events = new Events(app)
  const store = new FakeStore()
  const sockets = new Set<FakeSocket>()
  const seen = new Map<string, unknown[]>()
  for (const name of ['store:unavailable', 'store:available'] as const) {
    t.teardown(events.listen(name, event => { seen.set(name, [...seen.get(name) ?? [], event]) }))
  }
  const bench = { underWaySince: Infinity, provenSince: Infinity }
  let listener: SessionListener | null = null
  const now = (): number => clock.now() - 1_600_000_000_000
  const life = new Life({
    events,
    now,
    sockets,
    underWaySince: () => bench.underWaySince,
    provenSince: () => bench.provenSince,
    listen: (_store, given) => { listener = given; return () => {} },
    authTimeout: 5000,
    times: { recheck: 30_000, grace: 60_000, readTimeout: 5000, ...times },
  })
  t.teardown(() => { life.stop() })
  life.follow(store)
  const enter = (socket: FakeSocket): FakeSocket => {
    sockets.add(socket)
    life.entered(socket)
    return socket
  }
  return Object.assign(bench, {
    life,
    store,
    sockets,
    listener: listener!,
    events: (name: string) => (seen.get(name) ?? []) as never[],
    open (user: Identity, session = `of ${user.id}`, more: { source?: SessionSource, expires?: number | null, startedAt?: number } = {}) {
      const { source = SOURCE, expires = null, startedAt = now() } = more
      if (!store.sessions.has(session)) store.sessions.set(session, { user, expires })
      return enter(new FakeSocket(life, { identity: user, startedAt, credential: { kind: 'session', session: { id: session, store, expires, source } } }))
    },
    plain: (identity: Identity | null, more: { startedAt?: number, route?: string } = {}) => enter(new FakeSocket(life, { identity, startedAt: now(), ...more })),
    close (socket: FakeSocket) {
      socket.open = false
      sockets.delete(socket)
      life.left(socket)
    },
    async pass (milliseconds: number) {
      for (let left = milliseconds; left > 0; left -= 1000) {
        await clock.pass(Math.min(left, 1000), 100)
        life.look()
        await settled()
      }
    },
  })
}
