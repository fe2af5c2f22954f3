import type { ContractSpec, MessageRules, WhenSlow } from '../../../types/contract.js'
import type { EnvelopeKeys } from '../../protocol/envelope.js'
import { failContract } from '../../errors/contract-error.js'
import {
  checkParams, readDeclaration, type DeclaredCall, type DeclaredMessage, type DeclaredSchema,
} from '../declaration.js'
import type { TextAdapters } from '../text/policy.js'
import { registerFormats } from './formats.js'
import type { SchemaTree } from './nodes.js'
import { readSchema } from './read.js'

// Tested in test/contract/compile.test.ts.

// A whole contract, read: rules, names and descriptions beside the trees of its schemas. What is compiled, reported,
// hashed or generated is made of this.

export interface Rules {
  /** Null: nobody needs any. */
  readonly roles: readonly string[] | null
  /** Null: derived from what its texts can cost. */
  readonly cost: number | null
  /** Milliseconds; null: the plugin's. */
  readonly deadline: number | null
  readonly unknownProperties: 'refuse' | 'drop'
  /** Of outbound messages. */
  readonly whenSlow: WhenSlow
  readonly description: string | null
}

export interface MessagePart {
  readonly type: string
  readonly where: string
  readonly rules: Rules
  readonly payload: SchemaTree
}

export interface CallPart {
  readonly type: string
  readonly where: string
  readonly rules: Rules
  readonly request: SchemaTree
  readonly reply: SchemaTree
  readonly errors: ReadonlyMap<string, SchemaTree>
}

export interface ContractTree {
  /** How the contract is called in boot errors. */
  readonly label: string
  readonly name: string
  readonly url: string
  readonly description: string | null
  readonly envelope: EnvelopeKeys
  readonly params: SchemaTree | null
  readonly query: SchemaTree | null
  readonly inbound: readonly MessagePart[]
  readonly outbound: readonly MessagePart[]
  readonly calls: readonly CallPart[]
}

export interface ReadContractOptions {
  readonly adapters: TextAdapters
  /** Path prefix of the scope that declares the route. Undefined: not known, so its parameters aren't checked. */
  readonly prefix: string | undefined
}

/** Reads a contract. Throws WSG_ERR_CONTRACT with the contract, the message, the path and what to write instead. */
export function readContract (contract: ContractSpec, options: ReadContractOptions): ContractTree {
  registerFormats()
  const declared = readDeclaration(contract)
  const { adapters, prefix } = options
  if (declared.params !== null && prefix !== undefined) checkParams(declared.params, declared.url, prefix)
  const ours = ({ where, schema }: DeclaredSchema, binary = false): SchemaTree =>
    readSchema(schema, { where, direction: 'outbound', adapters, binary })
  const theirs = ({ where, schema }: DeclaredSchema, rules: MessageRules, binary: boolean): SchemaTree =>
    readSchema(schema, { where, direction: 'inbound', unknown: rulesOf(rules).unknownProperties, adapters, binary })
  const inUrl = (part: DeclaredSchema | null): SchemaTree | null => {
    if (part === null) return null
    const tree = readSchema(part.schema, { where: part.where, direction: 'url', adapters })
    if (tree.root.kind !== 'object') failContract(part.where, '', 'expected a Type.Object')
    return tree
  }
  const message = (part: DeclaredMessage, payload: SchemaTree): MessagePart =>
    ({ type: part.type, where: part.where, rules: rulesOf(part.rules), payload })
  const call = (part: DeclaredCall): CallPart => ({
    type: part.type,
    where: part.where,
    rules: rulesOf(part.rules),
    request: theirs(part.request, part.rules, false),
    reply: ours(part.reply),
    errors: new Map(part.errors.map(([code, error]) => [code, ours(error)])),
  })
  return {
    label: declared.label,
    name: declared.name,
    url: declared.url,
    description: declared.description ?? null,
    envelope: declared.envelope,
    inbound: declared.inbound.map(part => message(part, theirs(part, part.rules, true))),
    calls: declared.calls.map(call),
    outbound: declared.outbound.map(part => message(part, ours(part, true))),
    params: inUrl(declared.params),
    query: inUrl(declared.query),
  }
}

function rulesOf (rules: DeclaredMessage['rules']): Rules {
  const { roles, cost, deadline, unknownProperties, whenSlow, description } = rules
  return {
    roles: roles === undefined ? null : [...roles],
    cost: cost ?? null,
    deadline: deadline ?? null,
    unknownProperties: unknownProperties ?? 'refuse',
    whenSlow: whenSlow ?? 'close',
    description: description ?? null,
  }
}
