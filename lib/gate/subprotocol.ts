import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../types/gate.js'

// RFC 6455 section 4.1 item 10: tokens of RFC 9110, no duplicates.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/
const MAX_OFFERS = 16
/** Characters of one offer: browsers can send a token nowhere else but here, and a JWT has hundreds. */
const MAX_OFFER = 4096

/** Prefix of the token by which a client names the contract it was built for. */
const FINGERPRINT = 'cf-'

/** What a route speaks. */
export interface SubprotocolPolicy {
  /** In order of preference. */
  readonly supported: readonly string[]
  /** Of the route's contract, and of older ones that it serves: `cf-` and 16 hex digits each. Empty: it has none. */
  readonly fingerprints: readonly string[]
  /** Key of a message's type in the envelope. */
  readonly typeKey: string
}

/** A verdict, the one subprotocol to answer with, and the contract that the client was built for. */
export interface SubprotocolChoice {
  readonly refusal: Refusal | null
  readonly chosen: string | false
  /** Null where it has not said, or the route has no contract. */
  readonly fingerprint: string | null
}

const NONE: SubprotocolChoice = { refusal: null, chosen: false, fingerprint: null }

/**
 * Chooses the subprotocol from the server's list. ws would echo the first one offered, and clients put bearer tokens
 * there; an offer that the server does not list is never echoed.
 */
export function chooseSubprotocol (raw: IncomingMessage, policy: SubprotocolPolicy): SubprotocolChoice {
  const header = raw.headers['sec-websocket-protocol']
  if (header === undefined) return NONE
  const offers = header.split(',', MAX_OFFERS + 1).map(offer => offer.trim())
  const fault = faultOf(offers)
  if (fault !== null) return { ...NONE, refusal: { code: 'WSG_ERR_SUBPROTOCOL', value: fault } }
  const claimed = policy.fingerprints.length === 0 ? undefined : offers.find(offer => offer.startsWith(FINGERPRINT))
  if (claimed !== undefined && !policy.fingerprints.includes(claimed)) {
    return { ...NONE, refusal: { code: 'WSG_ERR_CONTRACT_MISMATCH', value: claimed } }
  }
  const chosen = policy.supported.find(name => offers.includes(name)) ?? false
  return { refusal: null, chosen, fingerprint: claimed ?? null }
}

/** What is wrong with a list. Never the offer itself: it may be a token. */
function faultOf (offers: readonly string[]): string | null {
  if (offers.length > MAX_OFFERS) return `more than ${MAX_OFFERS} offers`
  for (const [index, offer] of offers.entries()) {
    const name = `offer ${index + 1}`
    if (offer === '') return `${name} is empty`
    if (offer.length > MAX_OFFER) return `${name} has ${offer.length} characters, more than ${MAX_OFFER}`
    if (!TOKEN.test(offer)) return `${name} is no token of RFC 9110`
    if (offers.indexOf(offer) < index) return `${name} repeats an earlier one`
  }
  return null
}
