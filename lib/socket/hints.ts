import { readThrown } from '../callbacks/read-thrown.js'
import { escapeForLog } from '../log/log-safe.js'
import { didYouMean } from '../errors/nearest.js'
import type { CompiledContract, Issue } from '../../types/contract.js'
import type { ErrorCode } from '../protocol/codes.js'
import type { MessageOptions } from '../../types/message-options.js'
import type { BudgetUsage } from '../../types/socket.js'

/** What is known of a refused message. */
export interface RefusedMessage {
  readonly type: string | null
  /** The type that was sent, where the contract has no such message. */
  readonly name?: string
  readonly issues?: readonly Issue[]
  /** The budget that was short. */
  readonly short?: BudgetUsage | undefined
  /** What a handler threw. */
  readonly thrown?: unknown
}

/**
 * Says in development why a message was refused, to the one who writes client and server. Production has none: it
 * repeats names that were sent and texts of errors.
 */
export class Hints {
  readonly #contract: CompiledContract
  readonly #limits: MessageOptions

  constructor (contract: CompiledContract, limits: MessageOptions) {
    this.#contract = contract
    this.#limits = limits
  }

  on (code: ErrorCode, { type, name, issues = [], short, thrown }: RefusedMessage): string | undefined {
    const { name: contract, inbound, envelope } = this.#contract
    const { inFlight } = this.#limits
    if (issues.length > 0) return issues.map(({ path, message }) => `${path === '' ? '/' : path} ${message}`).join('; ')
    switch (code) {
      case 'unknown_type': {
        const known = [...inbound.keys()]
        return `the contract ${contract} has no message '${escapeForLog(name ?? '')}', but ` +
          `${known.length === 0 ? 'none at all' : known.join(', ')}${didYouMean(name ?? '', known)}`
      }
      case 'invalid_message':
        return `a message is an object with "${envelope.type}"` +
          `${envelope.data === null ? '' : ` and "${envelope.data}"`}`
      case 'forbidden': return `roles or authorize of ${type} do not let this identity send it`
      case 'rate_limited': return short === undefined ? undefined : this.#onBudget(short)
      case 'too_many_calls': return `messages.inFlight is ${inFlight}`
      case 'internal': return thrown === undefined ? undefined : `the handler of ${type} threw ${textOf(thrown)}`
      default: return undefined
    }
  }

  #onBudget ({ budget, rate, burst }: BudgetUsage): string {
    switch (budget) {
      case 'socket': return `short was the budget of the socket: messages.rate is ${rate} a second, ` +
        `messages.burst ${burst}`
      case 'identity':
      case 'address': return `short was the budget of the ${budget} (messages.per` +
        `${budget === 'identity' ? 'Identity' : 'Address'}): ${rate} a second, ${burst} at once`
      default: return `short was the budget '${budget}' of messages.budgets: ${rate} a second, ${burst} at once`
    }
  }
}

function textOf (thrown: unknown): string {
  return readThrown(() => escapeForLog(String(thrown)), 'what can\'t be read')
}
