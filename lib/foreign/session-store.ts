import type { FastifyInstance, FastifyRequest } from 'fastify'
import { warnChanged } from './changed.js'
import { probeSession, type ProbeSession } from './session-probe.js'

type Callback = (error?: unknown, ...rest: unknown[]) => void

/** A store of @fastify/session, as it is called. */
interface SessionStore {
  get: (id: string, callback: (error: unknown, session?: object | null) => void) => void
  set: (id: string, session: object, callback: Callback) => unknown
  destroy: (id: string, callback: Callback) => unknown
}

/** What is told of the sessions of a store. Must not throw. */
export interface StoreListener {
  /** Told when the call is made, and again when it is answered: until then it could still be read. */
  destroyed (id: string): void
  /** After it was stored. */
  written (id: string, stored: object): void
}

interface Ears {
  readonly listeners: Set<StoreListener>
  /** Id of the session of a self-check, which never gets to the store. */
  probe: string | null
  heard: number
}

const ears = new WeakMap<object, Ears>()

/**
 * Tells what happens to the sessions of a store in this process: `destroy` and `set` of the store object, through which
 * @fastify/session's `destroy`, `regenerate` and `save` go, are replaced once. What is returned ends the telling.
 */
export function listenToStore (store: object, listener: StoreListener): () => void {
  const { listeners } = earsOf(store as SessionStore)
  listeners.add(listener)
  return () => { listeners.delete(listener) }
}

function earsOf (store: SessionStore): Ears {
  const known = ears.get(store)
  if (known !== undefined) return known
  const own: Ears = { listeners: new Set(), probe: null, heard: 0 }
  ears.set(store, own)
  replace(store, 'destroy', own, {
    before: id => { for (const listener of own.listeners) listener.destroyed(id) },
    after: id => { for (const listener of own.listeners) listener.destroyed(id) },
  })
  replace(store, 'set', own, {
    before: () => {},
    after: (id, session) => {
      if (typeof session !== 'object' || session === null) return
      for (const listener of own.listeners) listener.written(id, session)
    },
  })
  return own
}

interface Told {
  readonly before: (id: string) => void
  readonly after: (id: string, session: unknown) => void
}

function replace (store: SessionStore, name: 'destroy' | 'set', own: Ears, { before, after }: Told): void {
  const original = store[name] as (...args: unknown[]) => unknown
  const told = function (this: unknown, id: unknown, ...args: unknown[]): unknown {
    const callback = args.at(-1)
    if (own.probe !== null && id === own.probe) {
      own.heard++
      if (typeof callback === 'function') (callback as Callback)()
      return undefined
    }
    const key = String(id)
    before(key)
    const done = (error?: unknown): void => { if (!error) after(key, args[0]) }
    if (typeof callback === 'function') {
      args[args.length - 1] = (...answer: unknown[]): void => {
        done(answer[0])
        Reflect.apply(callback, undefined, answer)
      }
      return Reflect.apply(original, this, [id, ...args])
    }
    const result = Reflect.apply(original, this, [id, ...args])
    // An application may call a store by itself, and stores often answer by a promise then.
    if (result instanceof Promise) result.then(() => { done() }, () => {})
    else done()
    return result
  }
  // A store that is frozen, or has no such method, is not listened to; the self-check says so.
  Reflect.defineProperty(store, name, { value: told, writable: true, configurable: true, enumerable: false })
}

/**
 * The store of the @fastify/session in this scope, proven at boot: its sessions end and are written through the store's
 * own methods, where they are heard. Null, with a warning, where that can't be seen: sockets then follow their sessions
 * by re-checks alone.
 */
export function findSessionStore (scope: FastifyInstance): object | null {
  try {
    const { session } = probeSession(scope)
    const store = session === undefined ? null : storeIn(session)
    if (store !== null && session !== undefined && isHeard(store, session)) return store
  } catch {
    // A signer or an idGenerator that needs a real request.
  }
  warnChanged(scope.log, 'session-store', 'sockets are not told of a logout: they end with the next re-check of ' +
    'their session (sessions.recheck)')
  return null
}

/**
 * Keeps @fastify/session from writing a request's session when that is answered, as it does with `rolling`: a client
 * that lets its body wait for a logout would bring the session back. It can still be read.
 */
export function leaveUnsaved (request: FastifyRequest): void {
  const session: unknown = Reflect.get(request, 'session')
  if (typeof session !== 'object' || session === null) return
  Reflect.set(request, 'session', Object.create(session, { sessionId: { value: undefined } }))
}

function storeIn (session: object): SessionStore | null {
  for (const key of Reflect.ownKeys(session)) {
    const value: unknown = Reflect.get(session, key)
    if (typeof value !== 'object' || value === null) continue
    const { get, set, destroy } = value as Partial<SessionStore>
    if (typeof get === 'function' && typeof set === 'function' && typeof destroy === 'function') {
      return value as SessionStore
    }
  }
  return null
}

function isHeard (store: SessionStore, session: ProbeSession): boolean {
  const own = earsOf(store)
  const { heard } = own
  own.probe = String(session.sessionId)
  try {
    session.save?.(() => {})
    session.destroy?.(() => {})
  } finally {
    own.probe = null
  }
  return own.heard === heard + 2
}
