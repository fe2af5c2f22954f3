import type { TSchema } from '@sinclair/typebox'
import { got } from '../../errors/got.js'
import { didYouMean } from '../../errors/nearest.js'
import { MARKS_OF_1 } from '../kind.js'
import type { Notes } from './nodes.js'

// Tested in test/contract/boot-checks.test.ts.

// Which keyword a TypeBox kind may carry, and of which type. TypeBox ignores what it doesn't know and skips what has
// the wrong type, so a typo would silently be no check at all.

type Test = readonly [expected: string, test: (value: unknown) => boolean]

const isNumber = (value: unknown): value is number => typeof value === 'number' && Number.isFinite(value)
const count: Test = ['a whole number, 0 or more', value => Number.isSafeInteger(value) && (value as number) >= 0]
const number: Test = ['a finite number', isNumber]
const whole: Test = ['a whole number above 0', value => Number.isSafeInteger(value) && (value as number) > 0]
const string: Test = ['a string', value => typeof value === 'string']
const boolean: Test = ['true or false', value => typeof value === 'boolean']
const isTrue: Test = ['true', value => value === true]
const plainObject: Test = ['an object', value => typeof value === 'object' && value !== null && !Array.isArray(value)]
const schemas: Test = ['a list of schemas', Array.isArray]
const schema: Test = ['a schema', plainObject[1]]
const schemaOrBoolean: Test = ['true, false or a schema', value => typeof value === 'boolean' || plainObject[1](value)]
const anything: Test = ['anything', () => true]
const oneOf = (...values: unknown[]): Test =>
  [values.map(value => JSON.stringify(value)).join(' or '), value => values.includes(value)]

/** Written for people, beside any type. */
const NOTES: { readonly [keyword: string]: Test } = Object.assign(Object.create(null) as object, {
  title: string,
  description: string,
  examples: anything,
  default: anything,
  deprecated: boolean,
  readOnly: boolean,
  writeOnly: boolean,
})

const BESIDE_ANY: typeof NOTES = Object.assign(Object.create(NOTES) as object, {
  $id: string,
  $comment: string,
  // where an application sets typebox's `enumerableKind`
  ...Object.fromEntries(MARKS_OF_1.map(mark => [mark, anything])),
})

const NUMBER = {
  minimum: number, maximum: number, exclusiveMinimum: number, exclusiveMaximum: number, multipleOf: whole,
}
const pattern: Test = ['a string or a regular expression', isPattern]
const STRING = {
  type: oneOf('string'),
  minLength: count,
  maxLength: count,
  pattern,
  patternProvenSafe: isTrue,
  unboundedOnPurpose: isTrue,
}
const OBJECT = { type: oneOf('object'), minProperties: count, maxProperties: count, unboundedOnPurpose: isTrue }

const KINDS: { readonly [kind: string]: { readonly [keyword: string]: Test } } = {
  Any: { unboundedOnPurpose: isTrue },
  Unknown: { unboundedOnPurpose: isTrue },
  Null: { type: oneOf('null') },
  Boolean: { type: oneOf('boolean') },
  Number: { type: oneOf('number'), ...NUMBER },
  Integer: { type: oneOf('integer'), ...NUMBER },
  String: { ...STRING, format: string, wsText: plainObject },
  TemplateLiteral: STRING,
  RegExp: { ...STRING, type: oneOf('RegExp'), source: string, flags: string },
  Literal: {
    type: oneOf('string', 'number', 'boolean'),
    const: ['a string, a finite number or a boolean', isConstant],
  },
  Enum: { enum: ['a list of strings and finite numbers', isConstantList] },
  Array: {
    type: oneOf('array'),
    items: schema,
    minItems: count,
    maxItems: count,
    uniqueItems: boolean,
    contains: schema,
    minContains: count,
    maxContains: count,
    unboundedOnPurpose: isTrue,
  },
  Tuple: { type: oneOf('array'), items: schemas, additionalItems: oneOf(false), minItems: count, maxItems: count },
  Object: {
    ...OBJECT,
    properties: plainObject,
    required: ['a list of strings', isStringList],
    additionalProperties: schemaOrBoolean,
  },
  Record: { ...OBJECT, patternProperties: plainObject, additionalProperties: oneOf(false), patternProvenSafe: isTrue },
  Union: { anyOf: schemas, type: anything },
  Intersect: { type: oneOf('object'), allOf: schemas, unevaluatedProperties: schemaOrBoolean },
  Not: { not: schema },
  Never: { not: plainObject },
  Ref: { $ref: string },
  This: { $ref: string },
  Import: { $defs: plainObject, $ref: string },
  Cyclic: { $defs: plainObject, $ref: string },
  Uint8Array: { type: oneOf('Uint8Array'), minByteLength: count, maxByteLength: count },
}

function isStringList (value: unknown): boolean {
  return Array.isArray(value) && value.every(entry => typeof entry === 'string')
}

function isConstant (value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || isNumber(value)
}

function isConstantList (value: unknown): boolean {
  return Array.isArray(value) && value.every(isConstant)
}

// typebox 1.x takes both
function isPattern (value: unknown): boolean {
  return typeof value === 'string' || value instanceof RegExp
}

/** What is wrong with the keywords of one schema, or undefined. `kind` is TypeBox's. */
export function findKeywordFault (kind: string, schema: object): string | undefined {
  const own = KINDS[kind]
  if (own === undefined) return undefined
  for (const [keyword, value] of Object.entries(schema)) {
    const test = Object.hasOwn(own, keyword) ? own[keyword] : BESIDE_ANY[keyword]
    if (test === undefined) {
      const hint = didYouMean(keyword, [...Object.keys(own), ...Object.keys(BESIDE_ANY), ...Object.keys(NOTES)])
      return `Type.${kind} has no keyword ${JSON.stringify(keyword)}${hint === '' ? '; remove it' : hint}`
    }
    if (!test[1](value)) return `keyword "${keyword}": expected ${test[0]}, got ${got(value)}`
  }
  return undefined
}

/** What is written beside a schema for people. */
export function notesOf (schema: TSchema): { readonly notes?: Notes } {
  const given = Object.entries(schema).filter(([keyword, value]) => keyword in NOTES && value !== undefined)
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
