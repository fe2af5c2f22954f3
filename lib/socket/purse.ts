// Tested in test/socket/budgets.test.ts.
import type { BudgetUsage } from '../../types/socket.js'
import { usageOf } from './budget-store.js'
import type { SharedBudget } from './budget-store.js'
import type { TokenBucket } from './token-bucket.js'

/** Handlers that may be under way for one identity and for one address. */
export interface Crowds {
  readonly identity: number
  readonly address: number
}

/** What a message's cost is taken from. */
export interface Paying {
  readonly now: () => number
  readonly purse: Purse
}

/** What a socket's messages are paid from: its own bucket, and those it shares. All of them pay, or none does. */
export class Purse {
  /** The budget that was short at the last refusal. */
  short = ''
  shared: readonly SharedBudget[]
  readonly #own: TokenBucket
  readonly #handlers: Crowds

  constructor (own: TokenBucket, shared: readonly SharedBudget[], handlers: Crowds) {
    this.#own = own
    this.shared = shared
    this.#handlers = handlers
  }

  /** 0: paid. Else nothing is, and it is the time in milliseconds until each of them can pay `expected`. */
  take (cost: number, now: number, expected: number = cost): number {
    if (!this.#canPay(cost, now)) return this.#waitFor(expected, now)
    this.#own.pay(cost)
    for (const { bucket } of this.shared) bucket.pay(cost)
    return 0
  }

  giveBack (count: number): void {
    this.#own.giveBack(count)
    for (const { bucket } of this.shared) bucket.giveBack(count)
  }

  /** True when so many handlers of one user or address are under way, on whatever sockets, that no more may start. */
  get crowded (): boolean {
    const { identity, address } = this.#handlers
    return this.shared.some(({ name, running }) =>
      (name === 'identity' && running >= identity) || (name === 'address' && running >= address))
  }

  usage (now: number): BudgetUsage[] {
    return [{ name: 'socket', route: null, bucket: this.#own }, ...this.shared].map(budget => usageOf(budget, now))
  }

  #canPay (cost: number, now: number): boolean {
    if (this.#own.waitFor(cost, now) > 0) return false
    for (const { bucket } of this.shared) if (bucket.waitFor(cost, now) > 0) return false
    return true
  }

  #waitFor (cost: number, now: number): number {
    let longest = this.#own.waitFor(cost, now)
    this.short = 'socket'
    for (const { name, bucket } of this.shared) {
      const wait = bucket.waitFor(cost, now)
      if (wait <= longest) continue
      longest = wait
      this.short = name
    }
    return longest
  }
}
