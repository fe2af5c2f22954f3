// Tested in test/attack/budgets.test.ts.
import type { BudgetUsage } from '../../types/socket.js'
import { checkKeys } from '../errors/check-keys.js'
import { WSG_ERR_SOCKET_ARGUMENT } from '../errors/coded.js'
import { got } from '../errors/got.js'
import { didYouMean } from '../errors/nearest.js'
import { readId } from '../identity/read-id.js'
import { keysOfText, typedKey } from '../identity/typed-key.js'
import type { OpenSockets } from './open-sockets.js'

const WHERE = 'wsGuard.usage'

function refuse (expected: string, came: unknown): never {
  throw new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: expected ${expected}, got ${got(came)}`)
}

/** `app.wsGuard.usage`. Throws WSG_ERR_SOCKET_ARGUMENT. */
export function usageOf ({ budgets, registry }: OpenSockets, of: unknown): BudgetUsage[] {
  if (typeof of !== 'object' || of === null) refuse('{ identity: id } or { budget: name, key }', of)
  const now = registry.now()
  if (Object.hasOwn(of, 'identity')) {
    checkKeys(of, ['identity'], WHERE, WSG_ERR_SOCKET_ARGUMENT)
    const identity = readId((of as { readonly identity: unknown }).identity, WHERE)
    // By its text, as revoke does.
    return budgets.usage('identity', keysOfText(String(identity)), now)
  }
  checkKeys(of, ['budget', 'key'], WHERE, WSG_ERR_SOCKET_ARGUMENT)
  const { budget, key } = of as { readonly budget?: unknown, readonly key?: unknown }
  if (typeof budget !== 'string') refuse('the name of a budget', budget)
  if (!budgets.names.has(budget)) {
    throw new WSG_ERR_SOCKET_ARGUMENT(`${WHERE}: budget: expected one of ${[...budgets.names].join(', ')}, ` +
      `got ${got(budget)}${didYouMean(budget, budgets.names)}`)
  }
  if (typeof key !== 'string' && typeof key !== 'number') refuse('a key, a string or a number', key)
  return budgets.usage(budget, [typedKey(key)], now)
}
