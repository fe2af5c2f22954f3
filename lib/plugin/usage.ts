// Tested in test/attack/budgets.test.ts.
import type { BudgetUsage } from '../../types/socket.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { budgetKey } from '../socket/budgets.js'
import type { OpenSockets } from './open-sockets.js'

const WHERE = 'wsGuard.usage'

function refuse (expected: string, came: unknown): never {
  throw new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: expected ${expected}, got ${got(came)}`)
}

const isKey = (key: unknown): key is string | number => typeof key === 'string' || typeof key === 'number'

/** `app.wsGuard.usage`. */
export function usageOf ({ budgets, registry }: OpenSockets, of: unknown): BudgetUsage[] {
  if (typeof of !== 'object' || of === null) refuse('{ identity: id } or { budget: name, key }', of)
  const now = registry.now()
  if (Object.hasOwn(of, 'identity')) {
    checkKeys(of, ['identity'], WHERE, WSG_ERR_SOCKET_ARGUMENT)
    const { identity } = of as { readonly identity: unknown }
    if (!isKey(identity)) refuse('the identity\'s id, a string or a number', identity)
    // By its text, as revoke does.
    return budgets.usage('identity', [budgetKey(String(identity)), `number:${identity}`], now)
  }
  checkKeys(of, ['budget', 'key'], WHERE, WSG_ERR_SOCKET_ARGUMENT)
  const { budget, key } = of as { readonly budget?: unknown, readonly key?: unknown }
  if (typeof budget !== 'string') refuse('the name of a budget', budget)
  if (!isKey(key)) refuse('a key, a string or a number', key)
  return budgets.usage(budget, [budgetKey(key)], now)
}
