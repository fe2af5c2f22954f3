import { WSG_ERR_ORIGIN_PATTERN } from '../errors/coded.js'
import { isDomainName, isIPv4, isLoopback, readPort } from './host-name.js'
import { findForeignText, isFault, parseHostPattern, quoteEntry } from './host-pattern.js'
import type { HostPattern, PatternFault } from './host-pattern.js'

// Tested in test/gate/origin.test.ts.

/** One entry of the table: a scheme, hosts, and a port. */
export interface OriginPattern {
  readonly scheme: string
  readonly kind: HostPattern['kind']
  readonly host: string
  /** As it stands in an origin: '' for the scheme's default, `:8443`; `:*` for any. */
  readonly port: string
}

const DEFAULT_PORTS: { readonly [scheme: string]: number } = { http: 80, https: 443 }

/** Schemes of which no page ever sends an origin that names a host. */
const OPAQUE = new Set(['about', 'blob', 'data', 'file', 'filesystem', 'ftp', 'javascript', 'view-source'])

/** Text of a canonical pattern. */
export const formatOriginPattern = ({ scheme, kind, host, port }: OriginPattern): string =>
  `${scheme}://${kind === 'sub' ? '*.' : kind === 'apex' ? '.' : ''}${host}${port}`

const portText = (scheme: string, port: number | null): string =>
  port === null || port === DEFAULT_PORTS[scheme] ? '' : `:${port}`

/**
 * Reads one entry of `origins`. `*` is null; a loopback host without a scheme stands for http and https, on any port,
 * in development. Boot only. Throws WSG_ERR_ORIGIN_PATTERN, naming `where`, for what could never match or would match
 * too much.
 */
export function parseOriginPattern (entry: unknown, where: string, development: boolean): OriginPattern[] | null {
  const read = typeof entry === 'string'
    ? readPattern(entry, development)
    : { fault: 'is not text; write an origin like "https://goodsite.com"' }
  if (read !== null && isFault(read)) throw new WSG_ERR_ORIGIN_PATTERN(`${where}: ${quoteEntry(entry)} ${read.fault}`)
  return read
}

function readPattern (entry: string, development: boolean): OriginPattern[] | PatternFault | null {
  if (entry === '*') return null
  if (entry.toLowerCase() === 'null') {
    return {
      fault: 'is what sandboxed and local pages of anyone send; leave it out, and see dangerouslyAllowNullOrigin',
    }
  }
  const separator = entry.indexOf('://')
  if (separator < 0) return readHost(entry, development)
  const scheme = entry.slice(0, separator).toLowerCase()
  const rest = entry.slice(separator + 3)
  if (!/^[a-z][a-z0-9+.-]*$/.test(scheme)) {
    return { fault: `has no valid scheme before "://"; write it like ${quoteEntry(`https://${rest}`)}` }
  }
  if (scheme === 'ws' || scheme === 'wss') {
    return {
      fault: 'names the socket, and an origin names the page that opens it; write ' +
        `${quoteEntry(`http${scheme.slice(2)}://${rest}`)}`,
    }
  }
  if (OPAQUE.has(scheme)) {
    return {
      fault: `can't match: pages of "${scheme}:" send "null" or no host; leave it out, and see ` +
        'dangerouslyAllowNullOrigin',
    }
  }
  if (!Object.hasOwn(DEFAULT_PORTS, scheme)) return readForeign(scheme, rest)
  if (rest === '*') {
    return { fault: 'is not a pattern; write each domain, like "https://.goodsite.com", or "*" alone for any origin' }
  }
  const pattern = readAuthority(rest, `${scheme}://`)
  return isFault(pattern)
    ? pattern
    : [{ scheme, kind: pattern.kind, host: pattern.host, port: portText(scheme, pattern.port) }]
}

/** `host[:port]`; hints name the whole origin. */
function readAuthority (text: string, prefix: string): HostPattern | PatternFault {
  const path = text.search(/[/\\?#]/)
  if (path > 0 && findForeignText(text.slice(0, path)) === null) {
    return {
      fault: 'holds a path, a query or a fragment, and an origin has none; write ' +
        quoteEntry(prefix + text.slice(0, path)),
    }
  }
  return parseHostPattern(text)
}

/** Without a scheme: https, and for loopback hosts in development http as well, on any port unless one is given. */
function readHost (entry: string, development: boolean): OriginPattern[] | PatternFault {
  const pattern = readAuthority(entry, 'https://')
  if (isFault(pattern)) return pattern
  const { kind, host, port } = pattern
  if (development && isLoopback(host)) {
    const portOf = (scheme: string): string => port === null ? ':*' : portText(scheme, port)
    return ['http', 'https'].map(scheme => ({ scheme, kind, host, port: portOf(scheme) }))
  }
  if (port === 80) {
    return {
      fault: `would mean https on port 80; write ${quoteEntry(`http://${entry.slice(0, -3)}`)} or ` +
        `${quoteEntry(`https://${entry.slice(0, -3)}`)}`,
    }
  }
  return [{ scheme: 'https', kind, host, port: portText('https', port) }]
}

/** Schemes of extensions and embedders (`chrome-extension://<id>`, `capacitor://localhost`): in full, byte for byte. */
function readForeign (scheme: string, rest: string): OriginPattern[] | PatternFault {
  const foreign = findForeignText(rest)
  if (foreign || !/^[\u0021-\u007e]+$/.test(rest)) {
    return { fault: `is not a full origin of "${scheme}:"; write it as the client sends it, like "${scheme}://id"` }
  }
  const colon = rest.indexOf(':')
  const host = colon < 0 ? rest : rest.slice(0, colon)
  if (colon >= 0 && readPort(rest, colon + 1, rest.length) === 0) {
    return { fault: 'has an illegal port; write a number from 1 to 65535, or none' }
  }
  const lower = host.toLowerCase()
  if (!isDomainName(lower, 0, lower.length) && !isIPv4(lower, 0, lower.length)) {
    return {
      fault: `has to be written in full, without patterns, as the client sends it; write it like "${scheme}://id"`,
    }
  }
  // A host of a scheme that the URL Standard does not know keeps its case (Safari's extension ids are upper case).
  return [{ scheme, kind: 'exact', host, port: rest.slice(host.length) }]
}
