import { type Kind, Type } from '@sinclair/typebox'
import { checkKeys } from '../../errors/check-keys.js'
import { got } from '../../errors/got.js'
import { WSG_ERR_CONTRACT } from '../../errors/contract-error.js'
import {
  DEFAULT_PROTOCOLS, defaultMaxBytes, POLICY_PATTERN, type TextLimits, type TextPolicyName, type WsText,
} from './spec.js'

// Tested in test/contract/text/text.test.ts.

// Schema builders for strings that people write. Browser bundles import this file: it holds no server code, and what
// the builders return is plain data. What each policy accepts: docs/text.md.

/**
 * A string schema that carries a text policy, for objects of @sinclair/typebox 0.34 and of typebox 1.x. A type, not an
 * interface with an index signature as 0.34's own: what may have any key is Optional already, as 1.x sees it.
 */
export type TText = {
  [Kind]: 'String'
  '~kind': 'String'
  static: string
  params: unknown[]
  type: 'string'
  readonly maxLength: number
  readonly minLength?: number
  readonly wsText: WsText
}

/** Options that every policy takes. */
export interface TextOptions extends TextLimits {
  /** Repair instead of refuse: normalise, drop what is not allowed, trim. Default false: deliver unchanged. */
  readonly clean?: boolean
  readonly title?: string
  readonly description?: string
  readonly default?: string
  readonly examples?: readonly string[]
  readonly deprecated?: boolean
}

export interface IdentifierOptions extends TextOptions {
  /**
   * Allow-list: source of a regular expression (`u` flag) that has to match the whole value and its NFKC form.
   * Default: letters with their marks, digits, `_` and `-`. Controls, invisible characters and mixed scripts are
   * refused whatever it says.
   */
  readonly pattern?: string
}

export interface UrlOptions extends TextOptions {
  /** Scheme names in lower case, without a colon. Default `https`, `http`, `mailto`. */
  readonly protocols?: readonly string[]
}

/** `html` always repairs, so it takes no `clean`. */
export type HtmlOptions = Omit<TextOptions, 'clean'>

/**
 * Text of several lines: no controls but TAB, LF and CR, bidirectional overrides and stacks of combining marks. Throws
 * WSG_ERR_CONTRACT for an unknown option, as the other builders do.
 */
export function text (options: TextOptions): TText {
  return build('text', options)
}

/** Text of one line: `text` without line breaks of any kind. */
export function line (options: TextOptions): TText {
  return build('line', options)
}

/** A name that is compared: allow-listed characters of one script. Compare and index by `identifierKey(value)`. */
export function identifier (options: IdentifierOptions): TText {
  return build('identifier', { ...options, minLength: options.minLength ?? 1 }, { pattern: options.pattern })
}

/** An absolute URL of an allowed scheme, without credentials. With `clean`: re-serialised (`URL.href`). */
export function url (options: UrlOptions): TText {
  return build('url', options, { protocols: [...options.protocols ?? DEFAULT_PROTOCOLS] })
}

/**
 * HTML, sanitised by an adapter that the application installs (docs/text.md). Without an adapter the contract does
 * not compile (WSG_ERR_CONTRACT).
 */
export function html (options: HtmlOptions): TText {
  return build('html', options)
}

const KNOWN = [
  'maxLength', 'minLength', 'maxBytes', 'maxGraphemes', 'title', 'description', 'default', 'examples', 'deprecated',
]

function build (policy: TextPolicyName, options: TextOptions, more: Partial<WsText> = {}): TText {
  const own = policy === 'html' ? [] : ['clean', ...Object.keys(more)]
  if (typeof options !== 'object' || options === null) {
    throw new WSG_ERR_CONTRACT(`${policy}(): expected options such as { maxLength: 500 }, got ${got(options)}`)
  }
  checkKeys(options, [...KNOWN, ...own], `${policy}()`, WSG_ERR_CONTRACT)
  const { maxLength, minLength, maxBytes, maxGraphemes, clean = policy === 'html' } = options
  const { title, description, default: preset, examples, deprecated } = options
  const bytes = maxBytes ?? defaultMaxBytes({ policy, maxLength, maxGraphemes })
  const wsText = { policy, clean, maxLength, minLength, maxBytes: bytes, maxGraphemes, ...more }
  const annotations = { title, description, default: preset, examples: examples && [...examples], deprecated }
  const keywords = { ...annotations, minLength, maxLength, pattern: POLICY_PATTERN, wsText: defined(wsText) }
  // 1.x tells a kind by this; hidden as it is there, because the schema is printed
  const schema = { ...Type.String(defined(keywords)) }
  return Object.defineProperty(schema, '~kind', { value: 'String' }) as unknown as TText
}

// Absent options leave no key behind: the schema is hashed and printed.
function defined<T extends object> (value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T
}
