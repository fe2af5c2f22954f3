import t from 'tap'
import { Type, type TSchema } from '@sinclair/typebox'
import { compileContract } from '../../lib/contract/compile.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import { typeRows } from '../helpers/type-rows.js'
import type { ContractSpec } from '../../types/contract.js'

// docs/contract-types.md says which type is supported; this holds it to the truth, row by row.

const short = Type.String({ maxLength: 8 })
const A = Type.Object({ a: short, b: Type.Integer() })
const good = { a: 'x', b: 1 }

/** A schema of the type, and a value it accepts. */
const EXAMPLES: { readonly [type: string]: readonly [TSchema, unknown] } = {
  Any: [Type.Any({ unboundedOnPurpose: true }), [1]],
  Unknown: [Type.Unknown({ unboundedOnPurpose: true }), { a: 1 }],
  Argument: [Type.Argument(0), 1],
  Array: [Type.Array(short, { maxItems: 2 }), ['a']],
  AsyncIterator: [Type.AsyncIterator(short), 1],
  Awaited: [Type.Awaited(Type.Promise(short)), 'a'],
  BigInt: [Type.BigInt(), 1n],
  Boolean: [Type.Boolean(), true],
  Composite: [Type.Composite([A, Type.Object({ c: short })]), { ...good, c: '' }],
  Const: [Type.Const({ a: [1, 'x'] }), { a: [1, 'x'] }],
  Constructor: [Type.Constructor([], short), 1],
  Date: [Type.Date(), new Date()],
  Enum: [Type.Enum({ Red: 'red', Two: 2 }), 2],
  Exclude: [Type.Exclude(Type.Union([Type.Literal('a'), Type.Literal('b')]), Type.Literal('a')), 'b'],
  Extract: [Type.Extract(Type.Union([Type.Literal('a'), Type.Literal('b')]), Type.Literal('a')), 'a'],
  Index: [Type.Index(A, ['b']), 1],
  KeyOf: [Type.KeyOf(A), 'a'],
  Mapped: [Type.Mapped(Type.KeyOf(A), () => Type.Null()), { a: null, b: null }],
  Function: [Type.Function([], short), 1],
  Integer: [Type.Integer(), 1],
  Intersect: [Type.Intersect([A, Type.Object({ c: short })]), { ...good, c: '' }],
  Iterator: [Type.Iterator(short), []],
  Literal: [Type.Literal('x'), 'x'],
  Module: [Type.Module({ M: Type.Object({ n: Type.Optional(Type.Ref('M')) }) }).Import('M'), { n: {} }],
  Never: [Type.Never(), 1],
  Not: [Type.Not(short), 1],
  Null: [Type.Null(), null],
  Number: [Type.Number(), 0.5],
  Object: [A, good],
  Omit: [Type.Omit(A, ['a']), { b: 1 }],
  Partial: [Type.Partial(A), {}],
  Pick: [Type.Pick(A, ['a']), { a: '' }],
  Required: [Type.Required(Type.Partial(A)), good],
  Rest: [Type.Tuple(Type.Rest(Type.Tuple([short]))), ['a']],
  Optional: [Type.Object({ a: Type.Optional(short) }), {}],
  Readonly: [Type.Object({ a: Type.Readonly(short) }), { a: '' }],
  Promise: [Type.Promise(short), 1],
  Record: [Type.Record(short, Type.Integer(), { maxProperties: 2 }), { k: 1 }],
  Recursive: [Type.Recursive(Self => Type.Object({ n: Type.Optional(Self) })), { n: { n: {} } }],
  Ref: [Type.Ref('A'), 1],
  RegExp: [Type.RegExp(/^[a-z]+$/iu, { maxLength: 8 }), 'Ab'],
  String: [short, 'x'],
  Symbol: [Type.Symbol(), Symbol('x')],
  TemplateLiteral: [Type.TemplateLiteral('a-${1|2}', { maxLength: 3 }), 'a-1'], // eslint-disable-line no-template-curly-in-string
  Transform: [Type.Transform(short).Decode(Number).Encode(String), '1'],
  Tuple: [Type.Tuple([short, Type.Null()]), ['a', null]],
  Uint8Array: [Type.Uint8Array({ maxByteLength: 4 }), new Uint8Array(4)],
  Undefined: [Type.Undefined(), undefined],
  Void: [Type.Void(), undefined],
  Union: [Type.Union([short, Type.Null()]), null],
  Unsafe: [Type.Unsafe({ type: 'string', maxLength: 3 }), 'x'],
}

const rows = typeRows('sinclair')

t.test('every row of the table', async t => {
  t.same(rows.map(row => row.type).sort(), Object.keys(EXAMPLES).sort(), 'each type has a row and an example')
  for (const { type, peer, ours } of rows) {
    const [schema, value] = EXAMPLES[type]!
    const compile = (contract: Partial<ContractSpec>): ReturnType<typeof compileContract> => compileContract({ name: 'test', url: '/', ...contract })
    if (peer === 'refused') {
      t.throws(() => compile({ inbound: { m: schema } }), { code: 'WSG_ERR_CONTRACT' }, `${type} from a peer`)
      t.throws(() => compile({ inbound: { m: Type.Object({ deep: Type.Array(schema, { maxItems: 1 }) }) } }), { code: 'WSG_ERR_CONTRACT' }, `${type} from a peer, inside`)
    } else {
      const { accept } = compile({ inbound: { m: schema } }).inbound.get('m')!
      t.same(accept(value), value, `${type} from a peer`)
      t.equal(accept(Symbol('nothing')), REFUSED)
    }
    const sent = type === 'Not' ? Type.Intersect([short, schema]) : schema
    if (ours === 'refused') t.throws(() => compile({ outbound: { m: schema } }), { code: 'WSG_ERR_CONTRACT' }, `${type}, ours`)
    else t.ok(compile({ outbound: { m: sent } }).outbound.get('m'), `${type}, ours`)
  }
  t.ok(compileContract({ name: 'test', url: '/', inbound: { m: Type.Object({ v: Type.Unsafe<'a'>(short) }) } }), 'Unsafe around a type')
})

t.test('every kind that TypeBox exports has a row', async t => {
  const builders = Object.keys(Type)
    .filter(name => /^[A-Z]/.test(name) && typeof (Type as unknown as Record<string, unknown>)[name] === 'function')
  const known = new Set([...rows.map(row => row.type),
    // these build or take apart types of the table
    'Capitalize', 'Uncapitalize', 'Lowercase', 'Uppercase', 'ConstructorParameters', 'Extends', 'InstanceType', 'Instantiate', 'Parameters', 'ReturnType', 'ReadonlyOptional',
    'Discard', 'Clone', 'Create', 'Computed', 'Strict', 'ReturnType', 'Import'])
  t.same([...new Set(builders)].filter(name => !known.has(name)), [])
  t.ok(builders.length > 40)
})
