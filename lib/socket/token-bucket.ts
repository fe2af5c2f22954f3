/** Lets a peer that waited exactly as long as it was told pass, whatever binary fractions made of it. */
const EPSILON = 1e-9

/** Token bucket: `rate` tokens per second, `burst` saved up at most. Starts full. Times are in milliseconds. */
export class TokenBucket {
  private perMs: number
  private burst: number
  private tokens: number
  private at: number

  constructor (rate: number, burst: number, now: number) {
    this.perMs = rate / 1000
    this.burst = burst
    this.tokens = burst
    this.at = now
  }

  /**
   * Takes `cost` tokens, of `burst` at most: 0, or nothing is taken and the time until there are enough is returned.
   */
  take (cost: number, now: number): number {
    const wait = this.waitFor(cost, now)
    if (wait === 0) this.tokens -= cost
    return wait
  }

  /** Takes `cost` tokens whether they are there or not: 0, or the time until the debt is paid. */
  spend (cost: number, now: number): number {
    this.refill(now)
    this.tokens -= cost
    return this.missing(0)
  }

  /** Time until `cost` tokens, of `burst` at most, are there. */
  waitFor (cost: number, now: number): number {
    this.refill(now)
    return this.missing(cost)
  }

  /** Takes `cost` tokens that `waitFor` has said are there. */
  pay (cost: number): void {
    this.tokens -= cost
  }

  /** Has another size from here on; what is there is kept. */
  resize (rate: number, burst: number, now: number): void {
    this.refill(now)
    this.perMs = rate / 1000
    this.burst = burst
    this.tokens = Math.min(burst, this.tokens)
  }

  isFull (now: number): boolean {
    this.refill(now)
    return this.tokens >= this.burst - EPSILON
  }

  /** Whole tokens that are left, what can be saved up, and what comes back in a second. */
  usage (now: number): { readonly remaining: number, readonly burst: number, readonly rate: number } {
    this.refill(now)
    return { remaining: Math.floor(this.tokens + EPSILON), burst: this.burst, rate: this.perMs * 1000 }
  }

  /** Returns tokens that were taken for nothing. */
  giveBack (count: number): void {
    this.tokens = Math.min(this.burst, this.tokens + count)
  }

  private missing (cost: number): number {
    return this.tokens >= cost - EPSILON ? 0 : Math.max(1, Math.ceil((cost - this.tokens) / this.perMs - EPSILON))
  }

  private refill (now: number): void {
    const passed = now - this.at
    if (passed === 0) return
    // A clock that stepped back refills nothing.
    if (passed > 0) this.tokens = Math.min(this.burst, this.tokens + passed * this.perMs)
    this.at = now
  }
}
