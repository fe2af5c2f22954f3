import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../types/gate.js'

// RFC 6455 section 4.1 item 10: tokens of RFC 7230, no duplicates.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/
const MAX_OFFERS = 16

/** Prefix of the token by which a client names the contract it was built for. */
const FINGERPRINT = 'cf-'

/** What a route speaks. */
export interface SubprotocolPolicy {
  /** In order of preference. */
  readonly supported: readonly string[]
  /** `cf-` and 16 hex digits, where the route has a contract. */
  readonly fingerprint: string | null
}

/** A verdict, and the one subprotocol to answer with. */
export interface SubprotocolChoice {
  readonly refusal: Refusal | null
  readonly chosen: string | false
}

const NONE: SubprotocolChoice = { refusal: null, chosen: false }

/**
 * Chooses the subprotocol from the server's list. ws would echo the first one offered, and clients put bearer tokens
 * there; an offer that the server does not list is never echoed.
 */
export function chooseSubprotocol (raw: IncomingMessage, policy: SubprotocolPolicy): SubprotocolChoice {
  const header = raw.headers['sec-websocket-protocol']
  if (header === undefined) return NONE
  const offers = header.split(',', MAX_OFFERS + 1).map(offer => offer.trim())
  if (offers.length > MAX_OFFERS || !offers.every(offer => TOKEN.test(offer)) || new Set(offers).size !== offers.length) {
    return { refusal: { code: 'WSG_ERR_SUBPROTOCOL', value: `${offers.length} offers` }, chosen: false }
  }
  const claimed = offers.find(offer => offer.startsWith(FINGERPRINT))
  if (claimed !== undefined && policy.fingerprint !== null && claimed !== policy.fingerprint) {
    return { refusal: { code: 'WSG_ERR_CONTRACT_MISMATCH', value: claimed }, chosen: false }
  }
  return { refusal: null, chosen: policy.supported.find(name => offers.includes(name)) ?? false }
}
