// Tested in test/socket/budgets.test.ts.
import type { BudgetContext, MessageBudget, MessageOptions } from '../../types/message-options.js'
import { refuseAnswer } from '../callbacks/refuse-answer.js'
import { WSG_ERR_OPTION } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { typedKey } from '../identity/typed-key.js'
import type { BudgetStore, SharedBudget } from './budget-store.js'
import type { Crowds } from './purse.js'
import type { SocketLimits } from './limits.js'

/** The socket, as its budgets see it. */
export interface Spender {
  readonly budgetContext: BudgetContext
  /** The gate's key of its address; null: it is not counted by that. */
  readonly addressKey: string | null
  handlerFailed (type: string, error: unknown): void
}

/** Characters of a key at most. */
const MAX_KEY_LENGTH = 512
/** Times `inFlight` that one socket may have, with handlers that overran their deadline. */
const OVERDUE = 4
/** Options of a route which make the built-in budgets its own. */
const OWN_RATES = ['rate', 'burst', 'perIdentity', 'perAddress'] as const

interface Rule {
  readonly name: string
  readonly route: string | null
  readonly keyOf: (spender: Spender) => string | null
  readonly sizeOf: (spender: Spender) => { readonly rate: number, readonly burst: number }
}

/** Whose budgets they are. */
export interface BudgetScope {
  /** The route's own options, over the plugin's in `limits`. */
  readonly own: MessageOptions
  readonly url: string
  /** Of the dearest message. */
  readonly maxCost: number
}

/** The budgets that sockets of a route share with others: by identity, by address, and the application's own. */
export class Budgets {
  readonly #store: BudgetStore
  readonly #rules: readonly Rule[]
  /** Handlers that may be under way on all sockets together, those that overran their deadline among them. */
  readonly handlers: Crowds

  /** Throws WSG_ERR_OPTION for a name that two have. */
  constructor (store: BudgetStore, limits: SocketLimits, { own, url, maxCost }: BudgetScope) {
    this.#store = store
    const { rate, burst, perIdentity, perAddress, inFlight, budgets = [] } = limits
    this.handlers = { identity: inFlight * OVERDUE * perIdentity, address: inFlight * OVERDUE * perAddress }
    const twice = budgets.find(({ name }, index) => budgets.findIndex(other => other.name === name) < index)
    if (twice !== undefined) {
      throw new WSG_ERR_OPTION(`messages.budgets: expected names that differ, got ${got(twice.name)} twice`)
    }
    const route = OWN_RATES.some(name => own[name] !== undefined) ? url : null
    const times = (count: number): Rule['sizeOf'] => {
      const size = { rate: rate * count, burst: burst * count }
      return () => size
    }
    this.#rules = [
      { name: 'identity', route, keyOf: identityKey, sizeOf: times(perIdentity) },
      { name: 'address', route, keyOf: ({ addressKey }) => addressKey, sizeOf: times(perAddress) },
      ...budgets.map(budget => ruleOf(budget, own.budgets === undefined ? null : url, { rate, burst, maxCost })),
    ]
    for (const { name } of budgets) store.names.add(name)
  }

  /** For a socket that begins to send, or whose identity has changed. Never throws. */
  take (spender: Spender, now: number): SharedBudget[] {
    const taken: SharedBudget[] = []
    for (const { name, route, keyOf, sizeOf } of this.#rules) {
      const key = keyOf(spender)
      if (key === null) continue
      const { rate, burst } = sizeOf(spender)
      taken.push(this.#store.take({ name, route, key }, rate, burst, now))
    }
    return taken
  }

  giveBack (taken: readonly SharedBudget[], now: number): void {
    for (const budget of taken) this.#store.giveBack(budget, now)
  }
}

function identityKey ({ budgetContext: { identity } }: Spender): string | null {
  return identity === null ? null : typedKey(identity.id)
}

/** What functions of the application's get wrong counts like one socket: never is anything unlimited. */
interface Fallback { readonly rate: number, readonly burst: number, readonly maxCost: number }

function ruleOf ({ name, key, rate, burst }: MessageBudget, route: string | null, fallback: Fallback): Rule {
  const where = `budgets.${name}`
  const sizeFor = (spender: Spender, part: 'rate' | 'burst', given: MessageBudget['rate']): number =>
    typeof given === 'number'
      ? given
      : answer(spender, where, `a ${part} above 0`, () => given(spender.budgetContext), isSize) ?? fallback[part]
  return {
    name,
    route,
    keyOf (spender) {
      const expected = 'a text of 1-512 characters, a number or null'
      const found = answer(spender, where, expected, () => key(spender.budgetContext), isKey)
      if (found === undefined) return `socket:${spender.budgetContext.socket}`
      return found === null ? null : typedKey(found)
    },
    sizeOf: spender => ({
      rate: sizeFor(spender, 'rate', rate),
      // A message that costs more than can be saved up would never pass.
      burst: Math.max(sizeFor(spender, 'burst', burst), fallback.maxCost),
    }),
  }
}

/** What a function of the application's says; undefined, and told as a failed handler, where that is nothing. */
function answer<T> (
  spender: Spender, where: string, expected: string, ask: () => unknown, fits: (came: unknown) => came is T
): T | undefined {
  try {
    const came = ask()
    return fits(came) ? came : refuseAnswer(came, `${where}: expected ${expected}`)
  } catch (error) {
    spender.handlerFailed(where, error)
    return undefined
  }
}

function isKey (key: unknown): key is string | number | null {
  return key === null || Number.isFinite(key) || (typeof key === 'string' && key !== '' && key.length <= MAX_KEY_LENGTH)
}

const isSize = (size: unknown): size is number => typeof size === 'number' && size > 0 && size < Infinity
