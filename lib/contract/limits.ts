import type { ContractLimits } from '../../types/contract.js'
import { failContract } from '../errors/contract-error.js'
import { MAX_ID_LENGTH, type EnvelopeKeys } from '../protocol/envelope.js'
import {
  MAX_ANY_DEPTH, MAX_NAME_LENGTH, MAX_RECURSION, perNode, type Constant, type Node, type SchemaTree,
} from './tree/nodes.js'
import type { Message } from './parts.js'

// Tested in test/contract/compile.test.ts.

// How large a legitimate frame can be (docs/contract.md): JSON may spell every UTF-16 unit as \uXXXX (6 bytes) and
// put a space behind each comma and colon. Beyond that whitespace is the sender's own risk.

/** Bytes every contract allows. */
const PAYLOAD_FLOOR = 1024
/** Bytes where nothing in the contract bounds a frame. */
export const PAYLOAD_DEFAULT = 65_536
/** Bytes no contract may ask for: every socket could have as much under way. */
const PAYLOAD_CEILING = 16 * 1024 * 1024
/** Values every contract allows: a frame of `PAYLOAD_FLOOR` bytes can't hold more, so that most needn't be counted. */
const NODES_FLOOR = 1024
/** Values where nothing in the contract bounds them: a 64 KiB frame of `[],` has three times as many. */
const NODES_DEFAULT = 8192

const BYTES_PER_UNIT = 6
/** A double is at most 25 characters as JavaScript writes it; other writers pad. */
const NUMBER_BYTES = 32
/** `": "` or `", "`, with the space that many encoders write. */
const SEPARATOR_BYTES = 2

/** The worst case of one payload. Infinite where only maxPayload bounds it. */
interface Size {
  readonly bytes: number
  readonly depth: number
  readonly nodes: number
}

const leaf = (bytes: number): Size => ({ bytes, depth: 0, nodes: 0 })
const stringBytes = (units: number): number => units * BYTES_PER_UNIT + 2
const constantBytes = (value: Constant): number => typeof value === 'string' ? stringBytes(value.length) : NUMBER_BYTES
const isAscii = (name: string): boolean => /^[\x20-\x7e]*$/.test(name)
const nameBytes = (name: string): number => JSON.stringify(name).length * (isAscii(name) ? 1 : BYTES_PER_UNIT)

/** The worst case of what a tree describes. */
function measureTree ({ root, definitions }: SchemaTree): Size {
  const measure = perNode(sizeOf)
  const levels = [...definitions.values()].map(node => measure(node).depth)
  return { ...measure(root), depth: measure(root).depth + MAX_RECURSION * Math.max(0, ...levels) }
}

const ANY: Size = { bytes: Infinity, depth: MAX_ANY_DEPTH, nodes: Infinity }

function sizeOf (node: Node, of: (node: Node) => Size): Size {
  switch (node.kind) {
    case 'any': return ANY
    case 'boolean': return leaf(5)
    case 'number': return leaf(NUMBER_BYTES)
    case 'values': return leaf(Math.max(...node.values.map(constantBytes)))
    case 'string': return leaf(stringBytes(node.policy?.rawMax ?? node.max))
    case 'bytes': return leaf(node.max)
    case 'array': return holding([[of(node.items), node.max]])
    case 'tuple': return holding(node.items.map(item => [of(item), 1]))
    case 'union': return widest(node.variants.map(of), Math.max)
    case 'all': return widest(node.parts.map(of), Math.min)
    case 'object': {
      const members = node.properties.map(({ name, node: inner }): Members => [named(of(inner), nameBytes(name)), 1])
      // what is dropped may be of any size and shape
      if (node.unknown === 'drop') members.push([ANY, 1])
      else if (node.extra !== null) members.push([named(of(node.extra), stringBytes(MAX_NAME_LENGTH)), node.max])
      return holding(members)
    }
    // how wide a recursion grows is not in the schema, and how deep is added once for the whole tree
    case 'ref': return { bytes: Infinity, depth: 0, nodes: Infinity }
    case 'never':
    case 'not':
      return leaf(0)
  }
}

/** How large a member is, and how many of it there are. */
type Members = readonly [size: Size, times: number]

// An opening, and a comma for each member but the first: as many nodes as members, one at least.
function holding (all: readonly Members[]): Size {
  const members = all.filter(([, times]) => times > 0)
  return {
    bytes: 2 + members.reduce((bytes, [member, times]) => bytes + (member.bytes + SEPARATOR_BYTES) * times, 0),
    depth: 1 + Math.max(0, ...members.map(([member]) => member.depth)),
    nodes: 1 + members.reduce((nodes, [member, times]) => nodes + (member.nodes + 1) * times, 0),
  }
}

function named (value: Size, bytes: number): Size {
  return { bytes: value.bytes + bytes + SEPARATOR_BYTES, depth: value.depth, nodes: value.nodes + 1 }
}

function widest (sizes: readonly Size[], choose: (...values: number[]) => number): Size {
  const of = (key: keyof Size): number => choose(...sizes.map(size => size[key]))
  return { bytes: of('bytes'), depth: of('depth'), nodes: of('nodes') }
}

/** Bytes of the largest legitimate frame of a message; infinite where only maxPayload bounds it. */
export function frameBytes ({ type, payload }: Message<SchemaTree>, keys: EnvelopeKeys): number {
  const { bytes } = measureTree(payload)
  if (payload.root.kind === 'bytes') return bytes
  return 2 + bytes + nameBytes(keys.type) + stringBytes(type.length) + nameBytes(keys.id) +
    stringBytes(MAX_ID_LENGTH) + (keys.data === null ? 0 : nameBytes(keys.data)) + 6 * SEPARATOR_BYTES
}

/** Values around a payload: type, data, id, and a few keys that are ignored (docs/protocol.md section 3). */
const ENVELOPE_NODES = 16

/**
 * Budgets of a whole contract: the largest of its messages, with the envelope around it. Throws WSG_ERR_CONTRACT when
 * that is too large.
 */
export function deriveLimits (
  label: string, messages: readonly Message<SchemaTree>[], envelope: EnvelopeKeys
): ContractLimits {
  const text = messages.flatMap(({ payload }) => payload.root.kind === 'bytes' ? [] : [measureTree(payload)])
  const bytes = messages.map(message => frameBytes(message, envelope))
  const bounded = Math.max(PAYLOAD_FLOOR, ...bytes.filter(Number.isFinite))
  if (bounded > PAYLOAD_CEILING) {
    failContract(label, '', `message "${messages[bytes.indexOf(bounded)]!.type}" can take ${bounded} bytes, expected ` +
      `at most ${PAYLOAD_CEILING} (16 MiB); lower its maxLength and maxItems, or split it`)
  }
  const nodes = text.map(size => size.nodes)
  const floor = nodes.every(Number.isFinite) ? NODES_FLOOR : NODES_DEFAULT
  return {
    maxPayload: bytes.every(Number.isFinite) ? bounded : Math.max(bounded, PAYLOAD_DEFAULT),
    depth: 2 + Math.max(0, ...text.map(size => size.depth)),
    nodes: Math.max(floor, ...nodes.filter(Number.isFinite).map(count => count + ENVELOPE_NODES)),
  }
}
