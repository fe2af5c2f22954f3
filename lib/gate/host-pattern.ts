import { domainToASCII, domainToUnicode } from 'node:url'
import { isDomainName, isIPv4, isIPv6, readPort } from './host-name.js'

// Tested in test/gate/host.test.ts.

/** `host[:port]` of an entry, canonical. `apex`: the name and everything below it; `sub`: only what is below. */
export interface HostPattern {
  readonly kind: 'exact' | 'apex' | 'sub'
  /** Lower case, punycode, IPv6 in brackets; without the leading dot. */
  readonly host: string
  readonly port: number | null
}

/** Why an entry is refused, and how to write it. */
export interface PatternFault {
  readonly fault: string
}

const fault = (text: string): PatternFault => ({ fault: text })

export const isFault = (value: object): value is PatternFault => 'fault' in value

/** An entry as it may stand in an error message: quoted, escaped, at most 100 characters. */
export const quoteEntry = (entry: unknown): string => {
  const text = typeof entry === 'string'
    ? JSON.stringify(entry)
    : `a value of type ${entry === null ? 'null' : typeof entry}`
  return text.length > 100 ? `${text.slice(0, 100)}…` : text
}

// eslint-disable-next-line no-control-regex
const BLANK = /[\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]/

/** Faults that hosts and origins share: characters that no `host[:port]` holds. */
export function findForeignText (text: string): PatternFault | null {
  if (text === '') return fault('is empty; leave it out, or write a host like "goodsite.com"')
  if (text.includes(',')) {
    const entries = text.split(',').map(entry => quoteEntry(entry.trim()))
    return fault(`holds a comma; write each host as an entry of its own, [${entries.join(', ')}]`)
  }
  if (BLANK.test(text)) return fault('holds white space or a control character; write the host alone')
  if (text.includes('@')) return fault('holds user information; leave out everything up to the "@"')
  if (text.includes('%')) {
    return fault('holds a percent sign; write the characters themselves, an IPv6 address without its zone')
  }
  const path = text.search(/[/\\?#]/)
  if (path === 0) return fault('starts with a path; write the host alone, like "goodsite.com"')
  if (path > 0) {
    return fault(
      `holds a path, a query or a fragment, of which nothing is compared; write ${quoteEntry(text.slice(0, path))}`
    )
  }
  return null
}

/**
 * Reads `goodsite.com`, `.goodsite.com`, `*.goodsite.com`, `192.0.2.1`, `[::1]`, each with an optional port. Boot only.
 * What could never match, or would match too much, is a fault.
 */
export function parseHostPattern (text: string): HostPattern | PatternFault {
  const foreign = findForeignText(text)
  if (foreign) return foreign
  const kind = text.startsWith('*.') ? 'sub' : text.startsWith('.') ? 'apex' : 'exact'
  const rest = text.slice(kind === 'sub' ? 2 : kind === 'apex' ? 1 : 0)
  if (rest === '') {
    return fault('names no domain, so it would match every host or none; write a whole domain like ".goodsite.com"')
  }
  if (rest.includes('*')) {
    return fault('holds a "*" that is not its whole first label; write ".goodsite.com", or each host in full')
  }
  return rest.startsWith('[') || rest.startsWith('::') ? parseIPv6(rest, kind) : parseName(rest, kind)
}

function parseIPv6 (text: string, kind: HostPattern['kind']): HostPattern | PatternFault {
  const close = text.indexOf(']')
  if (!text.startsWith('[') || close < 0) return fault('is an IPv6 address without its brackets; write it like "[::1]"')
  if (kind !== 'exact') return fault('asks for subdomains of an IP address, which has none; write the address alone')
  const address = text.slice(1, close).toLowerCase()
  if (!isIPv6(address)) return fault(`is not a canonical IPv6 address; write ${canonicalIPv6(address)}`)
  const rest = text.slice(close + 1)
  if (rest === '') return { kind, host: `[${address}]`, port: null }
  const port = rest.startsWith(':') ? readPort(rest, 1, rest.length) : 0
  return port === 0 ? fault(badPort(rest)) : { kind, host: `[${address}]`, port }
}

function canonicalIPv6 (address: string): string {
  const url = `http://[${address}]`
  return URL.canParse(url) ? quoteEntry(new URL(url).hostname) : 'it like "[2001:db8::1]"'
}

function parseName (text: string, kind: HostPattern['kind']): HostPattern | PatternFault {
  const colon = text.indexOf(':')
  const written = colon < 0 ? text : text.slice(0, colon)
  const port = colon < 0 ? null : readPort(text, colon + 1, text.length)
  if (port === 0) return fault(badPort(text.slice(colon)))
  if (written === '') return fault('names no host; write one before the port, like "goodsite.com:8443"')
  if (written.endsWith('.')) {
    return fault('ends with a dot, which browsers treat as another site; leave the final dot out')
  }
  if (isIPv4(written, 0, written.length)) {
    return kind === 'exact'
      ? { kind, host: written, port }
      : fault('asks for subdomains of an IP address, which has none; write the address alone')
  }
  const host = canonicalName(written)
  if (typeof host !== 'string') return host
  if (kind !== 'exact' && !host.includes('.') && host !== 'localhost') {
    return fault(`would match every site under ".${host}"; write a whole domain, like ".goodsite.${host}"`)
  }
  return { kind, host, port }
}

function badPort (text: string): string {
  return `has ${quoteEntry(text)} where only ":" and a port from 1 to 65535 can stand; write it like ` +
    '"goodsite.com:8443"'
}

/**
 * Lower case and punycode. A spelling that IDNA would map to other characters is refused, so that an entry says what it
 * matches.
 */
function canonicalName (written: string): string | PatternFault {
  const ascii = domainToASCII(written)
  const lower = written.toLowerCase().normalize('NFC')
  const plain = /^[\u0021-\u007e]*$/.test(written)
  if (ascii !== '' && ascii !== lower && (plain || domainToUnicode(ascii) !== lower)) {
    return fault(`is read as ${quoteEntry(ascii)}; write that`)
  }
  if (ascii !== '' && isDomainName(ascii, 0, ascii.length)) return ascii
  return fault(
    'is not a host name: labels are 1 to 63 letters, digits, hyphens and underscores, 253 characters in all, ' +
      'the last one not a number; write it like "app.goodsite.com"'
  )
}
