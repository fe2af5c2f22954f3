import type { ContractAdapters, ContractVersion } from '../../types/versions.js'
import type { AnyContract } from '../../types/wire.js'

// Tested in test/plugin/contract-versions.test.ts.

// No node: imports and no server code: contract files import it.

/**
 * An older contract that a route of `now` goes on serving, to clients that name its fingerprint:
 * `app.wsRoute(now, { versions: [adaptContract(old, now, { … })], … })`. Adapters are checked there, at boot.
 */
export function adaptContract<const Old extends AnyContract, const New extends AnyContract> (
  old: Old, now: New, adapters: ContractAdapters<Old, New>
): ContractVersion<New> {
  return Object.freeze({ contract: old, to: now, adapters })
}
