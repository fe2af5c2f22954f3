// What a host and a port look like in canonical text. Pure, allocation-free where a name is concerned, linear in the
// text.

const DOT = 46
const HYPHEN = 45
const UNDERSCORE = 95

/** Longest name in octets, without the final dot (RFC 1035 section 2.3.4). */
export const MAX_NAME = 253

const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isLowerHex = (code: number): boolean => isDigit(code) || (code >= 97 && code <= 102)

/**
 * A last label that URL parsers read as an IPv4 number (URL Standard, "ends in a number"): digits, or `0x` and hex
 * digits.
 */
function isNumberLabel (text: string, start: number, end: number): boolean {
  let from = start
  let test = isDigit
  if (end - start >= 2 && text.charCodeAt(start) === 48 && text.charCodeAt(start + 1) === 120) {
    from = start + 2
    test = isLowerHex
  }
  for (let i = from; i < end; i++) {
    if (!test(text.charCodeAt(i))) return false
  }
  return true
}

/**
 * True for a lower-case name in `text[start, end)`: labels of 1-63 letters, digits, hyphens and underscores, 253 octets
 * in all, no final dot, and a last label that is no number and has its hyphens inside. That is wider than host names of
 * RFC 1123 section 2.1, and what browsers send: the URL Standard (section 3.5) admits `_`, and hyphens anywhere.
 */
export function isDomainName (text: string, start: number, end: number): boolean {
  if (end <= start || end - start > MAX_NAME) return false
  let label = start
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (i === label || i - label > 63) return false
      // Punycode never ends so (RFC 3492 section 3.1), whatever a lenient parser makes of it.
      if (text.charCodeAt(i - 1) === HYPHEN && text.startsWith('xn--', label)) return false
      label = i + 1
    } else if (!(code >= 97 && code <= 122) && !isDigit(code) && code !== HYPHEN && code !== UNDERSCORE) {
      return false
    }
  }
  const isHyphenated = text.charCodeAt(label) === HYPHEN || text.charCodeAt(end - 1) === HYPHEN
  return label < end && end - label <= 63 && !isHyphenated && !isNumberLabel(text, label, end)
}

/** True for four decimal numbers 0-255 without leading zeros in `text[start, end)`. */
export function isIPv4 (text: string, start: number, end: number): boolean {
  if (end - start < 7 || end - start > 15) return false
  let parts = 1
  let digits = 0
  let value = 0
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (code === DOT) {
      if (digits === 0 || ++parts > 4) return false
      digits = 0
      value = 0
    } else {
      if (!isDigit(code) || (digits > 0 && value === 0)) return false
      value = value * 10 + code - 48
      digits++
      if (value > 255) return false
    }
  }
  return parts === 4 && digits > 0
}

const GROUP = /^(?:0|[1-9a-f][0-9a-f]{0,3})$/

/**
 * True for the one canonical text of an IPv6 address, without brackets (RFC 5952 section 4, hexadecimal throughout as
 * in the URL Standard).
 */
export function isIPv6 (text: string): boolean {
  if (text.length < 2 || text.length > 39) return false
  const halves = text.split('::')
  if (halves.length > 2) return false
  const head = halves[0] === '' ? [] : halves[0]!.split(':')
  const tail = halves.length === 1 || halves[1] === '' ? [] : halves[1]!.split(':')
  const given = head.length + tail.length
  if (halves.length === 1 ? given !== 8 : given > 6) return false
  const groups = [...head, ...Array<string>(8 - given).fill('0'), ...tail]
  return groups.every(group => GROUP.test(group)) && compress(groups) === text
}

/** Joins eight groups, the first longest run of two or more zeros written `::`. */
function compress (groups: readonly string[]): string {
  let at = -1
  let length = 1
  for (let i = 0; i < 8; i++) {
    let end = i
    while (end < 8 && groups[end] === '0') end++
    if (end - i > length) {
      at = i
      length = end - i
    }
    i = Math.max(i, end - 1)
  }
  return at < 0 ? groups.join(':') : `${groups.slice(0, at).join(':')}::${groups.slice(at + length).join(':')}`
}

/**
 * True for a canonical host in `text[start, end)`: a lower-case name, an IPv4 address, or an IPv6 address in brackets.
 */
export function isHost (text: string, start: number, end: number): boolean {
  if (text.charCodeAt(start) === 91) {
    return end - start > 3 && text.charCodeAt(end - 1) === 93 && isIPv6(text.slice(start + 1, end - 1))
  }
  return isDomainName(text, start, end) || isIPv4(text, start, end)
}

/** The port 1-65535 written in `text[start, end)` without sign or leading zeros; otherwise 0. */
export function readPort (text: string, start: number, end: number): number {
  if (end <= start || end - start > 5 || text.charCodeAt(start) === 48) return 0
  let value = 0
  for (let i = start; i < end; i++) {
    const code = text.charCodeAt(i)
    if (!isDigit(code)) return 0
    value = value * 10 + code - 48
  }
  return value > 65535 ? 0 : value
}

/**
 * True for the names and addresses of this machine: `localhost` and below, 127.0.0.0/8, `[::1]` (RFC 6761 section 6.3).
 */
export function isLoopback (host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '[::1]' ||
    (host.startsWith('127.') && isIPv4(host, 0, host.length))
}
