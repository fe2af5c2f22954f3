import { isIPv4, isIPv6 } from 'node:net'

const MAPPED = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i

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
 * The key under which a client address is counted: an IPv4 address itself (also where it comes IPv4-mapped), an IPv6
 * address by its first `prefix` bits, because one customer is given at least a /64 (RFC 6177).
 * Something that is no address (a Unix socket, an injected request) counts under one name.
 */
export function addressKey (address: string | undefined, prefix: number): string {
  if (address === undefined || address === '') return 'local'
  if (isIPv4(address)) return address
  const mapped = MAPPED.exec(address)
  if (mapped !== null && isIPv4(mapped[1]!)) return mapped[1]!
  if (!isIPv6(address)) return 'local'
  const all = groups(address)
  // ::ffff:7f00:1 is 127.0.0.1 as well.
  if (all.slice(0, 5).every(group => group === 0) && all[5] === 0xffff) {
    return `${all[6]! >> 8}.${all[6]! & 255}.${all[7]! >> 8}.${all[7]! & 255}`
  }
  const kept = all.map((group, index) => {
    const bits = Math.min(16, Math.max(0, prefix - index * 16))
    return group & (0xffff << (16 - bits)) & 0xffff
  })
  return `${kept.map(group => group.toString(16)).join(':')}/${prefix}`
}
