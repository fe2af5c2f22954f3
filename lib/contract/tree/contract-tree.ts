import type { ContractSpec } from '../../../types/contract.js'
import { failContract } from '../../errors/contract-error.js'
import { readDeclaration } from '../declaration.js'
import type { Call, Declaration, Message } from '../parts.js'
import type { TextAdapters } from '../text/policy.js'
import { registerFormats } from './formats.js'
import type { SchemaTree } from './nodes.js'
import { readSchema } from './read.js'

// Tested in test/contract/compile.test.ts.

// A whole contract, read: rules, names and descriptions beside the trees of its schemas. What is compiled, reported,
// hashed or generated is made of this.

export type MessagePart = Message<SchemaTree>
export type CallPart = Call<SchemaTree>
export type ContractTree = Declaration<SchemaTree>

/**
 * Reads a contract. `prefix`: path prefix of the scope that declares the route; where it isn't known its parameters
 * aren't checked. Throws WSG_ERR_CONTRACT with the contract, the message, the path and what to write instead.
 */
export function readContract (contract: ContractSpec, adapters: TextAdapters, prefix?: string): ContractTree {
  registerFormats()
  const tree = readDeclaration(contract, prefix, (schema, use) => readSchema(schema, { ...use, adapters }))
  for (const part of [tree.params, tree.query]) {
    if (part !== null && part.root.kind !== 'object') failContract(part.where, '', 'expected a Type.Object')
  }
  return tree
}
