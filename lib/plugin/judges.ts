import { authenticate } from '../auth/authenticate.js'
import { authorize } from '../auth/authorize.js'
import { injectedIdentity } from '../foreign/inject-ws.js'
import type { Judges } from '../gate/moments/identity.js'

// Tested in test/testing/connect.test.ts.

/** Who the gate asks. Who a test says it is comes in place of the strategy; every other check of the gate stays. */
export const judges: Judges = {
  authenticate (strategy, context) {
    const identity = injectedIdentity(context.request.raw.socket)
    return authenticate(identity === undefined ? strategy : { ...strategy, authenticate: () => identity }, context)
  },
  authorize,
  // A test that says who it is needs no credential.
  comesLater: (strategy, context) =>
    strategy.firstMessage === true && strategy.isPresent?.(context) === false &&
    injectedIdentity(context.request.raw.socket) === undefined,
}
