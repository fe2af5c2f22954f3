import t from 'tap'
import { type TSchema, Type } from '@sinclair/typebox'
import { readModel } from '../../lib/model/model.js'
import { html, identifier, text } from '../../lib/contract.js'
import type { ContractSpec } from '../../types/contract.js'
import type { ContractModel, DefinitionModel } from '../../types/model.js'

// That the model does not depend on the order of declarations, and is plain JSON, is tested in accepts.test.ts.

const model = (part: Partial<ContractSpec>): ContractModel => readModel({ name: 'chat', url: '/chat', ...part })
const typesOf = ({ types }: ContractModel): { [name: string]: DefinitionModel } => Object.fromEntries(types.map(({ name, type }) => [name, type]))
/** Types of a contract with one outbound message, `out`. */
const outbound = (schema: TSchema): { [name: string]: DefinitionModel } => typesOf(model({ outbound: { out: schema } }))

t.test('messages, calls, rules and limits', async t => {
  const read = model({
    name: 'chat.v2',
    description: 'Talk.',
    params: Type.Object({}),
    query: Type.Object({ since: Type.Optional(Type.Integer()) }),
    envelope: { type: 'event' },
    inbound: {
      say: { payload: Type.Object({ n: Type.Integer() }), roles: ['b', 'a'], cost: 2, deadline: 5, unknownProperties: 'drop', description: 'Says.' },
      blob: Type.Uint8Array({ maxByteLength: 9 }),
    },
    outbound: { said: { payload: Type.Null(), description: 'Was said.' } },
    calls: { ask: { request: Type.Any({ unboundedOnPurpose: true }), reply: Type.Boolean(), errors: { no: Type.Null(), 'b-c': Type.Null() } } },
  })
  const { types, closeCodes, errorCodes, fingerprint, limits, ...rest } = read
  t.same(rest, {
    model: 1,
    name: 'chat.v2',
    typeName: 'ChatV2',
    url: '/chat',
    description: 'Talk.',
    envelope: { type: 'event', data: 'data', id: 'id' },
    params: 'ChatV2Params',
    query: 'ChatV2Query',
    inbound: [
      { type: 'blob', payload: 'Blob', binary: true, roles: [], cost: 1, unknownProperties: 'refuse', maxBytes: 9 },
      {
        type: 'say',
        payload: 'Say',
        binary: false,
        description: 'Says.',
        roles: ['a', 'b'],
        cost: 2,
        deadline: 5,
        unknownProperties: 'drop',
      },
    ],
    outbound: [{ type: 'said', payload: 'Said', binary: false, description: 'Was said.' }],
    calls: [{
      type: 'ask',
      request: 'AskRequest',
      reply: 'AskReply',
      errors: [{ code: 'b-c', data: 'AskBC' }, { code: 'no', data: 'AskNo' }],
      roles: [],
      cost: 1,
      unknownProperties: 'refuse',
    }],
  })
  t.match(fingerprint, /^cf-[0-9a-f]{16}$/)
  t.equal(limits.maxPayload, 65_536)
  t.ok(model({ inbound: { say: Type.String({ maxLength: 100 }) } }).inbound[0]!.maxBytes! > 600, 'six bytes a character, and the envelope')
  t.same(types.map(type => type.name), [...types.map(type => type.name)].sort())
  t.same(closeCodes.find(({ code }) => code === 4401), { code: 4401, name: 'unauthenticated', retryable: false })
  t.ok(errorCodes.includes('rate_limited'))
})

t.test('what an application adds', async t => {
  const route = { public: true, rate: 1, burst: 2, handlerTimeout: 3 }
  const read = readModel({ name: 'chat', url: '/chat' }, { url: '/v1/chat', route })
  t.equal(read.url, '/v1/chat')
  t.same(read.route, route)
  t.notOk('route' in model({}))
})

t.test('scalars with their limits; what is not limited has no member', async t => {
  const types = typesOf(model({
    inbound: {
      all: Type.Object({
        id: identifier({ maxLength: 9, pattern: '[a-z]+' }),
        n: Type.Number({ minimum: 0, maximum: 1 }),
        i: Type.Integer({ exclusiveMinimum: 1, exclusiveMaximum: 9, multipleOf: 2 }),
        bare: Type.Number(),
        e: Type.String({ maxLength: 9, minLength: 1, format: 'email' }),
        p: Type.String({ maxLength: 9, pattern: '^a$' }),
        r: Type.RegExp(/^b$/iu, { maxLength: 9 }),
        h: html({ maxLength: 9 }),
        t: text({ maxLength: 9, clean: true, maxGraphemes: 3 }),
        v: Type.Union([Type.Literal('a'), Type.Null(), Type.Literal(1)]),
      }),
    },
  }))
  const all = types['All']!
  const properties = Object.fromEntries(all.kind === 'object' ? all.properties.map(({ name, type }) => [name, type]) : [])
  t.match(properties['id'], { kind: 'string', minLength: 1, maxLength: 9, text: { policy: 'identifier', clean: false, pattern: '[a-z]+' } })
  t.same(properties['n'], { kind: 'number', integer: false, minimum: 0, maximum: 1 })
  t.same(properties['i'], { kind: 'number', integer: true, exclusiveMinimum: 1, exclusiveMaximum: 9, multipleOf: 2 })
  t.same(properties['bare'], { kind: 'number', integer: false })
  t.same(properties['e'], { kind: 'string', minLength: 1, maxLength: 9, format: 'email' })
  t.same(properties['p'], { kind: 'string', maxLength: 9, pattern: { source: '^a$', flags: '' } })
  t.same(properties['r'], { kind: 'string', maxLength: 9, pattern: { source: '^b$', flags: 'iu' } })
  t.match(properties['h'], { kind: 'string', text: { policy: 'html', clean: true } })
  t.match(properties['t'], { text: { policy: 'text', clean: true, maxGraphemes: 3 } })
  t.same(properties['v'], { kind: 'values', values: ['a', null, 1] })
})

t.test('objects get names: their own, else that of the place', async t => {
  const Author = Type.Object({ name: Type.String() }, { $id: 'chat/author' })
  const types = outbound(Type.Object({
    author: Author,
    others: Type.Array(Type.Object({ id: Type.Integer() })),
    'odd name': Type.Optional(Type.Object({})),
    map: Type.Record(Type.String(), Type.Object({ deep: Type.Object({}) })),
    pair: Type.Tuple([Author, Type.Object({})]),
  }))
  t.same(Object.keys(types), ['ChatAuthor', 'Out', 'OutMap', 'OutMapValue', 'OutMapValueDeep', 'OutOddName', 'OutOthersItem', 'OutPairItem2'])
  t.match(types['Out'], { properties: [{ name: 'author', type: { kind: 'ref', name: 'ChatAuthor' } }, { name: 'map', type: { kind: 'ref', name: 'OutMap' } }] })
})

t.test('one schema under one $id is one type in all messages; different ones are two', async t => {
  const id = { $id: 'Said' }
  const types = typesOf(model({
    outbound: {
      a: Type.Object({ x: Type.Boolean() }, id),
      b: Type.Array(Type.Optional(Type.Object({ x: Type.Boolean() }, id))),
      c: Type.Object({ y: Type.Boolean() }, id),
    },
  }))
  t.same(Object.keys(types), ['B', 'Said', 'Said2'])
  t.same(types['B'], { kind: 'array', items: { kind: 'ref', name: 'Said' } })
})

t.test('a message that goes both ways has two types, and names of the languages are not taken', async t => {
  const types = typesOf(model({ inbound: { ping: Type.Null(), array: Type.Null() }, outbound: { ping: Type.Null(), 'chat-client': Type.Null() } }))
  t.same(Object.keys(types), ['ArrayType', 'ChatClient2', 'PingInbound', 'PingOutbound'])
})

t.test('recursion, anonymous and named, and modules', async t => {
  const tree = outbound(Type.Recursive(This => Type.Object({ children: Type.Array(This) })))
  t.same(tree, { Out: { kind: 'object', properties: [{ name: 'children', required: true, type: { kind: 'array', items: { kind: 'ref', name: 'Out' } } }] } })
  const named = outbound(Type.Object({ root: Type.Recursive(This => Type.Object({ next: Type.Optional(This) }), { $id: 'link' }) }))
  t.same(Object.keys(named), ['Link', 'Out'])
  const people = Type.Module({ Person: Type.Object({ name: Type.Ref('Name'), friends: Type.Array(Type.Ref('Person')) }), Name: Type.String() })
  const person = outbound(people.Import('Person'))
  t.same(Object.keys(person), ['Name', 'Person'])
  t.match(person['Person'], { properties: [{ name: 'friends', type: { items: { kind: 'ref', name: 'Person' } } }, { name: 'name', type: { kind: 'ref', name: 'Name' } }] })
  const list = outbound(Type.Recursive(This => Type.Array(This)))
  t.same(list, { Out: { kind: 'array', items: { kind: 'ref', name: 'Out' } } })
})

t.test('unions: variants are named by what tells them apart', async t => {
  const types = outbound(Type.Union([
    Type.Object({ kind: Type.Literal('text'), text: Type.String() }), Type.Object({ kind: Type.Literal('image-file'), url: Type.String() }),
  ]))
  t.same(types['Out'], { kind: 'union', variants: [{ kind: 'ref', name: 'OutText' }, { kind: 'ref', name: 'OutImageFile' }], tag: 'kind' })
  const untold = outbound(Type.Union([Type.Object({ a: Type.Null() }), Type.Null(), Type.Object({ b: Type.Null() })]))
  t.match(untold['Out'], { kind: 'union' })
  t.notOk('tag' in untold['Out']!)
  t.same(Object.keys(untold), ['Out', 'OutOption1', 'OutOption3'])
})

t.test('an intersection of objects is one object, of scalars it is all of them', async t => {
  t.same(outbound(Type.Intersect([Type.Object({ a: Type.Null() }), Type.Object({ b: Type.Null() })]))['Out'], {
    kind: 'object',
    properties: [
      { name: 'a', required: true, type: { kind: 'values', values: [null] } }, { name: 'b', required: true, type: { kind: 'values', values: [null] } },
    ],
  })
  const scalars = outbound(Type.Intersect([Type.String({ minLength: 2 }), Type.Not(Type.Literal('no'))]))['Out']
  t.same(scalars, { kind: 'all', parts: [{ kind: 'string', minLength: 2 }, { kind: 'not', type: { kind: 'values', values: ['no'] } }] })
})

t.test('notes are kept where they are JSON, at the type and at its place', async t => {
  const notes = { title: 'T', description: 'D', examples: [{ a: 1 }, () => 1], default: { a: 2 }, deprecated: true }
  const types = outbound(Type.Object({ inner: Type.Object({ a: Type.Integer() }, notes) }))
  const kept = { title: 'T', description: 'D', deprecated: true }
  t.match(types['OutInner'], { kind: 'object', ...kept, examples: [{ a: 1 }], default: { a: 2 } })
  t.match(types['Out'], { properties: [{ type: { kind: 'ref', name: 'OutInner', ...kept } }] })
  t.notOk('deprecated' in outbound(Type.String({ deprecated: false }))['Out']!)
})

t.test('what would not boot has no model', async t => {
  t.throws(() => model({ inbound: { say: Type.String() } }), { code: 'WSG_ERR_CONTRACT', message: /maxLength/ })
  t.throws(() => model({ outbound: { say: Type.Date() } }), { code: 'WSG_ERR_CONTRACT' })
})

t.test('an option that nobody reads is told', async t => {
  t.throws(() => readModel({ name: 'chat', url: '/chat' }, { ulr: '/v1' } as never), { code: 'WSG_ERR_GENERATE', message: /^readModel: options: expected only the keys url, route, got "ulr"; did you mean "url"\?/ })
})
