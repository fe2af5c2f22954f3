import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { ask, codes, contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { readCorpus } from '../helpers/contract.js'
import { isLinear } from '../helpers/growth.js'
import { wideRoute } from '../helpers/wide-contract.js'
import type { Handled } from '../helpers/wide-contract.js'

const free = { guard: { messages: NO_LIMITS } }
const message = (type: string, json: string): string => `{"type":"${type}","data":${json}}`

t.test('F03 lengths are counted before what they bound is looked at', async t => {
  const server = await contractStack(t, wideRoute([]), free)
  const client = await server.open()
  const costly = `"${'a'.repeat(63)}!"`
  const items = (count: number): string => message('tags', `{"list":[${new Array(count).fill(count > 4000 ? '"a!"' : costly).join()}]}`)
  for (const count of [4, 4000, 30_000]) {
    const [reply] = await ask(client, items(count))
    if (count > 8192) t.equal(reply!.error!.code, 'too_many_nodes')
    else t.same(reply!.error!.issues, [{ path: '/list', message: 'expected fewer items' }])
  }
  await isLinear(t, 'items', 4000, items, async raw => await ask(client, raw))
  t.same(codes(await ask(client, message('tags', '{"list":["a-b","c","d"]}'))), [])
  t.ok(await server.answers())
})

t.test('F04 numbers', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  const rows: readonly (readonly [type: 'num' | 'id' | 'any' | 'map', json: string, expected: number | null])[] = [
    ['num', '0', 0], ['num', '-0', 0], ['num', '-0.0', 0], ['num', '-0e5', 0], ['num', '0.1', 0.1], ['num', '1e308', 1e308], ['num', '5e-324', 5e-324], ['num', '1e-999', 0],
    ['num', '1e999', null], ['num', '-1e999', null], ['num', '1e309', null],
    ['any', '1e999', null], ['any', '-0', 0], ['map', '1e999', null], ['map', '0.5', null], ['map', '-0', 0],
    ['id', '1', 1], ['id', '1.0', 1], ['id', '-0', 0], ['id', '1e2', 100], ['id', '0.1', null], ['id', '1.0000000000000001', 1],
    ['id', '9007199254740991', 2 ** 53 - 1], ['id', '-9007199254740991', 1 - 2 ** 53], ['id', '9007199254740992', null], ['id', '9007199254740993', null],
    ['id', '-9007199254740992', null], ['id', '1e21', null], ['id', '123456789012345678901234567890', null], ['id', '1e999', null],
  ]
  for (const [type, json, expected] of rows) {
    const before = handled.length
    const replies = await ask(client, message(type, `{"n":${json}}`))
    const value = (handled[before]?.data as { n: number } | undefined)?.n
    t.same(codes(replies), expected === null ? ['invalid_message'] : [], `${type} ${json}`)
    t.ok(expected === null ? value === undefined : Object.is(value, expected), `${type} ${json}: ${value}`)
  }
  for (const json of ['NaN', 'Infinity', '-Infinity', '01', '.5', '5.', '+1', '0x10', '1_000', '1n', '--1']) t.same(codes(await ask(client, message('num', `{"n":${json}}`))), ['invalid_json'], json)
  t.ok(await server.answers())
})

t.test('F17 nothing is converted', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  const rows: { readonly [type: string]: readonly string[] } = {
    'id n': ['"1"', '""', 'true', 'null', '[1]', '{}', '{"valueOf":1}'],
    'num n': ['"1"', '"0x10"', 'true', 'null', '[1]', '" 1 "'],
    'bool b': ['"true"', '1', '0', 'null', '"on"', '[]'],
    'raw value': ['1', 'true', 'null', '["a"]', '{"length":1}'],
    'say text': ['1', 'null', '["a"]', '{"toString":"a"}'],
    'nil v': ['""', '0', 'false', '"null"', '[]'],
    'one v': ['"1"', 'true', '1.5', '[1]'],
    'tags list': ['"a"', '{"0":"a","length":1}', '{}', 'null'],
    'optional a': ['null', '"1"', 'false'],
  }
  for (const [place, values] of Object.entries(rows)) {
    const [type = '', field = ''] = place.split(' ')
    for (const value of values) t.match(await ask(client, message(type, `{"${field}":${value}}`)), [{ error: { code: 'invalid_message', issues: [{ path: `/${field}` }] } }], `${place} ${value}`)
  }
  t.same(handled, [])
  for (const raw of [message('id', '{"n":1}'), message('bool', '{"b":true}'), message('nil', '{"v":null}'), message('one', '{"v":1}'), message('optional', '{}')]) t.same(await ask(client, raw), [], raw)
  t.same(handled.map(one => one.data), [{ n: 1 }, { b: true }, { v: null }, { v: 1 }, {}])
  t.ok(await server.answers())
})

t.test('F12 F13 F14 F28 types that are none, and roots that are none', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  for (const root of ['null', '1', '0', '"x"', '""', 'true', '[]', '[{"type":"id","data":{"n":1}}]', '[["id",{"n":1}]]', '{}', '{"data":{}}', '{"type":["id"],"data":{"n":1}}',
    '{"type":{"toString":"id"},"data":{"n":1}}', '{"type":null}', '{"type":1,"data":{}}', '{"type":true}', '{"TYPE":"id","data":{"n":1}}', '{"type":"id"}', '{"type":"id","data":null}',
    '{"type":"id","data":[1]}', '{"type":"id","data":"{\\"n\\":1}"}', '{"type":"id","data":1}', '{"type":"ping","data":{"n":1}}', '{"type":"ping","id":null,"data":{"n":1}}']) {
    t.match(await ask(client, root), [{ type: '$error', error: { code: 'invalid_message' } }], root)
  }
  const strange = ['', ' id', 'id ', 'ID', 'ıd', 'id\0', '$error', '$pong', '0', '-1', 'then', 'map.set', '*', '../id', 'said', 'wide', ...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'arguments', 'caller', 'size']
  for (const type of [...strange, ...Array.from({ length: 100 }, () => Math.random().toString(36))]) {
    const replies = await ask(client, { type, data: { n: 1 } })
    t.same(replies, [{ type: '$error', error: { code: 'unknown_type', message: 'No such message' } }], JSON.stringify(type))
  }
  t.same(await ask(client, { type: '$ping', data: { n: 1 } }), [{ type: '$pong' }], 'the protocol answers its own')
  t.same(handled, [])
  t.ok(await server.answers())
})

t.test('F16 what the contract does not declare is refused, at every level', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, app => {
    wideRoute(handled)(app)
    app.wsRoute(defineContract({ name: 'drops', url: '/drops', inbound: { id: { payload: Type.Object({ n: Type.Integer() }), unknownProperties: 'drop' } }, calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } } }), {
      on: { id: data => { handled.push({ type: 'id', data }) } },
      calls: { ping: ({ n }) => n },
    })
  }, free)
  const client = await server.open()
  for (const [type, json] of [['id', '{"n":1,"isAdmin":true}'], ['id', '{"n":1,"N":1}'], ['id', '{"n":1,"":1}'], ['optional', '{"deep":{"b":1,"c":1}}'], ['id', '{"n":1,"toString":null}'], ['id', '{"n":1,"0":0}']] as const) {
    t.match(await ask(client, message(type, json)), [{ error: { code: 'invalid_message', issues: [{ message: 'unexpected property' }] } }], json)
  }
  t.same(handled, [])
  const dropping = await server.open({ path: '/drops' })
  t.same(await ask(dropping, message('id', '{"n":1,"isAdmin":true,"deep":{"a":[1]}}')), [])
  t.same(handled, [{ type: 'id', data: { n: 1 } }])
  t.ok(await server.answers())
})

t.test('F22 F24 many bad items, and many that must differ: a short answer, in linear time', async t => {
  const handled: unknown[] = []
  const item = Type.Object({ a: Type.Integer(), b: Type.Integer() })
  const contract = defineContract({
    name: 'lists',
    url: '/lists',
    inbound: {
      list: Type.Object({ list: Type.Array(Type.Integer({ maximum: 7 }), { maxItems: 60_000 }) }),
      pairs: Type.Object({ list: Type.Array(item, { maxItems: 30_000 }) }),
      unique: Type.Object({ list: Type.Array(item, { maxItems: 1024, uniqueItems: true }) }),
      record: Type.Record(Type.String(), Type.Integer(), { maxProperties: 20_000 }),
    },
    calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } },
  })
  const note = (data: unknown): void => { handled.push(data) }
  const server = await contractStack(t, app => { app.wsRoute(contract, { on: { list: note, pairs: note, unique: note, record: note }, calls: { ping: ({ n }) => n } }) }, free)
  const client = await server.open({ path: '/lists' })
  const many = (count: number, build: (n: number) => unknown): string => `{"list":${JSON.stringify(Array.from({ length: count }, (_, n) => build(n)))}}`
  const members = (count: number, build: (n: number) => readonly [string, unknown]): string => JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, n) => build(n))))
  const floods: { readonly [name: string]: readonly [type: string, count: number, json: (count: number) => string] } = {
    strings: ['list', 50_000, count => many(count, () => '<script>')],
    'too large': ['list', 50_000, count => many(count, n => n + 8)],
    objects: ['pairs', 30_000, count => many(count, n => ({ [`evil${n}`]: n }))],
    'bad members': ['record', 20_000, count => members(count, n => [`evil${n}`, 'x'])],
    'bad names': ['record', 20_000, count => members(count, n => [`evil\0${n}`, 1])],
  }
  for (const [name, [type, most, json]] of Object.entries(floods)) {
    const [reply, ...more] = await ask(client, message(type, json(most)))
    await isLinear(t, name, most, count => message(type, json(count)), async raw => await ask(client, raw))
    const text = JSON.stringify(reply)
    t.match(reply, { error: { code: 'invalid_message' } }, name)
    t.ok(text.length < 2048 && reply!.error!.issues!.length <= 8, `${name}: ${text.length} characters`)
    t.notMatch(text, /evil|script|50007|maximum|\b7\b.*than/, name)
    t.same(more, [])
  }
  t.same(handled, [])
  t.same(await ask(client, message('unique', many(1024, n => ({ a: n, b: 0 })))), [])
  t.same(codes(await ask(client, message('unique', many(1024, n => n === 0 ? { b: 0, a: 1023 } : { a: n, b: 0 })))), ['invalid_message'], 'the order of keys is no difference')
  t.equal(handled.length, 1)
  t.ok(await server.answers())
})

t.test('F08 F09 G08 G09 the corpus of characters, by the policy of the field', async t => {
  const { entries } = readCorpus<{ entries: { id: string, value: string, expect: { strict: string } }[] }>('unicode.json')
  t.equal(entries.length, 62)
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  const value = (field: string): unknown => (handled.splice(0)[0]?.data as { readonly [field: string]: unknown } | undefined)?.[field]
  // A BOM, and more than 30 combining marks in a row, are refused beyond what the corpus asks.
  const stricter = new Set(['uni-058', 'uni-095'])
  for (const { id, value: sent, expect } of entries) {
    const accepted = expect.strict === 'accept' && !stricter.has(id)
    const replies = await ask(client, { type: 'say', data: { text: sent } })
    t.equal(value('text'), accepted ? sent : undefined, `${id}: text`)
    if (accepted) t.same(replies, [{ type: 'said', data: { text: sent } }], `${id}: delivered unchanged`)
    else t.same(codes(replies), ['invalid_message'], id)
    await ask(client, { type: 'raw', data: { value: sent } })
    t.equal(value('value'), sent.length <= 500 && sent.isWellFormed() && !sent.includes('\0') ? sent : undefined, `${id}: no policy`)
    await ask(client, { type: 'any', data: { value: sent, [sent]: 1 } })
    const any = handled.splice(0)[0]?.data as object | undefined
    t.ok(any === undefined || Object.entries(any).flat().every(one => typeof one === 'number' || (one as string).isWellFormed()), `${id}: names as well`)
    await ask(client, { type: 'name', data: { name: sent } })

    t.notMatch(value('name') ?? '', /[\0-\x20\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]/, `${id}: an identifier has nothing invisible`)
  }
  t.ok(await server.answers())
})
