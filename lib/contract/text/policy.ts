import { WSG_ERR_CONTRACT } from '../../errors/contract-error.js'
import { withinGraphemes } from './graphemes.js'
import { compileIdentifier } from './identifier.js'
import {
  hasForbidden, hasForbiddenOrBreak, hasMarkRun, isLatin, plainString, repairLine, repairText, SAFE_ASCII,
  SAFE_ASCII_REPAIRED, SAFE_LINE, SAFE_TEXT, withinBytes,
} from './rules.js'
import { readTextSpec, type TextSpec, type WsText } from './spec.js'
import { compileUrl, compileUrlRepair } from './url.js'

// Tested in test/contract/text/text.test.ts.

/**
 * Sanitises HTML, or throws. What it returns is what is delivered, so it has to be idempotent.
 * `fastify-ws-guard/html` makes one from sanitize-html.
 */
export interface HtmlAdapter {
  /** `maxLength` is the field's: an adapter need not finish what will be longer. */
  (html: string, maxLength?: number): string
  /** UTF-16 units of its input. A field of a longer `maxLength` is a boot error. */
  readonly maxInput?: number
}

/** What the application hands to policies that need code of its own. */
export interface TextAdapters {
  readonly html?: HtmlAdapter
}

/** The value to deliver, or undefined when it is refused. Never throws, for any string. Idempotent. */
export type TextPolicy = (value: string) => string | undefined

type Check = (value: string) => boolean

/**
 * The function of a `wsText` keyword. Linear in the value's length; the same in server and browser.
 *
 * Without `clean` it validates only: what it returns is what came (`===`), without normalising or trimming. With
 * `clean` it repairs first, and what it returns would also be accepted without `clean`. Lone surrogates are refused
 * by both.
 *
 * Throws WSG_ERR_CONTRACT when the keyword is malformed, or when `html` has no adapter.
 */
export function compileTextPolicy (wsText: WsText, adapters: TextAdapters = {}): TextPolicy {
  const spec = readTextSpec(wsText)
  const fits = compileLimits(spec)
  switch (spec.policy) {
    case 'html': return compileHtml(spec, fits, adapters.html)
    case 'identifier': {
      const check = compileIdentifier(spec.pattern, spec.maxBytes)
      return spec.clean ? repairing(spec, fits, normalizeTrimmed, check) : validating(fits, check)
    }
    case 'url': {
      const check = compileUrl(spec.protocols)
      return spec.clean ? repairing(spec, fits, compileUrlRepair(spec.protocols), check) : validating(fits, check)
    }
    case 'text':
    case 'line': {
      const { safe, isRefused, ascii, repair } = PLAIN[spec.policy]
      return spec.clean
        ? repairing(spec, fits, value => ascii.test(value) ? value.trim() : repairUnicode(value, repair), () => true)
        : validating(fits, value =>
          safe.test(value) || (value.isWellFormed() && !isRefused(value) && !hasMarkRun(value)))
    }
  }
}

/** What is good text without a further look, what isn't, and how it becomes it: printable ASCII by trimming. */
const PLAIN = {
  text: { safe: SAFE_TEXT, isRefused: hasForbidden, ascii: SAFE_ASCII_REPAIRED, repair: repairText },
  line: { safe: SAFE_LINE, isRefused: hasForbiddenOrBreak, ascii: SAFE_ASCII, repair: repairLine },
} as const

function compileLimits ({ minLength, maxLength, maxBytes, maxGraphemes }: TextSpec): Check {
  return value =>
    value.length <= maxLength && value.length >= minLength && withinBytes(value, maxBytes) &&
    (maxGraphemes === undefined || withinGraphemes(value, maxGraphemes))
}

// Lengths first where nothing is repaired: they are the cheapest refusal, and bound what the rules look at.
const validating = (fits: Check, check: Check): TextPolicy => value => fits(value) && check(value) ? value : undefined

const repairing = (spec: TextSpec, fits: Check, repair: TextPolicy, check: Check): TextPolicy => value => {
  if (!withinBytes(value, spec.maxBytes)) return undefined
  const repaired = repair(value)
  return repaired !== undefined && fits(repaired) && check(repaired) ? repaired : undefined
}

function normalizeTrimmed (value: string): string | undefined {
  if (!value.isWellFormed() || hasMarkRun(value)) return undefined
  return value.normalize('NFC').trim()
}

function repairUnicode (value: string, repair: (value: string) => string): string | undefined {
  if (!value.isWellFormed()) return undefined
  const kept = repair(value)
  if (isLatin(kept)) return kept.trim()
  if (hasMarkRun(kept)) return undefined
  const normal = kept.normalize('NFC')
  // NFC takes some marks apart (U+0344 into two), so a run can grow past the limit; cleaning twice has to agree
  // with once.
  return normal !== kept && hasMarkRun(normal) ? undefined : normal.trim()
}

function compileHtml (spec: TextSpec, fits: Check, adapter: HtmlAdapter | undefined): TextPolicy {
  if (typeof adapter !== 'function') {
    throw new WSG_ERR_CONTRACT('text policy html: expected the option htmlAdapter of fastify-ws-guard, such as ' +
      'sanitizeHtmlAdapter(sanitizeHtml) of "fastify-ws-guard/html"; got none')
  }
  if (adapter.maxInput !== undefined && spec.maxLength > adapter.maxInput) {
    const expected = `at most the adapter's maxInput (${adapter.maxInput})`
    throw new WSG_ERR_CONTRACT(`text policy html, maxLength: expected ${expected}, got ${spec.maxLength}`)
  }
  const sanitize = (value: string): string | undefined => {
    if (!plainString(value)) return undefined
    try {
      const out: unknown = adapter(value, spec.maxLength)
      return typeof out === 'string' ? out : undefined
    } catch {
      // Fail closed: what could not be sanitised is not delivered.
      return undefined
    }
  }
  return repairing(spec, fits, sanitize, plainString)
}
