import type { PolicyDefaults } from '../../lib/gate/policies.js'
import type { AuthStrategy } from '../../types/gate.js'

/** Settings of a plugin that says no more than who may connect. */
export const policyDefaults = (auth: AuthStrategy, changes: Partial<PolicyDefaults> = {}): PolicyDefaults => ({
  allowedHosts: [],
  origins: null,
  development: true,
  allowMissingOrigin: false,
  dangerouslyAllowNullOrigin: false,
  dangerouslyAllowAnyOrigin: false,
  auth,
  upgradeRate: null,
  subprotocols: [],
  ...changes,
})
