import type { TSchema } from '@sinclair/typebox'
import {
  BOOLEAN, COUNT, isObject, OBJECT, oneOf, STRING, WHOLE, type Expected, type Members,
} from '../../errors/expected.js'
import { got } from '../../errors/got.js'
import { didYouMean } from '../../errors/nearest.js'
import { MARKS_OF_1 } from '../kind.js'
import type { Notes } from './nodes.js'

// Tested in test/contract/boot-checks.test.ts.

// Which keyword a TypeBox kind may carry, and of which type. TypeBox ignores what it doesn't know and skips what has
// the wrong type, so a typo would silently be no check at all.

const isNumber = (value: unknown): boolean => Number.isFinite(value)
const isConstant = (value: unknown): boolean =>
  typeof value === 'string' || typeof value === 'boolean' || isNumber(value)
const isListOf = (value: unknown, test: (entry: unknown) => boolean): boolean =>
  Array.isArray(value) && value.every(test)

const NUMERIC: Expected = ['a finite number', isNumber]
const TRUE = oneOf(true)
const SCHEMAS: Expected = ['a list of schemas', Array.isArray]
const SCHEMA: Expected = ['a schema', isObject]
const SCHEMA_OR_BOOLEAN: Expected = [
  'true, false or a schema', value => typeof value === 'boolean' || isObject(value),
]
const ANYTHING: Expected = ['anything', () => true]
// typebox 1.x takes both
const PATTERN: Expected = [
  'a string or a regular expression', value => typeof value === 'string' || value instanceof RegExp,
]

/** Written for people, beside any type. */
const NOTES: ReadonlyMap<string, Expected> = new Map(Object.entries({
  title: STRING,
  description: STRING,
  examples: ANYTHING,
  default: ANYTHING,
  deprecated: BOOLEAN,
  readOnly: BOOLEAN,
  writeOnly: BOOLEAN,
}))

const BESIDE_ANY: ReadonlyMap<string, Expected> = new Map([
  ['$id', STRING],
  ['$comment', STRING],
  // where an application sets typebox's `enumerableKind`
  ...MARKS_OF_1.map(mark => [mark, ANYTHING] as const),
  ...NOTES,
])

const OF_NUMBERS = {
  minimum: NUMERIC, maximum: NUMERIC, exclusiveMinimum: NUMERIC, exclusiveMaximum: NUMERIC, multipleOf: WHOLE,
}
const OF_STRINGS = {
  type: oneOf('string'),
  minLength: COUNT,
  maxLength: COUNT,
  pattern: PATTERN,
  patternProvenSafe: TRUE,
  unboundedOnPurpose: TRUE,
}
const OF_OBJECTS = { type: oneOf('object'), minProperties: COUNT, maxProperties: COUNT, unboundedOnPurpose: TRUE }

const KINDS: { readonly [kind: string]: Members } = {
  Any: { unboundedOnPurpose: TRUE },
  Unknown: { unboundedOnPurpose: TRUE },
  Null: { type: oneOf('null') },
  Boolean: { type: oneOf('boolean') },
  Number: { type: oneOf('number'), ...OF_NUMBERS },
  Integer: { type: oneOf('integer'), ...OF_NUMBERS },
  String: { ...OF_STRINGS, format: STRING, wsText: OBJECT },
  TemplateLiteral: OF_STRINGS,
  RegExp: { ...OF_STRINGS, type: oneOf('RegExp'), source: STRING, flags: STRING },
  Literal: {
    type: oneOf('string', 'number', 'boolean'),
    const: ['a string, a finite number or a boolean', isConstant],
  },
  Enum: { enum: ['a list of strings and finite numbers', value => isListOf(value, isConstant)] },
  Array: {
    type: oneOf('array'),
    items: SCHEMA,
    minItems: COUNT,
    maxItems: COUNT,
    uniqueItems: BOOLEAN,
    contains: SCHEMA,
    minContains: COUNT,
    maxContains: COUNT,
    unboundedOnPurpose: TRUE,
  },
  Tuple: { type: oneOf('array'), items: SCHEMAS, additionalItems: oneOf(false), minItems: COUNT, maxItems: COUNT },
  Object: {
    ...OF_OBJECTS,
    properties: OBJECT,
    required: ['a list of strings', value => isListOf(value, entry => typeof entry === 'string')],
    additionalProperties: SCHEMA_OR_BOOLEAN,
  },
  Record: { ...OF_OBJECTS, patternProperties: OBJECT, additionalProperties: oneOf(false), patternProvenSafe: TRUE },
  Union: { anyOf: SCHEMAS, type: ANYTHING },
  Intersect: { type: oneOf('object'), allOf: SCHEMAS, unevaluatedProperties: SCHEMA_OR_BOOLEAN },
  Not: { not: SCHEMA },
  Never: { not: OBJECT },
  Ref: { $ref: STRING },
  This: { $ref: STRING },
  Import: { $defs: OBJECT, $ref: STRING },
  Cyclic: { $defs: OBJECT, $ref: STRING },
  Uint8Array: { type: oneOf('Uint8Array'), minByteLength: COUNT, maxByteLength: COUNT },
}

/** What is wrong with the keywords of one schema, or undefined. `kind` is TypeBox's. */
export function findKeywordFault (kind: string, schema: object): string | undefined {
  const own = KINDS[kind]
  if (own === undefined) return undefined
  for (const [keyword, value] of Object.entries(schema)) {
    const expected = Object.hasOwn(own, keyword) ? own[keyword] : BESIDE_ANY.get(keyword)
    if (expected === undefined) {
      const hint = didYouMean(keyword, [...Object.keys(own), ...BESIDE_ANY.keys()])
      return `Type.${kind} has no keyword ${JSON.stringify(keyword)}${hint === '' ? '; remove it' : hint}`
    }
    const [words, test] = expected
    if (!test(value)) return `keyword "${keyword}": expected ${words}, got ${got(value)}`
  }
  return undefined
}

/** What is written beside a schema for people. */
export function notesOf (schema: TSchema): { readonly notes?: Notes } {
  const given = Object.entries(schema).filter(([keyword, value]) => NOTES.has(keyword) && value !== undefined)
  return given.length === 0 ? {} : { notes: Object.fromEntries(given) }
}

/** Kinds that JSON can't carry, or that can't be projected, and what to write instead. */
export const REFUSED_KINDS: { readonly [kind: string]: string } = {
  Argument: 'it is a parameter of Type.Instantiate; instantiate it first',
  AsyncIterator: 'JSON has no iterators; contract a message per item',
  BigInt: 'JSON has no BigInt; use Type.String with a pattern of digits, or Type.Integer',
  Call: 'its generic type is not known here; write the type that it makes',
  Computed: 'it is only resolved inside a module; use Module.Import',
  Constructor: 'JSON has no constructors',
  Date: 'JSON has no dates; use Type.String with a format or pattern, or Type.Integer of milliseconds',
  Deferred: 'it waits for a type that nothing names; resolve it in the Type.Module that has the type',
  Dependent: 'what can not be told by one look is not copied; write a Type.Union of the two cases',
  Function: 'JSON has no functions',
  Generic: 'it is no type before it is called with one',
  Identifier: 'it is only resolved by Type.Script',
  Infer: 'it is only resolved inside Type.Conditional',
  Iterator: 'JSON has no iterators; use Type.Array',
  MappedKey: 'it is only resolved inside Type.Mapped',
  MappedResult: 'it is only resolved inside Type.Mapped',
  Parameter: 'it is only resolved inside Type.Generic',
  Promise: 'JSON has no promises; the reply of a call is its schema',
  Rest: 'a tuple has as many items as it declares; use Type.Array',
  Symbol: 'JSON has no symbols; use Type.Literal',
  Undefined: 'JSON has no undefined; use Type.Optional on the property, or Type.Null',
  Void: 'JSON has no undefined; use Type.Null, or Type.Object({}) for an empty payload',
  Unsafe: 'its keywords are not checked by TypeBox; write the type itself, or wrap it: Type.Unsafe<T>(Type.String())',
}
