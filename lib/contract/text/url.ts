import { hasForbiddenOrBreak, hasMarkRun } from './rules.js'

// What the URL parser drops, rewrites or can't show. A value with any of these means something else than it says:
// "java\tscript:", "https:\\evil.example".
const REWRITTEN = /[\s\\\p{Default_Ignorable_Code_Point}]/u
const SCHEME = /^([a-z][a-z0-9+.-]*):/i
// Schemes of which the parser forgives a missing or a third slash (WHATWG URL, special schemes). No userinfo and no
// percent-encoding where the host is.
const SPECIAL = /^(?:https?|wss?|ftp):/i
const SPECIAL_EXACT = /^[a-z]+:\/\/[^/?#@%]+(?:[/?#]|$)/i

function parse (value: string): URL | undefined {
  try {
    return new URL(value)
  } catch {
    return undefined
  }
}

function isAllowed (parsed: URL, protocols: ReadonlySet<string>): boolean {
  return protocols.has(parsed.protocol.slice(0, -1)) && parsed.username === '' && parsed.password === ''
}

/**
 * The rule of `url`, without lengths: absolute, an allowed scheme, no credentials, and nothing that the parser would
 * have to forgive, so that every consumer reads the same address.
 */
export function compileUrl (list: readonly string[]): (value: string) => boolean {
  const protocols = new Set(list)
  return value => {
    if (!value.isWellFormed() || hasForbiddenOrBreak(value) || REWRITTEN.test(value) || hasMarkRun(value)) return false
    const scheme = SCHEME.exec(value)?.[1]
    if (scheme === undefined || !protocols.has(scheme.toLowerCase())) return false
    if (SPECIAL.test(value) && !SPECIAL_EXACT.test(value)) return false
    const parsed = parse(value)
    return parsed !== undefined && isAllowed(parsed, protocols)
  }
}

/** `URL.href` of what is worth repairing; undefined for the rest. Forgives as the parser does, never credentials. */
export function compileUrlRepair (list: readonly string[]): (value: string) => string | undefined {
  const protocols = new Set(list)
  return value => {
    if (!value.isWellFormed() || hasMarkRun(value)) return undefined
    const parsed = parse(value.trim())
    return parsed !== undefined && isAllowed(parsed, protocols) ? parsed.href : undefined
  }
}
