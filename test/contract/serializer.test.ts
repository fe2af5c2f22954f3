import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { FormatRegistry, Kind, OptionalKind, Type, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { compileSerializer, type Serializer } from '../../lib/contract/outbound/serializer.js'
import { line } from '../../lib/contract/text/builders.js'
import { readSchema } from '../../lib/contract/tree/read.js'

const WHERE = 'contract "chat", outbound "said"'
const INVALID = { code: 'WSG_ERR_OUTBOUND_INVALID' }
const BOOT = { code: 'WSG_ERR_CONTRACT' }

/** As an outbound message has it. */
function serializer (schema: TSchema, where = WHERE): Serializer {
  return compileSerializer(readSchema(schema, { where, direction: 'outbound' }))
}

/** [schema, value, text], or a text that the message of the refusal holds. */
type Row = readonly [name: string, schema: TSchema, value: unknown, text: string | { readonly refused: RegExp }]

function run (t: Test, rows: readonly Row[]): void {
  for (const [name, schema, value, expected] of rows) {
    if (typeof expected === 'string') t.equal(serializer(schema)(value), expected, name)
    else t.throws(() => serializer(schema)(value), { ...INVALID, message: expected.refused }, name)
  }
}

const User = Type.Object({ id: Type.Integer(), name: Type.String() })
const secret = { passwordHash: 'hunter2', token: 'x' }
const user = { id: 1, name: 'Ann', ...secret }

t.test('G13: only declared properties leave, in declared order, at every level', async t => {
  run(t, [
    ['spread at the root', User, { ...secret, name: 'Ann', id: 1 }, '{"id":1,"name":"Ann"}'],
    ['nested', Type.Object({ user: User, at: Type.Integer() }), { at: 1, user, ...secret }, '{"user":{"id":1,"name":"Ann"},"at":1}'],
    ['in arrays', Type.Array(User), [user, user], '[{"id":1,"name":"Ann"},{"id":1,"name":"Ann"}]'],
    ['in tuples', Type.Tuple([User, Type.Null()]), [user, null], '[{"id":1,"name":"Ann"},null]'],
    ['in records', Type.Record(Type.String(), User), { a: user }, '{"a":{"id":1,"name":"Ann"}}'],
    ['in unions', Type.Union([Type.Null(), User]), user, '{"id":1,"name":"Ann"}'],
    ['by the first variant that matches', Type.Union([Type.Object({ id: Type.String() }), User]), user, '{"id":1,"name":"Ann"}'],
    ['by the tag', Type.Union([Type.Object({ kind: Type.Literal('a'), a: Type.Integer() }), Type.Object({ kind: Type.Literal('b'), b: Type.Integer() })]),
      { kind: 'b', a: 1, b: 2 }, '{"kind":"b","b":2}'],
    ['in intersections', Type.Intersect([User, Type.Object({ role: Type.String() })]), { ...user, role: 'x' }, '{"id":1,"name":"Ann","role":"x"}'],
    ['in recursion', Type.Recursive(This => Type.Object({ id: Type.Integer(), next: Type.Optional(This) })), { ...user, next: user }, '{"id":1,"next":{"id":1}}'],
    ['in optional parts', Type.Object({ user: Type.Optional(User) }), { user, ...secret }, '{"user":{"id":1,"name":"Ann"}}'],
    ['additionalProperties: true names nothing', Type.Object({ id: Type.Integer() }, { additionalProperties: true }), user, '{"id":1}'],
    ['additionalProperties: false refuses nothing here', Type.Object({ id: Type.Integer() }, { additionalProperties: false }), user, '{"id":1}'],
    ['a schema for additional properties declares them', Type.Object({ id: Type.Integer() }, { additionalProperties: Type.String() }), { x: 'y', id: 1 }, '{"id":1,"x":"y"}'],
    ['record keys that do not match the pattern', Type.Record(Type.String({ pattern: '^a' }), Type.Integer()), { ab: 1, b: 2 }, '{"ab":1}'],
    ['no toJSON of a declared object', User, { ...user, toJSON: () => secret }, '{"id":1,"name":"Ann"}'],
    ['a class with getters', User, new (class { get id () { return 1 } get name () { return 'Ann' } get passwordHash () { return 'x' } })(), '{"id":1,"name":"Ann"}'],
  ])
})

t.test('H03: what can not be written is refused whole', async t => {
  const cycle: Record<string, unknown> = { id: 1 }
  cycle.next = cycle
  const loop: unknown[] = []
  loop.push(loop)
  const boom = new Error('boom')
  const Node = Type.Recursive(This => Type.Object({ id: Type.Integer(), next: Type.Optional(This) }))
  run(t, [
    ['getter', User, { id: 1, get name () { throw boom } }, { refused: /outbound "said": \/name is expected to be a string, came a getter that threw/ }],
    ['getter in an array', Type.Array(User), [user, { id: 1, get name () { throw boom } }], { refused: /\/1\/name/ }],
    ['cycle', Node, cycle, { refused: /without end/ }],
    ['cycle in Unknown', Type.Object({ x: Type.Unknown() }), { x: loop }, { refused: /\/x is expected to be a value that JSON can hold/ }],
    ['BigInt', User, { id: 1n, name: 'x' }, { refused: /\/id is expected to be an integer, came a bigint/ }],
    ['BigInt in Unknown', Type.Unknown(), { a: 1n }, { refused: /a value that JSON can hold/ }],
    ['toJSON that throws in Unknown', Type.Unknown(), { toJSON () { throw boom } }, { refused: /a value that JSON can hold/ }],
    ['a function in Any', Type.Any(), () => 1, { refused: /came a function/ }],
    ['proxy that throws', User, new Proxy({}, { get () { throw boom } }), { refused: /\/id/ }],
    ['revoked proxy', User, (() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })(), { refused: /threw/ }],
    ['Unknown that holds JSON', Type.Unknown(), { a: [1, new Date(0)] }, '{"a":[1,"1970-01-01T00:00:00.000Z"]}'],
    ['a getter that does not throw', User, { id: 1, get name () { return 'x' } }, '{"id":1,"name":"x"}'],
  ])
  try {
    serializer(User)({ id: 1, get name () { throw boom } })
    t.ok(false, 'expected a refusal')
  } catch (error) {
    t.equal((error as Error).cause, boom, 'the cause is kept')
  }
})

t.test('each property is read once: what was checked is what leaves', async t => {
  let reads = 0
  const text = serializer(Type.Object({ name: Type.String({ maxLength: 5 }) }))({
    get name () { return reads++ === 0 ? 'short' : 'much too long' },
  })
  t.equal(text, '{"name":"short"}')
  t.equal(reads, 1)
})

t.test('limits', async t => {
  FormatRegistry.Set('test-even', value => value.length % 2 === 0)
  FormatRegistry.Set('date-time', value => !Number.isNaN(Date.parse(value)))
  t.teardown(() => { FormatRegistry.Delete('test-even'); FormatRegistry.Delete('date-time') })
  const at = Type.Object({ at: Type.String({ format: 'date-time' }) })
  const o = Type.Object({ a: Type.Optional(Type.Integer()), b: Type.Optional(Type.Integer()), c: Type.Integer(), d: Type.Optional(Type.Integer()) })
  const counted = Type.Object({ a: Type.Optional(Type.Integer()), b: Type.Optional(Type.Integer()) }, { minProperties: 1, maxProperties: 1 })
  run(t, [
    ['minLength', Type.String({ minLength: 2 }), 'ab', '"ab"'],
    ['minLength', Type.String({ minLength: 2 }), 'a', { refused: /the value is expected to be a string \(at least 2 characters\), came a string of 1 characters/ }],
    ['maxLength', Type.String({ maxLength: 2 }), 'ab', '"ab"'],
    ['maxLength', Type.String({ maxLength: 2 }), 'abc', { refused: /at most 2/ }],
    ['pattern', Type.String({ pattern: '^a+$' }), 'aa', '"aa"'],
    ['pattern', Type.String({ pattern: '^a+$' }), 'ab', { refused: /matching/ }],
    ['template literal', Type.TemplateLiteral('room-${0|1}'), 'room-1', '"room-1"'], // eslint-disable-line no-template-curly-in-string
    ['template literal', Type.TemplateLiteral('room-${0|1}'), 'room-2', { refused: /matching/ }], // eslint-disable-line no-template-curly-in-string
    ['format', Type.String({ format: 'test-even' }), 'ab', '"ab"'],
    ['format', Type.String({ format: 'test-even' }), 'a', { refused: /format test-even/ }],
    ['date-time', at, { at: new Date(0).toISOString() }, '{"at":"1970-01-01T00:00:00.000Z"}'],
    ['date-time', at, { at: new Date(0) }, { refused: /\/at is expected to be a string .*toISOString\(\)\), came a Date/ }],
    ['text policy', line({ maxLength: 9 }), 'a😀', '"a😀"'],
    ['text policy: lone surrogate', line({ maxLength: 9 }), 'a\ud800', { refused: /well-formed/ }],
    ['lone surrogate elsewhere is escaped', Type.String(), 'a\ud800', '"a\\ud800"'],
    ['controls, quotes and backslashes', Type.String(), '"\\\n\u0000', '"\\"\\\\\\n\\u0000"'],
    ['the same in a long string', Type.String(), `${'x'.repeat(40)}"\n`, `"${'x'.repeat(40)}\\"\\n"`],
    ['U+2028 is JSON', Type.String(), '\u2028', '"\u2028"'],
    ['a String object', Type.String(), Object('x'), { refused: /came an object/ }],
    ['number', Type.Number(), -1.5e300, '-1.5e+300'],
    ['-0', Type.Number(), -0, '0'],
    ['NaN', Type.Number(), NaN, { refused: /a finite number, came NaN/ }],
    ['Infinity', Type.Object({ n: Type.Number() }), { n: Infinity }, { refused: /\/n is expected to be a finite number, came Infinity/ }],
    ['integer', Type.Integer(), 1.5, { refused: /an integer/ }],
    ['minimum', Type.Number({ minimum: -1 }), -1, '-1'],
    ['minimum', Type.Number({ minimum: -1 }), -2, { refused: />= -1/ }],
    ['maximum', Type.Number({ maximum: 1 }), 2, { refused: /<= 1/ }],
    ['exclusiveMinimum', Type.Number({ exclusiveMinimum: 1 }), 1, { refused: /> 1/ }],
    ['exclusiveMaximum', Type.Number({ exclusiveMaximum: 1 }), 1, { refused: /< 1/ }],
    ['multipleOf', Type.Integer({ multipleOf: 5 }), 10, '10'],
    ['multipleOf', Type.Integer({ multipleOf: 5 }), 11, { refused: /multiple of 5/ }],
    ['boolean', Type.Array(Type.Boolean()), [true, false], '[true,false]'],
    ['boolean', Type.Boolean(), 1, { refused: /a boolean, came another number/ }],
    ['null', Type.Null(), null, 'null'],
    ['null', Type.Null(), undefined, { refused: /null, came nothing/ }],
    ['never', Type.Never(), 1, { refused: /nothing at all/ }],
    ['literal', Type.Literal('a"b'), 'a"b', '"a\\"b"'],
    ['literal', Type.Literal('a'), 'b', { refused: /expected to be "a"/ }],
    ['enum', Type.Enum({ A: 'a', B: 2 }), 2, '2'],
    ['enum', Type.Enum({ A: 'a', B: 2 }), 'A', { refused: /one of "a", 2/ }],
    ['enum of strings', Type.Union([Type.Literal('a'), Type.Literal('b')]), 'b', '"b"'],
    ['many strings', Type.Union([...'abcdefghij'].map(c => Type.Literal(c))), 'j', '"j"'],
    ['many strings', Type.Union([...'abcdefghij'].map(c => Type.Literal(c))), 'k', { refused: /one of/ }],
    ['minItems', Type.Array(Type.Null(), { minItems: 1 }), [], { refused: /at least 1/ }],
    ['maxItems', Type.Array(Type.Null(), { maxItems: 1 }), [null], '[null]'],
    ['maxItems', Type.Array(Type.Null(), { maxItems: 1 }), [null, null], { refused: /at most 1/ }],
    ['uniqueItems', Type.Array(User, { uniqueItems: true }), [user, { ...user, id: 2 }], '[{"id":1,"name":"Ann"},{"id":2,"name":"Ann"}]'],
    ['uniqueItems', Type.Array(User, { uniqueItems: true }), [user, { ...user }], { refused: /without duplicates/ }],
    ['contains', Type.Array(Type.Integer(), { contains: Type.Literal(1), maxContains: 1 }), [1, 2], '[1,2]'],
    ['contains', Type.Array(Type.Integer(), { contains: Type.Literal(1) }), [2], { refused: /contains/ }],
    ['maxContains', Type.Array(Type.Integer(), { contains: Type.Literal(1), maxContains: 1 }), [1, 1], { refused: /contains/ }],
    ['holes', Type.Array(Type.Integer()), [1, , 2], { refused: /\/1 is expected to be an integer, came nothing/ }], // eslint-disable-line no-sparse-arrays
    ['tuple', Type.Tuple([Type.Integer(), Type.String()]), [1, 'a'], '[1,"a"]'],
    ['empty tuple', Type.Tuple([]), [], '[]'],
    ['tuple length', Type.Tuple([Type.Integer()]), [1, 2], { refused: /exactly 1/ }],
    ['tuple item', Type.Tuple([Type.Integer(), Type.String()]), [1, 2], { refused: /\/1 is/ }],
    ['object', User, [], { refused: /an object, came an array of 0/ }],
    ['object', User, null, { refused: /an object, came null/ }],
    ['required', User, { id: 1 }, { refused: /\/name is expected to be a string, came nothing/ }],
    ['optional, none', o, { c: 1 }, '{"c":1}'],
    ['optional, all', o, { d: 4, c: 3, b: 2, a: 1 }, '{"a":1,"b":2,"c":3,"d":4}'],
    ['optional, undefined', o, { a: undefined, b: 2, c: 3 }, '{"b":2,"c":3}'],
    ['optional, wrong', o, { c: 3, d: 'x' }, { refused: /\/d/ }],
    ['optional, null', o, { c: 3, d: null }, { refused: /\/d/ }],
    ['empty object', Type.Object({}), user, '{}'],
    ['properties, counted', counted, { b: 1 }, '{"b":1}'],
    ['minProperties', counted, { x: 1 }, { refused: /at least 1 properties/ }],
    ['maxProperties', counted, { a: 1, b: 1 }, { refused: /at most 1 properties/ }],
    ['record value', Type.Record(Type.String(), Type.Integer()), { a: 'x' }, { refused: /\/a is expected to be an integer/ }],
    ['record, undefined', Type.Record(Type.String(), Type.Integer()), { a: undefined, b: 1 }, '{"b":1}'],
    ['record of a Map', Type.Record(Type.String(), Type.Integer()), new Map(), { refused: /an object/ }],
    ['record, __proto__', Type.Record(Type.String(), Type.Integer()), JSON.parse('{"__proto__":1,"a":2}'), '{"a":2}'],
    ['record, odd keys', Type.Record(Type.String(), Type.Integer()), { 'a"b\n': 1 }, '{"a\\"b\\n":1}'],
    ['record of any key', Type.Record(Type.String(), Type.Integer()), { 'a\n': 1, '': 2 }, '{"a\\n":1,"":2}'],
    ['record, inherited', Type.Record(Type.String(), Type.Integer()), Object.create({ a: 1 }), '{}'],
    ['pointer is escaped', Type.Object({ 'a/b~c': Type.String() }), {}, { refused: /\/a~1b~0c/ }],
    ['no control characters from keys', Type.Record(Type.String(), Type.Integer()), { 'a\n\u202eb': 'x' }, { refused: /\/a\?\?b is/ }],
    ['union', Type.Union([Type.String(), Type.Array(Type.Integer())]), [1], '[1]'],
    ['union', Type.Union([Type.String(), Type.Array(Type.Integer())]), true, { refused: /one of: a string; an array/ }],
    ['union, deeper', Type.Union([Type.Null(), User]), { id: 1 }, { refused: /\/name/ }],
    ['unknown tag', Type.Union([Type.Object({ k: Type.Literal('a') }), Type.Object({ k: Type.Literal('b') })]), { k: 'c' }, { refused: /\/k is expected to be one of "a", "b"/ }],
    ['tag and null', Type.Union([Type.Object({ k: Type.Literal('a') }), Type.Null(), Type.Object({ k: Type.Literal('b') })]), { k: 'b' }, '{"k":"b"}'],
  ])
})

t.test('intersections, modules and recursion', async t => {
  const Tree = Type.Recursive(This => Type.Object({ v: Type.Integer(), kids: Type.Array(This) }))
  const module = Type.Module({
    A: Type.Object({ b: Type.Optional(Type.Ref('B')), n: Type.Integer() }),
    B: Type.Object({ a: Type.Optional(Type.Ref('A')), s: Type.String() }),
  })
  const Base = Type.Object({ at: Type.Integer() })
  const counted = (minProperties: number, maxProperties: number) =>
    Type.Partial(Type.Object({ a: Type.Integer(), b: Type.Integer(), c: Type.Integer(), d: Type.Integer() }), { minProperties, maxProperties })
  const Either = Type.Union([Type.Object({ kind: Type.Literal('x'), x: Type.Integer() }), Type.Object({ kind: Type.Literal('y'), y: Type.Integer() })])
  run(t, [
    ['tree', Tree, { v: 1, kids: [{ v: 2, kids: [], w: 3 }] }, '{"v":1,"kids":[{"v":2,"kids":[]}]}'],
    ['tree', Tree, { v: 1, kids: [{ v: 2 }] }, { refused: /\/kids\/0\/kids is expected to be an array, came nothing/ }],
    ['module', module.Import('A'), { n: 1, b: { s: 'x', a: { n: 2, z: 1 } } }, '{"b":{"a":{"n":2},"s":"x"},"n":1}'],
    ['module', module.Import('A'), { n: 1, b: { s: 1 } }, { refused: /\/b\/s/ }],
    ['object and union', Type.Intersect([Base, Either]), { y: 2, kind: 'y', at: 1, x: 3 }, '{"at":1,"kind":"y","y":2}'],
    ['object and union', Type.Intersect([Base, Either]), { kind: 'y', at: 1, x: 3 }, { refused: /\/y/ }],
    ['the same name twice', Type.Intersect([Type.Object({ n: Type.Integer({ minimum: 1 }) }), Type.Object({ n: Type.Number({ maximum: 5 }) })]), { n: 3 }, '{"n":3}'],
    ['the same name twice', Type.Intersect([Type.Object({ n: Type.Integer({ minimum: 1 }) }), Type.Object({ n: Type.Number({ maximum: 5 }) })]), { n: 6 }, { refused: /\/n .*<= 5/ }],
    ['counts are narrowed', Type.Intersect([counted(1, 3), counted(2, 4)]), { a: 1, b: 1, c: 1 }, '{"a":1,"b":1,"c":1}'],
    ['counts are narrowed', Type.Intersect([counted(1, 3), counted(2, 4)]), { a: 1, b: 1, c: 1, d: 1 }, { refused: /at most 3/ }],
    ['counts are narrowed', Type.Intersect([counted(1, 3), counted(2, 4)]), { a: 1 }, { refused: /at least 2/ }],
    ['one count of two', Type.Intersect([counted(1, 3), Type.Object({})]), { a: 1, b: 1, c: 1, d: 1 }, { refused: /at most 3/ }],
    ['scalar and Not', Type.Intersect([Type.String(), Type.Not(Type.Literal('no'))]), 'yes', '"yes"'],
    ['Not and scalar', Type.Intersect([Type.Not(Type.Literal('no')), Type.String()]), 'no', { refused: /anything but "no"/ }],
    ['Unknown and object', Type.Intersect([Type.Unknown(), Base]), { at: 1, z: 1 }, '{"at":1}'],
  ])
})

t.test('schemas that have no JSON form are refused at boot', async t => {
  const rows: readonly [string, TSchema, RegExp][] = [
    ['Transform', Type.Object({ at: Type.Transform(Type.String()).Decode(v => v).Encode(v => v) }), /said", \/at: Type.Transform is not supported/],
    ['Date', Type.Array(Type.Date()), /\/\*: Type.Date is not supported: JSON has no dates/],
    ['BigInt', Type.BigInt(), /said": Type.BigInt is not supported/],
    ['Uint8Array', Type.Object({ a: Type.Uint8Array() }), /\/a: JSON has no bytes/],
    ['Symbol', Type.Symbol(), /Symbol/],
    ['Function', Type.Function([], Type.Null()), /Function/],
    ['Promise', Type.Promise(Type.Null()), /Promise/],
    ['Undefined', Type.Undefined(), /Undefined/],
    ['Union with Undefined', Type.Object({ a: Type.Union([Type.String(), Type.Undefined()]) }), /Type.Optional/],
    ['Void', Type.Void(), /Void/],
    ['Unsafe', Type.Unsafe({ type: 'string' }), /Unsafe/],
    ['Not', Type.Object({ a: Type.Intersect([Type.Not(Type.String()), Type.Not(Type.Null())]) }), /Not alone/],
    ['Ref without a module', Type.Ref('Missing'), /"Missing" names nothing/],
    ['no kind', { type: 'string' } as unknown as TSchema, /expected a TypeBox type/],
    ['unknown format', Type.String({ format: 'no-such-format' }), /format "no-such-format" is not known/],
    ['a limit that is no number', Type.Number({ minimum: '1' as unknown as number }), /"minimum": expected a finite number, got "1"/],
    ['two records', Type.Intersect([Type.Record(Type.String(), Type.Integer()), Type.Record(Type.String(), Type.String())]), /open object or record/],
    ['object and record', Type.Intersect([Type.Object({}), Type.Record(Type.String(), Type.Integer())]), /open object or record/],
    ['arrays', Type.Intersect([Type.Array(Type.Integer()), Type.Array(Type.Number())]), /Intersect takes/],
    ['a broken pattern', Type.String({ pattern: '(' }), /not a regular expression/],
    ['a stateful pattern', Type.Array(Type.RegExp(/a/g)), /keep state/],
    ['an inherited name', Type.Object({ constructor: Type.Optional(Type.Unknown()) }), /every object inherits it/],
  ]
  for (const [name, schema, message] of rows) {
    t.throws(() => serializer(schema), { ...BOOT, message }, name)
  }
})

// ---- properties -------------------------------------------------------------------------------------------------

/** A schema and values for it, with undeclared properties strewn in. */
interface Sample { readonly schema: TSchema, readonly value: fc.Arbitrary<unknown> }

const text = fc.string({ unit: 'binary', maxLength: 30 })
const name = fc.constantFrom('a', 'b', 'c', 'a"b', '\u2028', 'construct', 'x y', '${a}', '1', 'then') // eslint-disable-line no-template-curly-in-string
const scalars = fc.constantFrom<Sample>(
  { schema: Type.String(), value: text },
  { schema: Type.Integer(), value: fc.integer() },
  { schema: Type.Number({ minimum: -100 }), value: fc.double({ noNaN: true, noDefaultInfinity: true, min: -100 }) },
  { schema: Type.Boolean(), value: fc.boolean() },
  { schema: Type.Null(), value: fc.constant(null) },
  { schema: Type.Literal('it"s'), value: fc.constant('it"s') },
  { schema: Type.Union([Type.Literal('x'), Type.Literal(7)]), value: fc.constantFrom('x', 7) },
  { schema: Type.Unknown(), value: fc.jsonValue({ maxDepth: 1 }) }
)
const { sample } = fc.letrec<{ sample: Sample }>(tie => ({
  sample: fc.oneof({ depthSize: 'small', withCrossShrink: true },
    scalars,
    tie('sample').map(item => ({ schema: Type.Array(item.schema), value: fc.array(item.value, { maxLength: 4 }) })),
    tie('sample').map(item => ({ schema: Type.Record(Type.String(), item.schema), value: fc.dictionary(fc.string({ maxLength: 5 }).filter(key => key !== '__proto__'), item.value, { maxKeys: 3 }) })),
    fc.array(tie('sample'), { maxLength: 3 }).map(items => ({ schema: Type.Tuple(items.map(item => item.schema)), value: fc.tuple(...items.map(item => item.value)) })),
    fc.array(tie('sample'), { minLength: 2, maxLength: 3 }).map(items => ({ schema: Type.Union(items.map(item => item.schema)), value: fc.oneof(...items.map(item => item.value)) })),
    fc.dictionary(name, fc.tuple(tie('sample'), fc.boolean()), { maxKeys: 5, noNullPrototype: true }).map(properties => {
      const entries = Object.entries(properties)
      const shape = Object.fromEntries(entries.map(([key, [item, optional]]) => [key, optional ? Type.Optional(item.schema) : item.schema]))
      const model = Object.fromEntries(entries.map(([key, [item]]) => [key, item.value]))
      const requiredKeys = entries.filter(([, [, optional]]) => !optional).map(([key]) => key)
      const declared = fc.record(model, { requiredKeys: requiredKeys as never, noNullPrototype: true })
      return { schema: Type.Object(shape), value: fc.tuple(declared, fc.dictionary(fc.constantFrom('secret', 'zz'), fc.integer(), { noNullPrototype: true })).map(([a, b]) => ({ ...b, ...a })) }
    })
  ),
}))

/** The same idea, written as simply as possible: what `value` is once only declared properties are left. */
function project (schema: TSchema, value: unknown): unknown {
  if (schema[Kind] === 'Array') return (value as unknown[]).map(item => project(schema.items, item))
  if (schema[Kind] === 'Tuple') return (value as unknown[]).map((item, index) => project(schema.items[index], item))
  if (schema[Kind] === 'Union') {
    const kept = (schema.anyOf as TSchema[]).filter(variant => accepts(variant, value)).map(variant => project(variant, value))
    return kept.sort((a, b) => JSON.stringify(b).length - JSON.stringify(a).length)[0]
  }
  if (schema[Kind] === 'Record') return Object.fromEntries(Object.entries(value as object).map(([key, item]) => [key, project(Object.values(schema.patternProperties as object)[0], item)]))
  if (schema[Kind] !== 'Object') return JSON.parse(JSON.stringify(value))
  const own = Object.entries(schema.properties as Record<string, TSchema>).filter(([key]) => Object.hasOwn(value as object, key))
  return Object.fromEntries(own.map(([key, property]) => [key, project(property, (value as Record<string, unknown>)[key])]))
}

/** Value.Check, with inherited names counted as absent. */
function accepts (schema: TSchema, value: unknown): boolean {
  if (schema[Kind] === 'Array') return Array.isArray(value) && value.every(item => accepts(schema.items, item))
  if (schema[Kind] === 'Tuple') return Array.isArray(value) && value.length === (schema.items ?? []).length && value.every((item, index) => accepts(schema.items[index], item))
  if (schema[Kind] === 'Union') return (schema.anyOf as TSchema[]).some(variant => accepts(variant, value))
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  if (schema[Kind] === 'Record') return isObject && Object.values(value).every(item => accepts(Object.values(schema.patternProperties as object)[0], item))
  if (schema[Kind] !== 'Object') return Value.Check(schema, value)
  return isObject && Object.entries(schema.properties as Record<string, TSchema>).every(([key, property]) =>
    Object.hasOwn(value, key) ? accepts(property, (value as Record<string, unknown>)[key]) : property[OptionalKind] === 'Optional')
}

t.test('property: the parsed text is the projection of the value', async t => {
  const check = () => fc.assert(fc.property(sample.chain(({ schema, value }) => fc.tuple(fc.constant(schema), value)), ([schema, value]) => {
    return JSON.stringify(JSON.parse(serializer(schema)(value))) === JSON.stringify(project(schema, value))
  }), { numRuns: 1500 })
  t.same(check(), undefined)
})

t.test('property: any value is accepted exactly when the schema accepts it', async t => {
  let refused = 0
  fc.assert(fc.property(sample, sample.chain(({ value }) => value), ({ schema }, value) => {
    let text: string | null = null
    try {
      text = serializer(schema)(value)
    } catch (error) {
      if ((error as { code?: string }).code !== INVALID.code) throw error
      refused++
    }
    return (text !== null) === accepts(schema, value)
  }), { numRuns: 1500 })
  t.ok(refused > 100, 'a fair share was refused')
})

t.test('strings of every length and kind are written as JSON.stringify writes them', async t => {
  const write = serializer(Type.String())
  const check = () => fc.assert(fc.property(fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ maxLength: 40 }), fc.array(fc.nat(0xffff), { maxLength: 40 }).map(units => String.fromCharCode(...units))),
    value => write(value) === JSON.stringify(value)), { numRuns: 2000 })
  t.same(check(), undefined)
})

// ---- injection --------------------------------------------------------------------------------------------------

interface InjectionCase { readonly id: string, readonly kw: string, readonly schema: Record<string, unknown>, readonly data: unknown }

/** The TypeBox schema that says what a JSON schema of the corpus says; throws where there is none. */
function typeBoxOf (schema: Record<string, unknown>): TSchema {
  const { type, properties, items, required, enum: values, const: constant, patternProperties, anyOf, oneOf, allOf, ...rest } = schema
  const options = Object.fromEntries(Object.entries(rest).filter(([, value]) => typeof value !== 'object'))
  const children = (map: unknown) => Object.fromEntries(Object.entries(map as object).map(([key, child]) => [key, typeBoxOf(child)]))
  if (constant !== undefined) return Type.Literal(constant as string)
  if (Array.isArray(values)) return Type.Union(values.map(value => Type.Literal(value as string)))
  if (Array.isArray(anyOf ?? oneOf)) return Type.Union(((anyOf ?? oneOf) as Record<string, unknown>[]).map(typeBoxOf))
  if (Array.isArray(allOf)) return Type.Intersect(allOf.map(typeBoxOf))
  if (patternProperties !== undefined) return { ...Type.Record(Type.String(), Type.String()), patternProperties: children(patternProperties) } as TSchema
  if (properties !== undefined || type === 'object') {
    const shape = Type.Object(children(properties ?? {}), options)
    return { ...shape, required: required ?? [] } as TSchema
  }
  if (type === 'array') return Type.Array(items === undefined ? Type.Unknown() : typeBoxOf(items as Record<string, unknown>), options)
  if (type === 'number' || type === 'integer') return Type.Number(options)
  if (type === 'string' || schema.pattern !== undefined || schema.format !== undefined) return Type.String(options)
  if (schema.$ref !== undefined) return Type.Module({ [String(schema.$ref)]: Type.String(), Root: Type.Object({ r: Type.Ref(String(schema.$ref)) }) }).Import('Root')
  return Type.Unsafe(schema)
}

t.test('no fragment of a schema becomes code', async t => {
  const { cases } = JSON.parse(readFileSync(`${process.cwd()}/test/corpus/schema-injection.json`, 'utf8')) as { cases: InjectionCase[] }
  const canary = globalThis as { __pwned?: unknown }
  t.teardown(() => { delete canary.__pwned })
  let compiled = 0
  let written = 0
  for (const { id, schema, data } of cases) {
    const evil = id
    let write: Serializer
    try {
      write = serializer(Type.Object({ data: typeBoxOf(schema) }), evil)
    } catch (error) {
      t.ok(['WSG_ERR_CONTRACT'].includes((error as { code: string }).code), `${id} is refused by a code`)
      continue
    }
    compiled++
    for (const value of [data, 'x', 1, [data], { x: data }, null]) {
      try {
        JSON.parse(write({ data: value }))
        written++
      } catch (error) {
        t.equal((error as { code?: string }).code, INVALID.code, `${id}: ${(error as Error).message}`)
      }
    }
    t.equal(canary.__pwned, undefined, id)
  }
  t.ok(compiled > 100, `${compiled} compiled`)
  t.ok(written > 50, `${written} texts written`)
})
