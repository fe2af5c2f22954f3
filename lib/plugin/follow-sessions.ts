// Tested in test/attack/session-life.test.ts.
import type { FastifyInstance } from 'fastify'
import type { SessionReader } from '../../types/gate.js'
import { findSessionStore } from '../foreign/session-store.js'
import type { Life } from '../life/life.js'

/** `onReady`: from the first handshake on it is heard what becomes of the sessions that routes authenticate by. */
export function followSessions (life: Life, scopes: Iterable<FastifyInstance>): void {
  for (const scope of scopes) {
    const store = findSessionStore(scope)
    if (store !== null) life.follow(store as SessionReader)
  }
}
