/** How many cookies of this name a request carries, whatever is in them (RFC 6265 section 5.4). */
export function countCookies (header: string | undefined, name: string): number {
  return header?.split(';').filter(pair => pair.includes('=') && pair.split('=', 1)[0]?.trim() === name).length ?? 0
}
