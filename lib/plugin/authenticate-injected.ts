import { authenticate } from '../auth/authenticate.js'
import { injectedIdentity } from '../foreign/inject-ws.js'

// Tested in test/testing/connect.test.ts.

/** Who a test says it is comes in place of the strategy; every other check of the gate stays. */
export const authenticateInjected: typeof authenticate = (strategy, context) => {
  const identity = injectedIdentity(context.request.raw.socket)
  return authenticate(identity === undefined ? strategy : { ...strategy, authenticate: () => identity }, context)
}
