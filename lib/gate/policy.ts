// Tested in test/gate/gate.test.ts.
import type { FastifyRequest } from 'fastify'
import type { AuthStrategy, Authorize, Refusal } from '../../types/gate.js'
import type { Connections } from './connections.js'
import type { OriginPolicy } from './origin.js'
import type { SubprotocolPolicy } from './subprotocol.js'

/** Path parameters and query after the contract's check. */
export interface RouteInput {
  readonly params: unknown
  readonly query: unknown
}

/** Why a handshake is refused; null: not for this. */
export type Verdict = Refusal | null

/** Counts handshakes by address. */
export interface UpgradeLimiter {
  /** Counts one handshake and says whether it was one too many. Never rejects. */
  readonly take: (request: FastifyRequest) => Promise<Refusal | null>
  /** Counts a handshake that was refused for its client's fault again, so that it costs `failureCost` in all. */
  readonly punish: (request: FastifyRequest) => void
}

/**
 * What one WebSocket route asks of a handshake, compiled at boot. It travels in the route's `config`, and nowhere
 * else.
 */
export interface RoutePolicy {
  readonly url: string
  /** Null: public. */
  readonly auth: AuthStrategy | null
  readonly authorize: Authorize | null
  readonly origin: OriginPolicy
  /** Where the origins are written; `derived`: what `allowedHosts` gives, where nobody has written any. */
  readonly originsFrom: { readonly name: string, readonly derived: readonly string[] | null }
  /** The same list, for a handshake whose credential no browser sends by itself. */
  readonly headerOrigin: OriginPolicy
  readonly limiters: readonly UpgradeLimiter[]
  /** The route's own caps, beside the application's. */
  readonly connections: Connections | null
  readonly subprotocols: SubprotocolPolicy
  /** The same URL also answers plain HTTP. */
  readonly hasHttpHandler: boolean
  readonly readInput: ((request: FastifyRequest) => RouteInput | null) | null
  /** Bytes of one message; null: the ws server's limit. */
  readonly maxPayload: number | null
}

/** What a request is held to, and who is to judge its credential; null: nobody. */
export interface Judged {
  readonly policy: RoutePolicy | null
  readonly strategy: AuthStrategy | null
}

/** A plain request that is held to the same rules. */
export interface JudgedPlain extends Judged {
  readonly policy: RoutePolicy
}

/** The rule for Origin that a handshake is held to. It follows the credential that it uses. */
export function originFor ({ origin, headerOrigin }: RoutePolicy, strategy: AuthStrategy | null): OriginPolicy {
  return strategy?.needs.credential === 'header' ? headerOrigin : origin
}

/** Key in a route's `config` under which its policy is found. */
export const POLICY = Symbol('fastify-ws-guard.policy')

/** The policy of the route that a request was routed to; null where that is no WebSocket route. */
export function policyOf (request: FastifyRequest): RoutePolicy | null {
  return (request.routeOptions.config as { readonly [POLICY]?: RoutePolicy } | undefined)?.[POLICY] ?? null
}
