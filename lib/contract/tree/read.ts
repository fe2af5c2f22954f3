import { Kind, TransformKind, type TSchema } from '@sinclair/typebox'
import { got } from '../../errors/got.js'
import type { TextAdapters } from '../text/policy.js'
import { finishTree } from './finish.js'
import { fail, isFromPeer, Scope, type Context, type Direction, type Entry, type Place } from './context.js'
import { findKeywordFault, kindOf, notesOf, REFUSED_KINDS } from './keywords.js'
import { partsOf, type BytesNode, type Node, type RefNode, type SchemaTree } from './nodes.js'
import { readArray, readTuple } from './read-arrays.js'
import { readObject, readRecord } from './read-objects.js'
import { readLiteral, readNumber, readString } from './read-scalars.js'
import { readIntersect, readUnion } from './read-unions.js'

// Tested in test/contract/boot-checks.test.ts.

/** Levels a schema itself may nest; more is a cycle of objects. */
const MAX_SCHEMA_DEPTH = 64

/** Parts of one tree, shared ones counted at every place: bounds what back ends write. */
const MAX_PARTS = 10_000

export interface ReadOptions {
  /** Contract and message, for boot errors. */
  readonly where: string
  readonly direction: Direction
  /** Default `refuse`. */
  readonly unknown?: 'refuse' | 'drop'
  readonly adapters?: TextAdapters
  /** The whole payload may be a binary frame. Default false. */
  readonly binary?: boolean
}

/**
 * Reads a TypeBox schema strictly, the only place that does: unknown keywords and kinds, keywords of the wrong type,
 * unknown formats, inherited names, what nothing fits and, in what a peer sends, anything without a bound are boot
 * errors. Throws WSG_ERR_CONTRACT.
 */
export function readSchema (schema: unknown, options: ReadOptions): SchemaTree {
  const { where, direction, unknown = 'refuse', adapters = {} } = options
  const context: Context = {
    where,
    direction,
    unknown,
    adapters,
    definitions: new Map(),
    sizes: new Map(),
    read: (inner, path, { scope, depth }) => read(context, inner, path, { scope, depth: depth + 1 }),
  }
  if (options.binary === true && kindOf(schema) === 'Uint8Array') {
    return { where, root: readBytes(context, schema as TSchema), definitions: new Map() }
  }
  const root = read(context, schema, '', { scope: new Scope(), depth: 0 })
  const definitions = new Map<string, Node>()
  for (const [name, node] of context.definitions) if (node !== null) definitions.set(name, node)
  return finishTree({ where, root, definitions })
}

function readBytes (context: Context, schema: TSchema): BytesNode {
  checkKeywords(context, schema, '', 'Uint8Array')
  const min: number = schema.minByteLength ?? 0
  const max: number = schema.maxByteLength ?? Infinity
  if (max === Infinity && isFromPeer(context)) fail(context, '', 'bytes from a peer need { maxByteLength }')
  if (min > max) fail(context, '', `minByteLength ${min} is above maxByteLength ${max}`)
  return { kind: 'bytes', min, max, ...notesOf(schema) }
}

function read (context: Context, candidate: unknown, path: string, place: Place): Node {
  const kind = checkKind(context, candidate, path, place.depth)
  const schema = candidate as TSchema
  checkKeywords(context, schema, path, kind)
  const { $id: id } = schema
  if (typeof id === 'string') {
    const scope = place.scope.inside(schema, [[id, schema]])
    return readNamed(context, schema, path, { scope, depth: place.depth }, id)
  }
  return readOnce(context, schema, path, place, null)
}

function checkKind (context: Context, candidate: unknown, path: string, depth: number): string {
  const kind = kindOf(candidate)
  if (kind === undefined) {
    const later = typeof candidate === 'object' && candidate !== null && Object.hasOwn(candidate, '~kind')
    fail(context, path, later
      ? 'this schema is of TypeBox 1.x; import Type from @sinclair/typebox 0.34, whose compiler checks it'
      : `expected a TypeBox type (Type.Object(…), Type.String(…)), got ${got(candidate)}; ` +
        'plain JSON Schema is not checked')
  }
  if (depth > MAX_SCHEMA_DEPTH) {
    fail(context, path, `the schema nests deeper than ${MAX_SCHEMA_DEPTH} levels; is it an object cycle? ` +
      'Use Type.Recursive')
  }
  return kind
}

function checkKeywords (context: Context, schema: TSchema, path: string, kind: string): void {
  if (Object.hasOwn(schema, TransformKind)) {
    fail(context, path, 'Type.Transform is not supported: messages are checked, not converted. ' +
      'Convert in the handler, or use a text policy')
  }
  const reason = Object.hasOwn(REFUSED_KINDS, kind) ? REFUSED_KINDS[kind] : undefined
  if (reason !== undefined) fail(context, path, `Type.${kind} is not supported: ${reason}`)
  const fault = findKeywordFault(kind, schema)
  if (fault !== undefined) fail(context, path, fault)
}

/** A schema with a name of its own: it may come back in itself. */
function readNamed (context: Context, schema: TSchema, path: string, place: Place, name: string): Node {
  let unique = name
  for (let i = 2; context.definitions.has(unique) && !place.scope.entries.has(schema); i++) unique = `${name}_${i}`
  return readOnce(context, schema, path, place, { kind: 'ref', name: unique })
}

function readOnce (context: Context, schema: TSchema, path: string, place: Place, ref: RefNode | null): Node {
  const { entries } = place.scope
  const known = entries.get(schema)
  if (known !== undefined) return comeBack(context, known, path)
  const entry: Entry = { node: null, ref, recursive: false }
  entries.set(schema, entry)
  // taken while it is open: another schema of that name gets another one
  if (ref !== null) context.definitions.set(ref.name, null)
  const node = sized(context, path, withNotes(readKind(context, schema, path, place), schema, ref))
  entry.node = node
  if (ref === null || !entry.recursive) {
    if (ref !== null) context.definitions.delete(ref.name)
    return node
  }
  context.definitions.set(ref.name, node)
  return ref
}

function comeBack (context: Context, entry: Entry, path: string): Node {
  const { node, ref } = entry
  if (node !== null && !entry.recursive) return node
  if (ref === null) fail(context, path, 'the schema is an object cycle; use Type.Recursive')
  entry.recursive = true
  return ref
}

function withNotes (node: Node, schema: TSchema, ref: RefNode | null): Node {
  const notes = notesOf(schema)
  // TypeBox numbers the ids of recursive types by itself: T0, T1, …
  const named = ref !== null && !/^T\d+$/.test(ref.name) ? { name: schema.$id as string, ...notes } : notes
  if (Object.keys(named).length === 0) return node
  const noted = { ...node, ...named }
  return noted
}

/** What back ends write for a node is bounded: products of unions are counted here. */
function sized (context: Context, path: string, node: Node): Node {
  if (sizeOf(context, node) > MAX_PARTS) {
    fail(context, path, `the schema has more than ${MAX_PARTS} parts here, unions of an intersection multiplied out`)
  }
  return node
}

function sizeOf (context: Context, node: Node): number {
  let size = context.sizes.get(node)
  if (size === undefined) {
    size = partsOf(node).reduce((sum, part) => sum + sizeOf(context, part), 1)
    context.sizes.set(node, size)
  }
  return size
}

function readKind (context: Context, schema: TSchema, path: string, place: Place): Node {
  const kind = schema[Kind]
  switch (kind) {
    case 'Any':
    case 'Unknown':
      if (isFromPeer(context) && schema.unboundedOnPurpose !== true) {
        fail(context, path, `Type.${kind} takes whatever a peer sends; declare the type, ` +
          'or add { unboundedOnPurpose: true }')
      }
      return { kind: 'any' }
    case 'Null': return { kind: 'values', values: [null] }
    case 'Boolean': return { kind: 'boolean' }
    case 'Number': return readNumber(context, schema, path, false)
    case 'Integer': return readNumber(context, schema, path, true)
    case 'String':
    case 'TemplateLiteral':
    case 'RegExp':
      return readString(context, schema, path, kind)
    case 'Literal': return readLiteral(context, schema, path)
    case 'Array': return readArray(context, schema, path, place)
    case 'Tuple': return readTuple(context, schema, path, place)
    case 'Object': return readObject(context, schema, path, place)
    case 'Record': return readRecord(context, schema, path, place)
    case 'Union': return readUnion(context, schema, path, place)
    case 'Intersect': return readIntersect(context, schema, path, place)
    case 'Import': return readImport(context, schema, path, place)
    case 'Ref':
    case 'This':
      return readReference(context, schema, path, place)
    case 'Never':
    case 'Not':
      if (isFromPeer(context)) {
        fail(context, path, `Type.${kind} says what a value is not, so nothing can be copied by it; say what it is`)
      }
      return kind === 'Never' ? { kind: 'never' } : { kind: 'not', node: context.read(schema.not, path, place) }
    case 'Uint8Array':
      fail(context, path, 'JSON has no bytes; make Type.Uint8Array the whole payload of a binary message, ' +
        'or use Type.String')
  }
  return fail(context, path, `Type.${String(kind)} is not supported: no boot check knows it. ` +
    'Write it with the types of docs/contract-types.md')
}

function readImport (context: Context, schema: TSchema, path: string, place: Place): Node {
  // two imports of one module are the same definitions
  const scope = place.scope.inside(JSON.stringify(schema.$defs), Object.entries<TSchema>(schema.$defs))
  return readReference(context, schema, path, { scope, depth: place.depth })
}

function readReference (context: Context, schema: TSchema, path: string, place: Place): Node {
  const found = place.scope.find(schema.$ref)
  if (found === undefined) {
    fail(context, path, `$ref ${got(schema.$ref)} names nothing in this schema; use Type.Recursive, Type.Module, ` +
      'or the schema itself')
  }
  const kind = checkKind(context, found.schema, path, place.depth)
  checkKeywords(context, found.schema, path, kind)
  return readNamed(context, found.schema, path, { scope: found.scope, depth: place.depth }, schema.$ref)
}
