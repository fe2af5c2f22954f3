import type { ContractLimits } from '../../types/contract.js'
import { DEFAULT_ENVELOPE, MAX_ID_LENGTH, type EnvelopeKeys } from '../protocol/envelope.js'
import { MAX_ANY_DEPTH, MAX_NAME_LENGTH, MAX_RECURSION, type Shape, type ShapeTree } from './schema/shape.js'

// How large a legitimate frame can be (docs/contract.md): JSON may spell every UTF-16 unit as \uXXXX (6 bytes) and put a space
// behind each comma and colon. Beyond that whitespace is the sender's own risk.

/** Bytes every contract allows. */
export const PAYLOAD_FLOOR = 1024
/** Bytes where nothing in the contract bounds a frame. */
export const PAYLOAD_DEFAULT = 65_536
/** Bytes no contract may ask for: every socket could have as much under way. */
export const PAYLOAD_CEILING = 16 * 1024 * 1024
/** Values every contract allows: a frame of `PAYLOAD_FLOOR` bytes can't hold more, so that most needn't be counted. */
export const NODES_FLOOR = 1024
/** Values where nothing in the contract bounds them: a 64 KiB frame of `[],` has three times as many. */
export const NODES_DEFAULT = 8192

const BYTES_PER_UNIT = 6
/** A double is at most 25 characters as JavaScript writes it; other writers pad. */
const NUMBER_BYTES = 32
/** `": "` or `", "`, with the space that many encoders write. */
const SEPARATOR_BYTES = 2

interface Size {
  /** Infinite where only maxPayload bounds it. */
  readonly bytes: number
  readonly depth: number
  readonly nodes: number
}

const leaf = (bytes: number): Size => ({ bytes, depth: 0, nodes: 0 })
const nameBytes = (name: string): number => JSON.stringify(name).length * (/^[\x20-\x7e]*$/.test(name) ? 1 : BYTES_PER_UNIT)
const stringBytes = (units: number): number => units * BYTES_PER_UNIT + 2

/** The worst case of one payload. */
export function measureShape (tree: ShapeTree): Size {
  return measure(tree.root, tree, new Map())
}

function measure (shape: Shape, tree: ShapeTree, open: Map<string, Size>): Size {
  switch (shape.kind) {
    case 'any': return { bytes: Infinity, depth: MAX_ANY_DEPTH, nodes: Infinity }
    case 'boolean': return leaf(5)
    case 'number': return leaf(NUMBER_BYTES)
    case 'values': return leaf(Math.max(...shape.values.map(value => typeof value === 'string' ? stringBytes(value.length) : NUMBER_BYTES)))
    case 'string': return leaf(stringBytes(shape.rawMax))
    case 'bytes': return leaf(shape.max)
    case 'array': return many(measure(shape.items, tree, open), shape.max)
    case 'tuple': return sum(shape.items.map(item => measure(item, tree, open)))
    case 'union': return largest(shape.variants.map(variant => measure(variant, tree, open)))
    case 'object': {
      const declared = shape.properties.map(property => withName(measure(property.shape, tree, open), nameBytes(property.name)))
      const known = sum(declared)
      // what is dropped may have any shape
      const own = shape.unknown === 'drop' ? { ...known, depth: Math.max(known.depth, 1 + MAX_ANY_DEPTH) } : known
      if (shape.extra === null) return own
      const further = many(withName(measure(shape.extra, tree, open), stringBytes(MAX_NAME_LENGTH)), shape.max)
      return { bytes: own.bytes + further.bytes, depth: Math.max(own.depth, further.depth), nodes: own.nodes + further.nodes }
    }
    case 'ref': {
      if (open.has(shape.name)) return leaf(0)
      open.set(shape.name, leaf(0))
      const one = measure(tree.definitions.get(shape.name)!, tree, open)
      open.delete(shape.name)
      // how wide a recursion grows is not in the schema
      return { bytes: Infinity, depth: one.depth * (MAX_RECURSION + 1), nodes: Infinity }
    }
  }
}

// An opening, and a comma for each member but the first: as many nodes as members, one at least.
function sum (members: readonly Size[]): Size {
  return {
    bytes: 2 + members.reduce((bytes, member) => bytes + member.bytes + SEPARATOR_BYTES, 0),
    depth: 1 + Math.max(0, ...members.map(member => member.depth)),
    nodes: 1 + members.reduce((nodes, member) => nodes + member.nodes + 1, 0),
  }
}

function many (member: Size, max: number): Size {
  if (max === 0) return { bytes: 2, depth: 1, nodes: 1 }
  return { bytes: 2 + (member.bytes + SEPARATOR_BYTES) * max, depth: 1 + member.depth, nodes: 1 + (member.nodes + 1) * max }
}

function withName (value: Size, bytes: number): Size {
  return { bytes: value.bytes + bytes + SEPARATOR_BYTES, depth: value.depth, nodes: value.nodes + 1 }
}

function largest (sizes: readonly Size[]): Size {
  return {
    bytes: Math.max(0, ...sizes.map(size => size.bytes)),
    depth: Math.max(0, ...sizes.map(size => size.depth)),
    nodes: Math.max(0, ...sizes.map(size => size.nodes)),
  }
}

/** One inbound message, as far as its size goes. */
export interface MeasuredMessage {
  readonly type: string
  readonly payload: Size
  readonly binary: boolean
}

/** Bytes of the largest legitimate frame of one message; infinite where only maxPayload bounds it. */
export function frameBytes (message: MeasuredMessage, envelope: EnvelopeKeys): number {
  if (message.binary) return message.payload.bytes
  const { type, data, id } = { ...DEFAULT_ENVELOPE, ...envelope }
  return 2 + message.payload.bytes + nameBytes(type) + stringBytes(message.type.length) + nameBytes(id) + stringBytes(MAX_ID_LENGTH) +
    (data === null ? 0 : nameBytes(data)) + 6 * SEPARATOR_BYTES
}

/** Values around a payload: type, data, id, and a few keys that are ignored (docs/protocol.md section 3). */
const ENVELOPE_NODES = 16

/** Budgets of a whole contract: the largest of its messages, with the envelope around it. */
export function deriveLimits (messages: readonly MeasuredMessage[], envelope: EnvelopeKeys): ContractLimits {
  const text = messages.filter(message => !message.binary)
  const bytes = messages.map(message => frameBytes(message, envelope))
  const bounded = Math.max(PAYLOAD_FLOOR, ...bytes.filter(Number.isFinite))
  const nodes = Math.max(0, ...text.map(message => message.payload.nodes).filter(Number.isFinite))
  return {
    maxPayload: bytes.every(Number.isFinite) ? bounded : Math.max(bounded, PAYLOAD_DEFAULT),
    depth: 2 + Math.max(0, ...text.map(message => message.payload.depth)),
    nodes: Math.max(text.every(message => Number.isFinite(message.payload.nodes)) ? NODES_FLOOR : NODES_DEFAULT, nodes + ENVELOPE_NODES),
  }
}
