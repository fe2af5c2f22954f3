import t from 'tap'
import fc from 'fast-check'
import { FormatRegistry, Type as Sinclair, type TSchema } from '@sinclair/typebox'
import { Type } from 'typebox'
import { Settings } from 'typebox/system'
import { compileContract } from '../../lib/contract/compile.js'
import { defineContract, html, identifier, line, text, url } from '../../lib/contract.js'
import { readModel } from '../../lib/model/model.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { CompiledContract, CompiledInbound, Schema } from '../../types/contract.js'
import { contractsOf } from '../helpers/random-contracts.js'
import { SINCLAIR, TYPEBOX_1 } from '../helpers/typebox.js'
import { typeRows } from '../helpers/type-rows.js'

// Contracts of typebox 1.x. What judges them is the same as for 0.34; these tests are of reading them.
// test/contract/property.test.ts holds both to the verdicts of their own library and of ajv.

const short = Type.String({ maxLength: 8 })
const A = Type.Object({ a: short, b: Type.Integer() })
const good = { a: 'x', b: 1 }
const B = Type.Object({ c: short })

const inbound = (schema: unknown): CompiledContract => compileContract({ name: 'test', url: '/', inbound: { m: schema as Schema } })
const outbound = (schema: unknown): CompiledContract => compileContract({ name: 'test', url: '/', outbound: { m: schema as Schema } })
const message = (schema: unknown): CompiledInbound => inbound(schema).inbound.get('m')!

/** A schema of the type, and a value it accepts. */
const EXAMPLES: { readonly [type: string]: readonly [schema: object, value?: unknown] } = {
  Any: [Type.Any({ unboundedOnPurpose: true }), [1]],
  Unknown: [Type.Unknown({ unboundedOnPurpose: true }), { a: 1 }],
  Array: [Type.Array(short, { maxItems: 2 }), ['a']],
  Boolean: [Type.Boolean(), true],
  Integer: [Type.Integer({ minimum: 1 }), 1],
  Intersect: [Type.Intersect([A, B]), { ...good, c: '' }],
  Literal: [Type.Literal('x'), 'x'],
  Null: [Type.Null(), null],
  Number: [Type.Number(), 0.5],
  Object: [A, good],
  Record: [Type.Record(Type.String(), Type.Integer(), { maxProperties: 2 }), { 'any name': 1 }],
  Tuple: [Type.Tuple([short, Type.Null()]), ['a', null]],
  Union: [Type.Union([A, B]), { c: '' }],
  String: [short, 'x'],
  TemplateLiteral: [Type.TemplateLiteral('a-${1|2}', { maxLength: 3 }), 'a-1'], // eslint-disable-line no-template-curly-in-string
  Cyclic: [Type.Cyclic({ N: Type.Object({ n: Type.Optional(Type.Ref('N')) }) }, 'N'), { n: { n: {} } }],
  Module: [Type.Module({ M: Type.Object({ n: Type.Optional(Type.Ref('M')), k: Type.Ref('K') }), K: short }).M, { n: { k: 'b' }, k: 'a' }],
  Enum: [Type.Enum(['red', 2]), 2],
  Conditional: [Type.Conditional(Type.Literal('a'), Type.String(), short, Type.Null()), 'x'],
  Evaluate: [Type.Evaluate(Type.Intersect([A, B])), { ...good, c: '' }],
  Exclude: [Type.Exclude(Type.Union([Type.Literal('a'), Type.Literal('b')]), Type.Literal('a')), 'b'],
  Extract: [Type.Extract(Type.Union([Type.Literal('a'), Type.Literal('b')]), Type.Literal('a')), 'a'],
  Index: [Type.Index(A, ['b']), 1],
  Interface: [Type.Interface([A], { c: short }), { ...good, c: '' }],
  KeyOf: [Type.KeyOf(A), 'a'],
  Mapped: [Type.Mapped(Type.Identifier('K'), Type.KeyOf(A), Type.Ref('K'), Type.Null()), { a: null, b: null }],
  NonNullable: [Type.NonNullable(Type.Union([short, Type.Null()])), 'x'],
  Omit: [Type.Omit(A, ['a']), { b: 1 }],
  Partial: [Type.Partial(A), {}],
  Pick: [Type.Pick(A, ['a']), { a: '' }],
  ReadonlyObject: [Type.ReadonlyObject(A), good],
  Required: [Type.Required(Type.Partial(A)), good],
  Script: [Type.Script('{ a: 1, b?: null }'), { a: 1 }],
  With: [Type.With(Type.String(), { maxLength: 8 }), 'x'],
  Immutable: [Type.Immutable(Type.Array(short, { maxItems: 2 })), ['a']],
  Optional: [Type.Object({ a: Type.Optional(short) }), {}],
  Readonly: [Type.Object({ a: Type.Readonly(short) }), { a: '' }],
  Never: [Type.Never()],
  Codec: [Type.Codec(short).Decode(Number).Encode(String)],
  Decode: [Type.Decode(short, Number)],
  Encode: [Type.Encode(short, String)],
  Refine: [Type.Refine(short, value => value !== 'admin')],
  BigInt: [Type.BigInt()],
  Constructor: [Type.Constructor([], short)],
  Function: [Type.Function([], short)],
  Symbol: [Type.Symbol()],
  Undefined: [Type.Undefined()],
  Void: [Type.Void()],
  Call: [Type.Call(Type.Ref('A'), [short])],
  Generic: [Type.Generic([Type.Parameter('A')], Type.Ref('A'))],
  Identifier: [Type.Identifier('A')],
  Infer: [Type.Infer('A')],
  Parameter: [Type.Parameter('A')],
  Rest: [Type.Tuple([Type.Rest(Type.Array(short))])],
  Dependent: [Type.Dependent(short, Type.Literal('a'), Type.Literal('b'))],
  Ref: [Type.Ref('A')],
  This: [Type.Object({ kids: Type.Array(Type.This(), { maxItems: 2 }) })],
  Unsafe: [Type.Unsafe<string>({ type: 'string', maxLength: 3 })],
}

const rows = typeRows('typebox 1.x')

t.test('every row of the table', async t => {
  t.same(rows.map(row => row.type).sort(), Object.keys(EXAMPLES).sort(), 'each type has a row and an example')
  for (const { type, peer, ours } of rows) {
    const [schema, value] = EXAMPLES[type]!
    if (peer === 'refused') {
      t.throws(() => inbound(schema), { code: 'WSG_ERR_CONTRACT' }, `${type} from a peer`)
      t.throws(() => inbound(Type.Object({ deep: Type.Array(schema, { maxItems: 1 }) })), { code: 'WSG_ERR_CONTRACT' }, `${type} from a peer, inside`)
    } else {
      const { accept } = message(schema)
      t.same(accept(value), value, `${type} from a peer`)
      t.equal(accept(Symbol('nothing')), REFUSED)
    }
    if (ours === 'refused') t.throws(() => outbound(schema), { code: 'WSG_ERR_CONTRACT' }, `${type}, ours`)
    else t.ok(outbound(schema), `${type}, ours`)
  }
})

t.test('every builder that typebox exports has a row', async t => {
  const builders = Object.entries(Type).filter(([name, value]) => /^(?!Is)[A-Z]/.test(name) && typeof value === 'function').map(([name]) => name)
  // these take types of the table apart
  const others = ['Capitalize', 'Uncapitalize', 'Lowercase', 'Uppercase', 'ConstructorParameters', 'InstanceType', 'Parameters', 'ReturnType', 'Instantiate',
    'Extends', 'DecodeBuilder', 'EncodeBuilder', 'ReadonlyType', 'RecordKey', 'RecordPattern', 'RecordValue']
  const known = new Set([...rows.map(row => row.type), ...others])
  t.same(builders.filter(name => !known.has(name)), [])
  t.ok(builders.length > 50)
})

t.test('a boot error names what can not be read', async t => {
  const refused: readonly [string, object, RegExp][] = [
    ['code', Type.Refine(short, () => true), /\/deep: Type\.Refine is not supported: a contract holds no code/],
    ['a codec', Type.Decode(short, Number), /\/deep: Type\.Codec is not supported/],
    ['a dependent type', Type.Dependent(short, short, Type.Null()), /\/deep: Type\.Dependent is not supported: .* write a Type\.Union/],
    ['an action that waits', Type.Partial(Type.Ref('A')), /\/deep: Type\.Deferred is not supported/],
    ['this', Type.This(), /\/deep: \$ref "#" names nothing .* Type\.Cyclic/],
    ['JSON Schema', { type: 'string' }, /\/deep: expected a TypeBox type/],
    ['unsafe JSON Schema', Type.Unsafe({ type: 'string' }), /\/deep: Type\.Unsafe is not supported/],
    ['an optional item', Type.Tuple([short, Type.Optional(short)]), /\/deep: TypeBox requires each item of a tuple/],
    ['a misspelt keyword', Type.String({ maxLenght: 8 }), /\/deep: Type\.String has no keyword "maxLenght"; did you mean "maxLength"/],
    ['no bound', Type.String(), /\/deep: a string from a peer needs \{ maxLength \}/],
    ['a BigInt as a bound', Type.Integer({ minimum: 1n }), /\/deep: keyword "minimum": expected a finite number/],
    ['an enum of nothing', Type.Enum([]), /\/deep: an enum of nothing/],
    ['a lone surrogate', Type.Enum(['\ud800']), /\/deep: a value of the enum has a lone surrogate/],
    ['a slow pattern', Type.String({ maxLength: 40, pattern: '^(a+)+$' }), /\/deep: the pattern may take super-linear time/],
    ['a slow regular expression', Type.String({ maxLength: 40, pattern: /^(a+)+$/i }), /\/deep: the pattern may take super-linear time/],
    ['a stateful regular expression', Type.String({ maxLength: 40, pattern: /^a$/g }), /\/deep: flags "g" are not supported/],
    ['an unknown format', Type.String({ maxLength: 9, format: 'plate' }), /\/deep: format "plate" is not known; call FormatRegistry\.Set/],
  ]
  for (const [name, schema, message] of refused) t.throws(() => inbound(Type.Object({ deep: schema })), { code: 'WSG_ERR_CONTRACT', message }, name)
})

t.test('schemas of the two libraries do not mix, contracts do', async t => {
  const mixed = { code: 'WSG_ERR_CONTRACT', message: /\/deep: @sinclair\/typebox and typebox 1\.x are mixed in one schema/ }
  t.throws(() => inbound(Type.Object({ deep: Type.Optional(Sinclair.String({ maxLength: 8 })) })), mixed)
  t.throws(() => inbound(Sinclair.Object({ deep: short as never })), mixed)
  t.throws(() => inbound(Type.Object({ deep: Sinclair.Optional(text({ maxLength: 8 })) })), { message: /\/deep: it is Optional and required at once/ })
  t.throws(() => inbound(Sinclair.Object({ deep: Type.Optional(text({ maxLength: 8 })) as never })), { message: /\/deep: it is Optional and required at once/ })
  const { inbound: messages } = compileContract(defineContract({
    name: 'test',
    url: '/:room',
    params: Type.Object({ room: short }),
    inbound: { older: Sinclair.Object({ a: Sinclair.String({ maxLength: 8 }) }), newer: { payload: A, roles: ['admin'] }, bytes: Sinclair.Uint8Array({ maxByteLength: 8 }) },
  }))
  t.same(messages.get('older')!.accept({ a: 'x' }), { a: 'x' })
  t.same(messages.get('newer')!.accept(good), good)
  t.equal(messages.get('newer')!.accept({ a: 'x' }), REFUSED)
  t.equal(messages.get('bytes')!.binary, true)
})

t.test('text policies stand in objects of typebox 1.x', async t => {
  const { accept } = message(Type.Object({
    text: text({ maxLength: 20, clean: true }),
    line: Type.Optional(line({ maxLength: 20 })),
    names: Type.Array(identifier({ maxLength: 8 }), { maxItems: 2 }),
    link: Type.Union([url({ maxLength: 40 }), Type.Null()]),
  }))
  const value = { text: 'hi', names: ['ann'], link: 'https://a.test/' }
  t.same(accept(value), value)
  t.same(accept({ ...value, text: ' hi\u0007 ', line: 'x', link: null }), { ...value, line: 'x', link: null }, 'cleaned')
  for (const bad of [{ line: 'a\nb' }, { names: ['a b'] }, { link: 'javascript:alert(1)' }, { text: undefined }]) t.equal(accept({ ...value, ...bad }), REFUSED, JSON.stringify(bad))
  t.throws(() => inbound(Type.Object({ deep: html({ maxLength: 8 }) })), { message: /\/deep: .*htmlAdapter/ })
  for (const properties of [Type.Pick(Type.Object({ t: text({ maxLength: 8 }) }), ['t']), Type.Partial(Type.Object({ t: text({ maxLength: 8 }) }))]) {
    t.same(message(properties).accept({ t: 'x' }), { t: 'x' })
    t.equal(message(properties).accept({ t: '\u0007' }), REFUSED)
  }
})

t.test('a pattern means what it means in 1.x and in ajv: with the u flag', async t => {
  const { accept } = message(Type.Object({ name: Type.String({ maxLength: 8, pattern: '^\\p{L}+$' }), loud: Type.String({ maxLength: 8, pattern: /^[a-z]$/i }) }))
  t.same(accept({ name: 'élan', loud: 'A' }), { name: 'élan', loud: 'A' })
  t.equal(accept({ name: 'p{L}', loud: 'A' }), REFUSED)
  t.equal(accept({ name: 'a', loud: '1' }), REFUSED)
  const named = message(Type.Record(Type.String({ pattern: '^\\p{L}$' }), Type.Integer(), { maxProperties: 2 }))
  t.same(named.accept({ é: 1 }), { é: 1 })
  t.equal(named.accept({ 1: 1 }), REFUSED)
})

t.test('recursive types of one name and different rules, hidden from JSON, are two types', async t => {
  const list = (pattern: RegExp): object => Type.Cyclic({ L: Type.Object({ v: Type.String({ maxLength: 2, pattern }), next: Type.Optional(Type.Ref('L')) }) }, 'L')
  const { accept } = message(Type.Object({ a: list(/^a$/), b: list(/^b$/) }))
  t.same(accept({ a: { v: 'a', next: { v: 'a' } }, b: { v: 'b' } }), { a: { v: 'a', next: { v: 'a' } }, b: { v: 'b' } })
  t.equal(accept({ a: { v: 'a' }, b: { v: 'a' } }), REFUSED)
  t.equal(accept({ a: { v: 'a', next: { v: 'b' } }, b: { v: 'b' } }), REFUSED)
})

t.test('kinds that an application makes visible are still no keywords', async t => {
  const before = Settings.Get().enumerableKind
  Settings.Set({ enumerableKind: true })
  t.teardown(() => Settings.Set({ enumerableKind: before }))
  const schema = Type.Object({ a: Type.Optional(Type.Readonly(Type.String({ maxLength: 8 }))), b: Type.Unsafe<'x'>(Type.Immutable(Type.Array(Type.Null(), { maxItems: 1 }))) })
  t.ok(Object.keys(schema).includes('~kind'))
  t.same(message(schema).accept({ b: [null] }), { b: [null] })
})

t.test('formats are those of the guard, and of @sinclair/typebox', async t => {
  FormatRegistry.Set('plate', value => /^[A-Z]{2}$/.test(value))
  t.teardown(() => FormatRegistry.Delete('plate'))
  const { accept } = message(Type.Object({ plate: Type.String({ maxLength: 9, format: 'plate' }), day: Type.String({ maxLength: 10, format: 'date' }) }))
  t.same(accept({ plate: 'AB', day: '2026-11-28' }), { plate: 'AB', day: '2026-11-28' })
  t.equal(accept({ plate: 'ab', day: '2026-11-28' }), REFUSED)
  t.equal(accept({ plate: 'AB', day: '2026-13-28' }), REFUSED)
})

t.test('a contract is the same contract, whichever library it is written with', async t => {
  const sample = { numRuns: 60, seed: 20261128 }
  // Optional of 0.34 copies a recursive type: it is two definitions then, and one in 1.x
  const [older, newer] = [SINCLAIR, TYPEBOX_1].map(library => fc.sample(contractsOf({ ...library, recursive: () => library.Type.Null() }), sample))
  for (const [i, { contract }] of older!.entries()) {
    t.same(readModel(newer![i]!.contract), readModel(contract), `contract ${i}: its model, and with it its fingerprint`)
  }
  const schema = (T: typeof Sinclair): TSchema => T.Object({ text: text({ maxLength: 9 }), color: T.Union([T.Literal('red'), T.Literal('blue')]) })
  const [tree, later] = [SINCLAIR, TYPEBOX_1].map(({ Type, recursive }) => Type.Object({ tree: recursive(self => Type.Object({ kids: Type.Array(self, { maxItems: 9 }) })) }))
  t.equal(inbound(tree).fingerprint, inbound(later).fingerprint, 'recursive')
  t.equal(inbound(schema(TYPEBOX_1.Type)).fingerprint, inbound(schema(Sinclair)).fingerprint)
})
