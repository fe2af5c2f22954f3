// Tested in test/auth/any-of.test.ts and test/auth/session-auth.test.ts.

/** How many cookies of this name a request carries, whatever is in them (RFC 6265 section 5.4). */
export function countCookies (header: string | undefined, name: string): number {
  return header?.split(';').filter(pair => pair.slice(0, pair.indexOf('=')).trim() === name).length ?? 0
}
