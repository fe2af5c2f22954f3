import { WSG_ERR_CONTRACT } from '../../errors/contract-error.js'
import { got } from '../../errors/got.js'

// Tested in test/contract/text/text.test.ts.

// What a text policy is told, as plain data. No node: imports: browsers compile the same policies.

const TEXT_POLICIES = ['text', 'line', 'identifier', 'url', 'html'] as const
export type TextPolicyName = typeof TEXT_POLICIES[number]

/** What a text is bounded by. */
export interface TextLimits {
  /** UTF-16 units (what `string.length` and TypeBox count) of the value that is delivered. Required. */
  readonly maxLength: number
  /** UTF-16 units of the value that is delivered. Default 0; 1 for `identifier`. */
  readonly minLength?: number
  /**
   * UTF-8 bytes, checked on what came and again on what is delivered. Default `4 * maxLength`; of `html` and with
   * `maxGraphemes` at most 16384.
   */
  readonly maxBytes?: number
  /**
   * User-perceived characters (UAX #29). Default: no such limit. Costs up to 250 ns for each byte of a text in which
   * characters join (flags, Indic scripts), a few for others.
   */
  readonly maxGraphemes?: number
}

/** The `wsText` keyword of a string schema. Complete by itself, so that one function of it decides. */
export interface WsText extends TextLimits {
  readonly policy: TextPolicyName
  /** True: repair, then validate. False: validate only and deliver unchanged. Always true for `html`. */
  readonly clean: boolean
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

function refuse (option: string, expected: string, came: unknown): never {
  throw new WSG_ERR_CONTRACT(`text policy, ${option}: expected ${expected}, got ${got(came)}`)
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0

const countAbove0 = (value: unknown): string | null => isCount(value) && value > 0 ? null : 'a whole number above 0'

const CHECKS: { readonly [option: string]: (value: unknown, policy: TextPolicyName) => string | null } = {
  policy: () => null,
  clean: (value, policy) => {
    if (typeof value !== 'boolean') return 'true or false'
    return policy === 'html' && !value ? 'true: what an HTML adapter returns is never what came' : null
  },
  maxLength: countAbove0,
  minLength: value => isCount(value) ? null : 'a whole number, 0 or more',
  maxBytes: countAbove0,
  maxGraphemes: countAbove0,
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
 * Checks a `wsText` keyword: a misspelt option would silently be no check at all. Throws WSG_ERR_CONTRACT.
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
