import { isIPv4, isIPv6 } from 'node:net'

/** The eight groups of an IPv6 address that `isIPv6` has accepted. */
function groups (address: string): number[] {
  const bare = address.split('%', 1)[0]!
  const [head = '', tail] = bare.split('::', 2)
  const parse = (part: string): number[] => part === ''
    ? []
    : part.split(':').flatMap(group => {
      if (!group.includes('.')) return [parseInt(group, 16)]
      const [a = 0, b = 0, c = 0, d = 0] = group.split('.').map(Number)
      return [(a << 8) | b, (c << 8) | d]
    })
  const left = parse(head)
  if (tail === undefined) return left
  const right = parse(tail)
  return [...left, ...new Array<number>(8 - left.length - right.length).fill(0), ...right]
}

/**
 * An address with a port behind it, as some proxies write into X-Forwarded-For (Azure, IIS): IPv6 then has brackets.
 */
const WITH_PORT = /^(?:\[([^\]]+)\](?::\d{1,5})?|([\d.]+):\d{1,5})$/

/** The bare address in what a proxy or a socket calls the client; null where there is none. */
export function readAddress (said: string | undefined): string | null {
  if (said === undefined) return null
  const match = WITH_PORT.exec(said)
  const address = match === null ? said : match[1] ?? match[2] ?? ''
  return isIPv4(address) || isIPv6(address) ? address : null
}

/**
 * Do these groups embed an IPv4 address: IPv4-mapped (RFC 4291 section 2.5.5.2), or NAT64's well-known prefix (RFC
 * 6052 section 2.1)?
 */
function embedsIPv4 (all: readonly number[]): boolean {
  if (all.slice(0, 5).every(group => group === 0) && all[5] === 0xffff) return true
  return all[0] === 0x64 && all[1] === 0xff9b && all.slice(2, 6).every(group => group === 0)
}

/**
 * The key under which a client address is counted: an IPv4 address itself (also where IPv6 only wraps it), an IPv6
 * address by its first `prefix` bits, because one customer is given at least a /64 (RFC 6177).
 * Something that is no address (a Unix socket, an injected request) counts under one name.
 */
export function addressKey (address: string | undefined, prefix: number): string {
  if (address === undefined || address === '') return 'local'
  if (isIPv4(address)) return address
  if (!isIPv6(address)) return 'local'
  const all = groups(address)
  if (embedsIPv4(all)) {
    return `${all[6]! >> 8}.${all[6]! & 255}.${all[7]! >> 8}.${all[7]! & 255}`
  }
  const kept = all.map((group, index) => {
    const bits = Math.min(16, Math.max(0, prefix - index * 16))
    return group & (0xffff << (16 - bits)) & 0xffff
  })
  return `${kept.map(group => group.toString(16)).join(':')}/${prefix}`
}
