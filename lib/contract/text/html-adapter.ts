import { WSG_ERR_DEPENDENCY, WSG_ERR_HTML_REFUSED, WSG_ERR_OPTION, WSG_ERR_OPTION_UNSAFE } from '../../errors/coded.js'
import { checkMembers, isObject, WHOLE, type Expected, type Members } from '../../errors/expected.js'
import { got } from '../../errors/got.js'
import type { HtmlAdapter } from './policy.js'
import { DEFAULT_PROTOCOLS } from './spec.js'

// Entry point 'fastify-ws-guard/html': the adapter of the `html` text policy. sanitize-html is the application's to
// install; nothing is imported of it here, not even its types.

type Attributes = Record<string, string>

/** The rules that are passed to sanitize-html. */
export interface SanitizeHtmlRules {
  allowedTags: string[]
  allowedAttributes: Record<string, string[]>
  allowedSchemes: string[]
  allowedSchemesAppliedToAttributes: string[]
  allowProtocolRelative: boolean
  disallowedTagsMode: 'discard'
  nestingLimit: number
  parseStyleAttributes: boolean
  transformTags: Record<string, (tagName: string, attribs: Attributes) => { tagName: string, attribs: Attributes }>
}

/** The function that the package sanitize-html exports. Version 2.17.4 or later. */
export type SanitizeHtmlFunction = (dirty: string, rules: SanitizeHtmlRules) => string

/** What may stay. Everything is refused at boot that can run code, load a frame or change how the rest is parsed. */
export interface SanitizeHtmlAdapterOptions {
  /** Elements. Default: a b blockquote br code em i li ol p pre s strong u ul. */
  readonly tags?: readonly string[]
  /** Attributes by element. Default: `href` of `a`. */
  readonly attributes?: { readonly [tag: string]: readonly string[] }
  /** Schemes of `href` and `src`, lower case. Default: https, http, mailto. */
  readonly schemes?: readonly string[]
  /**
   * UTF-16 units of what is handed to sanitize-html, which takes a microsecond for each at worst. Default 16384.
   * A field's `maxLength` can't be above it.
   */
  readonly maxInput?: number
  /** Levels of elements; deeper ones are dropped, their text stays. Default 32. */
  readonly nesting?: number
}

const DEFAULT_TAGS = ['a', 'b', 'blockquote', 'br', 'code', 'em', 'i', 'li', 'ol', 'p', 'pre', 's', 'strong', 'u', 'ul']

// Scripting, frames, foreign content and elements whose content is parsed by other rules (the stuff of mutation XSS).
const UNSAFE_TAGS = new Set([
  'applet', 'annotation-xml', 'base', 'body', 'button', 'embed', 'form', 'frame', 'frameset', 'head', 'html', 'iframe',
  'input', 'link', 'math', 'meta', 'noembed', 'noframes', 'noscript', 'object', 'option', 'param', 'plaintext',
  'portal', 'script', 'select', 'style', 'svg', 'template', 'textarea', 'title', 'xmp',
])
const UNSAFE_ATTRIBUTES = new RegExp('^(?:on.*|style|src(?:doc|set)|action|formaction|background|ping|poster|' +
  'data|dynsrc|lowsrc|target|id|name|is|slot|xmlns.*|xlink.*|http-equiv)$')
const SAFE_SCHEMES = new Set(['https', 'http', 'mailto', 'tel', 'sms', 'xmpp', 'matrix', 'ftp'])

const URL_ATTRIBUTES = ['href', 'src', 'cite', 'longdesc']
const WITH_HOST = new Set(['https', 'http', 'ftp'])

/**
 * An `HtmlAdapter` from the application's own sanitize-html:
 *
 *     import sanitizeHtml from 'sanitize-html'
 *     const adapters = { html: sanitizeHtmlAdapter(sanitizeHtml) }
 *
 * Links keep an absolute `href` of an allowed scheme only, and get `rel="noopener noreferrer nofollow"`. What comes
 * out was sanitised twice with the same result, or the adapter throws WSG_ERR_HTML_REFUSED (the policy then refuses
 * the value); the same for input above `maxInput`.
 *
 * Throws WSG_ERR_OPTION for a bad option, WSG_ERR_OPTION_UNSAFE for an element, attribute or scheme that is not
 * safe to allow, and WSG_ERR_DEPENDENCY when the function lets known attacks through: sanitize-html before 2.17.4
 * does (CVE-2026-44990). The package does not tell its version, so it is tried instead.
 */
export function sanitizeHtmlAdapter (
  sanitizeHtml: SanitizeHtmlFunction, options: SanitizeHtmlAdapterOptions = {}
): HtmlAdapter {
  if (typeof sanitizeHtml !== 'function') {
    throw new WSG_ERR_OPTION('sanitizeHtmlAdapter: expected the function that sanitize-html exports, got ' +
      got(sanitizeHtml))
  }
  const rules = readRules(options)
  const { maxInput = 16_384 } = options
  probe(sanitizeHtml, rules)
  const adapter = (html: string, maxLength = maxInput): string => {
    if (html.length > maxInput) throw new WSG_ERR_HTML_REFUSED(`longer than maxInput (${maxInput})`)
    const once = sanitizeHtml(html, rules)
    if (once.length > maxLength) throw new WSG_ERR_HTML_REFUSED(`its sanitised form is longer than ${maxLength}`)
    // A result that changes when it is parsed again is what mutation XSS is made of.
    if (once !== html && sanitizeHtml(once, rules) !== once) {
      throw new WSG_ERR_HTML_REFUSED('its sanitised form is not stable')
    }
    return once
  }
  return Object.assign(adapter, { maxInput })
}

const isNames = (value: unknown): boolean =>
  Array.isArray(value) && value.every(name => typeof name === 'string' && /^[a-z][a-z0-9-]*$/.test(name))
const NAMES: Expected = ['a list of names in lower case (no "*")', isNames]
const OPTIONS: Members = {
  tags: NAMES,
  attributes: ['a list of names in lower case (no "*") for each element',
    value => isObject(value) && Object.values(value).every(isNames)],
  schemes: NAMES,
  maxInput: WHOLE,
  nesting: WHOLE,
}

function readRules (options: SanitizeHtmlAdapterOptions): SanitizeHtmlRules {
  checkMembers(options, OPTIONS, 'sanitizeHtmlAdapter', WSG_ERR_OPTION)
  const { tags = DEFAULT_TAGS, schemes = DEFAULT_PROTOCOLS, nesting = 32 } = options
  const { attributes = tags.includes('a') ? { a: ['href'] } : {} } = options
  checkSafe('tags', tags, tag => !UNSAFE_TAGS.has(tag))
  checkSafe('schemes', schemes, scheme => SAFE_SCHEMES.has(scheme))
  for (const [tag, names] of Object.entries(attributes)) {
    if (!tags.includes(tag)) {
      throw new WSG_ERR_OPTION(`sanitizeHtmlAdapter: attributes names "${tag}", which tags does not allow`)
    }
    checkSafe(`attributes.${tag}`, names, name => !UNSAFE_ATTRIBUTES.test(name))
  }
  const allowedAttributes = Object.fromEntries(Object.entries(attributes).map(([tag, names]) =>
    [tag, tag === 'a' && names.includes('href') ? [...new Set([...names, 'rel'])] : [...names]]))
  return {
    allowedTags: [...tags],
    allowedAttributes,
    allowedSchemes: [...schemes],
    allowedSchemesAppliedToAttributes: URL_ATTRIBUTES,
    allowProtocolRelative: false,
    disallowedTagsMode: 'discard',
    nestingLimit: nesting,
    parseStyleAttributes: false,
    transformTags: linkRules(schemes),
  }
}

// A relative address would send readers, or their browsers by themselves, to any path of the page's own site.
// `https:/logout` is one to a page that is shown by https (WHATWG URL, section 4.4).
function linkRules (schemes: readonly string[]): SanitizeHtmlRules['transformTags'] {
  const named = (host: boolean): string => schemes.filter(name => WITH_HOST.has(name) === host).join('|') || '(?!)'
  const absolute = new RegExp(`^(?:(?:${named(true)})://[^/\\\\]|(?:${named(false)}):)`, 'i')
  return {
    // rel also without href: the result has to be the same when it is sanitised again
    a: (tagName, { rel: _theirs, ...kept }) => ({ tagName, attribs: { ...kept, rel: 'noopener noreferrer nofollow' } }),
    '*': (tagName, attribs) => {
      const kept = Object.entries(attribs)
        .filter(([name, value]) => !URL_ATTRIBUTES.includes(name) || absolute.test(value))
      return { tagName, attribs: Object.fromEntries(kept) }
    },
  }
}

function checkSafe (option: string, names: readonly string[], isSafe: (name: string) => boolean): void {
  const unsafe = names.find(name => !isSafe(name))
  if (unsafe !== undefined) {
    throw new WSG_ERR_OPTION_UNSAFE(`sanitizeHtmlAdapter: ${option}: "${unsafe}" is not safe to allow`)
  }
}

const PROBES = [
  '<xmp><img src=x onerror=alert(1)></xmp>', // CVE-2026-44990: passed by 2.17.3 and before
  '<script>alert(1)</script><b onclick=alert(1)>x</b>',
  '<a href="java\tscript:alert(1)">x</a>',
]
const PROBE_ACTIVE = /<(?:script|xmp)|<[^>]*\s(?:on[a-z]+\s*=|href\s*=\s*["']?\s*java)/i

function probe (sanitizeHtml: SanitizeHtmlFunction, rules: SanitizeHtmlRules): void {
  for (const attack of PROBES) {
    const out: unknown = sanitizeHtml(attack, rules)
    if (typeof out !== 'string' || PROBE_ACTIVE.test(out)) {
      throw new WSG_ERR_DEPENDENCY('sanitizeHtmlAdapter: the given function lets a known attack through; ' +
        'expected sanitize-html 2.17.4 or later (CVE-2026-44990)')
    }
  }
}
