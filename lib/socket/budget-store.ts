import type { BudgetUsage } from '../../types/socket.js'
import { TokenBucket } from './token-bucket.js'

/** Budgets of nobody that are remembered at most; the oldest is forgotten first. */
const MAX_IDLE = 100_000

/** What a budget is counted by. */
export interface BudgetKey {
  readonly name: string
  /** The route whose own it is; null: one for all that have no own. */
  readonly route: string | null
  readonly key: string
}

/** A bucket that several sockets take from, one after the other or at once. */
export interface SharedBudget extends BudgetKey {
  readonly bucket: TokenBucket
  /** Open sockets that take from it. */
  users: number
  /** Handlers under way, also of sockets that are gone. */
  running: number
}

/**
 * Budgets across sockets and reconnects. One is forgotten when no socket takes from it any more, no handler runs
 * and it is full again: who comes back sooner finds it as it was left.
 */
export class BudgetStore {
  readonly #all = new Map<string, SharedBudget>()
  readonly #idle = new Set<SharedBudget>()
  readonly #routes = new Set<string | null>()
  /** Of all budgets that sockets share, whether there is one yet or not. */
  readonly names = new Set(['identity', 'address'])

  get size (): number {
    return this.#all.size
  }

  /** The budget of this key, for one more socket. What is new begins full. */
  take (by: BudgetKey, rate: number, burst: number, now: number): SharedBudget {
    const name = nameOf(by)
    let budget = this.#all.get(name)
    if (budget === undefined) {
      this.#all.set(name, budget = { ...by, bucket: new TokenBucket(rate, burst, now), users: 0, running: 0 })
      this.#routes.add(by.route)
    } else {
      budget.bucket.resize(rate, burst, now)
      this.#idle.delete(budget)
    }
    budget.users++
    return budget
  }

  /** One socket less. Called once for each `take`. */
  giveBack (budget: SharedBudget, now: number): void {
    if (--budget.users > 0) return
    if (isSettled(budget, now)) {
      this.#all.delete(nameOf(budget))
      return
    }
    this.#idle.add(budget)
    const [oldest] = this.#idle
    if (this.#idle.size > MAX_IDLE && oldest !== undefined) this.#forget(oldest)
  }

  /** Forgets those that are full again. */
  sweep (now: number): void {
    for (const budget of this.#idle) if (isSettled(budget, now)) this.#forget(budget)
  }

  /** What is left under a name and a key, on each route that counts it by itself. Full budgets are not remembered. */
  usage (name: string, keys: readonly string[], now: number): BudgetUsage[] {
    const found: BudgetUsage[] = []
    for (const route of this.#routes) {
      for (const key of keys) {
        const budget = this.#all.get(nameOf({ name, route, key }))
        if (budget !== undefined) found.push(usageOf(budget, now))
      }
    }
    return found
  }

  #forget (budget: SharedBudget): void {
    this.#idle.delete(budget)
    this.#all.delete(nameOf(budget))
  }
}

type Counted = Pick<SharedBudget, 'name' | 'route' | 'bucket'>

export function usageOf ({ name, route, bucket }: Counted, now: number): BudgetUsage {
  return { budget: name, route, ...bucket.usage(now) }
}

const isSettled = ({ bucket, running }: SharedBudget, now: number): boolean => running === 0 && bucket.isFull(now)
const nameOf = ({ route, name, key }: BudgetKey): string => JSON.stringify([route, name, key])
