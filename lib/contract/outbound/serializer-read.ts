import { FormatRegistry, Kind, TransformKind, type TSchema } from '@sinclair/typebox'
import { WSG_ERR_CONTRACT } from '../../errors/contract-error.js'
import { mergeIntersect } from './serializer-intersect.js'
import { unionOf, type ArrayPlan, type NumberPlan, type ObjectPlan, type Plan, type PropertyPlan, type RefPlan, type StringPlan } from './serializer-plan.js'

/** Schemas by the name that `$ref` uses, innermost last. */
type Scope = ReadonlyMap<string, TSchema>

interface Reader {
  readonly where: string
  /** Schemas with an `$id`: the plan, or a reference to the one under way. */
  readonly named: Map<TSchema, Plan>
  /** References that were used while their schema was being planned. */
  readonly recursive: Set<Plan>
}

type Keywords = TSchema & Record<string, unknown>

/** Reads a schema. Throws WSG_ERR_CONTRACT for kinds and keywords that can't be written as JSON. */
export function planSchema (schema: TSchema, where: string): Plan {
  return read(schema, '', new Map(), { where, named: new Map(), recursive: new Set() })
}

function fail (reader: Reader, path: string, problem: string): never {
  throw new WSG_ERR_CONTRACT(`${reader.where}: schema at ${path === '' ? 'the root' : path}: ${problem}`)
}

function read (given: TSchema, path: string, outer: Scope, reader: Reader): Plan {
  const schema = given as Keywords
  if (typeof schema !== 'object' || schema === null || typeof schema[Kind] !== 'string') return fail(reader, path, 'expected a TypeBox 0.34 schema')
  if (TransformKind in schema) return fail(reader, path, 'a Transform can not leave; declare its wire type')
  const id = schema.$id
  if (typeof id !== 'string') return readKind(schema, path, outer, reader)
  const known = reader.named.get(schema)
  if (known !== undefined) {
    if (known.kind === 'ref' && known.target === null) reader.recursive.add(known)
    return known
  }
  const ref: RefPlan = { kind: 'ref', target: null }
  reader.named.set(schema, ref)
  ref.target = readKind(schema, path, new Map(outer).set(id, schema), reader)
  // A schema that never names itself needs no reference, and unions can look into it.
  if (reader.recursive.has(ref)) return ref
  reader.named.set(schema, ref.target)
  return ref.target
}

function readKind (schema: Keywords, path: string, scope: Scope, reader: Reader): Plan {
  const kind = schema[Kind]
  switch (kind) {
    case 'Any': case 'Unknown': return { kind: 'any' }
    case 'Boolean': case 'Null': case 'Never': return { kind: kind.toLowerCase() as 'boolean' | 'null' | 'never' }
    case 'String': case 'TemplateLiteral': return readString(schema, path, reader)
    case 'RegExp': return { ...readString(schema, path, reader), pattern: regExp(schema.source, schema.flags, path, reader) }
    case 'Number': case 'Integer': return readNumber(schema, path, reader)
    case 'Literal': return { kind: 'enum', values: [constant(schema.const, path, reader)] }
    case 'Object': return readObject(schema, path, scope, reader)
    case 'Record': return readObject({ ...schema, properties: {} }, path, scope, reader)
    case 'Array': return readArray(schema, path, scope, reader)
    case 'Tuple': return { kind: 'tuple', items: list(schema.items ?? []).map((item, index) => read(item, `${path}/items/${index}`, scope, reader)) }
    case 'Union': return unionOf(list(schema.anyOf).map((variant, index) => read(variant, `${path}/anyOf/${index}`, scope, reader)))
    case 'Intersect': return readIntersect(schema, path, scope, reader)
    case 'Not': return fail(reader, path, 'Type.Not alone declares nothing to write; expected it inside an Intersect with a scalar')
    case 'Import': return readImport(schema, path, scope, reader)
    case 'Ref': case 'This': {
      const target = scope.get(String(schema.$ref))
      if (target === undefined) return fail(reader, path, `$ref ${JSON.stringify(schema.$ref)} names no schema within reach; expected Type.Recursive or Type.Module`)
      return read(target, path, scope, reader)
    }
    default: return fail(reader, path, `Type.${kind} has no JSON form; expected a type that JSON can hold`)
  }
}

const list = (value: unknown): readonly TSchema[] => Array.isArray(value) ? value : []

function limit (schema: Keywords, keyword: string, path: string, reader: Reader): number {
  return bound(schema, keyword, path, reader) ?? -1
}

function bound (schema: Keywords, keyword: string, path: string, reader: Reader): number | null {
  const value = schema[keyword]
  if (value === undefined) return null
  if (typeof value !== 'number' || !Number.isFinite(value)) return fail(reader, path, `${keyword} is expected to be a number, came ${typeof value}`)
  return value
}

function regExp (source: unknown, flags: unknown, path: string, reader: Reader): RegExp {
  try {
    // A global or sticky expression keeps its place between calls and would judge every second value.
    return new RegExp(String(source), typeof flags === 'string' ? flags.replace(/[gy]/g, '') : '')
  } catch {
    return fail(reader, path, 'the pattern is not a regular expression')
  }
}

/** TypeBox writes "any key" as an expression that leaves out line ends. */
const ANY_KEY = '^(.*)$'

function constant (value: unknown, path: string, reader: Reader): string | number | boolean {
  if (typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value))) return value
  return fail(reader, path, 'a literal is expected to be a string, a number or a boolean')
}

function readString (schema: Keywords, path: string, reader: Reader): StringPlan {
  const name = schema.format
  let format: StringPlan['format'] = null
  if (name !== undefined) {
    if (typeof name !== 'string' || !FormatRegistry.Has(name)) return fail(reader, path, 'the format is not known; register it in FormatRegistry first')
    // Looked up at each use: an application may register a stricter one later.
    format = value => FormatRegistry.Get(name)?.(value) === true
  }
  return {
    kind: 'string',
    min: limit(schema, 'minLength', path, reader),
    max: limit(schema, 'maxLength', path, reader),
    pattern: schema.pattern === undefined ? null : regExp(schema.pattern, '', path, reader),
    format,
    formatName: name === undefined ? null : String(name),
    wellFormed: schema.wsText !== undefined,
  }
}

function readNumber (schema: Keywords, path: string, reader: Reader): NumberPlan {
  return {
    kind: 'number',
    integer: schema[Kind] === 'Integer',
    min: bound(schema, 'minimum', path, reader),
    max: bound(schema, 'maximum', path, reader),
    above: bound(schema, 'exclusiveMinimum', path, reader),
    below: bound(schema, 'exclusiveMaximum', path, reader),
    multipleOf: bound(schema, 'multipleOf', path, reader),
  }
}

function readObject (schema: Keywords, path: string, scope: Scope, reader: Reader): ObjectPlan {
  const required = new Set(Array.isArray(schema.required) ? schema.required as string[] : [])
  const properties: PropertyPlan[] = []
  for (const [name, property] of Object.entries(schema.properties as Record<string, TSchema>)) {
    const { plan, optional } = withoutUndefined(property, `${path}/properties/${name}`, scope, reader)
    properties.push({ name, plan, required: required.has(name) && !optional })
  }
  const patterns = Object.entries((schema[Kind] === 'Record' ? schema.patternProperties : {}) as Record<string, TSchema>).map(([source, value]) => ({
    pattern: source === ANY_KEY ? /^/ : regExp(source, '', path, reader),
    plan: withoutUndefined(value, `${path}/patternProperties`, scope, reader).plan,
  }))
  const additional = schema.additionalProperties
  return {
    kind: 'object',
    properties,
    patterns,
    // Only a schema declares. `true` tolerates what is there, it does not name it.
    additional: typeof additional === 'object' && additional !== null ? read(additional as TSchema, `${path}/additionalProperties`, scope, reader) : null,
    min: limit(schema, 'minProperties', path, reader),
    max: limit(schema, 'maxProperties', path, reader),
  }
}

/** `Union([String, Undefined])` as a property is another way to write `Optional(String)`. */
function withoutUndefined (schema: TSchema, path: string, scope: Scope, reader: Reader): { plan: Plan, optional: boolean } {
  if (schema?.[Kind] !== 'Union' || TransformKind in schema) return { plan: read(schema, path, scope, reader), optional: false }
  const variants = list(schema.anyOf)
  const rest = variants.filter(variant => variant[Kind] !== 'Undefined')
  if (rest.length === variants.length || rest.length === 0) return { plan: read(schema, path, scope, reader), optional: false }
  return { plan: unionOf(rest.map((variant, index) => read(variant, `${path}/anyOf/${index}`, scope, reader))), optional: true }
}

function readArray (schema: Keywords, path: string, scope: Scope, reader: Reader): ArrayPlan {
  const contains = schema.contains as TSchema | undefined
  const least = limit(schema, 'minContains', path, reader)
  return {
    kind: 'array',
    items: read(schema.items as TSchema, `${path}/items`, scope, reader),
    min: limit(schema, 'minItems', path, reader),
    max: limit(schema, 'maxItems', path, reader),
    unique: schema.uniqueItems === true,
    contains: contains === undefined
      ? null
      : { plan: read(contains, `${path}/contains`, scope, reader), min: least === -1 ? 1 : least, max: limit(schema, 'maxContains', path, reader) },
  }
}

function readIntersect (schema: Keywords, path: string, scope: Scope, reader: Reader): Plan {
  const parts = list(schema.allOf).map((part, index): Plan => part[Kind] === 'Not'
    ? { kind: 'not', plan: read(part.not as TSchema, `${path}/allOf/${index}/not`, scope, reader) }
    : read(part, `${path}/allOf/${index}`, scope, reader))
  const merged = mergeIntersect(parts, problem => fail(reader, path, problem))
  const rest = schema.unevaluatedProperties
  if (merged.kind !== 'object' || typeof rest !== 'object' || rest === null) return merged
  return { ...merged, additional: read(rest as TSchema, `${path}/unevaluatedProperties`, scope, reader) }
}

function readImport (schema: Keywords, path: string, outer: Scope, reader: Reader): Plan {
  const scope = new Map(outer)
  const definitions = schema.$defs as Record<string, TSchema>
  for (const [name, definition] of Object.entries(definitions)) scope.set(name, definition)
  const target = scope.get(String(schema.$ref))
  return target === undefined ? fail(reader, path, '$ref names no schema of the module') : read(target, path, scope, reader)
}
