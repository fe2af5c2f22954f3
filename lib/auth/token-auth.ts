import type { FastifyRequest } from 'fastify'
import type { VerifiedIdentity, TokenAuthOptions, TokenCarrier, Verified } from '../../types/auth.js'
import type { AnyIdentity, AuthStrategy, Credential, Identity } from '../../types/gate.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import { reading } from './reads.js'
import { faultOf, refused } from './token-faults.js'
import { type Carried, fromHeader, fromSubprotocol, isToken } from './token-text.js'

/** Before a token in the list of subprotocols. */
const PREFIX = 'bearer.'

const CARRIERS: readonly TokenCarrier[] = ['header', 'subprotocol', 'message']
const KEYS = ['verify', 'carriers', 'clockTolerance', 'dangerouslyAllowNoExpiry']
/** What is less was meant in seconds, as verifiers have it. */
const MIN_TOLERANCE = 100
const MAX_TOLERANCE = 30_000

type Checked = Required<TokenAuthOptions<Verified>>

/** Throws WSG_ERR_OPTION. */
function checkOptions (given: unknown): Checked {
  const fault = (name: string, expected: string, value: unknown, hint = ''): never => {
    throw new WSG_ERR_OPTION(`tokenAuth${name}: expected ${expected}, got ${got(value)}${hint}`)
  }
  if (typeof given !== 'object' || given === null) return fault('', 'options such as { verify }', given)
  checkKeys(given, KEYS, 'tokenAuth', WSG_ERR_OPTION)
  const { verify, carriers = CARRIERS, clockTolerance = 0, dangerouslyAllowNoExpiry = false } =
    given as { readonly [key: string]: unknown }
  if (typeof verify !== 'function') fault('.verify', 'a function such as token => app.jwt.verify(token)', verify)
  if (!Array.isArray(carriers) || carriers.length === 0) fault('.carriers', `some of ${CARRIERS.join(', ')}`, carriers)
  const chosen = carriers as readonly unknown[]
  for (const carrier of chosen) {
    if (CARRIERS.includes(carrier as TokenCarrier)) continue
    fault('.carriers', `some of ${CARRIERS.join(', ')}`, carrier, didYouMean(String(carrier), CARRIERS))
  }
  const twice = chosen.find((carrier, index) => chosen.indexOf(carrier) < index)
  if (twice !== undefined) {
    throw new WSG_ERR_OPTION(`tokenAuth.carriers: expected each carrier once, got ${got(twice)} twice`)
  }
  const isTolerance = typeof clockTolerance === 'number' && clockTolerance >= MIN_TOLERANCE &&
    clockTolerance <= MAX_TOLERANCE
  if (clockTolerance !== 0 && !isTolerance) {
    fault('.clockTolerance', `0, or ${MIN_TOLERANCE} to ${MAX_TOLERANCE} milliseconds`, clockTolerance)
  }
  if (typeof dangerouslyAllowNoExpiry !== 'boolean') {
    fault('.dangerouslyAllowNoExpiry', 'true or false', dangerouslyAllowNoExpiry)
  }
  return { verify, carriers, clockTolerance, dangerouslyAllowNoExpiry } as Checked
}

/** Seconds since the epoch that are later than the year 5000: milliseconds. */
const MILLISECONDS = 1e11

/** The end that a claim `exp` says, in milliseconds. Throws what is 401: it would never come. */
function endOf (exp: unknown): number {
  if (typeof exp !== 'number' || !Number.isFinite(exp)) throw refused(`exp is no number of seconds, got ${got(exp)}`)
  if (exp < MILLISECONDS) return exp * 1000
  throw refused('exp is in milliseconds, and RFC 7519 has seconds: sign Math.floor(milliseconds / 1000), or return ' +
    'expires')
}

/** The identity that claims are of. An `id` and an `expires` are its own, and go before `sub` and `exp`. */
function identityOf (found: Verified): AnyIdentity {
  const { id, sub, exp, expires } = found as Partial<AnyIdentity> & { readonly sub?: unknown, readonly exp?: unknown }
  const named = id === undefined && typeof sub === 'string' ? { id: sub } : {}
  const ended = expires === undefined && exp !== undefined && exp !== null ? { expires: endOf(exp) } : {}
  return ('id' in named || 'expires' in ended ? { ...found, ...named, ...ended } : found) as AnyIdentity
}

/**
 * Authenticates by a token: from `Authorization: Bearer` (RFC 6750), the subprotocol `bearer.<token>`, or a first
 * message `$auth` (docs/protocol.md section 10). Never from a URL, which is logged on the way. `verify` judges it and
 * says who it is; that has an `expires`, at which the socket is closed, unless a new token of the same `id` comes in
 * time. Two tokens that differ are 401. Throws WSG_ERR_OPTION.
 */
export function tokenAuth<I extends AnyIdentity = Identity> (options: TokenAuthOptions<I>): AuthStrategy<I>
export function tokenAuth<V extends Verified> (options: TokenAuthOptions<V>): AuthStrategy<VerifiedIdentity<V>>
export function tokenAuth (options: unknown): AuthStrategy<AnyIdentity> {
  const { verify, carriers, clockTolerance, dangerouslyAllowNoExpiry } = checkOptions(options)

  const carried = (request: FastifyRequest): readonly Carried[] => [
    carriers.includes('header') ? fromHeader(request) : undefined,
    carriers.includes('subprotocol') ? fromSubprotocol(request, PREFIX) : undefined,
  ].filter(found => found !== undefined)

  const judge = async ({ carrier, text }: Carried, signal: AbortSignal): Promise<AnyIdentity | null> => {
    if (!isToken(text)) throw refused('no token of RFC 6750, or two of them')
    let found
    try {
      found = await verify(text, { carrier, signal })
    } catch (thrown) {
      throw faultOf(thrown, text)
    }
    if (found === null || found === undefined) return null
    const identity = identityOf(found)
    const { expires } = identity
    if (expires === undefined || expires === null || expires === Infinity) {
      if (dangerouslyAllowNoExpiry) return identity
      throw refused('what verify found has no expires and no exp; dangerouslyAllowNoExpiry accepts that')
    }
    // A time that is none is judged with all others.
    if (clockTolerance === 0) return identity
    return { ...identity, expires: Number(expires) + clockTolerance }
  }

  const renew = (text: string, signal: AbortSignal): Promise<AnyIdentity | null> =>
    judge({ carrier: 'message', text }, signal)
  // One for all its sockets. What comes of a renewal is an identity as any strategy's.
  const credential = { kind: 'token', sentBy: 'header', renew } as Credential

  return reading(carriers.map(carrier => `token in ${carrier}`), {
    name: 'token',
    needs: { credential: 'header', session: false },
    challenge: 'Bearer',
    firstMessage: carriers.includes('message'),
    isPresent: ({ request }) => carried(request).length > 0,
    authenticate (context) {
      const [first, second] = carried(context.request)
      if (first === undefined) return null
      if (second !== undefined && first.text !== second.text) throw refused('Authorization and subprotocol differ')
      context.provenBy(credential)
      return judge(first, context.signal)
    },
    verifyToken: renew,
  })
}
