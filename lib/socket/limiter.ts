/** A budget of tokens that may be shared, e.g. by the sockets of one identity. Synchronous; must not throw. */
export interface Budget {
  /** Takes `cost` tokens: 0, or nothing is taken and the milliseconds until there are enough are returned. */
  take (cost: number, now: number): number
}

/** Lets a peer that waited exactly as long as it was told pass, whatever binary fractions made of it. */
const EPSILON = 1e-9

/** Token bucket: `rate` tokens per second, `burst` saved up at most. Starts full. */
export class TokenBucket implements Budget {
  private readonly perMs: number
  private readonly burst: number
  private tokens: number
  private at: number

  constructor (rate: number, burst: number, now: number) {
    this.perMs = rate / 1000
    this.burst = burst
    this.tokens = burst
    this.at = now
  }

  /** A negative cost gives tokens back. A cost above `burst` is met by a full bucket. */
  take (cost: number, now: number): number {
    const passed = now - this.at
    // A clock that stepped back refills nothing.
    if (passed !== 0) {
      if (passed > 0) this.tokens = Math.min(this.burst, this.tokens + passed * this.perMs)
      this.at = now
    }
    const price = cost > this.burst ? this.burst : cost
    if (this.tokens >= price - EPSILON) {
      this.tokens = Math.min(this.burst, this.tokens - price)
      return 0
    }
    return Math.max(1, Math.ceil((price - this.tokens) / this.perMs - EPSILON))
  }
}

/** Takes from every budget or from none: what the first ones gave is returned when a later one refuses. */
export function takeAll (budgets: readonly Budget[], cost: number, now: number): number {
  for (let index = 0; index < budgets.length; index++) {
    const wait = budgets[index]?.take(cost, now) ?? 0
    if (wait === 0) continue
    for (let undo = 0; undo < index; undo++) budgets[undo]?.take(-cost, now)
    return wait
  }
  return 0
}
