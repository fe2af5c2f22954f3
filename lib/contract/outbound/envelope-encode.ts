import { failContract } from '../../errors/contract-error.js'
import { got } from '../../errors/got.js'
import { FLAT_REPLY_KEY, type EnvelopeKeys } from '../../protocol/envelope.js'
import { REFUSED } from '../../protocol/refused.js'
import { compileSanitizer } from '../inbound/sanitizer.js'
import { formsOf, type Node, type SchemaTree } from '../tree/nodes.js'
import { breachError } from './breach.js'
import { compileSerializer, type Serializer } from './serializer.js'

// Tested in test/contract/compile.test.ts.

// How texts for the peer are written. Every encoder throws WSG_ERR_OUTBOUND_INVALID when the data breaks the contract.

/** A whole outbound message as JSON text (docs/protocol.md section 3). */
export function compileMessageEncoder (type: string, tree: SchemaTree, envelope: EnvelopeKeys): Serializer {
  const serialize = compileSerializer(tree)
  const head = `{${JSON.stringify(envelope.type)}:${JSON.stringify(type)}`
  if (envelope.data !== null) {
    const start = `${head},${JSON.stringify(envelope.data)}:`
    return data => start + serialize(data) + '}'
  }
  return data => {
    const payload = serialize(data)
    return payload === '{}' ? `${head}}` : `${head},${payload.slice(1)}`
  }
}

type ReplyEncoder = (idJson: string, data: unknown) => string

/** A reply as JSON text. `idJson` is JSON already. Never flat. */
export function compileReplyEncoder (tree: SchemaTree, { id, data: key }: EnvelopeKeys): ReplyEncoder {
  const serialize = compileSerializer(tree)
  const start = `{${JSON.stringify(id)}:`
  const middle = `,${JSON.stringify(key ?? FLAT_REPLY_KEY)}:`
  return (idJson, data) => start + idJson + middle + serialize(data) + '}'
}

/** Checks a binary payload and hands it on as it is. */
export function compileBinaryEncoder (tree: SchemaTree): (data: unknown) => Uint8Array {
  const { accept } = compileSanitizer(tree)
  return data => {
    if (accept(data) === REFUSED) throw breachError(tree, data)
    return data as Uint8Array
  }
}

/**
 * Flat envelopes: the payload must be an object none of whose properties is a key of the envelope. `outbound`: nor
 * may a name that is only known at run time be one, since the last of two equal keys counts. Throws WSG_ERR_CONTRACT.
 */
export function checkFlatPayload (tree: SchemaTree, taken: readonly string[], outbound = false): void {
  const { where } = tree
  for (const node of formsOf(tree.root, tree.definitions)) {
    if (node.kind !== 'object') {
      failContract(where, '', 'with envelope.data: null the payload stands beside the type, ' +
        'so it must be a Type.Object')
    }
    for (const { name } of node.properties) {
      if (taken.includes(name)) {
        failContract(where, `/${name}`, `the flat envelope has a key ${got(name)} of its own; ` +
          'rename the property or the envelope\'s key')
      }
    }
    const { extra, extraNames } = node
    const mayBe = (name: string): boolean => extraNames === null || extraNames.test(name)
    const spoofed = outbound && extra !== null ? taken.find(mayBe) : undefined
    if (spoofed !== undefined) {
      failContract(where, '', `a name chosen at run time could be the flat envelope's ${got(spoofed)}; ` +
        'put the record into a property')
    }
  }
}

/** The same tree; where the envelope is flat, with its keys left out of every object that the payload may be. */
export function besideEnvelope (
  tree: SchemaTree, envelope: EnvelopeKeys, keys: readonly ('type' | 'id')[]
): SchemaTree {
  if (envelope.data !== null || tree.root.kind === 'bytes') return tree
  const beside = keys.map(key => envelope[key])
  checkFlatPayload(tree, beside)
  const relax = (node: Node): Node => {
    if (node.kind === 'object') return { ...node, beside }
    if (node.kind === 'union') return { ...node, variants: node.variants.map(relax) }
    if (node.kind === 'ref') return relax(tree.definitions.get(node.name)!)
    return node
  }
  return { ...tree, root: relax(tree.root) }
}
