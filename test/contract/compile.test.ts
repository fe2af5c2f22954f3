import t from 'tap'
import { Type } from '@sinclair/typebox'
import { compileContract } from '../../lib/contract/compile.js'
import { identifier, text } from '../../lib/contract/text/builders.js'
import { REFUSED } from '../../lib/protocol/refused.js'
import type { ContractSpec } from '../../types/contract.js'

const Said = Type.Object({ from: Type.String(), text: Type.String() })
const chat = {
  name: 'chat',
  url: '/rooms/:room',
  params: Type.Object({ room: identifier({ maxLength: 32 }) }),
  query: Type.Object({
    since: Type.Optional(Type.Integer({ minimum: 0 })),
    live: Type.Optional(Type.Boolean()),
    tag: Type.Optional(Type.Array(Type.String({ maxLength: 8 }), { maxItems: 3 })),
    v: Type.Optional(Type.Union([Type.Literal(1), Type.Literal('beta')])),
  }),
  inbound: {
    say: Type.Object({ text: text({ maxLength: 500 }) }),
    ban: { payload: Type.Object({ id: Type.Integer() }), roles: ['admin'], cost: 5, deadline: 2000 },
  },
  outbound: { said: Said, seen: { payload: Type.Integer(), description: 'a counter' } },
  calls: {
    history: {
      request: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 100 }) }),
      reply: Type.Array(Said, { maxItems: 100 }),
      errors: { full: Type.Object({ max: Type.Integer() }) },
    },
  },
} satisfies ContractSpec

t.test('a contract, compiled', async t => {
  const compiled = compileContract(chat)
  t.same([...compiled.inbound.keys()], ['say', 'ban', 'history'])
  t.same([...compiled.outbound.keys()], ['said', 'seen'])
  const ban = compiled.inbound.get('ban')!
  t.same([ban.kind, ban.binary, ban.roles, ban.cost, ban.deadline, ban.encodeReply, ban.errors], ['message', false, ['admin'], 5, 2000, null, null])
  const history = compiled.inbound.get('history')!
  t.same([history.kind, history.roles, history.cost, history.deadline], ['call', null, 1, null])
  t.equal(history.encodeReply!('7', [{ from: 'ann', text: 'hi', secret: 1 }]), '{"id":7,"data":[{"from":"ann","text":"hi"}]}')
  t.equal(history.encodeReply!('"a\\"b"', []), '{"id":"a\\"b","data":[]}')
  t.equal(history.errors!.get('full')!({ max: 3, hint: 'x' }), '{"max":3}')
  t.throws(() => history.encodeReply!('7', [{ from: 'ann' }]), { code: 'WSG_ERR_OUTBOUND_INVALID' })
  t.equal(compiled.outbound.get('said')!.encode({ text: 'hi', from: 'ann', password: 'x' }), '{"type":"said","data":{"from":"ann","text":"hi"}}')
  t.equal(compiled.outbound.get('seen')!.encode(3), '{"type":"seen","data":3}')
  t.throws(() => compiled.outbound.get('said')!.encode({ from: 'ann' }), { code: 'WSG_ERR_OUTBOUND_INVALID' })
})

t.test('F12, F13: types', async t => {
  const { inbound, outbound } = compileContract(chat)
  for (const type of [...Object.getOwnPropertyNames(Object.prototype), 'then', '', 'SAY', 'say ', 'sa\u0079\u200b', 'drop table']) {
    t.equal(inbound.get(type), undefined, JSON.stringify(type))
    t.equal(outbound.get(type), undefined)
  }
})

t.test('F26: what handlers get can be merged without harm', async t => {
  const { accept } = compileContract(chat).inbound.get('say')!
  const clean = accept(JSON.parse('{"text":"hi"}')) as object
  t.same(Object.assign({}, clean), { text: 'hi' })
  t.equal(Object.getPrototypeOf(Object.assign({}, clean)), Object.prototype)
  t.equal(accept(JSON.parse('{"text":"hi","__proto__":{"admin":true}}')), REFUSED)
})

t.test('protocol 8.6: renamed and flat', async t => {
  const flat = compileContract({ ...chat, inbound: { say: chat.inbound.say }, outbound: { said: Said }, envelope: { type: 'event', data: null } })
  const say = flat.inbound.get('say')!
  t.same(say.accept({ event: 'say', text: 'hello' }), { text: 'hello' }, 'the whole envelope goes in, the payload comes out')
  t.equal(say.accept({ event: 'say', id: 1, text: 'hello' }), REFUSED, 'only calls have an id')
  t.equal(say.accept({ event: 'say', text: 'hello', extra: 1 }), REFUSED, 'every other key is payload')
  t.same(say.explain({ event: 'say', text: 1 }), [{ path: '/text', message: 'expected string' }])
  t.same(flat.inbound.get('history')!.accept({ event: 'history', id: 1, limit: 20 }), { limit: 20 })
  t.equal(flat.outbound.get('said')!.encode({ from: 'ann', text: 'hi' }), '{"event":"said","from":"ann","text":"hi"}')
  t.equal(flat.inbound.get('history')!.encodeReply!('1', []), '{"id":1,"data":[]}', 'replies are not flat')
  const empty = compileContract({ name: 'a', url: '/', envelope: { data: null }, outbound: { ping: Type.Object({}) }, inbound: { pong: Type.Object({}) } })
  t.equal(empty.outbound.get('ping')!.encode({}), '{"type":"ping"}')
  t.same(empty.inbound.get('pong')!.accept({ type: 'pong' }), {})
  const nest = compileContract({ ...chat, envelope: { type: 'event', data: 'payload', id: 'seq' } })
  t.equal(nest.outbound.get('seen')!.encode(1), '{"event":"seen","payload":1}')
  t.equal(nest.inbound.get('history')!.encodeReply!('1', []), '{"seq":1,"payload":[]}')
  const union = compileContract({
    name: 'a',
    url: '/',
    envelope: { data: null },
    inbound: { move: Type.Union([Type.Object({ kind: Type.Literal('x'), a: Type.Null() }), Type.Object({ kind: Type.Literal('y'), b: Type.Null() })]) },
  })
  t.same(union.inbound.get('move')!.accept({ type: 'move', kind: 'y', b: null }), { kind: 'y', b: null })
})

t.test('binary messages', async t => {
  const { inbound, outbound, limits } = compileContract({
    name: 'a', url: '/', inbound: { audio: Type.Uint8Array({ maxByteLength: 100_000 }) }, outbound: { audio: Type.Uint8Array({ maxByteLength: 4 }) },
  })
  const audio = inbound.get('audio')!
  t.equal(audio.binary, true)
  const bytes = new Uint8Array(9)
  t.equal(audio.accept(bytes), bytes)
  t.equal(audio.accept(new Uint8Array(100_001)), REFUSED)
  t.equal(audio.accept('text'), REFUSED)
  t.same(audio.explain('text'), [{ path: '', message: 'expected bytes of the declared length' }])
  t.equal(limits.maxPayload, 100_000)
  const out = outbound.get('audio')!
  t.equal(out.encodeBinary!(bytes.subarray(0, 4)).length, 4)
  t.throws(() => out.encodeBinary!(bytes), { code: 'WSG_ERR_OUTBOUND_INVALID' })
  t.throws(() => out.encodeBinary!('text'), { code: 'WSG_ERR_OUTBOUND_INVALID' })
})

t.test('path parameters and query: only canonical spellings are converted', async t => {
  const { params, query } = compileContract(chat)
  t.same(params!({ room: 'lobby' }), { room: 'lobby' })
  for (const room of ['', 'a b', 'x'.repeat(33), 'a\0']) t.equal(params!({ room }), REFUSED, JSON.stringify(room))
  t.same(query!(Object.assign(Object.create(null), { since: '10', live: 'true', tag: 'a', v: '1' })), { since: 10, live: true, tag: ['a'], v: 1 })
  t.same(query!({ tag: ['a', 'b'], v: 'beta' }), { tag: ['a', 'b'], v: 'beta' })
  t.same(query!({}), {})
  for (const since of ['', ' 1', '1 ', '0x10', '1e3', '01', '+1', 'NaN', '-1', '1.5', ['1', '2'], '9'.repeat(30)]) t.equal(query!({ since }), REFUSED, JSON.stringify(since))
  for (const live of ['', '1', 'TRUE', 'yes']) t.equal(query!({ live }), REFUSED, live)
  for (const odd of [null, undefined, 'x', [], { other: '1' }, { tag: ['a', 'b', 'c', 'd'] }]) t.equal(query!(odd), REFUSED, JSON.stringify(odd))
  const plain = compileContract({ name: 'a', url: '/' })
  t.same([plain.params, plain.query], [null, null])
})

t.test('F27: the fingerprint', async t => {
  const of = (spec: object): string => compileContract({ name: 'a', url: '/', ...spec } as ContractSpec).fingerprint
  const payload = Type.Object({ a: Type.Integer(), b: Type.Null() })
  const base = of({ inbound: { x: payload } })
  t.match(base, /^cf-[0-9a-f]{16}$/)
  const same: [string, object][] = [
    ['order of properties', { inbound: { x: Type.Object({ b: Type.Null(), a: Type.Integer() }) } }],
    ['annotations', { inbound: { x: Type.Object({ a: Type.Integer({ description: 'n', title: 't', examples: [1] }), b: Type.Null() }, { $comment: 'c' }) } }],
    ['rules', { inbound: { x: { payload, roles: ['admin'], cost: 3, deadline: 5, description: 'x' } } }],
    ['route and description', { url: '/other', description: 'd', inbound: { x: payload } }],
    ['default envelope, written out', { inbound: { x: payload }, envelope: { type: 'type', data: 'data', id: 'id' } }],
  ]
  for (const [what, spec] of same) t.equal(of(spec), base, `${what} don't count`)
  const other: [string, object][] = [
    ['name', { name: 'b', inbound: { x: payload } }],
    ['type', { inbound: { y: payload } }],
    ['direction', { outbound: { x: payload } }],
    ['optional', { inbound: { x: Type.Object({ a: Type.Optional(Type.Integer()), b: Type.Null() }) } }],
    ['constraint', { inbound: { x: Type.Object({ a: Type.Integer({ maximum: 1 }), b: Type.Null() }) } }],
    ['envelope', { inbound: { x: payload }, envelope: { type: 'event' } }],
    ['flat', { inbound: { x: payload }, envelope: { data: null } }],
    ['query', { inbound: { x: payload }, query: Type.Object({}) }],
    ['one more', { inbound: { x: payload, y: payload } }],
    ['reply', { inbound: { x: payload }, calls: { c: { request: payload, reply: Type.Null() } } }],
    ['another reply', { inbound: { x: payload }, calls: { c: { request: payload, reply: Type.Integer() } } }],
    ['errors', { inbound: { x: payload }, calls: { c: { request: payload, reply: Type.Null(), errors: { e: payload } } } }],
    ['text policy', { inbound: { x: Type.Object({ a: text({ maxLength: 3 }), b: Type.Null() }) } }],
    ['a property named like an annotation', { inbound: { x: Type.Object({ a: Type.Integer(), b: Type.Null(), description: Type.Null() }) } }],
  ]
  const all = new Map([[base, 'base']])
  for (const [what, spec] of other) {
    const print = of(spec)
    t.equal(all.get(print), undefined, `${what} counts`)
    all.set(print, what)
  }
  const tree = (): object => ({ inbound: { x: Type.Recursive(Self => Type.Object({ next: Type.Optional(Self) })) } })
  t.equal(of(tree()), of(tree()), 'ids that TypeBox counts up by process')
})

t.test('limits come from the schemas', async t => {
  const limits = (payload: ReturnType<typeof Type.Object>): { maxPayload: number, depth: number, nodes: number } => compileContract({ name: 'a', url: '/', inbound: { x: payload } }).limits
  t.same(limits(Type.Object({})), { maxPayload: 1024, depth: 3, nodes: 1024 }, 'floors')
  t.equal(compileContract({ name: 'a', url: '/', inbound: { x: { payload: Type.Object({}), unknownProperties: 'drop' } } }).limits.depth, 19, 'what is dropped may nest')
  const big = limits(Type.Object({ text: Type.String({ maxLength: 20_000 }) }))
  t.ok(big.maxPayload > 120_000 && big.maxPayload < 121_000, 'six bytes a unit, above the usual cap where the contract needs it')
  const list = Type.Object({ list: Type.Array(Type.Object({ a: Type.Integer(), b: Type.Array(Type.Null(), { maxItems: 3 }) }), { maxItems: 2000 }) })
  const wide = compileContract({ name: 'a', url: '/', inbound: { x: list } })
  t.equal(wide.limits.depth, 6)
  // the largest legitimate message, spelt as wastefully as JSON.stringify can with a space behind separators
  const worst = JSON.stringify({ type: 'x', id: '\u0001'.repeat(64), data: { list: Array.from({ length: 2000 }, () => ({ a: -Number.MAX_SAFE_INTEGER, b: [null, null, null] })) } }, null, 1).replace(/\n\s*/g, ' ')
  t.ok(worst.length <= wide.limits.maxPayload)
  t.equal(wide.scan(worst), null, 'legitimate')
  t.equal(wide.scan(`{"type":"x","data":{"list":[${'[],'.repeat(20_000)}`), 'too_many_nodes')
  t.equal(wide.scan('[[[[[[['), 'too_deep')
  const words = Type.Object({ v: Type.Array(Type.String({ maxLength: 3 }), { maxItems: 2 }), 'n"\u00e9': Type.Tuple([Type.Number(), Type.Literal('\u0000')]) })
  const escaped = '{"type":"x","data":{"v":["\\u0001\\u0002\\u0003","\\u0001\\u0002\\u0003"],"\\u006e\\u0022\\u00e9":[-1.7976931348623157e+308,"\\u0000"]}}'
  const small = compileContract({ name: 'a', url: '/', inbound: { x: words } })
  t.ok(escaped.length <= small.limits.maxPayload)
  t.equal(small.scan(escaped), null)
  const tree = Type.Recursive(Self => Type.Object({ v: Type.Integer(), next: Type.Optional(Self) }))
  const recursive = compileContract({ name: 'a', url: '/', inbound: { x: Type.Object({ tree }) } })
  const nest = (depth: number): string => '{"v":1,"next":'.repeat(depth) + '{"v":1}' + '}'.repeat(depth)
  const message = (depth: number): string => `{"type":"x","data":{"tree":${nest(depth)}}}`
  t.equal(recursive.limits.maxPayload, 65_536)
  t.equal(recursive.scan(message(31)), null)
  t.not(recursive.inbound.get('x')!.accept(JSON.parse(nest(31)) === null ? null : { tree: JSON.parse(nest(31)) as unknown }), REFUSED)
  t.equal(recursive.scan(message(60)), 'too_deep')
})

t.test('html fields need an adapter', async t => {
  const spec = { name: 'a', url: '/', inbound: { x: Type.Object({ v: Type.String({ maxLength: 99, wsText: { policy: 'html', clean: true, maxLength: 99 } }) }) } }
  t.throws(() => compileContract(spec), { code: 'WSG_ERR_CONTRACT', message: /contract "a", inbound "x", \/v: .*htmlAdapter/ })
  const { accept } = compileContract(spec, { htmlAdapter: html => html.replaceAll('<', '') }).inbound.get('x')!
  t.same(accept({ v: '<b' }), { v: 'b' })
})

t.test('a contract that could take more than 16 MiB at once does not boot', async t => {
  const of = (items: number) => ({ name: 'big', url: '/', inbound: { small: Type.Null(), rows: Type.Array(Type.String({ maxLength: 1000 }), { maxItems: items }) } })
  t.ok(compileContract(of(2000)).limits.maxPayload > 10_000_000)
  t.throws(() => compileContract(of(4000)), { code: 'WSG_ERR_CONTRACT', message: /contract "big".*message "rows" can take \d+ bytes, expected at most 16777216 \(16 MiB\)/ })
})
