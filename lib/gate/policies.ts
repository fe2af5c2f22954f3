import type { FastifyRequest } from 'fastify'
import type { UpgradeRateOptions } from '../../types/connection-options.js'
import type { AuthStrategy, OriginDecision } from '../../types/gate.js'
import type { RouteGuardOptions } from '../../types/options.js'
import { WSG_ERR_OPTION_UNSAFE, WSG_ERR_ROUTE_POLICY } from '../errors/coded.js'
import { AUTH_FRAME_BYTES, DEFAULT_ENVELOPE } from '../protocol/envelope.js'
import { type ConnectionCaps, Connections } from './connections.js'
import { compileOrigins, originsFromHosts, type OriginPolicy } from './origin.js'
import type { RouteInput, RoutePolicy, UpgradeLimiter } from './policy.js'
import { APPLICATION } from './rate.js'

/** The plugin-wide settings a route's policy is made of. */
export interface PolicyDefaults {
  readonly allowedHosts: readonly string[]
  /** Null: derived from `allowedHosts`. */
  readonly origins: readonly string[] | OriginDecision | null
  readonly development: boolean
  readonly allowMissingOrigin: boolean
  readonly dangerouslyAllowNullOrigin: boolean
  readonly dangerouslyAllowAnyOrigin: boolean
  readonly auth: AuthStrategy | null
  readonly upgradeRate: UpgradeRateOptions | null
  readonly subprotocols: readonly string[]
}

/** Where a route has no caps of its own. */
const UNLIMITED: ConnectionCaps = {
  total: Infinity,
  perAddress: Infinity,
  anonymous: Infinity,
  perIdentity: Infinity,
  pending: Infinity,
  pendingPerAddress: Infinity,
}

/** What a contract adds to a route. */
export interface ContractPart {
  readonly subprotocol: string
  /** Its own first, then those of older ones that the route serves. */
  readonly fingerprints: readonly string[]
  /** Key of a message's type in the envelope. */
  readonly typeKey: string
  readonly readInput: ((request: FastifyRequest) => RouteInput | null) | null
  readonly maxPayload: number
}

export interface PolicyRoute {
  readonly url: string
  readonly hasHttpHandler: boolean
  readonly contract: ContractPart | null
}

/** Compiles routes' options into policies. Everything a route says is proven here, at boot. */
export class Policies {
  readonly #defaults: PolicyDefaults
  readonly #makeLimiter: (options: UpgradeRateOptions, name: string) => UpgradeLimiter
  readonly #shared: UpgradeLimiter | null

  constructor (defaults: PolicyDefaults, makeLimiter: (options: UpgradeRateOptions, name: string) => UpgradeLimiter) {
    this.#defaults = defaults
    this.#makeLimiter = makeLimiter
    this.#shared = defaults.upgradeRate === null ? null : makeLimiter(defaults.upgradeRate, APPLICATION)
  }

  /** The origins of a route; the plugin's own where `own` is left out. Throws WSG_ERR_ORIGIN_PATTERN. */
  origins (
    own: readonly string[] | OriginDecision | undefined, optionName: string, credential: 'cookie' | 'header' | null
  ): OriginPolicy {
    const { development, allowedHosts, origins, allowMissingOrigin, dangerouslyAllowNullOrigin } = this.#defaults
    return compileOrigins(own ?? origins ?? originsFromHosts(allowedHosts, { development }), {
      optionName,
      development,
      // A browser sends its cookies whether or not it sends an Origin: without one nothing proves which page asked.
      allowMissing: allowMissingOrigin && credential !== 'cookie',
      allowNull: dangerouslyAllowNullOrigin,
    })
  }

  /**
   * Null: nobody says who may connect. Throws WSG_ERR_ROUTE_POLICY, WSG_ERR_OPTION_UNSAFE or WSG_ERR_ORIGIN_PATTERN.
   */
  compile (options: RouteGuardOptions, { url, hasHttpHandler, contract }: PolicyRoute): RoutePolicy | null {
    if (options.public === true && options.auth !== undefined) {
      throw new WSG_ERR_ROUTE_POLICY(`route ${url}: expected either auth or public: true, got both`)
    }
    const auth = options.public === true ? null : options.auth ?? this.#defaults.auth
    if (auth === null && options.public !== true) return null
    const credential = auth?.needs.credential ?? null
    const optionName = options.origins === undefined ? 'origins' : `route ${url}: wsGuard.origins`
    const origin = this.origins(options.origins, optionName, credential)
    this.#proveSafe(url, origin, credential)
    const { origins, allowedHosts, development } = this.#defaults
    const isWritten = options.origins !== undefined || origins !== null
    const { upgradeRate: own, connections: caps } = options
    const failureCost = this.#defaults.upgradeRate?.failureCost ?? 1
    const limiters = [this.#shared, own === undefined ? null : this.#makeLimiter({ failureCost, ...own }, url)]
    const takesTokens = (auth?.alternatives ?? [auth]).some(one => one?.verifyToken !== undefined)
    const tokenBytes = takesTokens ? AUTH_FRAME_BYTES : 0
    const subprotocols = options.subprotocols ?? this.#defaults.subprotocols
    return {
      url,
      auth,
      authorize: options.authorize ?? null,
      origin,
      originsFrom: { name: optionName, derived: isWritten ? null : originsFromHosts(allowedHosts, { development }) },
      headerOrigin: auth?.alternatives === undefined ? origin : this.origins(options.origins, optionName, 'header'),
      limiters: limiters.filter(limiter => limiter !== null),
      subprotocols: {
        supported: contract === null ? subprotocols : [contract.subprotocol, ...subprotocols],
        fingerprints: contract?.fingerprints ?? [],
        typeKey: contract?.typeKey ?? DEFAULT_ENVELOPE.type,
      },
      hasHttpHandler,
      connections: caps === undefined ? null : new Connections({ ...UNLIMITED, ...caps }, url),
      readInput: contract?.readInput ?? null,
      maxPayload: contract === null ? options.maxPayload ?? null : Math.max(contract.maxPayload, tokenBytes),
    }
  }

  #proveSafe (url: string, origin: OriginPolicy, credential: 'cookie' | 'header' | null): void {
    if (credential !== 'cookie' || this.#defaults.dangerouslyAllowAnyOrigin) return
    if (origin.any) {
      throw new WSG_ERR_OPTION_UNSAFE(`route ${url}: origins holds '*' beside cookie authentication, so any website ` +
        'could act as your users; list the origins, or set dangerouslyAllowAnyOrigin')
    }
    if (this.#defaults.dangerouslyAllowNullOrigin) {
      throw new WSG_ERR_OPTION_UNSAFE(`route ${url}: dangerouslyAllowNullOrigin beside cookie authentication, so ` +
        'any website could act as your users from a sandboxed frame; leave it out, or set ' +
        'dangerouslyAllowAnyOrigin as well')
    }
  }
}
