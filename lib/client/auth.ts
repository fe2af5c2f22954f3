import { ClientError } from './error.js'

/** Why `auth` is asked. In milliseconds, what the server says about tokens (docs/protocol.md section 10). */
export interface AuthContext {
  /** The server has just said that what it got is not valid. */
  readonly refused?: boolean
  /** The token goes into a message, because the server waits for the first one so long. */
  readonly deadline?: number
  /** The token goes into a message, because the one before ends within. */
  readonly expiresIn?: number
}

/**
 * Asked for a token, or to renew a cookie. `ticket` makes one for tickets, `firstMessage` one for tokens in messages.
 */
export interface AuthSource {
  (context: AuthContext): string | void | Promise<string | void>
  /** What stands before the token in the list of subprotocols. Default `bearer.`. */
  prefix?: string
}

const isForMessage = ({ deadline, expiresIn }: AuthContext): boolean => (deadline ?? expiresIn) !== undefined

/** Fetches a ticket; null: nobody is logged in. */
export type TicketSource = (context: AuthContext) => string | null | Promise<string | null>

/**
 * `auth` for tickets: `createClient({ auth: ticket(() => fetchTicket()) })`. Each attempt takes a new one. With null it
 * connects without, and the server says that nobody is there. Anything else that is no ticket is `connect_failed`, and
 * tried again.
 */
export function ticket (fetchTicket: TicketSource): AuthSource {
  const source = async (context: AuthContext): Promise<string | void> => {
    if (isForMessage(context)) return
    const got: unknown = await fetchTicket(context)
    if (got === null) return
    if (typeof got === 'string' && got) return got
    throw new ClientError('connect_failed', { message: 'ticket: expected a text, or null where nobody is logged in' })
  }
  return Object.assign(source, { prefix: 'ticket.' })
}

/**
 * `auth` for tokens that no subprotocol can carry: `createClient({ auth: firstMessage(() => token()) })`. The handshake
 * has none, and the server that then waits for a first message gets the token in it.
 */
export function firstMessage (auth: AuthSource): AuthSource {
  return context => isForMessage(context) ? auth(context) : undefined
}
