// Tested in test/attack/tickets.test.ts.
import type { FastifyRequest } from 'fastify'
import type { TicketAuthOptions } from '../../types/auth.js'
import type { AnyIdentity, AuthenticateContext, AuthStrategy, Identity } from '../../types/gate.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { hasExpired } from '../identity/expiry.js'
import { readSession } from '../identity/read-session.js'
import { IN_MESSAGE, placesOf, reading } from './reads.js'
import { refused } from './token-faults.js'
import { fromSubprotocol } from './token-text.js'
import { type Claim, type Ticket, Tickets } from './tickets.js'

/** Before a ticket in the list of subprotocols. */
const PREFIX = 'ticket.'

const KEYS = ['issue', 'auth', 'lifetime', 'perOwner']
const MAX_LIFETIME = 60_000

/** Throws WSG_ERR_OPTION. */
function checkOptions<I extends AnyIdentity> (given: unknown): Required<TicketAuthOptions<I>> {
  const fault = (name: string, expected: string, value: unknown): never => {
    throw new WSG_ERR_OPTION(`ticketAuth${name}: expected ${expected}, got ${got(value)}`)
  }
  if (typeof given !== 'object' || given === null) return fault('', 'options such as { issue, auth }', given)
  checkKeys(given, KEYS, 'ticketAuth', WSG_ERR_OPTION)
  const { issue, auth, lifetime = 30_000, perOwner = 10 } = given as { readonly [key: string]: unknown }
  if (typeof issue !== 'string' || !/^\/[^\s?#*:]+$/.test(issue)) {
    fault('.issue', 'the path of the route that hands tickets out, such as "/ws-ticket"', issue)
  }
  const { authenticate, needs, issues, alternatives = [] } = (auth ?? {}) as Partial<AuthStrategy>
  if (typeof authenticate !== 'function' || typeof needs !== 'object') {
    fault('.auth', 'a strategy such as sessionAuth(session => session.user)', auth)
  }
  if (issues !== undefined || alternatives.some(one => one.issues !== undefined)) {
    fault('.auth', 'a strategy that takes no tickets itself', auth)
  }
  const asked = alternatives.length === 0 ? [auth as object] : alternatives
  if (asked.every(one => placesOf(one).length === 1 && placesOf(one)[0] === IN_MESSAGE)) {
    throw new WSG_ERR_OPTION('ticketAuth.auth: expected a strategy whose credential a POST can carry, such as ' +
      'tokenAuth with the carrier "header", got one that waits for a message')
  }
  const isIn = (value: unknown, least: number, most: number): boolean =>
    typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most
  if (!isIn(lifetime, 1000, MAX_LIFETIME)) fault('.lifetime', `1000 to ${MAX_LIFETIME} milliseconds`, lifetime)
  if (!isIn(perOwner, 1, 1000)) fault('.perOwner', '1 to 1000', perOwner)
  return { issue, auth, lifetime, perOwner } as Required<TicketAuthOptions<I>>
}

/** Without its query, as it was asked for. */
const pathOf = (url: string): string => url.split(/[?;#]/, 1)[0] ?? ''

/** Why a ticket is not for this handshake, for the log; null: it is. */
function misuseOf ({ path, origin }: Claim, { raw }: FastifyRequest): string | null {
  const came = { path: pathOf(raw.url ?? ''), origin: raw.headers.origin ?? null }
  if (path !== came.path) return `the ticket is for the path ${got(path)}, and came to ${got(came.path)}`
  if (origin === came.origin) return null
  const pageOf = (one: string | null): string => one === null ? 'no page' : `a page of ${got(one)}`
  return `the ticket was asked for by ${pageOf(origin)}, and came from ${pageOf(came.origin)}`
}

/**
 * Authenticates by a one-time ticket, carried as the subprotocol `ticket.<ticket>`: for pages whose cookie does not
 * reach the WebSocket's host, and for tokens that no header should hold. `issue` is a POST route that the plugin
 * declares; who is known to `auth` gets a ticket there, for one path and for the page that asks. It ends with its
 * session, and is only spent by a handshake that succeeds. Throws WSG_ERR_OPTION.
 */
export function ticketAuth<I extends AnyIdentity = Identity> (options: TicketAuthOptions<I>): AuthStrategy<I> {
  const { issue: url, auth, lifetime, perOwner } = checkOptions<I>(options)
  const tickets = new Tickets(lifetime, perOwner)

  /** Who it belongs to by now. */
  const judge = async (
    { identity, credential, since }: Ticket, context: AuthenticateContext
  ): Promise<Identity | null> => {
    const session = credential?.session
    if (session === undefined) {
      context.provenBy({ kind: 'ticket', sentBy: 'header', since })
      return identity
    }
    const stored = await readSession(session.store, session.id)
    const expires = stored === null ? 0 : session.source.expiryOf(stored)
    if (stored === null || hasExpired(expires)) {
      throw refused('the session that the ticket was asked for with has ended')
    }
    const found = await session.source.identify(session.id, stored)
    if (found?.id !== identity.id) {
      throw refused('the session that the ticket was asked for with is another user\'s by now')
    }
    context.provenBy({ kind: 'ticket', sentBy: 'header', since, session: { ...session, expires } })
    return found
  }

  return reading(['ticket'], {
    name: 'ticket',
    needs: { credential: 'header', session: auth.needs.session },
    isPresent: ({ request }) => fromSubprotocol(request, PREFIX) !== undefined,
    issues: {
      url,
      lifetime,
      auth: auth as AuthStrategy<never>,
      issue: claim => tickets.issue(claim),
    },
    async authenticate (context) {
      const { request } = context
      const text = fromSubprotocol(request, PREFIX)?.text
      if (typeof text !== 'string') return null
      const ticket = tickets.take(text)
      if (ticket === null) {
        throw refused('no such ticket waits here: it was used, it has run out, or another process handed it out')
      }
      const giveBack = (): void => { tickets.giveBack(ticket) }
      const misuse = misuseOf(ticket, request)
      if (misuse !== null) {
        giveBack()
        throw refused(misuse)
      }
      // Refused for another reason, too late, or its client has left.
      context.signal.addEventListener('abort', giveBack, { once: true })
      return await judge(ticket, context) as I | null
    },
  })
}
