import { BlockList, isIP, isIPv6 } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { type SafeLog, escapeForLog } from '../log/log-safe.js'
import { addressKey, readAddress } from './address.js'
import { handshakeOf } from './record.js'

const UNTRUSTED = 'X-Forwarded-For comes from an address that trustProxy does not list, so all clients behind it ' +
  'count as one; if that is your proxy, write Fastify({ trustProxy: [\'<its address>\'] })'
const UNREADABLE = 'the proxy names clients in a way that is no address, so all of them count as one; ' +
  'let X-Forwarded-For be the client\'s address'

/** Client address as Fastify sees it; undefined for an injected request without a socket. */
export function clientAddress (request: FastifyRequest): string | undefined {
  try {
    return request.ip
  } catch {
    return undefined
  }
}

/** Addresses and networks of an allow-list. */
export type AddressList = BlockList

/**
 * Compiles `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. Boot only. Throws WSG_ERR_OPTION that names `where` for
 * anything else: an entry that matches nobody would be found out by whoever is locked out.
 */
export function compileAddresses (entries: readonly string[], where: string): AddressList {
  const list = new BlockList()
  entries.forEach((entry, index) => {
    const [address = '', bits, ...rest] = entry.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    const isPrefix = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 'ipv6' ? 128 : 32))
    if (isIP(address) === 0 || address.includes('%') || !isPrefix || rest.length > 0) {
      const expected = 'an address or a network like "10.0.0.0/8"'
      throw new WSG_ERR_OPTION(`${where}[${index}]: expected ${expected}, got ${got(entry)}`)
    }
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  })
  return list
}

/**
 * Who a request is from, as caps and rates count it. What can't be right about it is said once per process, in the
 * log.
 */
export class ClientAddresses {
  readonly #prefix: number
  readonly #listed: AddressList | null
  readonly #log: SafeLog
  readonly #warned = new Set<'unreadable' | 'untrusted'>()

  /** `prefix`: bits of an IPv6 address that are one client. `listed`: not counted by address. */
  constructor (prefix: number, listed: AddressList | null, log: SafeLog) {
    this.#prefix = prefix
    this.#listed = listed
    this.#log = log
  }

  /** The key that the per-address cap and the upgrade limits share. */
  keyOf (request: FastifyRequest): string {
    return handshakeOf(request.raw)?.address ?? this.#read(request)
  }

  /** True for an address of `connections.allowList`. */
  isListed (request: FastifyRequest): boolean {
    return this.#listed !== null && this.isIn(request, this.#listed)
  }

  isIn (request: FastifyRequest, list: AddressList): boolean {
    const address = readAddress(clientAddress(request))
    if (address === null) return false
    return list.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
  }

  #read (request: FastifyRequest): string {
    const said = clientAddress(request)
    const peer: string | undefined = request.raw.socket?.remoteAddress
    // Any client can send the header; that every one of them seems to be one and the same is what a proxy looks like.
    if (request.raw.headers['x-forwarded-for'] !== undefined && said === peer && peer !== undefined) {
      this.#warn('untrusted', { peer }, UNTRUSTED)
    }
    const address = readAddress(said)
    if (address === null && said !== undefined && said !== '') {
      this.#warn('unreadable', { address: escapeForLog(said) }, UNREADABLE)
      return 'unreadable'
    }
    return addressKey(address ?? undefined, this.#prefix)
  }

  #warn (what: 'unreadable' | 'untrusted', record: object, message: string): void {
    if (this.#warned.has(what)) return
    this.#warned.add(what)
    this.#log.warn({ event: 'ws.address.unknown', ...record }, message)
  }
}
