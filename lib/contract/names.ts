// Names that mean something to JavaScript itself. No node: imports.
// Tested in test/contract/boot-checks.test.ts.

/** Every name an empty object seems to have: a schema that requires one is satisfied by `{}`. */
export const INHERITED_NAMES: ReadonlySet<string> =
  new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype'])

/** True when the name may be a property, a message type or an error code of a contract. */
export function isSafeName (name: string): boolean {
  return !INHERITED_NAMES.has(name)
}
