import { createHash } from 'node:crypto'
import { canonicalText } from './tree/canonical-text.js'
import type { CallPart, ContractTree, MessagePart } from './tree/contract-tree.js'
import type { SchemaTree } from './tree/nodes.js'

// Tested in test/contract/compile.test.ts.

const treeText = (tree: SchemaTree | null): string =>
  tree === null ? 'none' : canonicalText(tree.root, tree.definitions)

/**
 * `cf-` and 16 hex digits: SHA-256 over everything that is on the wire: name, envelope, path parameters, query and
 * every schema. Descriptions, rules and the order of declarations don't count, so documenting a message or changing
 * its rate does not turn clients away.
 */
export function fingerprintOf (contract: ContractTree): string {
  const { envelope } = contract
  const table = <E extends { readonly type: string }>(entries: readonly E[], text: (entry: E) => string): string[] =>
    entries.map(entry => `${JSON.stringify(entry.type)}:${text(entry)}`).sort()
  const message = ({ payload }: MessagePart): string => treeText(payload)
  const call = ({ payload, reply, errors }: CallPart): string => {
    const codes = [...errors].map(([code, tree]) => `${JSON.stringify(code)}:${treeText(tree)}`).sort()
    return JSON.stringify([treeText(payload), treeText(reply), codes])
  }
  const text = JSON.stringify([
    contract.name, [envelope.type, envelope.data, envelope.id], treeText(contract.params), treeText(contract.query),
    table(contract.inbound, message), table(contract.outbound, message), table(contract.calls, call),
  ])
  return `cf-${createHash('sha256').update(text).digest('hex').slice(0, 16)}`
}
