import { Kind, TransformKind, type TSchema } from '@sinclair/typebox'
import { canonicalJson } from './canonical.js'
import { findKeywordFault, REFUSED_KINDS, show } from './keywords.js'
import type { Shape, ShapeTree, ValuesShape } from './shape.js'
import type { TextAdapters } from '../text/policy.js'
import { fail, isFromPeer, step, type Direction, type WalkContext } from './walk-context.js'
import { tagUnion, walkIntersect, walkObject, walkRecord } from './walk-objects.js'
import { checkRecursion } from './walk-recursion.js'
import { walkNumber, walkString } from './walk-scalars.js'

/** Levels a schema itself may nest; more is a cycle of objects. */
const MAX_SCHEMA_DEPTH = 64

/** Schemas in one tree, shared ones counted at every place: bounds the work per value as well. */
const MAX_SCHEMAS = 10_000

/** Items of an array with uniqueItems from a peer: each is hashed, 2-3 us an object (attack F24). */
const MAX_UNIQUE_ITEMS = 1024

export interface WalkOptions {
  /** Contract and message, for boot errors. */
  readonly where: string
  readonly direction: Direction
  /** Default `refuse`. */
  readonly unknown?: 'refuse' | 'drop'
  readonly adapters?: TextAdapters
}

/**
 * Reads a TypeBox schema strictly: unknown keywords and kinds, keywords of the wrong type, unknown formats, inherited
 * names and, in what a peer sends, anything without a bound are boot errors. Throws WSG_ERR_CONTRACT.
 */
export function walkSchema (schema: unknown, options: WalkOptions): ShapeTree {
  const context: WalkContext = {
    where: options.where,
    direction: options.direction,
    unknown: options.unknown ?? 'refuse',
    adapters: options.adapters ?? {},
    scope: new Map(),
    definitions: new Map(),
    recursive: new Set(),
    sizes: new Map(),
    counter: { schemas: 0 },
    walk: (inner, path, depth) => walk(context, inner, path, depth + 1),
  }
  const root = walk(context, schema, '', 0)
  const definitions = new Map<string, Shape>()
  for (const [name, shape] of context.definitions) {
    if (shape !== null && context.recursive.has(name)) definitions.set(name, shape)
  }
  const tree = { root, definitions }
  checkRecursion(tree, options.where)
  return tree
}

/** TypeBox's kind of a schema, or undefined. */
export function kindOf (schema: unknown): string | undefined {
  if (typeof schema !== 'object' || schema === null) return undefined
  const kind: unknown = (schema as { [Kind]?: unknown })[Kind]
  return typeof kind === 'string' ? kind : undefined
}

function walk (context: WalkContext, candidate: unknown, path: string, depth: number): Shape {
  const schema = readSchema(context, candidate, path, depth)
  if (typeof schema.$id === 'string') return walkDefinition(context, schema, path, depth)
  return walkKind(context, schema, path, depth)
}

function readSchema (context: WalkContext, candidate: unknown, path: string, depth: number): TSchema {
  const kind = kindOf(candidate)
  if (kind === undefined) {
    const later = typeof candidate === 'object' && candidate !== null && Object.hasOwn(candidate, '~kind')
    fail(context, path, later
      ? 'this schema is of TypeBox 1.x; import Type from @sinclair/typebox 0.34, whose compiler checks it'
      : `expected a TypeBox type (Type.Object(…), Type.String(…)), not ${show(candidate)}; plain JSON Schema is not checked`)
  }
  if (depth > MAX_SCHEMA_DEPTH) fail(context, path, `the schema nests deeper than ${MAX_SCHEMA_DEPTH} levels; is it an object cycle? Use Type.Recursive`)
  count(context, path, 1)
  const schema = candidate as TSchema
  if (Object.hasOwn(schema, TransformKind)) {
    fail(context, path, 'Type.Transform is not supported: messages are checked, not converted. Convert in the handler, or use a text policy')
  }
  const reason = Object.hasOwn(REFUSED_KINDS, kind) ? REFUSED_KINDS[kind] : undefined
  if (reason !== undefined) fail(context, path, `Type.${kind} is not supported: ${reason}`)
  const fault = findKeywordFault(kind, schema)
  if (fault !== undefined) fail(context, path, fault)
  return schema
}

function count (context: WalkContext, path: string, schemas: number): void {
  context.counter.schemas += schemas
  if (context.counter.schemas > MAX_SCHEMAS) fail(context, path, `the schema has more than ${MAX_SCHEMAS} parts`)
}

function walkKind (context: WalkContext, schema: TSchema, path: string, depth: number): Shape {
  const kind = schema[Kind]
  switch (kind) {
    case 'Any':
    case 'Unknown':
      if (isFromPeer(context) && schema.unboundedOnPurpose !== true) {
        fail(context, path, `Type.${kind} takes whatever a peer sends; declare the type, or add { unboundedOnPurpose: true }`)
      }
      return { kind: 'any' }
    case 'Null': return { kind: 'values', values: [null] }
    case 'Boolean': return { kind: 'boolean' }
    case 'Number': return walkNumber(context, schema, path, false)
    case 'Integer': return walkNumber(context, schema, path, true)
    case 'String':
    case 'TemplateLiteral':
    case 'RegExp':
      return walkString(context, schema, path, kind)
    case 'Literal': return walkLiteral(context, schema, path)
    case 'Array': return walkArray(context, schema, path, depth)
    case 'Tuple': return { kind: 'tuple', items: ((schema.items ?? []) as unknown[]).map((item, i) => context.walk(item, `${path}/${i}`, depth)) }
    case 'Object': return walkObject(context, schema, path, depth)
    case 'Record': return walkRecord(context, schema, path, depth)
    case 'Union': return walkUnion(context, schema, path, depth)
    case 'Intersect': return walkIntersect(context, schema, path, depth)
    case 'Import': return walkImport(context, schema, path, depth)
    case 'Ref':
    case 'This':
      return walkReference(context, schema, path, depth)
    case 'Never':
    case 'Not':
      if (isFromPeer(context)) fail(context, path, `Type.${kind} says what a value is not, so nothing can be copied by it; say what it is`)
      return { kind: 'any' }
    case 'Uint8Array':
      fail(context, path, 'JSON has no bytes; make Type.Uint8Array the whole payload of a binary message, or use Type.String')
  }
  return fail(context, path, `Type.${String(kind)} is not supported: no boot check knows it. Write it with the types of docs/contract-types.md`)
}

function walkLiteral (context: WalkContext, schema: TSchema, path: string): ValuesShape {
  const value: unknown = schema.const
  if (typeof value === 'string' && !value.isWellFormed()) fail(context, path, 'the literal has a lone surrogate')
  const type: string = typeof value
  if (schema.type !== type) fail(context, path, `type ${show(schema.type)} does not fit the literal ${show(value)}`)
  return { kind: 'values', values: [value as string | number | boolean] }
}

function walkArray (context: WalkContext, schema: TSchema, path: string, depth: number): Shape {
  const max: number = schema.maxItems ?? Infinity
  const min: number = schema.minItems ?? 0
  if (schema.items === undefined) fail(context, path, 'an array needs items; write Type.Array(…)')
  if (min > max) fail(context, path, `minItems ${min} is above maxItems ${max}`)
  if (isFromPeer(context)) {
    if (max === Infinity && schema.unboundedOnPurpose !== true) {
      fail(context, path, 'an array from a peer needs { maxItems }, or { unboundedOnPurpose: true } to be limited by maxPayload only')
    }
    if (schema.uniqueItems === true && max > MAX_UNIQUE_ITEMS) {
      fail(context, path, `uniqueItems needs { maxItems } of ${MAX_UNIQUE_ITEMS} at most beside it`)
    }
    if (schema.contains !== undefined || schema.minContains !== undefined || schema.maxContains !== undefined) {
      fail(context, path, 'contains, minContains and maxContains are not supported in what a peer sends; check it in the handler')
    }
  }
  return { kind: 'array', items: context.walk(schema.items, `${path}/*`, depth), min, max, unique: schema.uniqueItems === true }
}

function walkUnion (context: WalkContext, schema: TSchema, path: string, depth: number): Shape {
  const variants = (schema.anyOf as unknown[]).map(variant => context.walk(variant, path, depth))
  if (variants.length === 0) fail(context, path, 'a union of nothing')
  if (variants.every(variant => variant.kind === 'values')) {
    return { kind: 'values', values: [...new Set(variants.flatMap(variant => variant.values))] }
  }
  return tagUnion(variants)
}

function walkImport (context: WalkContext, schema: TSchema, path: string, depth: number): Shape {
  for (const [name, definition] of Object.entries<TSchema>(schema.$defs)) declare(context, name, definition, path)
  return walkReference(context, schema, path, depth)
}

function walkReference (context: WalkContext, schema: TSchema, path: string, depth: number): Shape {
  const target = context.scope.get(schema.$ref)
  if (target === undefined) {
    fail(context, path, `$ref ${show(schema.$ref)} names nothing in this schema; use Type.Recursive, Type.Module, or the schema itself`)
  }
  return walkDefinition(context, readSchema(context, target, path, depth), path, depth, schema.$ref)
}

function walkDefinition (context: WalkContext, schema: TSchema, path: string, depth: number, name: string = schema.$id ?? ''): Shape {
  declare(context, name, schema, path)
  const known = context.definitions.get(name)
  if (known === null || (known !== undefined && context.recursive.has(name))) {
    context.recursive.add(name)
    return { kind: 'ref', name }
  }
  if (known !== undefined) {
    // what is made of the tree is made for every place
    count(context, path, context.sizes.get(name) ?? 0)
    return known
  }
  context.definitions.set(name, null)
  const before = context.counter.schemas
  const shape = walkKind(context, schema, path, depth)
  context.sizes.set(name, context.counter.schemas - before)
  if (shape.kind === 'ref') fail(context, path, `${show(name)} is only a name for ${show(shape.name)}; name a type`)
  context.definitions.set(name, shape)
  return context.recursive.has(name) ? { kind: 'ref', name } : shape
}

// TypeBox names the functions it generates by $id alone: a second schema of that name would be checked by the first one's
function declare (context: WalkContext, name: string, schema: TSchema, path: string): void {
  const other = context.scope.get(name)
  if (other !== undefined && other !== schema && canonicalJson(other) !== canonicalJson(schema)) {
    fail(context, step(path, ''), `two different schemas have the $id ${show(name)}; rename one`)
  }
  if (!/^[A-Za-z0-9_.:/#-]{1,128}$/.test(name)) fail(context, path, `the $id ${show(name)} is not 1-128 characters of A-Z a-z 0-9 _ . : / # -`)
  context.scope.set(name, schema)
}
