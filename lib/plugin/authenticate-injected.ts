import type { AuthenticateContext, AuthStrategy } from '../../types/gate.js'
import { authenticate } from '../auth/authenticate.js'
import { injectedIdentity } from '../foreign/inject-ws.js'

// Tested in test/testing/connect.test.ts.

/** No credential yet, where the strategy takes one in a first message. A test that says who it is needs none. */
export function comesLater (strategy: AuthStrategy, context: AuthenticateContext): boolean {
  return strategy.firstMessage === true && strategy.isPresent?.(context) === false &&
    injectedIdentity(context.request.raw.socket) === undefined
}

/** Who a test says it is comes in place of the strategy; every other check of the gate stays. */
export const authenticateInjected: typeof authenticate = (strategy, context) => {
  const identity = injectedIdentity(context.request.raw.socket)
  return authenticate(identity === undefined ? strategy : { ...strategy, authenticate: () => identity }, context)
}
