import { ERRORS } from '../protocol/codes.js'
import type { CloseName, ErrorCode } from '../protocol/codes.js'
import { TokenBucket } from './token-bucket.js'

export interface PenaltyLimits {
  /** Violations per 10 s that are answered; the next one closes. */
  readonly errors: number
  /** Messages over the rate limit per 10 s that are put up with. */
  readonly burst: number
}

/** Seconds over which both budgets refill. */
const WINDOW = 10

/** What a socket has done wrong lately (docs/protocol.md sections 5 and 7). Buckets are made when first needed. */
export class Penalties {
  private readonly limits: PenaltyLimits
  private violations: TokenBucket | null = null
  private floods: TokenBucket | null = null
  private floodReplies: TokenBucket | null = null
  private sawBinary = false
  private identityChangedAt = -Infinity

  constructor (limits: PenaltyLimits) {
    this.limits = limits
  }

  /**
   * It has other rights from now on. What its page sends until it has heard of that, and was allowed before, is
   * `forbidden` and no violation. What that costs is bounded by the rates.
   */
  identityChanged (now: number): void {
    this.identityChangedAt = now
  }

  /** One refused message: null when it is to be answered, else how the socket is closed. */
  violation (code: ErrorCode, now: number): CloseName | null {
    if (code === 'forbidden' && now - this.identityChangedAt < WINDOW * 1000) return null
    const { errors } = this.limits
    this.violations ??= new TokenBucket(errors / WINDOW, errors, now)
    const again = code === 'unsupported_data' && this.sawBinary
    if (code === 'unsupported_data') this.sawBinary = true
    return again || this.violations.take(1, now) > 0 ? ERRORS[code].close : null
  }

  /** One message over the rate limit: answered, dropped in silence, or how the socket is closed. */
  flood (now: number): 'answer' | 'drop' | CloseName {
    const { errors, burst } = this.limits
    this.floods ??= new TokenBucket(burst / WINDOW, burst, now)
    this.floodReplies ??= new TokenBucket(errors / WINDOW, errors, now)
    if (this.floods.take(1, now) > 0) return ERRORS.rate_limited.close
    return this.floodReplies.take(1, now) === 0 ? 'answer' : 'drop'
  }
}
