// Tested in test/auth/token-auth.test.ts.
import { inspect } from 'node:util'
import { WSG_ERR_TOKEN } from '../errors/coded.js'

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

interface Thrown {
  readonly name?: unknown
  readonly code?: unknown
  readonly message?: unknown
  readonly statusCode?: unknown
}

/** What `verify` threw, as a strategy throws it: with the status 401 or 403, or another, and never with the token. */
export function faultOf (thrown: unknown, token: string): unknown {
  // Anything can be thrown, also what throws when it is read.
  try {
    const { name, code, message, statusCode } = (typeof thrown === 'object' ? thrown ?? {} : {}) as Thrown
    const isKnown = [code, name].some(word => typeof word === 'string' && BAD_TOKEN.test(word))
    const status = isKnown ? 401 : statusCode === 401 || statusCode === 403 ? statusCode : 503
    // What is not about the token itself is for who looks for the cause: with its stack.
    if (status === 503 && !inspect(thrown, { depth: 8, maxStringLength: null }).includes(token)) return thrown
    const reason = `${String(code ?? name ?? typeof thrown)}: ${String(message ?? '')}`
    return refused(reason.replaceAll(token, '…'), status)
  } catch {
    return refused('what verify threw can\'t be read', 503)
  }
}

/** A refusal, with its reason for the log. */
export function refused (reason: string, statusCode: 401 | 403 | 503 = 401): Error {
  return Object.assign(new WSG_ERR_TOKEN(reason), { statusCode })
}
