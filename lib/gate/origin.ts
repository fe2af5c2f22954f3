import type { OriginContext, OriginDecision, Refusal } from '../../types/gate.js'
import { WSG_ERR_ORIGIN_PATTERN } from '../errors/coded.js'
import { isHost, isLoopback, readPort } from './host-name.js'
import { formatHostPattern, parseAllowedHost } from './host.js'
import { formatOriginPattern, parseOriginPattern } from './origin-pattern.js'
import type { OriginPattern } from './origin-pattern.js'
import { SuffixSet } from './suffix-set.js'

/** Loopback origins assumed in development when no host is named at all (Django Channels', with DEBUG on). */
const DEVELOPMENT_ORIGINS = ['localhost', '127.0.0.1', '[::1]']

/** `https://`, a name of 253 octets and `:65535`. */
const MAX_ORIGIN = 267

/** The Origin allow-list, compiled. */
export interface OriginPolicy {
  /** Null admits; otherwise WSG_ERR_ORIGIN_MISSING, _NULL or _NOT_ALLOWED with the header as `value`. Never throws. */
  readonly check: (origin: string | undefined) => Refusal | null
  /** The same verdict for an origin that is there. */
  readonly allows: (origin: string) => boolean
  /**
   * The application's word on an origin that `check` has admitted as well-formed; null where a list says it all. Never
   * rejects: a failure is WSG_ERR_AUTH_UNAVAILABLE.
   */
  readonly ask: ((origin: string | undefined, context: OriginContext) => Promise<Refusal | null>) | null
  /** Canonical patterns, for logs. */
  readonly entries: readonly string[]
  /** True when any origin is allowed (`*`). */
  readonly any: boolean
  /** True when whole domains are allowed, so that each of their subdomains is trusted. Loopback names don't count. */
  readonly wildcard: boolean
}

export interface OriginOptions {
  /** Named in error messages, e.g. `origins`. */
  readonly optionName: string
  /** Loopback hosts without a scheme also mean http, and any port. */
  readonly development: boolean
  /** Admits requests without an Origin header. */
  readonly allowMissing: boolean
  /** Admits `Origin: null`. */
  readonly allowNull: boolean
}

/** What @fastify/cors takes as `origin`. */
export type CorsOriginFunction =
  (origin: string | undefined, callback: (error: Error | null, allow: boolean) => void) => void

const MISSING: Refusal = Object.freeze({ code: 'WSG_ERR_ORIGIN_MISSING' })
const NULL: Refusal = Object.freeze({ code: 'WSG_ERR_ORIGIN_NULL', value: 'null' })

/**
 * Compiles `origins`. A pattern is `https://goodsite.com`, `https://.goodsite.com:8443` (the domain and everything
 * below), `https://*.goodsite.com` (only below), the same without a scheme (https), `chrome-extension://<id>` in
 * full, or `*` (any well-formed http or https origin). An origin matches byte for byte in its serialised form (RFC
 * 6454 section 6.2): lower case, punycode, no default port, no final dot. Throws WSG_ERR_ORIGIN_PATTERN for an entry
 * that could never match or would match too much, and for a list that admits nobody.
 */
export function compileOrigins (given: readonly string[] | OriginDecision, options: OriginOptions): OriginPolicy {
  const { optionName, development, allowMissing, allowNull } = options
  const decide = typeof given === 'function' ? given : null
  const patterns = typeof given === 'function' ? [] : given
  if (decide === null && patterns.length === 0 && !allowMissing && !allowNull) {
    throw new WSG_ERR_ORIGIN_PATTERN(`${optionName}: is empty, so no page can connect, and nobody else either: ` +
      'clients without Origin need allowMissingOrigin, and a credential that is no cookie; ' +
      'or write origins, like ["https://goodsite.com"]')
  }
  const table = new OriginTable()
  const entries = new Set<string>()
  let any = false
  patterns.forEach((entry, index) => {
    const parsed = parseOriginPattern(entry, `${optionName}[${index}]`, development)
    if (parsed === null) {
      any = true
      entries.add('*')
    }
    for (const pattern of parsed ?? []) {
      table.add(pattern)
      entries.add(formatOriginPattern(pattern))
    }
  })

  const check = (origin: string | undefined): Refusal | null => {
    if (origin === undefined) return allowMissing ? null : MISSING
    if (origin === 'null') return allowNull ? null : NULL
    if (table.has(origin) || table.matches(origin, any || decide !== null)) return null
    return { code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', value: origin }
  }
  return Object.freeze({
    check,
    allows: (origin: string) => check(origin) === null,
    ask: decide === null ? null : asker(decide),
    entries: Object.freeze([...entries]),
    any,
    wildcard: table.wildcard,
  })
}

/** Milliseconds after which the signal of a CORS request's question fires. */
const CORS_TIMEOUT = 5000

function asker (decide: OriginDecision): NonNullable<OriginPolicy['ask']> {
  return async (origin, context) => {
    // Missing or null: `check` has decided by the options for these.
    if (origin === undefined || origin === 'null') return null
    try {
      return await decide(origin, context) === true ? null : { code: 'WSG_ERR_ORIGIN_NOT_ALLOWED', value: origin }
    } catch (cause) {
      return { code: 'WSG_ERR_AUTH_UNAVAILABLE', value: 'origins', cause }
    }
  }
}

/** Precomputed sets. What comes in is compared with them, never parsed into something else. */
class OriginTable {
  readonly #exact = new Set<string>()
  /** `scheme://host` on any port. */
  readonly #anyPort = new Set<string>()
  /** Subdomains by scheme and port: `https`, `https:8443`, `http:*`. */
  readonly #suffixes = new Map<string, SuffixSet>()
  wildcard = false

  add ({ scheme, kind, host, port }: OriginPattern): void {
    if (kind !== 'sub') {
      if (port === ':*') this.#anyPort.add(`${scheme}://${host}`)
      else this.#exact.add(`${scheme}://${host}${port}`)
    }
    if (kind === 'exact') return
    const key = scheme + port
    let suffixes = this.#suffixes.get(key)
    if (!suffixes) this.#suffixes.set(key, suffixes = new SuffixSet())
    suffixes.add(host)
    if (!isLoopback(host)) this.wildcard = true
  }

  has (origin: string): boolean {
    return this.#exact.has(origin)
  }

  /** True when `origin` is a serialised http or https origin and `any` is set or a pattern covers it. */
  matches (origin: string, any: boolean): boolean {
    if (origin.length > MAX_ORIGIN || !(any || this.#suffixes.size > 0 || this.#anyPort.size > 0)) return false
    const secure = origin.startsWith('https://')
    if (!secure && !origin.startsWith('http://')) return false
    const start = secure ? 8 : 7
    const colon = origin.indexOf(':', origin.charCodeAt(start) === 91 ? origin.indexOf(']', start) + 1 || start : start)
    const end = colon < 0 ? origin.length : colon
    if (colon >= 0) {
      const port = readPort(origin, colon + 1, origin.length)
      if (port === 0 || port === (secure ? 443 : 80)) return false
    }
    if (!isHost(origin, start, end)) return false
    if (any || this.#anyPort.has(origin.slice(0, end))) return true
    const scheme = secure ? 'https' : 'http'
    return this.#below(scheme + origin.slice(end), origin, start, end) || this.#below(`${scheme}:*`, origin, start, end)
  }

  #below (key: string, origin: string, start: number, end: number): boolean {
    const suffixes = this.#suffixes.get(key)
    return suffixes !== undefined && suffixes.matches(origin, start, end)
  }
}

/**
 * The origins that an application served from `allowedHosts` has: https, on the default port or the entry's own; never
 * http, save loopback hosts in development. An empty list in development means the loopback names.
 * Throws WSG_ERR_HOST_PATTERN for a bad entry, and WSG_ERR_ORIGIN_PATTERN for `*`, which names no origin.
 */
export function originsFromHosts (
  hosts: readonly string[], { development }: { readonly development: boolean }
): string[] {
  if (hosts.length === 0 && development) return [...DEVELOPMENT_ORIGINS]
  return hosts.map((entry, index) => {
    const where = `allowedHosts[${index}]`
    const pattern = parseAllowedHost(entry, where)
    if (!pattern) {
      const message = `${where}: "*" names no origin; set origins as well, like ["https://goodsite.com"]`
      throw new WSG_ERR_ORIGIN_PATTERN(message)
    }
    // Behind a proxy the Host may carry port 80 or 443; the page's origin is https on its default port.
    const text = formatHostPattern(pattern.port === 80 || pattern.port === 443 ? { ...pattern, port: null } : pattern)
    return development && isLoopback(pattern.host) ? text : `https://${text}`
  })
}

/**
 * The function that @fastify/cors takes as `origin`, so that one list serves both. A request without Origin gets no
 * CORS headers, which is no refusal.
 */
export function corsOrigin (policy: OriginPolicy): CorsOriginFunction {
  const decide = async (origin: string): Promise<boolean> => {
    if (!policy.allows(origin)) return false
    const context = { route: null, signal: AbortSignal.timeout(CORS_TIMEOUT) }
    return policy.ask === null || await policy.ask(origin, context) === null
  }
  return (origin, callback) => {
    if (origin === undefined || policy.ask === null) callback(null, origin !== undefined && policy.allows(origin))
    else void decide(origin).then(allow => { callback(null, allow) })
  }
}
