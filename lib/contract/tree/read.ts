import type { TSchema } from '@sinclair/typebox'
import { got } from '../../errors/got.js'
import { didYouMean } from '../../errors/nearest.js'
import { codeOf, isOfTypebox1, kindOf } from '../kind.js'
import type { Use } from '../parts.js'
import type { TextAdapters } from '../text/policy.js'
import { finishTree } from './finish.js'
import { Place, type Context, type Entry } from './context.js'
import { findKeywordFault, notesOf, REFUSED_KINDS } from './keywords.js'
import { partsOf, perNode, type BytesNode, type Node, type RefNode, type SchemaTree } from './nodes.js'
import { readArray, readObject, readRecord, readTuple } from './read-containers.js'
import { readEnum, readLiteral, readNumber, readString } from './read-scalars.js'
import { readIntersect, readUnion } from './read-unions.js'

// Tested in test/contract/boot-checks.test.ts.

/** Levels a schema itself may nest; more is a cycle of objects. */
const MAX_SCHEMA_DEPTH = 64

/** Parts of one tree, shared ones counted at every place: bounds what back ends write. */
const MAX_PARTS = 10_000

const RECURSIVE = 'Type.Recursive (typebox 1.x: Type.Cyclic)'

/**
 * Reads a TypeBox schema strictly, the only place that does: unknown keywords and kinds, keywords of the wrong type,
 * unknown formats, inherited names, what nothing fits and, in what a peer sends, anything without a bound are boot
 * errors. Throws WSG_ERR_CONTRACT.
 */
export function readSchema (schema: unknown, use: Use & { readonly adapters?: TextAdapters }): SchemaTree {
  const context: Context = {
    unknown: 'refuse',
    binary: false,
    adapters: {},
    ...use,
    isOf1: isOfTypebox1(schema),
    definitions: new Map(),
    sizeOf: perNode((node, again) => partsOf(node).reduce((sum, part) => sum + again(part), 1)),
    read,
  }
  const root = read(schema, new Place(context))
  const definitions = new Map<string, Node>()
  for (const [name, node] of context.definitions) if (node !== null) definitions.set(name, node)
  return finishTree({ where: use.where, root, definitions })
}

function readBytes (schema: TSchema, place: Place): BytesNode {
  if (!place.context.binary || place.depth > 0) {
    place.fail('JSON has no bytes; make Type.Uint8Array the whole payload of a binary message, or use Type.String')
  }
  const limits = place.range(schema, 'minByteLength', 'maxByteLength')
  if (limits.max === Infinity && place.isFromPeer) place.fail('bytes from a peer need { maxByteLength }')
  return { kind: 'bytes', ...limits }
}

function read (candidate: unknown, place: Place): Node {
  const schema = checkSchema(candidate, place)
  const { $id: id } = schema
  return typeof id === 'string'
    ? readNamed(schema, place.within(place.scope.inside(schema, [[id, schema]])), id)
    : readOnce(schema, place, null)
}

/** Refuses what isn't a schema, or has a keyword that would silently be no check. */
function checkSchema (candidate: unknown, place: Place): TSchema {
  const kind = kindOf(candidate)
  if (kind === undefined) {
    place.fail(`expected a TypeBox type (Type.Object(…), Type.String(…)), got ${got(candidate)}; ` +
      'plain JSON Schema is not checked')
  }
  if (place.depth > MAX_SCHEMA_DEPTH) {
    place.fail(`the schema nests deeper than ${MAX_SCHEMA_DEPTH} levels; is it an object cycle? Use ${RECURSIVE}`)
  }
  const schema = candidate as TSchema
  // what the one says of Optional the other doesn't hear
  if (isOfTypebox1(schema) !== place.context.isOf1 && schema.wsText === undefined) {
    place.fail('@sinclair/typebox and typebox 1.x are mixed in one schema; build it with one of them')
  }
  const code = codeOf(schema)
  if (code !== undefined) {
    place.fail(`Type.${code} is not supported: a contract holds no code of its own, so that clients can be generated ` +
      'from it. Convert or check in the handler, or use a text policy')
  }
  const reason = Object.hasOwn(REFUSED_KINDS, kind) ? REFUSED_KINDS[kind] : undefined
  if (reason !== undefined) place.fail(`Type.${kind} is not supported: ${reason}`)
  const fault = findKeywordFault(kind, schema)
  if (fault !== undefined) place.fail(fault)
  return schema
}

/** A schema with a name of its own: it may come back in itself. */
function readNamed (schema: TSchema, place: Place, name: string): Node {
  const { context: { definitions }, scope } = place
  let unique = name
  for (let i = 2; definitions.has(unique) && !scope.entries.has(schema); i++) unique = `${name}_${i}`
  return readOnce(schema, place, { kind: 'ref', name: unique })
}

function readOnce (schema: TSchema, place: Place, ref: RefNode | null): Node {
  const { context: { definitions }, scope: { entries } } = place
  const known = entries.get(schema)
  if (known !== undefined) return comeBack(known, place)
  const entry: Entry = { node: null, ref, recursive: false }
  entries.set(schema, entry)
  // taken while it is open: another schema of that name gets another one
  if (ref !== null) definitions.set(ref.name, null)
  const node = withNotes(readKind(schema, place), schema)
  // products of unions are counted here: what back ends write for a node is bounded
  if (place.context.sizeOf(node) > MAX_PARTS) {
    place.fail(`the schema has more than ${MAX_PARTS} parts here, unions of an intersection multiplied out`)
  }
  entry.node = node
  if (ref === null) return node
  if (entry.recursive) {
    definitions.set(ref.name, node)
    return ref
  }
  definitions.delete(ref.name)
  return node
}

function comeBack (entry: Entry, place: Place): Node {
  const { node, ref } = entry
  if (node !== null && !entry.recursive) return node
  if (ref === null) place.fail(`the schema is an object cycle; use ${RECURSIVE}`)
  entry.recursive = true
  return ref
}

function withNotes (node: Node, schema: TSchema): Node {
  const { $id: id } = schema
  // TypeBox numbers the ids of recursive types by itself: T0, T1, …
  const name = typeof id !== 'string' || /^T\d+$/.test(id) ? {} : { name: id }
  const noted = { ...name, ...notesOf(schema) }
  return Object.keys(noted).length === 0 ? node : { ...node, ...noted }
}

const READERS: { readonly [kind: string]: (schema: TSchema, place: Place) => Node } = {
  Any: readAny,
  Unknown: readAny,
  Null: () => ({ kind: 'values', values: [null] }),
  Boolean: () => ({ kind: 'boolean' }),
  Number: readNumber,
  Integer: readNumber,
  String: readString,
  TemplateLiteral: readString,
  RegExp: readString,
  Literal: readLiteral,
  Enum: readEnum,
  Array: readArray,
  Tuple: readTuple,
  Object: readObject,
  Record: readRecord,
  Union: readUnion,
  Intersect: readIntersect,
  Import: readImport,
  Cyclic: readImport,
  Ref: readReference,
  This: readReference,
  Never: readNegation,
  Not: readNegation,
  Uint8Array: readBytes,
}

function readKind (schema: TSchema, place: Place): Node {
  const kind = kindOf(schema)!
  const reader = Object.hasOwn(READERS, kind) ? READERS[kind] : undefined
  if (reader !== undefined) return reader(schema, place)
  return place.fail(`Type.${kind} is not supported: no boot check knows it. ` +
    'Write it with the types of docs/contract-types.md')
}

function readAny (schema: TSchema, place: Place): Node {
  place.checkBound(schema, false, `Type.${kindOf(schema)} takes whatever a peer sends; declare the type, ` +
    'or add { unboundedOnPurpose: true }')
  return { kind: 'any' }
}

function readNegation (schema: TSchema, place: Place): Node {
  const kind = kindOf(schema)
  if (place.isFromPeer) {
    place.fail(`Type.${kind} says what a value is not, so nothing can be copied by it; say what it is`)
  }
  return kind === 'Never' ? { kind: 'never' } : { kind: 'not', node: place.read(schema.not) }
}

function readImport (schema: TSchema, place: Place): Node {
  // two imports of one module are the same definitions; of what 1.x hides JSON tells nothing
  const key = kindOf(schema) === 'Cyclic' ? schema.$defs as TSchema : JSON.stringify(schema.$defs)
  const scope = place.scope.inside(key, Object.entries<TSchema>(schema.$defs))
  return readReference(schema, place.within(scope))
}

function readReference (schema: TSchema, place: Place): Node {
  const found = place.scope.find(schema.$ref)
  if (found === undefined) {
    place.fail(`$ref ${got(schema.$ref)} names nothing in this schema; use Type.Module, ${RECURSIVE}, ` +
      `or the schema itself${didYouMean(schema.$ref, place.scope.names)}`)
  }
  return readNamed(checkSchema(found.schema, place), place.within(found.scope), schema.$ref)
}
