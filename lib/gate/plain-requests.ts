// Tested in test/attack/tickets.test.ts.
import type { FastifyRequest } from 'fastify'
import type { Refusal } from '../../types/gate.js'
import type { ClientAddresses } from './client-address.js'
import { type ConnectionCaps, RETRY_AFTER } from './connections.js'
import { Counts } from './counts.js'
import { RETRY_AUTH } from './door.js'

/** What was found, or why nothing was. */
export type Answer<T> =
  | { readonly found: T, readonly refusal: null }
  | { readonly found: null, readonly refusal: Refusal }

const LATE: Answer<never> = { found: null, refusal: { code: 'WSG_ERR_AUTH_TIMEOUT', retryAfter: RETRY_AUTH } }

/** Plain requests that the application is asked about: as few at once as handshakes, and none for ever. */
export class PlainRequests {
  readonly #caps: ConnectionCaps
  readonly #addresses: ClientAddresses
  readonly #byAddress = new Counts()
  #size = 0

  constructor (caps: ConnectionCaps, addresses: ClientAddresses) {
    this.#caps = caps
    this.#addresses = addresses
  }

  /** Asks, for so many milliseconds at most; then the signal fires. Rejects where `ask` does. */
  async ask<T> (
    request: FastifyRequest, milliseconds: number, ask: (signal: AbortSignal) => Promise<T>
  ): Promise<Answer<T>> {
    const address = this.#addresses.isListed(request) ? null : this.#addresses.keyOf(request)
    const full = this.#enter(address)
    if (full !== null) return { found: null, refusal: full }
    const controller = new AbortController()
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<Answer<never>>(resolve => {
      timer = setTimeout(() => {
        resolve(LATE)
        controller.abort()
      }, milliseconds).unref()
    })
    try {
      return await Promise.race([ask(controller.signal).then(found => ({ found, refusal: null })), late])
    } finally {
      clearTimeout(timer)
      this.#size--
      this.#byAddress.give(address)
    }
  }

  #enter (address: string | null): Refusal | null {
    const { pending, pendingPerAddress } = this.#caps
    if (this.#size >= pending) {
      return { code: 'WSG_ERR_CONNECTIONS_PENDING', value: 'requests for tickets', retryAfter: RETRY_AFTER }
    }
    if (address !== null && !this.#byAddress.take(address, pendingPerAddress)) {
      const value = `${address}: requests for tickets`
      return { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value, retryAfter: RETRY_AFTER }
    }
    this.#size++
    return null
  }
}
