import type { FastifyInstance } from 'fastify'

// Tested in test/foreign/session-cookie.test.ts and test/foreign/session-store.test.ts.

/** Attributes of the cookie as @fastify/session would set them. */
export interface ProbeCookie {
  readonly secure?: unknown
  readonly httpOnly?: unknown
  readonly sameSite?: unknown
  readonly path?: string
}

/** A session, as far as it is looked into. */
export interface ProbeSession {
  readonly sessionId?: unknown
  readonly cookie?: ProbeCookie
  readonly destroy?: (callback: () => void) => void
  readonly save?: (callback: () => void) => void
}

/** A request, as far as @fastify/session looks at it. */
export interface SessionProbe {
  readonly protocol: 'http' | 'https'
  readonly headers: object
  readonly session?: ProbeSession
}

interface SessionScope {
  decryptSession?: (cookie: string, request: object, options: object, callback: () => void) => void
}

/**
 * A request with the session that the @fastify/session of this scope makes for an unsigned cookie: the package keeps
 * its options and its store to itself, and such a session shows them. May throw: a signer or an idGenerator may need a
 * real request.
 */
export function probeSession (scope: FastifyInstance, protocol: SessionProbe['protocol'] = 'https'): SessionProbe {
  const probe: SessionProbe = { protocol, headers: {} }
  ;(scope as SessionScope).decryptSession?.('', probe, {}, () => {})
  return probe
}
