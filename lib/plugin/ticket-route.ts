// Tested in test/attack/tickets.test.ts.
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AuthenticateContext, AuthStrategy, Credential, Refusal, TicketIssue } from '../../types/gate.js'
import { authenticate } from '../auth/authenticate.js'
import { sessionCookieName } from '../foreign/session-cookie-name.js'
import { leaveUnsaved } from '../foreign/session-store.js'
import { RETRY_AUTH } from '../gate/door.js'
import type { Gate } from '../gate/gate.js'
import type { RoutePolicy } from '../gate/policy.js'

/** Bytes of a request for a ticket. */
const BODY_LIMIT = 2048

const JSON_TYPE = /^application\/json(?: *;|$)/i
/** A path as a handshake has it: without a query. */
const PATH = /^\/[\u0021-\u007e]{0,1023}$/

/** What a strategy is asked with where there is no handshake. */
class PlainQuestion implements AuthenticateContext {
  readonly request: FastifyRequest
  readonly signal: AbortSignal
  credential: Credential | null = null

  constructor (request: FastifyRequest, signal: AbortSignal) {
    this.request = request
    this.signal = signal
  }

  get sessionCookie (): string {
    return sessionCookieName(this.request.server)
  }

  provenBy (credential: Credential): void {
    this.credential = credential
  }
}

function pathIn (body: unknown): string | null {
  const path = typeof body === 'object' && body !== null ? (body as { readonly path?: unknown }).path : null
  return typeof path === 'string' && PATH.test(path) && !/[?#;]/.test(path) ? path : null
}

export interface TicketRouteParts {
  readonly gate: Gate
  readonly policy: RoutePolicy
  /** Milliseconds. */
  readonly authTimeout: number
}

/**
 * Declares the POST route that hands out tickets. It is held to Host, Origin and rate as a handshake is; JSON is asked
 * for, which a page of another site can't send unasked (Fetch, CORS-safelisted request headers).
 */
export function declareTicketRoute (scope: FastifyInstance, issues: TicketIssue, parts: TicketRouteParts): void {
  const { gate, policy, authTimeout } = parts
  /** Chosen once: what a strategy needs is what the request is held to. */
  const chosen = new WeakMap<FastifyRequest, AuthStrategy>()
  /** Milliseconds of `authTimeout` that are gone before the body is read. */
  const spent = new WeakMap<FastifyRequest, number>()
  const strategyOf = (request: FastifyRequest): AuthStrategy => chosen.get(request) ?? issues.auth
  const refuse = (request: FastifyRequest, reply: FastifyReply, refusal: Refusal): Error =>
    gate.refusePlain(request, reply, refusal, { policy, strategy: strategyOf(request) })
  scope.post(issues.url, {
    bodyLimit: BODY_LIMIT,
    onError (request, _reply, _error, done) {
      leaveUnsaved(request)
      done()
    },
    // Before a byte of the body is read.
    async onRequest (request, reply) {
      const strategy = issues.auth.choose?.({ request, sessionCookie: sessionCookieName(request.server) })
      if (strategy !== undefined) chosen.set(request, strategy)
      const since = performance.now()
      const judged = { policy, strategy: strategyOf(request) }
      const { found, refusal } = await gate.askPlain(request, authTimeout, signal =>
        gate.checkPlain(request, judged, signal))
      const verdict = refusal ?? found
      if (verdict !== null) throw refuse(request, reply, verdict)
      spent.set(request, performance.now() - since)
      if (JSON_TYPE.test(request.headers['content-type'] ?? '')) return
      throw refuse(request, reply, { code: 'WSG_ERR_TICKET_REQUEST', value: 'no application/json' })
    },
  }, async (request, reply) => {
    const path = pathIn(request.body)
    if (path === null) {
      throw refuse(request, reply, { code: 'WSG_ERR_TICKET_REQUEST', value: 'no path' })
    }
    const since = performance.now()
    const asked = await gate.askPlain(request, authTimeout - (spent.get(request) ?? 0), async signal => {
      const question = new PlainQuestion(request, signal)
      return { ...await authenticate(strategyOf(request), question), credential: question.credential }
    })
    if (asked.refusal !== null) throw refuse(request, reply, asked.refusal)
    const { identity, refusal, credential } = asked.found
    if (refusal !== null) throw refuse(request, reply, refusal)
    // What was revoked since then is not remembered for longer.
    if (performance.now() - since > authTimeout) {
      throw refuse(request, reply, { code: 'WSG_ERR_AUTH_TIMEOUT', retryAfter: RETRY_AUTH })
    }
    const ticket = issues.issue({ origin: request.raw.headers.origin ?? null, path, identity, credential, since })
    if (ticket === null) {
      const retryAfter = Math.ceil(issues.lifetime / 1000)
      throw refuse(request, reply, { code: 'WSG_ERR_TICKETS_WAITING', retryAfter })
    }
    leaveUnsaved(request)
    reply.header('cache-control', 'no-store')
    return { ticket, expiresIn: issues.lifetime }
  })
}
