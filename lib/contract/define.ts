import type { AnyContract, Contract, ContractSpec, Exact } from '../../types/contract.js'
import type { ContractAdapters, ContractVersion } from '../../types/versions.js'
import { readDeclaration } from './declaration.js'

// Tested in test/contract/declaration.test.ts and test/plugin/contract-versions.test.ts.

// No node: imports and no server code: browsers import this file.

/**
 * Declares a contract. Returns its argument with its exact type, frozen deeply. What isn't a schema is checked here,
 * schemas where a route takes the contract. Schemas and message tables may be shared between contracts. Throws
 * WSG_ERR_CONTRACT.
 */
export function defineContract<const C extends ContractSpec> (spec: Exact<C> & C): Contract<C['name'], C> {
  readDeclaration(spec, undefined, () => null)
  freezeDeep(spec, new WeakSet())
  return spec as unknown as Contract<C['name'], C>
}

function freezeDeep (value: unknown, seen: WeakSet<object>): void {
  if (typeof value !== 'object' || value === null || seen.has(value) || ArrayBuffer.isView(value)) return
  seen.add(value)
  Object.freeze(value)
  for (const key of Reflect.ownKeys(value)) {
    const property = Object.getOwnPropertyDescriptor(value, key)
    if (property !== undefined && 'value' in property) freezeDeep(property.value, seen)
  }
}

/**
 * An older contract that a route of `now` goes on serving, to clients that name its fingerprint:
 * `app.wsRoute(now, { versions: [adaptContract(old, now, { … })], … })`. Adapters are checked there, at boot.
 */
export function adaptContract<const Old extends AnyContract, const New extends AnyContract> (
  old: Old, now: New, adapters: ContractAdapters<Old, New>
): ContractVersion<New> {
  return Object.freeze({ contract: old, to: now, adapters })
}
