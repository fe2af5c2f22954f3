import { failContract } from '../../errors/contract-error.js'
import { got } from '../../errors/got.js'
import { ERROR_KEY, FLAT_REPLY_KEY, type EnvelopeKeys } from '../../protocol/envelope.js'
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
 * Flat envelopes: the payload must be an object, and none of its names may be a key of the envelope: what a user said
 * would be read as a reply, and a client writes its own key over it. Nor may a name that is only known at run time be
 * one. Throws WSG_ERR_CONTRACT.
 */
export function checkFlatPayload (tree: SchemaTree, { type, id }: EnvelopeKeys, direction: 'in' | 'out'): void {
  const { where } = tree
  const taken = direction === 'in' ? [type, id] : [type, id, ERROR_KEY]
  for (const node of formsOf(tree.root, tree.definitions)) {
    if (node.kind !== 'object') {
      failContract(where, '', 'with envelope.data: null the payload stands beside the type, ' +
        'so it must be a Type.Object')
    }
    for (const { name } of node.properties) {
      if (!taken.includes(name)) continue
      const other = name === type ? 'type: "event"' : 'id: "ref"'
      failContract(where, `/${name}`, `the flat envelope has a key ${got(name)} of its own; rename the property` +
        (name === ERROR_KEY ? '' : `, or the envelope's key: envelope: { ${other}, data: null }`))
    }
    const { extra, extraNames } = node
    const mayBe = (name: string): boolean => extraNames === null || extraNames.test(name)
    const spoofed = extra === null ? undefined : taken.find(mayBe)
    if (spoofed !== undefined) {
      failContract(where, '', `a name chosen at run time could be the flat envelope's ${got(spoofed)}; ` +
        'put the record into a property')
    }
  }
}

/**
 * The same tree; where the envelope is flat, with its keys left out of every object that the payload may be. Throws
 * WSG_ERR_CONTRACT where one of these is a property of its own.
 */
export function besideEnvelope (
  tree: SchemaTree, envelope: EnvelopeKeys, keys: readonly ('type' | 'id')[]
): SchemaTree {
  if (envelope.data !== null || tree.root.kind === 'bytes') return tree
  checkFlatPayload(tree, envelope, 'in')
  const beside = keys.map(key => envelope[key])
  const relax = (node: Node): Node => {
    if (node.kind === 'object') return { ...node, beside }
    if (node.kind === 'union') return { ...node, variants: node.variants.map(relax) }
    if (node.kind === 'ref') return relax(tree.definitions.get(node.name)!)
    return node
  }
  return { ...tree, root: relax(tree.root) }
}
