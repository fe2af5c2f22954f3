import type { ContractSpec } from '../../types/contract.js'

// No node: imports and no server code: browsers import this file.

/**
 * Declares a contract. Returns its argument with its exact type, frozen deeply; it is compiled and checked where a route takes
 * it. Schemas and message tables may be shared between contracts.
 */
export function defineContract<const C extends ContractSpec> (spec: C): C {
  freezeDeep(spec, new WeakSet())
  return spec
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
