// Tested in test/auth/any-of.test.ts.

/** True when a request carries a cookie of this name, whatever is in it (RFC 6265 section 5.4). */
export function hasCookie (header: string | undefined, name: string): boolean {
  return header?.split(';').some(pair => pair.slice(0, pair.indexOf('=')).trim() === name) === true
}
