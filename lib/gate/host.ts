import type { Refusal } from '../../types/gate.js'
import { WSG_ERR_HOST_PATTERN } from '../errors/coded.js'
import { MAX_NAME, isDomainName, isIPv4, isIPv6, readPort } from './host-name.js'
import { isFault, parseHostPattern, quoteEntry } from './host-pattern.js'
import type { HostPattern } from './host-pattern.js'
import { SuffixSet } from './suffix-set.js'

/**
 * Names that development adds to `allowedHosts` (Django's, with DEBUG on). A page can't reach them by DNS rebinding.
 */
const DEVELOPMENT_HOSTS = ['localhost', '.localhost', '127.0.0.1', '[::1]']

/** The Host allow-list, compiled. */
export interface HostPolicy {
  /** Null admits; otherwise WSG_ERR_HOST_MALFORMED (400) or WSG_ERR_HOST_NOT_ALLOWED (421). Never throws. */
  readonly check: (host: string | undefined) => Refusal | null
  /** Canonical entries. */
  readonly entries: readonly string[]
}

export interface HostOptions {
  /** Named in error messages, e.g. `allowedHosts`. */
  readonly optionName: string
  /** Adds the loopback names. */
  readonly development: boolean
}

/** Text of a canonical entry. */
export const formatHostPattern = ({ kind, host, port }: HostPattern): string =>
  `${kind === 'apex' ? '.' : ''}${host}${port === null ? '' : `:${port}`}`

/**
 * One entry of `allowedHosts`; `*` is null. Throws WSG_ERR_HOST_PATTERN, naming `where`, for what could never match or
 * would match too much.
 */
export function parseAllowedHost (entry: unknown, where: string): HostPattern | null {
  const refuse = (text: string) => new WSG_ERR_HOST_PATTERN(`${where}: ${quoteEntry(entry)} ${text}`)
  if (typeof entry !== 'string') throw refuse('is not text; write a host like "goodsite.com"')
  if (entry === '*') return null
  const scheme = entry.indexOf('://')
  if (scheme >= 0) {
    throw refuse(
      `has a scheme, and a Host header has none; write ${quoteEntry(entry.slice(scheme + 3).replace(/[/?#].*$/s, ''))}`
    )
  }
  const pattern = parseHostPattern(entry)
  if (isFault(pattern)) throw refuse(pattern.fault)
  if (pattern.kind === 'sub') throw refuse(`can't leave out the domain itself; write ${quoteEntry(entry.slice(1))}`)
  return pattern
}

/**
 * Compiles `allowedHosts` (Django's forms): `goodsite.com` is that host on any port, `goodsite.com:8443` on that port,
 * `.goodsite.com` the domain and everything below, `*` any well-formed host, which gives DNS rebinding a way in.
 * Throws WSG_ERR_HOST_PATTERN for an entry that could never match or would match too much, and for an empty list.
 */
export function compileHosts (patterns: readonly string[], { optionName, development }: HostOptions): HostPolicy {
  const written = development ? [...patterns, ...DEVELOPMENT_HOSTS] : patterns
  if (written.length === 0) {
    throw new WSG_ERR_HOST_PATTERN(
      `${optionName}: is empty, so no request could ever pass; write the host names of this service, like ` +
        '["goodsite.com"]'
    )
  }
  const table = new HostTable()
  const entries = new Set<string>()
  let any = false
  for (const [index, entry] of written.entries()) {
    const pattern = parseAllowedHost(entry, `${optionName}[${index}]`)
    entries.add(pattern === null ? '*' : formatHostPattern(pattern))
    if (pattern === null) any = true
    else table.add(pattern)
  }

  const check = (host: string | undefined): Refusal | null => {
    if (typeof host !== 'string') return MISSING
    if (table.has(host)) return null
    const text = lowerCase(host)
    const end = text === null ? 0 : hostEnd(text)
    if (text === null || end === 0) return { code: 'WSG_ERR_HOST_MALFORMED', value: host }
    const portAt = text.indexOf(':', end)
    const port = portAt < 0 ? 0 : readPort(text, portAt + 1, text.length)
    if (portAt >= 0 && port === 0) return { code: 'WSG_ERR_HOST_MALFORMED', value: host }
    if (any || table.matches(text.slice(0, end), port)) return null
    return { code: 'WSG_ERR_HOST_NOT_ALLOWED', value: host }
  }
  return Object.freeze({ check, entries: Object.freeze([...entries]) })
}

/** Hosts under one port rule. */
interface Hosts {
  readonly exact: Set<string>
  readonly suffixes: SuffixSet
}

const noHosts = (): Hosts => ({ exact: new Set(), suffixes: new SuffixSet() })

/** Canonical hosts by port. */
class HostTable {
  readonly #anyPort = noHosts()
  readonly #byPort = new Map<number, Hosts>()

  add ({ kind, host, port }: HostPattern): void {
    // Clients leave the scheme's default port out; 0 stands for none given.
    const ports = port === 80 || port === 443 ? [port, 0] : [port]
    const places = ports.map(one => one === null ? this.#anyPort : this.#at(one))
    for (const { exact, suffixes } of places) {
      exact.add(host)
      if (kind === 'apex') suffixes.add(host)
    }
  }

  /** True for a Host that stands on the list as it came. */
  has (host: string): boolean {
    return this.#anyPort.exact.has(host)
  }

  /** `port`: 0 where none was given. */
  matches (name: string, port: number): boolean {
    return isAmong(name, this.#anyPort) || isAmong(name, this.#byPort.get(port))
  }

  #at (port: number): Hosts {
    let hosts = this.#byPort.get(port)
    if (hosts === undefined) this.#byPort.set(port, hosts = noHosts())
    return hosts
  }
}

function isAmong (name: string, hosts: Hosts | undefined): boolean {
  return hosts !== undefined && (hosts.exact.has(name) || hosts.suffixes.matches(name, 0, name.length))
}

const MISSING: Refusal = Object.freeze({ code: 'WSG_ERR_HOST_MALFORMED' })

/**
 * Lower case when all of it is printable ASCII of a possible length; otherwise null. Unicode case mapping must not make
 * letters of symbols.
 */
function lowerCase (host: string): string | null {
  if (host.length === 0 || host.length > MAX_NAME + 7) return null
  let upper = false
  for (let i = 0; i < host.length; i++) {
    const code = host.charCodeAt(i)
    if (code <= 32 || code >= 127) return null
    if (code >= 65 && code <= 90) upper = true
  }
  return upper ? host.toLowerCase() : host
}

/**
 * Where the host ends, without the one trailing dot a name may have (RFC 9110 section 7.2: `uri-host [":" port]`). 0
 * when it is malformed, or followed by anything but a colon.
 */
function hostEnd (text: string): number {
  if (text.charCodeAt(0) === 91) {
    const close = text.indexOf(']')
    if (close < 0 || !isIPv6(text.slice(1, close))) return 0
    return close + 1 === text.length || text.charCodeAt(close + 1) === 58 ? close + 1 : 0
  }
  const colon = text.indexOf(':')
  const end = colon < 0 ? text.length : colon
  if (isIPv4(text, 0, end)) return end
  const nameEnd = text.charCodeAt(end - 1) === 46 ? end - 1 : end
  return isDomainName(text, 0, nameEnd) ? nameEnd : 0
}
