// Tested in test/model/diff.test.ts and test/codegen/typescript.test.ts.

import type { ContractModel, DefinitionModel } from '../../types/model.js'

/** The types of a model by their names. */
export type Types = ReadonlyMap<string, DefinitionModel>

/** A type that is no reference. */
export type Definition = Exclude<DefinitionModel, { kind: 'ref' }>

export const typesOf = ({ types }: Pick<ContractModel, 'types'>): Types =>
  new Map(types.map(({ name, type }) => [name, type]))

/** What a reference leads to. */
export function resolve (type: DefinitionModel, types: Types): Definition {
  let found = type
  // The reader refuses references that lead to nothing else, but `diff` is given files.
  for (let left = types.size; found.kind === 'ref' && left > 0; left--) found = types.get(found.name)!
  return found as Definition
}

/** Must something be there? */
export function hasRequired (type: DefinitionModel, types: Types): boolean {
  const target = resolve(type, types)
  return target.kind === 'object' && target.properties.some(property => property.required)
}
