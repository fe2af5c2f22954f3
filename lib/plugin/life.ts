// Tested in test/attack/session-life.test.ts.
import type { FastifyInstance } from 'fastify'
import { findSessionStore, listenToStore } from '../foreign/session-store.js'
import { Life, type LifeParts } from '../life/life.js'
import type { Registry } from '../socket/registry.js'
import type { SessionReader } from '../../types/gate.js'
import type { ResolvedOptions } from './options.js'

/** What sees to it that sockets end with their identity. */
export function createLife (
  options: ResolvedOptions, registry: Registry, since: Pick<LifeParts, 'underWaySince' | 'provenSince'>
): Life {
  const { sessions, authTimeout } = options
  return new Life({
    events: registry.events,
    now: registry.now,
    sockets: registry,
    listen: listenToStore,
    ...since,
    authTimeout,
    times: { ...sessions, readTimeout: authTimeout },
  })
}

/** `onReady`: from the first handshake on it is heard what becomes of the sessions that routes authenticate by. */
export function followSessions (life: Life, scopes: Iterable<FastifyInstance>): void {
  for (const scope of scopes) {
    const store = findSessionStore(scope)
    if (store !== null) life.follow(store as SessionReader)
  }
}
