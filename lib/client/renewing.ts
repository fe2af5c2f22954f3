import { AUTH_TYPE } from '../protocol/envelope.js'
import type { Codec, Frame } from './codec.js'

/** Asked for a token, or to renew a cookie. `ticket` makes one for tickets, `renewing` one for tokens that end. */
export interface AuthSource {
  (context: { readonly refused: boolean }): string | void | Promise<string | void>
  /** What stands before the token in the list of subprotocols. Default `bearer.`. */
  prefix?: string
  /** Hears what the server says about tokens. True where it has not admitted us yet. */
  $auth?: (data: AuthNotice, send: (frame: Frame) => void, encode: Codec['encode']) => boolean
}

/** What the server says about tokens, in milliseconds. */
export interface AuthNotice {
  /** A new token is due within. */
  readonly expiresIn?: number
  /** The first token is due within: we are not admitted yet. */
  readonly deadline?: number
  /** The last token was not accepted. */
  readonly refused?: boolean
}

/** `auth` for tickets: `createClient({ auth: ticket(() => fetchTicket()) })`. Each attempt takes a new one. */
export function ticket (auth: AuthSource): AuthSource {
  return Object.assign((context: { readonly refused: boolean }) => auth(context), { prefix: 'ticket.' })
}

/** How `renewing` uses its token. */
export interface RenewingOptions {
  /** The token is sent in a message, and not offered as a subprotocol: it may hold any character. Default false. */
  readonly inMessage?: boolean
}

/** A token is renewed when so much of its time is over. */
const DUE = 0.8

/**
 * `auth` for tokens that end: `createClient({ auth: renewing(() => token()) })`. Before the token ends the next one is
 * asked for, and takes its place over the open connection. A server that waits for a first message with a token gets
 * it.
 */
export function renewing (auth: AuthSource, { inMessage = false }: RenewingOptions = {}): AuthSource {
  // One `auth` may serve several clients.
  const timers = new WeakMap<object, ReturnType<typeof setTimeout>>()
  const source: AuthSource = context => inMessage ? undefined : auth(context)
  source.$auth = ({ expiresIn, refused = false }, send, encode) => {
    clearTimeout(timers.get(send))
    const timer = setTimeout(() => {
      // Where it fails the token ends, and the client comes back with another one.
      (async () => { send(encode(AUTH_TYPE, { token: await auth({ refused }) })) })().catch(console.error)
    }, (expiresIn ?? 0) * DUE)
    timers.set(send, timer)
    // A process may end before its token does.
    if (expiresIn !== undefined) (timer as { unref?: () => void }).unref?.()
    return expiresIn === undefined
  }
  return source
}
