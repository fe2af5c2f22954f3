// Tested in test/attack/draining.test.ts.
import type { IncomingMessage } from 'node:http'
import type { Refusal } from '../../types/gate.js'
import { checkHandshake } from './handshake.js'
import type { HostPolicy } from './host.js'
import type { RoutePolicy } from './policy.js'
import { knowsCodes } from './tell.js'

/** Seconds over which those who are turned away come back. */
const SPREAD = 10

/** Why a handshake is refused while the application closes, with a time of its own to come back. */
export function drainingRefusal (): Refusal {
  return { code: 'WSG_ERR_DRAINING', retryAfter: 1 + Math.floor(Math.random() * SPREAD) }
}

/**
 * Fastify routes nothing any more while it closes. So a client may be told in a 101 only where it does not matter which
 * route it asked for: Host and Origin have passed on each, and all that know our close codes say it alike. One of
 * these; null: an HTTP status it is.
 */
export function policyToTell (
  raw: IncomingMessage, host: HostPolicy, policies: readonly RoutePolicy[]
): RoutePolicy | null {
  if (checkHandshake(raw) !== null || host.check(raw.headers.host) !== null) return null
  const { headers: { origin } } = raw
  if (!policies.every(policy => policy.origin.ask === null && policy.origin.check(origin) === null)) return null
  const [first, ...others] = policies.filter(({ subprotocols }) => knowsCodes(raw, subprotocols))
  const isOne = others.every(({ subprotocols }) => subprotocols.typeKey === first?.subprotocols.typeKey)
  return first !== undefined && isOne ? first : null
}
