// Tested in test/contract/text/text.test.ts.

// What a text policy is told, as plain data. No node: imports: browsers compile the same policies.

const TEXT_POLICIES = ['text', 'line', 'identifier', 'url', 'html'] as const
export type TextPolicyName = typeof TEXT_POLICIES[number]

/** The `wsText` keyword of a string schema. Complete by itself, so that one function of it decides. */
export interface WsText {
  readonly policy: TextPolicyName
  /** True: repair, then validate. False: validate only and deliver unchanged. Always true for `html`. */
  readonly clean: boolean
  /** UTF-16 units of the value that is delivered, as TypeBox counts `maxLength`. */
  readonly maxLength: number
  /** UTF-16 units of the value that is delivered. Default 0. */
  readonly minLength?: number
  /** UTF-8 bytes, checked on what came and on what is delivered. Default: `defaultMaxBytes`. */
  readonly maxBytes?: number
  /** User-perceived characters (UAX #29) of the value that is delivered. Default: no such limit. */
  readonly maxGraphemes?: number
  /** `identifier` only: allow-list, the source of a regular expression (`u` flag) that has to match the whole value. */
  readonly pattern?: string
  /** `url` only: scheme names in lower case, without a colon. */
  readonly protocols?: readonly string[]
}

/** A `wsText` keyword with its defaults. */
export type TextSpec = Required<Omit<WsText, 'maxGraphemes' | 'pattern'>> & Pick<WsText, 'maxGraphemes' | 'pattern'>

/** UTF-8 bytes of what a costly policy is given, where the field doesn't say `maxBytes`. */
export const COSTLY_BYTES = 16_384

/** The default of `maxBytes`: any text of `maxLength`, unless looking at so many is costly. */
export function defaultMaxBytes (wsText: Pick<WsText, 'policy' | 'maxLength' | 'maxGraphemes'>): number {
  const any = 4 * wsText.maxLength
  return wsText.policy === 'html' || wsText.maxGraphemes !== undefined ? Math.min(any, COSTLY_BYTES) : any
}

/**
 * The `pattern` of every schema with a text policy. It matches any text; it is there because all that Type.Record keeps
 * of its key is the pattern: without it the policy of a record's names would be lost without a word.
 */
export const POLICY_PATTERN = '^(?:|wsText)'

/** Schemes of a `url` that names none itself. */
export const DEFAULT_PROTOCOLS: readonly string[] = Object.freeze(['https', 'http', 'mailto'])

// A link to any of these runs code, or shows foreign content as the application's own.
const DANGEROUS_PROTOCOLS = new Set([
  'javascript', 'vbscript', 'livescript', 'data', 'blob', 'filesystem', 'file', 'view-source', 'feed', 'jar', 'about',
])

/** A boot error with the code WSG_ERR_CONTRACT. @fastify/error needs node:util and can't go into a browser bundle. */
export class TextPolicyError extends TypeError {
  readonly code = 'WSG_ERR_CONTRACT'
  override readonly name = 'TextPolicyError'
}

function refuse (option: string, expected: string, came: unknown): never {
  const shown = came === null || typeof came !== 'object' ? String(came) : Array.isArray(came) ? 'a list' : 'an object'
  throw new TextPolicyError(`text policy, ${option}: expected ${expected}, got ${shown.slice(0, 64)}`)
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const CHECKS: { readonly [option: string]: (value: unknown, policy: TextPolicyName) => string | null } = {
  policy: () => null,
  clean: (value, policy) => {
    if (typeof value !== 'boolean') return 'true or false'
    return policy === 'html' && !value ? 'true: what an HTML adapter returns is never what came' : null
  },
  maxLength: value => isCount(value) && value > 0 ? null : 'a whole number above 0',
  minLength: value => isCount(value) ? null : 'a whole number, 0 or more',
  maxBytes: value => isCount(value) && value > 0 ? null : 'a whole number above 0',
  maxGraphemes: value => isCount(value) && value > 0 ? null : 'a whole number above 0',
  pattern: (value, policy) => {
    if (policy !== 'identifier') return 'nothing: only identifier takes one'
    return typeof value === 'string' ? null : 'the source of a regular expression'
  },
  protocols: (value, policy) => policy !== 'url' ? 'nothing: only url takes them' : protocolsFault(value),
}

function protocolsFault (value: unknown): string | null {
  if (!Array.isArray(value) || value.length === 0) return 'a list of scheme names'
  for (const name of value) {
    if (typeof name !== 'string' || !/^[a-z][a-z0-9+.-]*$/.test(name)) {
      return 'scheme names in lower case without a colon, such as "https"'
    }
    if (DANGEROUS_PROTOCOLS.has(name)) return `schemes that can not run code or hide where they lead; "${name}" can`
  }
  return null
}

/**
 * Checks a `wsText` keyword. Throws a TypeError with code WSG_ERR_CONTRACT that names the option, what was expected
 * and what came: a misspelt option would silently be no check at all.
 */
export function readTextSpec (value: unknown): TextSpec {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse('wsText', 'an object', value)
  const given = value as { readonly [option: string]: unknown }
  const policy = TEXT_POLICIES.find(name => name === given.policy)
  if (policy === undefined) refuse('policy', TEXT_POLICIES.join(', '), given.policy)
  for (const option of ['clean', 'maxLength']) {
    if (given[option] === undefined) refuse(option, 'a value; it is required', undefined)
  }
  for (const [option, came] of Object.entries(given)) {
    if (!Object.hasOwn(CHECKS, option)) refuse(option, `one of ${Object.keys(CHECKS).join(', ')}`, came)
    const expected = came === undefined ? null : CHECKS[option]!(came, policy)
    if (expected !== null) refuse(option, expected, came)
  }
  const spec = given as unknown as WsText
  const { maxLength, minLength = 0, maxBytes = defaultMaxBytes(spec), protocols = DEFAULT_PROTOCOLS } = spec
  if (minLength > maxLength) refuse('minLength', `at most maxLength (${maxLength})`, minLength)
  const { clean, maxGraphemes, pattern } = spec
  return { policy, clean, maxLength, minLength, maxBytes, maxGraphemes, pattern, protocols }
}
