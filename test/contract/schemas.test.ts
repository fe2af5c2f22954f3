import t, { type Test } from 'tap'
import { Ajv } from 'ajv'
import { FormatRegistry, Type, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { compileContract } from '../../lib/contract/compile.js'
import { html, identifier, line, text, url } from '../../lib/contract/text/builders.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { ContractSpec } from '../../types/contract.js'
import { compileMessage, oneMessage } from '../helpers/contract.js'

// Schemas that are written in an unusual but legitimate way: they boot, and mean what TypeBox says they mean.

const short = Type.String({ maxLength: 8 })

/** `Type.Module`, whose static types are too deep for some of these. */
const moduleOf = (definitions: object): { Import: (name: string) => TSchema } => (Type.Module as (definitions: object) => never)(definitions)

/** Accepts the one, refuses the other, as TypeBox does. */
function judges (t: Test, schema: TSchema, good: readonly unknown[], bad: readonly unknown[]): void {
  const { accept } = compileMessage(schema)
  for (const value of good) {
    t.same(accept(value), value, `accepted: ${JSON.stringify(value)}`)
    t.equal(Value.Check(schema, value), true, 'TypeBox agrees')
  }
  for (const value of bad) {
    t.equal(accept(value), REFUSED, `refused: ${JSON.stringify(value)}`)
    t.equal(Value.Check(schema, value), false, 'TypeBox agrees')
  }
}

t.test('modules that use the same names: each module\'s names are its own', async t => {
  const users = moduleOf({ Page: Type.Object({ first: Type.Ref('User') }), User: Type.Object({ name: short }) })
  const posts = moduleOf({ Page: Type.Object({ first: Type.Ref('Post') }), Post: Type.Object({ title: short }) })
  const schema = Type.Object({ users: users.Import('Page'), posts: posts.Import('Page') })
  const [user, post] = [{ first: { name: 'ann' } }, { first: { title: 'hi' } }]
  judges(t, schema, [{ users: user, posts: post }], [{ users: post, posts: post }, { users: user, posts: user }, { users: post, posts: user }])
  const recursive = (value: TSchema): TSchema => moduleOf({ Node: Type.Object({ v: value, next: Type.Optional(Type.Ref('Node')) }) }).Import('Node')
  judges(t, Type.Object({ a: recursive(Type.Integer()), b: recursive(short) }),
    [{ a: { v: 1, next: { v: 2 } }, b: { v: 'x', next: { v: 'y' } } }],
    [{ a: { v: 1, next: { v: 'x' } }, b: { v: 'x' } }, { a: { v: 1 }, b: { v: 'x', next: { v: 2 } } }])
  const { encode } = compileContract({ name: 'a', url: '/', outbound: { m: schema } }).outbound.get('m')!
  t.equal(encode({ users: user, posts: post }), '{"type":"m","data":{"users":{"first":{"name":"ann"}},"posts":{"first":{"title":"hi"}}}}')
  t.throws(() => encode({ users: post, posts: post }), { code: 'WSG_ERR_OUTBOUND_INVALID' })
})

t.test('two schemas whose $ids TypeBox writes alike, or whose $id is the same, are two schemas', async t => {
  for (const [one, other] of [['---', '-45-'], ['#/#', '#47#'], ['A', 'A']] as const) {
    const schema = Type.Object({
      a: Type.Object({ x: Type.String({ maxLength: 8, pattern: '^[a-z]+$' }) }, { $id: one }),
      b: Type.Object({ x: Type.String({ maxLength: 8, pattern: '^[0-9]+$' }) }, { $id: other }),
    })
    judges(t, schema, [{ a: { x: 'ab' }, b: { x: '12' } }], [{ a: { x: 'ab' }, b: { x: 'ab' } }, { a: { x: '12' }, b: { x: '12' } }])
  }
})

t.test('an open object inside of an open object', async t => {
  const open = Type.Object({}, { additionalProperties: Type.Object({ n: Type.Integer() }, { additionalProperties: short, maxProperties: 3 }), maxProperties: 3 })
  judges(t, open, [{ a: { n: 1 } }, { a: { n: 1, x: 'y' }, b: { n: 2 } }], [{ a: { n: 1, x: 2 } }, { a: { x: 'y' } }])
})

t.test('uniqueItems: the same JSON value twice, and nothing else', async t => {
  const any = Type.Any({ unboundedOnPurpose: true })
  const { accept } = compileMessage(Type.Array(any, { maxItems: 1000, uniqueItems: true }))
  const ajv = new Ajv().compile({ type: 'array', uniqueItems: true })
  const rows: readonly unknown[][] = [
    ['慢', 'ab'], [null, 'null'], [1, '1'], [true, 'true'], [{ a: 1 }, '{"o":["a",1]}'], [{ a: 1, b: 2 }, { b: 2, a: 2 }], [[1], [2]],
    [[], {}], [0, false], [[[1], 2], [[1, 2]]], [['a,b'], ['a', 'b']], [{ a: 'b":1' }, { 'a":"b': 1 }], [{ 10: 1, 9: 2 }, { 9: 1, 10: 2 }], [[null], ['null'], []],
    [{ 10: 1, 9: 2 }, { 9: 2, 10: 1 }],
    ['a', 'a'], [null, null], [{ a: 1, b: 2 }, { b: 2, a: 1 }], [[{ x: [1] }], [{ x: [1] }]], [0, -0],
  ]
  for (const value of rows) t.equal(accept(value) !== REFUSED, ajv(value), JSON.stringify(value))
  const outbound = compileContract({ name: 'a', url: '/', outbound: { m: Type.Array(Type.Unknown(), { uniqueItems: true }) } }).outbound.get('m')!
  for (const value of rows) {
    if (ajv(value)) t.ok(outbound.encode(value), JSON.stringify(value))
    else t.throws(() => outbound.encode(value), { code: 'WSG_ERR_OUTBOUND_INVALID' }, JSON.stringify(value))
  }
  const strings = Array.from({ length: 1000 }, (_, i) => String(i).padStart(1000, 'x'))
  t.not(accept(strings), REFUSED, 'a thousand long strings')
})

t.test('mutual recursion: depth grows by the deepest definition, not by their product', async t => {
  for (const count of [4, 11]) {
    const names = Array.from({ length: count }, (_, i) => `D${i}`)
    const one = Object.fromEntries(names.map(name => [`to${name}`, Type.Optional(Type.Ref(name))]))
    const definitions = Object.fromEntries(names.map(name => [name, Type.Object({ deep: Type.Object(one), ...one })]))
    const { limits } = compileContract(oneMessage(moduleOf(definitions).Import('D0')))
    t.ok(limits.depth <= 2 + 32 * 2 + 1, `${count} definitions: ${limits.depth}`)
  }
})

t.test('an intersection of unions that multiplies is refused with its place', async t => {
  const nested = (depth: number, names: string): TSchema => {
    const inner = depth === 0 ? Type.Null() : Type.Object({ in: nested(depth - 1, names) })
    const union = (name: string): TSchema => Type.Union([0, 1, 2, 3].map(i => Type.Object({ [name + i]: inner })))
    return Type.Intersect([...names].map(union))
  }
  t.throws(() => compileContract(oneMessage(Type.Object({ v: nested(4, 'abc') }))),
    { code: 'WSG_ERR_CONTRACT', message: /inbound "m", \/v\/.*more than 10000 parts/ })
  t.throws(() => compileContract(oneMessage(Type.Object({ v: nested(0, 'abcd') }))), { code: 'WSG_ERR_CONTRACT', message: /more than 64 combinations/ })
  t.ok(compileMessage(Type.Object({ v: nested(4, 'aaa') })), 'what is the same three times is there once')
  const [a, b] = [0, 1].map(i => Type.Union([Type.Object({ [`a${i}`]: Type.Null() }), Type.Object({ [`b${i}`]: Type.Null() })]))
  judges(t, Type.Intersect([a!, b!]), [{ a0: null, b1: null }], [{ a0: null }])
})

t.test('unions without a tag that multiply in each other are refused; those that a property tells apart are not', async t => {
  const nested = (depth: number): TSchema => depth === 0
    ? Type.Object({ z: Type.Null() })
    : Type.Union([Type.Object({ a: nested(depth - 1), b: Type.Null() }), Type.Object({ a: nested(depth - 1), c: Type.Null() })])
  const tagged = (depth: number): TSchema => depth === 0
    ? Type.Object({ z: Type.Null() })
    : Type.Union(['b', 'c'].map(kind => Type.Object({ a: tagged(depth - 1), kind: Type.Literal(kind) })))
  t.ok(compileMessage(nested(5)))
  t.throws(() => compileContract(oneMessage(nested(6))), { code: 'WSG_ERR_CONTRACT', message: /tried with 64 variants of unions without a tag; expected 32 at most; .*Type\.Literal/ })
  t.ok(compileMessage(tagged(8)))
  const flat = (count: number): TSchema => Type.Union(Array.from({ length: count }, (_, i) => Type.Object({ [`k${i}`]: Type.Null() })))
  t.ok(compileMessage(flat(32)))
  t.throws(() => compileContract(oneMessage(flat(33))), { code: 'WSG_ERR_CONTRACT', message: /tried with 33 variants/ })
})

t.test('equal spellings boot: what is declared twice, rich text, any JSON', async t => {
  judges(t, Type.Composite([Type.Object({ a: short }), Type.Object({ a: short, b: Type.Null() })]), [{ a: 'x', b: null }], [{ a: 'x' }, { a: 1, b: null }])
  judges(t, Type.Intersect([Type.Integer({ minimum: 2 }), Type.Number({ maximum: 9 })]), [2, 9], [1, 10, 2.5, 'x'])
  judges(t, Type.Intersect([Type.String({ maxLength: 9, pattern: '^a' }), Type.String({ maxLength: 3, minLength: 2 })]), ['ab', 'abc'], ['a', 'abcd', 'xb'])
  const rich = Type.Recursive(Self => Type.Union([
    Type.Object({ type: Type.Literal('bold'), of: Type.Array(Self, { maxItems: 4 }) }),
    Type.Object({ of: Type.Array(Self, { maxItems: 4 }), type: Type.Literal('link'), href: short }),
    Type.Object({ text: short }),
  ]))
  judges(t, rich,
    [{ text: 'x' }, { type: 'bold', of: [{ text: 'x' }, { type: 'link', href: 'y', of: [] }] }],
    [{ type: 'bold', of: [{ type: 'link', of: [] }] }, { type: 'bold' }, {}, { of: [] }])
  const json = Type.Recursive(Self => Type.Union([
    Type.Null(), Type.Boolean(), Type.Number(), short, Type.Array(Self, { maxItems: 4 }), Type.Record(Type.String(), Self, { maxProperties: 4 }),
  ]))
  judges(t, json, [null, 1, 'x', [1, ['x', { a: [null] }]], { a: { b: [{}] } }], ['too long for it', [1, 2, 3, 4, 5], { a: 'too long for it' }])
  const twice = Type.Recursive(Self => Type.Union([Type.Object({ a: Type.Array(Self, { maxItems: 1 }) }), Type.Object({ b: Type.Array(Self, { maxItems: 1 }) })]))
  t.throws(() => compileContract(oneMessage(twice)), { code: 'WSG_ERR_CONTRACT', message: /can not be told apart/ }, 'but not two that nothing tells apart')
})

t.test('what nothing fits does not boot', async t => {
  const rows: readonly [string, TSchema, RegExp][] = [
    ['a range between two integers', Type.Integer({ minimum: 0.2, maximum: 0.8 }), /no integer is within/],
    ['an exclusive range of one', Type.Number({ exclusiveMinimum: 1, maximum: 1 }), /no number is within/],
    ['a step that has no number', Type.Integer({ multipleOf: 10, minimum: 1, maximum: 9 }), /no integer is within/],
    ['more than there are', Type.Array(Type.Boolean(), { minItems: 3, maxItems: 5, uniqueItems: true }), /minItems 3 is above the 2 different items/],
    ['more properties than declared', Type.Object({ a: short }, { minProperties: 2 }), /minProperties 2 is above the 1/],
    ['fewer than required', Type.Object({ a: short, b: short }, { maxProperties: 1 }), /maxProperties 1 is below the 2/],
    ['recursion without an end', Type.Recursive(Self => Type.Object({ next: Self })), /nothing fits this schema/],
    ['a tuple of another length', { ...Type.Tuple([short]), maxItems: 2 }, /a tuple has as many items/],
    ['contradicting constants', Type.Intersect([Type.Literal('a'), Type.Literal('b')]), /nothing fits all parts/],
    ['contradicting constants of a property', Type.Intersect([Type.Object({ a: Type.Literal(1) }), Type.Object({ a: Type.Literal(2) })]), /nothing fits all parts/],
    ['contradicting lists', Type.Intersect([Type.Union([Type.Literal('a'), Type.Literal('b')]), Type.Union([Type.Literal('c'), Type.Literal('d')])]), /nothing fits all parts/],
    ['contradicting scalars', Type.Intersect([Type.Integer({ maximum: 1 }), Type.Integer({ minimum: 2 })]), /nothing fits all parts/],
  ]
  for (const [name, schema, message] of rows) t.throws(() => compileContract(oneMessage(schema)), { code: 'WSG_ERR_CONTRACT', message }, name)
  t.ok(compileMessage(Type.Integer({ multipleOf: 10, minimum: 1, maximum: 10 })))
  judges(t, Type.Intersect([Type.Union([Type.Literal('a'), Type.Literal('b')]), Type.Union([Type.Literal('b'), Type.Literal('c')])]), ['b'], ['a', 'c'])
  const told = (name: string): TSchema => Type.Union(['x', 'y'].map(kind => Type.Object({ kind: Type.Literal(kind), [name + kind]: Type.Null() })))
  judges(t, Type.Intersect([told('a'), told('b')]), [{ kind: 'x', ax: null, bx: null }, { kind: 'y', ay: null, by: null }], [{ kind: 'x', ax: null, by: null }, { kind: 'x', ax: null }])
  judges(t, Type.Intersect([Type.Object({ a: Type.Optional(Type.Literal(1)) }), Type.Object({ a: Type.Optional(Type.Literal(2)) })]), [{}], [{ a: 1 }, { a: 2 }])
  t.ok(compileMessage(Type.Recursive(Self => Type.Object({ next: Type.Optional(Self) }))))
})

t.test('unknownProperties: drop keeps the variant that keeps most, and leaves room for what is dropped', async t => {
  const user = Type.Union([Type.Object({ id: Type.Integer() }), Type.Object({ id: Type.Integer(), name: short })])
  const { accept } = compileMessage(user, {}, { unknownProperties: 'drop' })
  t.same([{ id: 1 }, { id: 1, name: 'x' }, { id: 1, name: 'x', y: 1 }, { id: 1, name: 5 }].map(value => accept(value)), [{ id: 1 }, { id: 1, name: 'x' }, { id: 1, name: 'x' }, { id: 1 }])
  const inside = compileMessage(Type.Array(Type.Union([Type.Array(Type.Object({ id: Type.Integer() }), { maxItems: 2 }), Type.Array(user, { maxItems: 2 })]), { maxItems: 2 }), {}, { unknownProperties: 'drop' })
  t.same(inside.accept([[{ id: 1, name: 'x' }]]), [[{ id: 1, name: 'x' }]], 'in lists too')
  const any = Type.Any({ unboundedOnPurpose: true })
  const loose = compileMessage(Type.Union([Type.Object({ id: Type.Integer() }), Type.Object({ of: any }), any]), {}, { unknownProperties: 'drop' })
  t.same([{ id: 1 }, { id: 1, of: { a: [{ b: 1 }] } }].map(value => loose.accept(value)), [{ id: 1 }, { id: 1, of: { a: [{ b: 1 }] } }], 'what is in Any counts as well')
  const thread = (depth: number): TSchema => depth === 0 ? user : Type.Union([Type.Object({ a: thread(depth - 1) }), Type.Object({ a: thread(depth - 1), b: Type.Optional(short) })])
  const deep = compileMessage(thread(3), {}, { unknownProperties: 'drop' })
  t.same(deep.accept({ a: { a: { a: { id: 1, name: 'x', y: 1 }, b: 'z' } }, b: 'w' }), { a: { a: { a: { id: 1, name: 'x' }, b: 'z' } }, b: 'w' }, 'and at each level')
  const { outbound } = compileContract({ name: 'a', url: '/', outbound: { m: user } })
  t.equal(outbound.get('m')!.encode({ id: 1, name: 'x', y: 1 }), '{"type":"m","data":{"id":1,"name":"x"}}', 'ours as well')
  t.equal(compileContract(oneMessage(user, { unknownProperties: 'drop' })).limits.maxPayload, 65_536)
  t.equal(compileContract(oneMessage(user)).limits.maxPayload, 1024)
})

t.test('additionalProperties: true is Type.Any, and says so on purpose', async t => {
  t.throws(() => compileContract(oneMessage(Type.Object({}, { additionalProperties: true, maxProperties: 3 }))), { code: 'WSG_ERR_CONTRACT', message: /takes whatever a peer sends/ })
  t.ok(compileMessage(Type.Object({}, { additionalProperties: true, maxProperties: 3, unboundedOnPurpose: true })))
  t.ok(compileMessage(Type.Object({}, { additionalProperties: short, maxProperties: 3 })))
})

t.test('the names of a record can not have a text policy: Type.Record would forget it', async t => {
  for (const key of [identifier({ maxLength: 8 }), line({ maxLength: 8 }), text({ maxLength: 8 }), url({ maxLength: 8 })]) {
    const schema = Type.Record(key, short, { maxProperties: 3 })
    t.throws(() => compileContract(oneMessage(Type.Object({ a: schema }))), { code: 'WSG_ERR_CONTRACT', message: /inbound "m", \/a: Type.Record does not keep the text policy of its names; write Type.Record\(Type.String\(\{ pattern/ })
  }
  judges(t, Type.Record(Type.String({ pattern: '^[a-z]{1,8}$' }), short, { maxProperties: 3, additionalProperties: false }), [{ ab: 'x' }], [{ Ab: 'x' }])
  t.ok(compileMessage(Type.Object({ a: identifier({ maxLength: 8 }), b: Type.Optional(identifier({ maxLength: 8 })) })), 'of a property it can')
})

t.test('a keyword that is there without a value is refused: a renamed import is no check', async t => {
  const missing = undefined as never
  for (const schema of [Type.String({ maxLength: 8, pattern: missing }), Type.Integer({ minimum: missing }), Type.String({ maxLength: 8, format: missing })]) {
    t.throws(() => compileContract(oneMessage(schema)), { code: 'WSG_ERR_CONTRACT', message: /keyword "\w+": expected .*, got undefined/ })
  }
})

t.test('text policies hold for what leaves', async t => {
  const adapters = { htmlAdapter: (dirty: string) => dirty.replaceAll(/<script>.*?<\/script>/g, '') }
  const contract = (schema: TSchema): ContractSpec => ({
    name: 'a', url: '/', outbound: { m: Type.Object({ v: schema }) }, calls: { c: { request: Type.Null(), reply: schema, errors: { e: schema } } },
  })
  const rows: readonly [string, TSchema, good: string, bad: string][] = [
    ['text', text({ maxLength: 20 }), 'hi', 'a\u202eb'],
    ['line', line({ maxLength: 20 }), 'hi', 'a\nb'],
    ['identifier', identifier({ maxLength: 20 }), 'ann', 'a b'],
    ['url', url({ maxLength: 40 }), 'https://a.example/', 'javascript:alert(1)'],
    ['in a union', Type.Union([Type.Null(), text({ maxLength: 20 })]), 'hi', 'a\u202eb'],
  ]
  for (const [name, schema, good, bad] of rows) {
    const { outbound, inbound } = compileContract(contract(schema))
    const call = inbound.get('c')!
    t.equal(outbound.get('m')!.encode({ v: good }), `{"type":"m","data":{"v":"${good}"}}`, name)
    for (const write of [() => outbound.get('m')!.encode({ v: bad }), () => call.encodeReply!('1', bad), () => call.errors!.get('e')!(bad)]) {
      t.throws(write, { code: 'WSG_ERR_OUTBOUND_INVALID', message: /policy/ }, `${name}: strict refuses`)
    }
  }
  const clean = compileContract(contract(line({ maxLength: 20, clean: true }))).outbound.get('m')!
  t.equal(clean.encode({ v: '  a\nb\u202e ' }), '{"type":"m","data":{"v":"a b"}}', 'clean cleans')
  t.throws(() => clean.encode({ v: 'x'.repeat(90) }), { code: 'WSG_ERR_OUTBOUND_INVALID' })
  const rich = compileContract(contract(html({ maxLength: 99 })), adapters).outbound.get('m')!
  t.equal(rich.encode({ v: 'a<script>x</script>b' }), '{"type":"m","data":{"v":"ab"}}', 'the adapter is really called')
})

t.test('explain asks no text policy a second time, and a variant only for its first issue', async t => {
  let asked = 0
  const adapters = { htmlAdapter: (dirty: string) => { asked++; if (dirty.includes('!')) throw new Error('no'); return dirty } }
  const rich = html({ maxLength: 99 })
  const { accept, explain } = compileMessage(Type.Object({ list: Type.Array(rich, { maxItems: 9 }), u: Type.Optional(Type.Union([Type.Null(), rich])) }), adapters)
  t.equal(accept({ list: ['a', 'b!', 'c'] }), REFUSED)
  const before = asked
  t.same(explain({ list: ['a', 'b!', 'c'] }), [{ path: '/list/1', message: 'expected text without forbidden characters' }])
  t.equal(accept({ list: [], u: 'x!' }), REFUSED)
  t.same(explain({ list: [], u: 'x!' }), [{ path: '/u', message: 'expected one of the declared forms' }])
  t.equal(asked, before + 1, 'only accept has asked')
})

t.test('a union of many tags is looked up once, by what TypeBox is asked as well', async t => {
  let asked = 0
  FormatRegistry.Set('count-me', () => { asked++; return true })
  t.teardown(() => { FormatRegistry.Delete('count-me') })
  const reads = (count: number): number => {
    const union = Type.Union(Array.from({ length: count }, (_, i) => Type.Object({ kind: Type.Literal(`k${i}`), v: Type.String({ maxLength: 4, format: 'count-me' }) })))
    const { accept } = compileMessage(Type.Array(union, { maxItems: 9 }))
    const before = asked
    t.not(accept([{ kind: `k${count - 1}`, v: 'x' }]), REFUSED)
    return asked - before
  }
  t.same([2, 8, 9, 100].map(reads), [1, 1, 1, 1])
})
