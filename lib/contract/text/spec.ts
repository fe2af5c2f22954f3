import { WSG_ERR_CONTRACT } from '../../errors/contract-error.js'
import { BOOLEAN, checkMembers, COUNT, isObject, WHOLE, type Members } from '../../errors/expected.js'
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

const OPTIONS: Members = {
  policy: [TEXT_POLICIES.join(', '), value => TEXT_POLICIES.some(name => name === value)],
  clean: BOOLEAN,
  maxLength: WHOLE,
  minLength: COUNT,
  maxBytes: WHOLE,
  maxGraphemes: WHOLE,
  pattern: ['the source of a regular expression', value => typeof value === 'string'],
  protocols: [
    'a list of scheme names in lower case without a colon, such as "https"',
    value => Array.isArray(value) && value.length > 0 && value.every(name => /^[a-z][a-z0-9+.-]*$/.test(String(name))),
  ],
}

function refuse (option: string, expected: string, came: unknown): never {
  throw new WSG_ERR_CONTRACT(`text policy.${option}: expected ${expected}, got ${got(came)}`)
}

/**
 * Checks a `wsText` keyword: a misspelt option would silently be no check at all. Throws WSG_ERR_CONTRACT.
 */
export function readTextSpec (value: unknown): TextSpec {
  if (!isObject(value)) throw new WSG_ERR_CONTRACT(`text policy, wsText: expected an object, got ${got(value)}`)
  checkMembers(value, OPTIONS, 'text policy', WSG_ERR_CONTRACT, ['policy', 'clean', 'maxLength'])
  const spec = value as object as WsText
  const { policy, clean, maxLength, maxGraphemes, pattern } = spec
  const { minLength = 0, maxBytes = defaultMaxBytes(spec), protocols = DEFAULT_PROTOCOLS } = spec
  if (policy === 'html' && !clean) refuse('clean', 'true: what an HTML adapter returns is never what came', clean)
  if (policy !== 'identifier' && pattern !== undefined) refuse('pattern', 'nothing: only identifier takes one', pattern)
  if (policy !== 'url' && spec.protocols !== undefined) refuse('protocols', 'nothing: only url takes them', protocols)
  if (minLength > maxLength) refuse('minLength', `at most maxLength (${maxLength})`, minLength)
  const dangerous = protocols.find(name => DANGEROUS_PROTOCOLS.has(name))
  if (dangerous !== undefined) {
    refuse('protocols', 'schemes that can not run code or hide where they lead', dangerous)
  }
  return { policy, clean, maxLength, minLength, maxBytes, maxGraphemes, pattern, protocols }
}
