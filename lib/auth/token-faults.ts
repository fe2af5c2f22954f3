// Tested in test/auth/token-auth.test.ts.
import { readThrown } from '../callbacks/read-thrown.js'
import { WSG_ERR_TOKEN } from '../errors/coded.js'
import { escapeForLog } from '../log/log-safe.js'
import { withoutToken } from './without-token.js'

/**
 * What libraries throw of a token that is bad. What they throw of keys that can't be fetched, or of options, is not in
 * it: there nobody can tell.
 */
const BAD_TOKEN = new RegExp(`^(?:${[
  // fast-jwt, of @fastify/jwt
  'FAST_JWT_(?:EXPIRED|INACTIVE|MALFORMED|MISSING_SIGNATURE|MISSING_REQUIRED_CLAIM)',
  'FAST_JWT_INVALID_(?:ALGORITHM|CLAIM_TYPE|CLAIM_VALUE|CRIT_HEADER|PAYLOAD|SIGNATURE|TYPE)',
  // jose
  'ERR_JWT_(?:CLAIM_VALIDATION_FAILED|EXPIRED|INVALID)',
  'ERR_JWS_(?:INVALID|SIGNATURE_VERIFICATION_FAILED)',
  'ERR_JWE_(?:DECRYPTION_FAILED|INVALID)',
  'ERR_JOSE_(?:ALG_NOT_ALLOWED|NOT_SUPPORTED)',
  'ERR_JWKS_(?:NO|MULTIPLE)_MATCHING_KEYS?',
  // jsonwebtoken has no codes
  'JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError',
].join('|')})$`)

/** Lines of a stack that are kept. */
const FRAMES = 10

/** What is read of something that was thrown, and nothing else: whatever hangs on it may hold the token. */
interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly stack?: unknown
  readonly statusCode?: unknown
}

/**
 * What `verify` threw, as a strategy throws it: with the status 401, 403 or 503, and what the log may have of it, which
 * is its name, its code, its message and the frames of its stack, all without the token.
 */
export function faultOf (thrown: unknown, token: string): Error {
  // Anything can be thrown, also what throws when it is read.
  return readThrown(() => copyOf(thrown, token), null) ?? refused('what verify threw can\'t be read', 503)
}

function copyOf (thrown: unknown, token: string): Error {
  const given = (typeof thrown === 'object' && thrown !== null ? thrown : { message: thrown }) as Thrown
  const { name, code, message, statusCode } = given
  const isKnown = [code, name].some(word => typeof word === 'string' && BAD_TOKEN.test(word))
  const status = isKnown ? 401 : statusCode === 401 || statusCode === 403 ? statusCode : 503
  const clean = (text: string): string => escapeForLog(withoutToken(text, token))
  const words = [name, code].filter(isText).map(word => clean(String(word)))
  const kind = words.length === 0 ? typeof thrown : words.join(' ')
  const fault = refused(isText(message) ? `${kind}: ${clean(String(message))}` : kind, status)
  // What is not about the token itself is for who looks for the cause.
  if (status === 503) fault.stack = [`${fault.name}: ${fault.message}`, ...framesOf(given, clean)].join('\n')
  return fault
}

const isText = (value: unknown): value is string | number =>
  typeof value === 'number' || (typeof value === 'string' && value !== '')

/** Where it was thrown: of its stack no line in which stands what it says. */
function framesOf ({ stack, message }: Thrown, clean: (line: string) => string): string[] {
  if (typeof stack !== 'string') return []
  const at = typeof message === 'string' ? stack.indexOf(message) : -1
  const said = at < 0 ? 0 : at + String(message).length
  return stack.slice(said).split('\n').filter(line => /^ +at /.test(line)).slice(0, FRAMES).map(clean)
}

/** A refusal, with its reason for the log. */
export function refused (reason: string, statusCode: 401 | 403 | 503 = 401): Error {
  return Object.assign(new WSG_ERR_TOKEN(reason), { statusCode })
}
