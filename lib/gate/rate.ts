import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Refusal } from '../../types/gate.js'
import type { UpgradeRateOptions } from '../../types/connection-options.js'
import type { Events } from '../events/events.js'
import type { UpgradeLimiter } from './policy.js'
import { type ClientAddresses, compileAddresses } from './client-address.js'

/** What `createRateLimit` of @fastify/rate-limit makes. */
export type CreateRateLimit = FastifyInstance['createRateLimit']

/** The stores behind the limiters: the configured one, and a local one for when that fails. */
export interface LimiterSources {
  readonly primary: CreateRateLimit
  /** The primary store is in this process: it answers at once. */
  readonly isLocal: boolean
  readonly fallback: CreateRateLimit | null
}

/** Milliseconds that a shared store may take before the local limiter decides instead, and for how long it does so. */
const STORE_DEADLINE = 500
const STORE_PAUSE = 1000
/** Between two events of a store that goes on failing. */
const STORE_SILENCE = 10_000

/** Name of the limit that all routes share. */
export const APPLICATION = 'all'

const NO_ANSWER = Symbol('no answer')

// A store that hangs would hold every handshake until its own deadline; ioredis alone gives up after seconds.
async function withDeadline<T> (work: Promise<T>): Promise<T | typeof NO_ANSWER> {
  let timer: NodeJS.Timeout | undefined
  const deadline = new Promise<typeof NO_ANSWER>(resolve => { timer = setTimeout(resolve, STORE_DEADLINE, NO_ANSWER) })
  try {
    return await Promise.race([work, deadline])
  } finally {
    clearTimeout(timer)
  }
}

/** Counts one handshake. */
type Take = (request: FastifyRequest) => Promise<Refusal | null>

/**
 * An upgrade limiter on @fastify/rate-limit. Called once per handshake that passed the checks before it.
 * Its keys carry a prefix and the limiter's own name: limiters made by `createRateLimit` share one key space in Redis.
 * When the store fails, a local limiter of the same size decides: never unlimited, and never down because Redis is.
 */
export function createUpgradeLimiter (
  sources: LimiterSources, options: UpgradeRateOptions, name: string, addresses: ClientAddresses,
  events: Events
): UpgradeLimiter {
  const { failureCost = 1 } = options
  const settings = settingsOf(options, name, addresses)
  const primary = sources.primary(settings)
  const fallback = sources.fallback?.(settings) ?? null
  const refusalOf = (verdict: Awaited<ReturnType<typeof primary>>): Refusal | null => {
    // `isAllowed` means "on the allow list", not "within the limit".
    if (verdict.isAllowed || !verdict.isExceeded) return null
    return { code: 'WSG_ERR_UPGRADE_RATE', value: name, retryAfter: Math.max(1, verdict.ttlInSeconds) }
  }
  // What is left to fail is an `allowList` function of the application.
  const failed = (cause: unknown): Refusal =>
    ({ code: 'WSG_ERR_AUTH_UNAVAILABLE', value: `upgrade rate ${name}`, cause })
  const judgeBy = (limit: typeof primary): Take => request => limit(request).then(refusalOf)
  const shared = new SharedStore(judgeBy(primary), fallback === null ? null : judgeBy(fallback), error => {
    events.publish('rate:unavailable', () => ({ app: events.app, limit: name, error }))
  })
  // A local count needs neither a deadline nor a substitute, and each promise more costs each handshake.
  const take: Take = sources.isLocal
    ? request => primary(request).then(refusalOf, failed)
    : request => shared.take(request).catch(failed)
  return {
    take,
    punish (request) {
      for (let i = 1; i < failureCost; i++) void take(request)
    },
  }
}

/** Everything is set, so that settings of a limiter the application registered do not leak in. */
function settingsOf (
  { max, timeWindow, allowList }: UpgradeRateOptions, name: string, addresses: ClientAddresses
): Parameters<CreateRateLimit>[0] {
  const where = name === APPLICATION ? 'upgradeRate.allowList' : `route ${name}: wsGuard.upgradeRate.allowList`
  const list = Array.isArray(allowList) ? compileAddresses(allowList, where) : null
  const listed = list === null ? [] : (request: FastifyRequest): boolean => addresses.isIn(request, list)
  return {
    max,
    timeWindow,
    // The keys that the store sees carry a prefix; what is listed are addresses.
    allowList: typeof allowList === 'function' ? allowList : listed,
    ban: -1,
    skipOnError: false,
    keyGenerator: request => `fastify-ws-guard:upgrade:${name}:${addresses.keyOf(request)}`,
  }
}

/** A store that other processes count in as well, and what decides while it does not answer. */
class SharedStore {
  readonly #primary: Take
  readonly #fallback: Take | null
  readonly #onFailure: (error: unknown) => void
  #pausedUntil = 0
  #silentUntil = 0

  /** `onFailure` is told what the store said, at most once in ten seconds; undefined: nothing, in time. */
  constructor (primary: Take, fallback: Take | null, onFailure: (error: unknown) => void) {
    this.#onFailure = onFailure
    this.#primary = primary
    this.#fallback = fallback
  }

  async take (request: FastifyRequest): Promise<Refusal | null> {
    if (this.#fallback !== null && Date.now() < this.#pausedUntil) return await this.#fallback(request)
    const refusal = await this.#ask(request)
    if (refusal !== NO_ANSWER) return refusal
    this.#pausedUntil = Date.now() + STORE_PAUSE
    if (this.#fallback === null) return { code: 'WSG_ERR_AUTH_UNAVAILABLE', value: 'upgrade rate store' }
    return await this.#fallback(request)
  }

  async #ask (request: FastifyRequest): Promise<Refusal | null | typeof NO_ANSWER> {
    try {
      const refusal = await withDeadline(this.#primary(request))
      if (refusal === NO_ANSWER) this.#tell(undefined)
      return refusal
    } catch (error) {
      this.#tell(error)
      return NO_ANSWER
    }
  }

  #tell (error: unknown): void {
    if (Date.now() < this.#silentUntil) return
    this.#silentUntil = Date.now() + STORE_SILENCE
    this.#onFailure(error)
  }
}
