import type { ContractSpec } from '../../../types/contract.js'
import { failContract } from '../../errors/contract-error.js'
import { readDeclaration } from '../declaration.js'
import type { Call, Declaration, DeclaredSchema, Message } from '../parts.js'
import type { TextAdapters } from '../text/policy.js'
import type { Direction } from './context.js'
import { registerFormats } from './formats.js'
import type { SchemaTree } from './nodes.js'
import { readSchema } from './read.js'

// Tested in test/contract/compile.test.ts.

// A whole contract, read: rules, names and descriptions beside the trees of its schemas. What is compiled, reported,
// hashed or generated is made of this.

export type MessagePart = Message<SchemaTree>
export type CallPart = Call<SchemaTree>
export type ContractTree = Declaration<SchemaTree>

export interface ReadContractOptions {
  readonly adapters: TextAdapters
  /** Path prefix of the scope that declares the route. Undefined: not known, so its parameters aren't checked. */
  readonly prefix: string | undefined
}

/** Reads a contract. Throws WSG_ERR_CONTRACT with the contract, the message, the path and what to write instead. */
export function readContract (contract: ContractSpec, { adapters, prefix }: ReadContractOptions): ContractTree {
  registerFormats()
  const declared = readDeclaration(contract, prefix)
  const read = ({ where, schema }: DeclaredSchema, direction: Direction, options: object = {}): SchemaTree =>
    readSchema(schema, { where, direction, adapters, ...options })
  const message = (part: Message<DeclaredSchema>, direction: Direction, binary = true): MessagePart =>
    ({ ...part, payload: read(part.payload, direction, { unknown: part.rules.unknownProperties, binary }) })
  const call = (part: Call<DeclaredSchema>): CallPart => ({
    ...message(part, 'inbound', false),
    reply: read(part.reply, 'outbound'),
    errors: new Map([...part.errors].map(([code, error]) => [code, read(error, 'outbound')])),
  })
  const inUrl = (part: DeclaredSchema | null): SchemaTree | null => {
    const tree = part && read(part, 'inbound')
    if (tree !== null && tree.root.kind !== 'object') failContract(tree.where, '', 'expected a Type.Object')
    return tree
  }
  return {
    ...declared,
    inbound: declared.inbound.map(part => message(part, 'inbound')),
    calls: declared.calls.map(call),
    outbound: declared.outbound.map(part => message(part, 'outbound')),
    params: inUrl(declared.params),
    query: inUrl(declared.query),
  }
}
