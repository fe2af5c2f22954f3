import { hasForbiddenOrBreak, hasMarkRun, utf8Length } from './rules.js'

// Tested in test/contract/text/text.test.ts.

// What the URL parser drops, rewrites or can't show. A value with any of these means something else than it says:
// "java\tscript:", "https:\\evil.example".
const REWRITTEN = /[\s\\"<>\p{Default_Ignorable_Code_Point}]/u
// The parser leaves them as they are behind `mailto:` and other schemes that aren't special.
const DELIMITERS = /["<>]/g
/** A percent sign that begins no escape: some consumers pass it on, some refuse it, some read `%25`. */
const BROKEN_ESCAPE = /%(?![0-9a-f]{2})/i
/** Scheme with its colon, authority with its slashes, and the rest (RFC 3986, appendix B). */
const PARTS = /^([a-z][a-z0-9+.-]*:)(\/\/[^/?#]*)?(.*)$/is
// Schemes of which the parser forgives a missing or a third slash, and whose host it maps (WHATWG URL, special
// schemes).
const SPECIAL = /^(?:https?|wss?|ftp):$/i
/** No userinfo and no percent-encoding where the host is. */
const HOST = /^\/\/([^@%:]+|\[[^@%\]]+\])((?::[0-9]+)?)$/
const BEYOND_ASCII = /[^\0-\x7f]/
const BEYOND_ASCII_RUNS = /[^\0-\x7f]+/g
/** Characters of a name (RFC 1035, section 2.3.4). */
const MAX_HOST = 253
// With a port, and as the parser finds it, whatever stands in place of the slashes: mapping 60 KB of host costs 600
// ms.
const HOST_TOO_LONG = /^[\0-\x20]*(?:https?|wss?|ftp):[/\\]*[^/\\?#]{260}/i

function parse (value: string): URL | undefined {
  try {
    return new URL(value)
  } catch {
    return undefined
  }
}

function isAllowed (parsed: URL, protocols: ReadonlySet<string>): boolean {
  return protocols.has(parsed.protocol.slice(0, -1)) && parsed.username === '' && parsed.password === '' &&
    parsed.hostname.length <= MAX_HOST
}

/**
 * The rule of `url`, without lengths: absolute, an allowed scheme, no credentials, and nothing that a parser would
 * have to forgive or map, so that every consumer reads the same address. What may differ from `URL.href`: the case
 * of scheme and host, a missing slash behind the host, and characters beyond ASCII (RFC 3987), which the parser
 * encodes.
 */
export function compileUrl (list: readonly string[]): (value: string) => boolean {
  const protocols = new Set(list)
  return value => {
    if (!value.isWellFormed() || hasForbiddenOrBreak(value) || hasMarkRun(value)) return false
    if (REWRITTEN.test(value) || BROKEN_ESCAPE.test(value) || HOST_TOO_LONG.test(value)) return false
    const [, scheme = '', authority = '', rest = ''] = PARTS.exec(value) ?? []
    if (!protocols.has(scheme.slice(0, -1).toLowerCase())) return false
    const special = SPECIAL.test(scheme)
    const host = special ? HOST.exec(authority) : null
    if (special && (host === null || !isMappedAlready(host[1]!))) return false
    const parsed = parse(value)
    if (parsed === undefined || !isAllowed(parsed, protocols)) return false
    if (host === null) return isEncoded(scheme.toLowerCase(), authority + rest, parsed.href)
    const port = parsed.port === '' ? '' : `:${parsed.port}`
    if (!isSameHost(host[1]!, parsed.hostname) || host[2] !== port) return false
    const path = rest.startsWith('/') ? rest : `/${rest}`
    return isEncoded(`${parsed.protocol}//${parsed.host}`, path, parsed.href)
  }
}

/** `href` is `start` and `rest`, of which characters beyond ASCII are encoded, as the parser does outside of a host. */
function isEncoded (start: string, rest: string, href: string): boolean {
  // three characters for each byte beyond ASCII; the length is cheap and tells nearly all differences
  const ascii = rest.length - (rest.match(BEYOND_ASCII_RUNS) ?? []).reduce((sum, run) => sum + run.length, 0)
  if (start.length + ascii + 3 * (utf8Length(rest) - ascii) !== href.length) return false
  return start + rest.replace(BEYOND_ASCII_RUNS, encodeURIComponent) === href
}

/** No character that the parser would map to another one: full width letters, ligatures, circled digits. */
function isMappedAlready (host: string): boolean {
  if (!BEYOND_ASCII.test(host)) return true
  const lower = host.toLowerCase()
  return lower.normalize('NFKC') === lower.normalize('NFC')
}

/** Label by label: an ASCII one is itself, any other is one in punycode. */
function isSameHost (host: string, parsed: string): boolean {
  const theirs = parsed.split('.')
  const ours = host.split('.')
  return ours.length === theirs.length && ours.every((label, i) =>
    BEYOND_ASCII.test(label) ? theirs[i]!.startsWith('xn--') : label.toLowerCase() === theirs[i])
}

/**
 * `URL.href` of what is worth repairing, without quotes and angle brackets; undefined for the rest. Forgives as the
 * parser does, never credentials.
 */
export function compileUrlRepair (list: readonly string[]): (value: string) => string | undefined {
  const protocols = new Set(list)
  return value => {
    if (!value.isWellFormed() || hasMarkRun(value)) return undefined
    // the parser drops these wherever they are, in the middle of a scheme or host too
    const tidy = value.replace(/[\t\n\r]+/g, '').trim()
    if (HOST_TOO_LONG.test(tidy)) return undefined
    const parsed = parse(tidy)
    return parsed !== undefined && isAllowed(parsed, protocols) ? encodeDelimiters(parsed.href) : undefined
  }
}

/** They are no part of a URL (RFC 3986, appendix C), and end the attribute that a link is put into. */
function encodeDelimiters (href: string): string {
  return href.replace(DELIMITERS, encodeURIComponent)
}
