import { Kind, type TSchema } from '@sinclair/typebox'
import { canonicalJson } from './canonical.js'
import { show } from './keywords.js'
import { isSafeName } from '../names.js'
import { MAX_NAME_LENGTH, type ObjectShape, type PropertyShape, type Shape, type UnionShape } from './shape.js'
import { fail, isFromPeer, step, type WalkContext } from './walk-context.js'
import { checkPattern } from './walk-scalars.js'

/** Most combinations an intersection of unions may multiply to. */
const MAX_COMBINATIONS = 64

/** Type.Record's pattern for Type.String keys: any name. */
const ANY_NAME = '^(.*)$'

/** Type.Object. */
export function walkObject (context: WalkContext, schema: TSchema, path: string, depth: number): ObjectShape {
  if (schema.properties === undefined) fail(context, path, 'an object needs properties; write Type.Object({ … })')
  const required = new Set<string>(schema.required ?? [])
  const properties: PropertyShape[] = []
  for (const name of Object.keys(schema.properties)) {
    checkName(context, path, name)
    const property = schema.properties[name] as TSchema
    properties.push({ name, schema: property, required: required.has(name), shape: context.walk(property, step(path, name), depth) })
  }
  for (const name of required) {
    checkName(context, path, name)
    if (!properties.some(property => property.name === name)) {
      fail(context, path, `required names ${show(name)}, which is not among the properties`)
    }
  }
  const open = schema.additionalProperties !== undefined && schema.additionalProperties !== false
  if (open) checkBound(context, schema, path)
  return {
    kind: 'object',
    properties,
    extra: !open ? null : schema.additionalProperties === true ? { kind: 'any' } : context.walk(schema.additionalProperties, `${path}/*`, depth),
    extraNames: null,
    unknown: context.unknown,
    ...readCounts(context, schema, path),
    beside: [],
  }
}

/** Type.Record with names that the peer chooses. */
export function walkRecord (context: WalkContext, schema: TSchema, path: string, depth: number): ObjectShape {
  const entries = Object.entries<TSchema>(schema.patternProperties ?? {})
  const [entry] = entries
  if (entries.length !== 1 || entry === undefined) fail(context, path, 'a record has exactly one pattern; write Type.Record(key, value)')
  checkBound(context, schema, path)
  let extraNames: RegExp | null = null
  if (entry[0] !== ANY_NAME) {
    if (isFromPeer(context) && schema.patternProvenSafe !== true) checkPattern(context, path, entry[0], '', MAX_NAME_LENGTH)
    try {
      extraNames = new RegExp(entry[0])
    } catch {
      fail(context, path, 'the pattern of the names is not a regular expression')
    }
  }
  return {
    kind: 'object',
    properties: [],
    extra: context.walk(entry[1], `${path}/*`, depth),
    extraNames,
    unknown: context.unknown,
    ...readCounts(context, schema, path),
    beside: [],
  }
}

/** Type.Intersect of objects, and of unions of objects: one object that has the properties of all. */
export function walkIntersect (context: WalkContext, schema: TSchema, path: string, depth: number): Shape {
  const members: readonly TSchema[] = schema.allOf
  if (typeof schema.unevaluatedProperties === 'object') {
    fail(context, path, 'unevaluatedProperties can be a boolean only; write the further properties as additionalProperties of one Type.Object')
  }
  const shapes = members.map(member => context.walk(member, path, depth))
  // the serializer reads scalars that several schemas describe at once; nothing has to be copied there
  if (!isFromPeer(context) && shapes.some(shape => shape.kind !== 'object' && shape.kind !== 'union' && shape.kind !== 'ref')) return { kind: 'any' }
  let combined: readonly ObjectShape[] = []
  members.forEach((member, index) => {
    const objects = objectsOf(context, shapes[index]!, path)
    if (objects.some(object => object.extra !== null)) fail(context, path, 'an open object or record can not be part of Type.Intersect; write one Type.Object')
    if (member.additionalProperties === false && members.length > 1) {
      fail(context, path, 'a part of Type.Intersect with additionalProperties: false refuses what the other parts declare; ' +
        'put unevaluatedProperties: false on the Type.Intersect, or use Type.Composite')
    }
    combined = index === 0 ? objects : combined.flatMap(left => objects.map(right => merge(context, left, right, path)))
    if (combined.length > MAX_COMBINATIONS) fail(context, path, `the intersection has more than ${MAX_COMBINATIONS} combinations`)
  })
  if (schema.unevaluatedProperties === false) {
    if (combined.length > 1) {
      fail(context, path, 'with unevaluatedProperties: false TypeBox only allows properties that all variants have; ' +
        'leave it out (undeclared properties are refused anyway)')
    }
    const odd = combined.flatMap(object => object.properties).find(property => !/^[\w-]+$/.test(property.name))
    // TypeBox builds an unescaped pattern out of the names
    if (odd !== undefined) fail(context, path, `with unevaluatedProperties: false a property can not be named ${show(odd.name)}; use Type.Composite`)
  }
  const [only] = combined
  if (only === undefined) fail(context, path, 'an intersection of nothing')
  return combined.length === 1 ? only : tagUnion(combined)
}

/** A union of shapes, with the property that tells its objects apart, if there is one. */
export function tagUnion (variants: readonly Shape[]): UnionShape {
  const [first] = variants
  if (first?.kind === 'object' && variants.every(variant => variant.kind === 'object')) {
    for (const { name } of first.properties) {
      const values = variants.map(variant => variant.properties.find(property => property.name === name && property.required)?.shape)
        .map(shape => shape?.kind === 'values' ? shape.values : [])
      const all = values.flat()
      if (values.every(list => list.length > 0) && new Set(all).size === all.length) {
        return { kind: 'union', variants, tag: { name, values } }
      }
    }
  }
  return { kind: 'union', variants, tag: null }
}

function objectsOf (context: WalkContext, shape: Shape, path: string): readonly ObjectShape[] {
  const target = shape.kind === 'ref' ? context.definitions.get(shape.name) : shape
  if (target?.kind === 'object') return [target]
  if (target?.kind === 'union') return target.variants.flatMap(variant => objectsOf(context, variant, path))
  fail(context, path, 'Type.Intersect takes objects and unions of objects; write anything else as one type')
}

function merge (context: WalkContext, left: ObjectShape, right: ObjectShape, path: string): ObjectShape {
  const properties = new Map(left.properties.map(property => [property.name, property]))
  for (const property of right.properties) {
    const other = properties.get(property.name)
    if (other === undefined) {
      properties.set(property.name, property)
    } else if (canonicalJson(other.schema) !== canonicalJson(property.schema) || other.schema[Kind] !== property.schema[Kind]) {
      fail(context, step(path, property.name), 'two parts of Type.Intersect declare this property differently; declare it once')
    } else if (property.required) {
      properties.set(property.name, property)
    }
  }
  return {
    ...left,
    properties: [...properties.values()],
    min: Math.max(left.min, right.min),
    max: Math.min(left.max, right.max),
  }
}

function checkName (context: WalkContext, path: string, name: string): void {
  if (!isSafeName(name)) {
    fail(context, path, `${show(name)} can not be the name of a property: every object inherits it, so that a check for it proves nothing`)
  }
  if (!name.isWellFormed() || /\p{Cc}/u.test(name)) fail(context, path, `the name of a property has a control character or a lone surrogate: ${show(name)}`)
}

function checkBound (context: WalkContext, schema: TSchema, path: string): void {
  if (isFromPeer(context) && schema.maxProperties === undefined && schema.unboundedOnPurpose !== true) {
    fail(context, path, 'names chosen by a peer need { maxProperties }, or { unboundedOnPurpose: true } to be limited by maxPayload only')
  }
}

function readCounts (context: WalkContext, schema: TSchema, path: string): { min: number, max: number } {
  const min: number = schema.minProperties ?? 0
  const max: number = schema.maxProperties ?? Infinity
  if (min > max) fail(context, path, `minProperties ${min} is above maxProperties ${max}`)
  return { min, max }
}
