import t from 'tap'
import { FormatRegistry, Kind, Type, type TSchema } from '@sinclair/typebox'
import { compileContract } from '../../lib/contract/compile.js'
import { defineContract, identifier, text } from '../../lib/contract.js'
import type { ContractSpec } from '../../types/contract.js'
import { compileMessage, oneMessage } from '../helpers/contract.js'

const refuses = (t: { throws: typeof import('tap').throws }, schema: unknown, message: RegExp, name: string): void => {
  t.throws(() => compileContract(oneMessage(schema as TSchema)), { code: 'WSG_ERR_CONTRACT', message }, name)
}
const short = Type.String({ maxLength: 8 })
/** A schema as a careless helper could build it: TypeBox's own builders overwrite some keywords. */
const loose = (kind: string, schema: object): TSchema => ({ [Kind]: kind, ...schema }) as unknown as TSchema

t.test('F18: typos in schemas fail at boot', async t => {
  const typos: [string, unknown, RegExp][] = [
    ['no kind', { type: 'strng' }, /expected a TypeBox type/],
    ['type', loose('String', { type: 'strng', maxLength: 1 }), /"type": expected "string", got "strng"/],
    ['unknown format', Type.String({ format: 'e-mial', maxLength: 9 }), /format "e-mial" is not known; .*; did you mean "email"\?/],
    ['maxLength of the wrong type', Type.String({ maxLength: '1' as never }), /"maxLength": expected a whole number, 0 or more, got "1"/],
    ['additionalProperties of the wrong type', Type.Object({}, { additionalProperties: 'false' as never }), /"additionalProperties": expected true, false or a schema, got "false"/],
    ['misspelt keyword', Type.String({ maxLenght: 3 }), /did you mean "maxLength"/],
    ['keyword of another kind', Type.Number({ maxLength: 3 }), /Type.Number has no keyword "maxLength"/],
    ['negative length', Type.String({ maxLength: -1 }), /"maxLength": expected a whole number, 0 or more, got -1/],
    ['fractional length', Type.Array(short, { maxItems: 1.5 }), /"maxItems": expected a whole number, 0 or more, got 1.5/],
    ['minimum of the wrong type', Type.Integer({ minimum: '0' as never }), /"minimum": expected a finite number, got "0"/],
    ['infinite maximum', Type.Number({ maximum: Infinity }), /"maximum": expected a finite number, got Infinity/],
    ['uniqueItems of the wrong type', Type.Array(short, { maxItems: 2, uniqueItems: 'true' as never }), /"uniqueItems": expected true or false, got "true"/],
    ['required of the wrong type', loose('Object', { properties: { a: short }, required: 'a' }), /"required": expected a list of strings, got "a"/],
    ['pattern that is none', Type.String({ maxLength: 3, pattern: '(' }), /not a regular expression/],
    ['pattern that is longer', Type.String({ maxLength: 5, pattern: '^[0-9]{6}$' }), /no text fits: the pattern needs 6 characters, and maxLength is 5/],
    ['policy whose pattern is longer', identifier({ maxLength: 3, pattern: 'a?bc(?:de|fgh)' }), /no text fits: the pattern needs 4 characters/],
    ['fractional multipleOf', Type.Number({ multipleOf: 0.1 }), /"multipleOf": expected a whole number above 0, got 0.1/],
    ['nothing', undefined, /expected a TypeBox type|expected a value or no such key/],
    ['empty range', Type.Integer({ minimum: 5, maximum: 4 }), /no integer is within/],
    ['empty length', Type.String({ minLength: 5, maxLength: 4 }), /minLength 5 is above maxLength 4/],
    ['opt-out that says no', Type.String({ unboundedOnPurpose: false }), /"unboundedOnPurpose": expected true, got false/],
  ]
  for (const [name, schema, message] of typos) {
    refuses(t, schema, message, name)
    if (schema !== undefined) refuses(t, Type.Object({ deep: Type.Array(schema as TSchema, { maxItems: 1 }) }), message, `${name}, inside`)
  }
  t.ok(compileMessage(Type.Object({ a: Type.String({ maxLength: 3, title: 'A', description: 'b', default: 'c', examples: ['d'] }) })), 'annotations are fine')
})

t.test('F15: names that every object inherits', async t => {
  for (const name of [...Object.getOwnPropertyNames(Object.prototype), 'prototype']) {
    refuses(t, Type.Object(Object.defineProperty({}, name, { value: short, enumerable: true })), /can not be the name of a property/, `property ${name}`)
    refuses(t, loose('Object', { properties: { a: short }, required: ['a', name] }), /can not be the name of a property/, `required ${name}`)
    for (const table of ['inbound', 'outbound', 'calls']) {
      const entry = table === 'calls' ? { request: Type.Object({}), reply: Type.Null() } : Type.Object({})
      const contract = { name: 'test', url: '/', [table]: Object.defineProperty({}, name, { value: entry, enumerable: true }) }
      t.throws(() => compileContract(contract as ContractSpec), { code: 'WSG_ERR_CONTRACT', message: /can not be a message type/ }, `${table} ${name}`)
    }
  }
  refuses(t, loose('Object', { properties: { a: short }, required: ['a', 'b'] }), /required names "b"/, 'required without a property')
  t.ok(compileMessage(Type.Object({ proto: short, construct: short })), 'other names are fine')
})

t.test('F02, F03: what a peer sends is bounded, or says on purpose that it is not', async t => {
  const needs: [string, (more: object) => TSchema, RegExp][] = [
    ['string', more => Type.String(more), /needs \{ maxLength \}/],
    ['array', more => Type.Array(short, more), /needs \{ maxItems \}/],
    ['record', more => Type.Record(short, short, more), /maxProperties/],
    ['open object', more => Type.Object({}, { additionalProperties: true, ...more }), /maxProperties/],
    ['typed open object', more => Type.Object({}, { additionalProperties: short, ...more }), /maxProperties/],
    ['any', more => Type.Any(more), /takes whatever a peer sends/],
    ['unknown', more => Type.Unknown(more), /takes whatever a peer sends/],
    ['template literal', more => Type.TemplateLiteral('room-${string}', more), /needs \{ maxLength \}/], // eslint-disable-line no-template-curly-in-string
  ]
  for (const [name, schema, message] of needs) {
    refuses(t, Type.Object({ a: schema({}) }), message, name)
    const compiled = compileContract(oneMessage(Type.Object({ a: schema({ unboundedOnPurpose: true, ...(name === 'template literal' ? { patternProvenSafe: true } : {}) }) })))
    t.equal(compiled.limits.maxPayload, 65536, `${name}, on purpose: limited by maxPayload only`)
    const outbound = { name: 'test', url: '/', outbound: { o: Type.Object({ a: schema({}) }) } }
    t.ok(compileContract(outbound), `${name}: ours to send without a bound`)
  }
  refuses(t, Type.Object({ a: Type.Array(short, { maxItems: 1025, uniqueItems: true }) }), /uniqueItems needs/, 'F24: many unique items')
  t.ok(compileMessage(Type.Object({ a: Type.Array(short, { maxItems: 1024, uniqueItems: true }) })))
})

t.test('formats', async t => {
  t.ok(compileMessage(Type.Object({ a: Type.String({ maxLength: 40, format: 'uuid' }) })), 'built in')
  FormatRegistry.Set('shout', value => value === value.toUpperCase())
  const { accept } = compileMessage(Type.Object({ a: Type.String({ maxLength: 40, format: 'shout' }) }))
  t.same(accept({ a: 'HEY' }), { a: 'HEY' })
  t.equal(typeof accept({ a: 'hey' }), 'symbol')
})

t.test('messages say where, what and what to write', async t => {
  const contract = { name: 'chat', url: '/', inbound: { say: Type.Object({ list: Type.Array(Type.Object({ 'a/b': Type.String() }), { maxItems: 3 }) }) } }
  t.throws(() => compileContract(contract), { message: 'contract "chat", inbound "say", /list/*/a~1b: a string from a peer needs { maxLength }, or { unboundedOnPurpose: true } to be limited by maxPayload only' })
})

t.test('the contract itself', async t => {
  const fails = (spec: object, message: RegExp): void => {
    t.throws(() => compileContract({ name: 'test', url: '/', ...spec } as ContractSpec), { code: 'WSG_ERR_CONTRACT', message }, String(message))
  }
  const payload = Type.Object({})
  fails({ inbonud: {} }, /did you mean "inbound"/)
  fails({ name: 'a b' }, /contract "a b".name: expected 1-64 characters .*, got "a b"/)
  fails({ name: undefined }, /contract.name: expected a value or no such key, got undefined/)
  t.throws(() => compileContract({ url: '/' } as never), { code: 'WSG_ERR_CONTRACT', message: /contract.name: expected 1-64 characters .*, got nothing/ })
  fails({ url: 'x' }, /contract "test".url: expected a path that begins with "\/"/)
  fails({ inbound: [] }, /contract "test".inbound: expected an object, got an array of 0/)
  fails({ inbound: { a: { payload, cost: 0 } } }, /inbound "a".cost: expected a number above 0, got 0/)
  fails({ inbound: { a: { payload, roles: 'admin' } } }, /roles: expected a list of role names/)
  fails({ inbound: { a: { payload, roles: [] } } }, /roles: expected a list of role names/)
  fails({ inbound: { a: { payload, deadline: 0 } } }, /deadline: expected milliseconds/)
  fails({ inbound: { a: { payload, unknownProperties: 'strip' } } }, /unknownProperties: expected "refuse" or "drop"/)
  fails({ inbound: { a: { payload, role: ['x'] } } }, /did you mean "roles"/)
  fails({ inbound: { a: { paylod: payload } } }, /expected a TypeBox type, or \{ payload, … \}, got an object with paylod; did you mean "payload"/)
  fails({ inbound: { a: { type: 'object', properties: {} } } }, /got an object with type, properties; write Type\.Object\(\{ … \}\) of TypeBox, plain JSON Schema is not checked$/)
  fails({ inbound: { $a: payload } }, /"\$"/)
  fails({ inbound: { then: payload } }, /can not be a message type/)
  fails({ inbound: { '': payload } }, /1-64 characters/)
  fails({ inbound: { 'a\nb': payload } }, /without controls/)
  fails({ inbound: { a: payload }, calls: { a: { request: payload, reply: payload } } }, /both an inbound message and a call/)
  fails({ calls: { a: { request: payload } } }, /call "a".reply: expected a TypeBox type, got nothing/)
  fails({ calls: { a: { request: payload, reply: payload, errors: { internal: payload } } } }, /error code of the protocol/)
  fails({ calls: { a: { request: payload, reply: payload, errors: { toString: payload } } } }, /can not be an error code/)
  fails({ params: Type.Array(Type.String({ maxLength: 3 }), { maxItems: 3 }) }, /params: expected a Type.Object/)
  fails({ envelope: { type: 'x', id: 'x' } }, /different names/)
  fails({ envelope: { type: 'error' } }, /key of errors/)
  fails({ envelope: { data: '__proto__' } }, /every object inherits it/)
  fails({ envelope: { tpye: 'x' } }, /did you mean "type"/)
  fails({ envelope: { data: null }, inbound: { a: Type.Array(payload, { maxItems: 1 }) } }, /must be a Type.Object/)
  fails({ envelope: { data: null }, inbound: { a: Type.Object({ type: Type.Null() }) } }, /has a key "type" of its own; rename the property, or the envelope's key: envelope: \{ type: "event", data: null \}/)
  fails({ envelope: { data: null }, outbound: { a: Type.Object({ type: Type.Null() }) } }, /has a key "type" of its own/)
  fails({ envelope: { data: null }, calls: { a: { request: Type.Object({ id: Type.Null() }), reply: payload } } }, /has a key "id" of its own/)
  // a reply is told by its id, and a failure by its error: nobody's message may pass for one
  for (const direction of ['inbound', 'outbound']) {
    fails({ envelope: { data: null }, [direction]: { a: Type.Object({ id: Type.Null() }) } }, /has a key "id" of its own; rename the property, or the envelope's key: envelope: \{ id: "ref", data: null \}/)
    fails({ envelope: { data: null, id: 'ref' }, [direction]: { a: Type.Object({ ref: Type.Null() }) } }, /has a key "ref" of its own/)
    fails({ envelope: { data: null }, [direction]: { a: Type.Union([payload, Type.Object({ id: Type.Optional(Type.Null()) })]) } }, /has a key "id" of its own/)
  }
  fails({ envelope: { data: null }, outbound: { a: Type.Object({ error: Type.Null() }) } }, /has a key "error" of its own; rename the property$/)
  t.ok(compileContract({
    name: 'test',
    url: '/',
    envelope: { data: null, id: 'ref' },
    inbound: { a: Type.Object({ id: Type.Null(), error: Type.Null() }) },
    outbound: { b: Type.Object({ id: Type.Null() }) },
    calls: { c: { request: Type.Object({ id: Type.Null() }), reply: Type.Object({ id: Type.Null(), ref: Type.Null(), error: Type.Null() }) } },
  }), 'with another name for the key, inbound errors, and in replies, which are not flat')
  const names = Type.Record(Type.String(), Type.String(), { maxProperties: 3 })
  const bounded = Type.String({ maxLength: 3 })
  for (const open of [names, Type.Object({ a: Type.String() }, { additionalProperties: Type.String() }), Type.Union([Type.Object({ a: Type.String() }), names])]) {
    fails({ envelope: { data: null }, outbound: { a: open } }, /could be the flat envelope's "type"/)
  }
  fails({ envelope: { data: null }, inbound: { a: Type.Record(bounded, bounded, { maxProperties: 3 }) } }, /could be the flat envelope's "type"/)
  for (const name of ['id', 'error']) {
    fails({ envelope: { data: null }, outbound: { a: Type.Record(Type.String({ pattern: `^${name}$` }), Type.String()) } }, new RegExp(`could be the flat envelope's "${name}"; put the record into a property`))
  }
  const numbered = Type.Record(Type.String({ pattern: '^n[0-9]+$' }), Type.String())
  t.ok(compileContract({ name: 'test', url: '/', envelope: { data: null }, outbound: { a: numbered, b: Type.Object({ names }) } }), 'names that are none of the envelope\'s')
  fails({ envelope: { data: null, id: 'data' } }, /a reply of a flat contract has its data there/)
  fails({ envelope: { data: null, type: 'data' } }, /a reply of a flat contract has its data there/)
  fails({ inbound: { a: Type.Uint8Array() } }, /maxByteLength/)
  fails({ inbound: { a: Type.Uint8Array({ maxByteLength: 1 }), b: Type.Uint8Array({ maxByteLength: 1 }) } }, /one binary inbound message/)
  t.throws(() => compileContract(null as never), { code: 'WSG_ERR_CONTRACT' })
  t.ok(compileContract({ name: 'empty', url: '/' }), 'a contract may be empty')
})

t.test('what can be spelt but not checked', async t => {
  const a = Type.Object({ a: short }, { additionalProperties: false })
  refuses(t, Type.Intersect([a, Type.Object({ b: short })]), /unevaluatedProperties: false on the Type.Intersect/, 'closed part')
  refuses(t, Type.Intersect([Type.Object({ a: short }), Type.Union([Type.Object({ b: short }), Type.Object({ c: short })])], { unevaluatedProperties: false }), /leave it out/, 'closed intersection with a union')
  refuses(t, Type.Intersect([Type.Object({ 'a+': short }), Type.Object({ b: short })], { unevaluatedProperties: false }), /can not be named "a\+"/, 'names that TypeBox does not escape')
  refuses(t, Type.Intersect([Type.Object({ a: short }), Type.Object({ a: Type.Integer() })]), /declare this property differently/, 'contradiction')
  refuses(t, Type.Intersect([short, Type.Integer()]), /declare this property differently/, 'contradiction of scalars')
  refuses(t, Type.Intersect([Type.Array(short, { maxItems: 1 }), Type.Array(short, { maxItems: 2 })]), /takes objects/, 'intersection of arrays')
  refuses(t, Type.Object({ a: Type.Ref('Nobody') }), /names nothing in this schema/, 'dangling reference')
  refuses(t, Type.Module({ User: Type.Object({}), Page: Type.Object({ by: Type.Ref('Usr') }) }).Import('Page'), /"Usr" names nothing .*; did you mean "User"\?/, 'a misspelt one')
  refuses(t, Type.Recursive(Self => Type.Union([Type.Null(), Self])), /contains itself with no object or array/, 'bare recursion')
  refuses(t, Type.Recursive(Self => Type.Union([
    Type.Object({ next: Self, a: Type.Integer() }), Type.Object({ next: Self, b: Type.Integer() }), Type.Null(),
  ])), /can not be told apart/, 'exponential union')
  refuses(t, Type.Object({ 'a\nb': short }), /control character/, 'control character in a name')
  refuses(t, Type.RegExp(/a/g, { maxLength: 3 }), /keep state/, 'stateful flags')
  refuses(t, Type.String({ maxLength: 3, pattern: '^\\p{L}$' }), /without the "u" flag/, 'unicode without u')
  const cyclic = { [Kind]: 'Array', type: 'array', maxItems: 1 } as unknown as { items: unknown }
  cyclic.items = cyclic
  refuses(t, cyclic, /object cycle/, 'a cycle of objects')
  const doubling = (levels: number): TSchema => Type.Module(Object.fromEntries(Array.from({ length: levels }, (_, i) => [
    `L${i}`, i === 0 ? Type.Object({ n: Type.Integer() }) : Type.Object({ a: Type.Ref(`L${i - 1}`), b: Type.Ref(`L${i - 1}`) }),
  ]))).Import(`L${levels - 1}` as never)
  refuses(t, doubling(60), /more than 10000 parts/, 'a few definitions that multiply')
  t.ok(compileMessage(doubling(6)))
})

t.test('defineContract', async t => {
  const shared = Type.Object({ text: text({ maxLength: 5 }) })
  const spec = { name: 'a', url: '/', inbound: { say: shared } }
  const contract = defineContract(spec)
  t.equal(contract as unknown, spec, 'returns what it was given')
  t.throws(() => { (contract as { name: string }).name = 'b' }, TypeError, 'frozen')
  t.throws(() => { (shared.properties.text as { maxLength: number }).maxLength = 9 }, TypeError, 'deeply')
  t.ok(compileContract(defineContract({ name: 'b', url: '/b', inbound: { shout: shared } })), 'schemas can be shared')
})
