import t from 'tap'
import { Type } from '@sinclair/typebox'
import { compileContract } from '../../lib/contract/compile.js'
import { defineContract } from '../../lib/contract.js'
import type { ContractSpec } from '../../types/contract.js'

const payload = Type.Object({ a: Type.Integer() })
const base = { name: 'chat', url: '/' }

/** A contract that no type checker has seen: what a mistake makes of it. */
const define = (spec: object): unknown => defineContract({ ...base, ...spec } as ContractSpec)

t.test('a key that is misspelt anywhere is refused where it is written, with the right name', async t => {
  const rows: [object, RegExp][] = [
    [{ inbond: {} }, /contract "chat": expected only the keys name, url, .*, got "inbond"; did you mean "inbound"/],
    [{ envelope: { tpye: 'x' } }, /contract "chat", envelope: expected only the keys type, data, id, got "tpye"; did you mean "type"/],
    [{ inbound: { say: { payload, role: ['x'] } } }, /contract "chat", inbound "say": .* got "role"; did you mean "roles"/],
    [{ outbound: { said: { payload, descripton: 'x' } } }, /contract "chat", outbound "said": .* did you mean "description"/],
    [{ calls: { ask: { request: payload, replay: payload } } }, /contract "chat", call "ask": .* did you mean "reply"/],
    [{ calls: { ask: { request: payload, reply: payload, error: {} } } }, /call "ask": .* did you mean "errors"/],
    [{ inbound: { say: { paylod: payload } } }, /inbound "say": expected a TypeBox type, or \{ payload, … \}, got an object with paylod; did you mean "payload"/],
  ]
  for (const [spec, message] of rows) t.throws(() => define(spec), { code: 'WSG_ERR_CONTRACT', message })
  t.ok(define({ inbound: { say: { payload, roles: ['x'] } }, outbound: { said: payload }, envelope: { type: 'event' } }))
})

t.test('a key that is there without a value is refused', async t => {
  const specs: [string, object][] = [
    ['chat".inbound', { inbound: undefined }],
    ['chat", envelope.type', { envelope: { type: undefined } }],
    ['inbound "say"', { inbound: { say: undefined } }],
    ['inbound "say".roles', { inbound: { say: { payload, roles: undefined } } }],
    ['outbound "said".payload', { outbound: { said: { payload: undefined } } }],
    ['call "ask".errors', { calls: { ask: { request: payload, reply: payload, errors: undefined } } }],
    ['call "ask", error "full"', { calls: { ask: { request: payload, reply: payload, errors: { full: undefined } } } }],
  ]
  for (const [where, spec] of specs) {
    t.throws(() => define(spec), { code: 'WSG_ERR_CONTRACT', message: new RegExp(`${where}: expected .*got undefined`) }, where)
    t.throws(() => compileContract({ ...base, ...spec } as ContractSpec), { code: 'WSG_ERR_CONTRACT' }, `${where}, compiled without defineContract`)
  }
})

t.test('an outbound message has rules of its own: what would do nothing there is refused', async t => {
  for (const rule of [{ roles: ['admin'] }, { cost: 2 }, { deadline: 5 }, { unknownProperties: 'drop' }]) {
    const [name = ''] = Object.keys(rule)
    const spec = { outbound: { secret: { payload, ...rule } } }
    t.throws(() => define(spec), { code: 'WSG_ERR_CONTRACT', message: new RegExp(`outbound "secret": expected only the keys payload, description, whenSlow, got "${name}"`) })
    t.throws(() => compileContract({ ...base, ...spec } as ContractSpec), { code: 'WSG_ERR_CONTRACT' })
    t.ok(define({ inbound: { secret: { payload, ...rule } } }), `${name} of what comes in`)
  }
  t.ok(define({ outbound: { secret: { payload, description: 'for people' } } }))
})

t.test('path parameters and their schema agree', async t => {
  const params = Type.Object({ roon: Type.String({ maxLength: 9 }) })
  const message = /contract "chat", params: the url has a parameter "room", which the schema refuses as undeclared; .*did you mean "roon"/
  t.throws(() => define({ url: '/x/:room', params }), { code: 'WSG_ERR_CONTRACT', message })
  const two = { ...base, url: '/x/:roon', params: Type.Object({ ...params.properties, tenant: Type.String({ maxLength: 9 }) }) }
  t.ok(define(two), 'the prefix of a scope may bring the other')
  t.ok(compileContract(two, { prefix: '/t/:tenant' }))
  t.throws(() => compileContract(two, { prefix: '/t/:tenat' }), { code: 'WSG_ERR_CONTRACT', message: /the url has a parameter "tenat", .*did you mean "tenant"/ })
  t.throws(() => compileContract(two, { prefix: '/tenants' }), { code: 'WSG_ERR_CONTRACT', message: /expected the parameters of "\/tenants\/x\/:roon", got "tenant", which is none of them/ })
  const names = (url: string, ...list: string[]): unknown =>
    compileContract({ ...base, url, params: Type.Object(Object.fromEntries(list.map(name => [name, Type.String({ maxLength: 9 })]))) }, { prefix: '' })
  t.ok(names('/:a-:b/:c.png/:d(^\\d+$)/:e', 'a', 'b', 'c', 'd', 'e'), 'Fastify\'s syntax')
  t.ok(names('/x::y/*', '*'))
  t.ok(names('/:a?', 'a'))
  t.ok(define({ url: '/:room', params: Type.Object({}, { additionalProperties: Type.String({ maxLength: 9 }), maxProperties: 3 }) }), 'an open object takes any')
})

t.test('a url may be empty: the prefix alone', async t => {
  t.ok(define({ url: '' }))
  t.ok(compileContract({ ...base, url: '' }, { prefix: '/chat' }))
  t.throws(() => compileContract({ ...base, url: '' }, { prefix: '' }), { code: 'WSG_ERR_CONTRACT', message: 'contract "chat".url: expected a path that begins with "/", because there is no prefix, got ""' })
  t.throws(() => define({ url: 'x' }), { code: 'WSG_ERR_CONTRACT', message: /contract "chat".url: expected a path/ })
})

t.test('a flat contract\'s messages and replies can be told apart', async t => {
  for (const key of ['type', 'id']) t.throws(() => define({ envelope: { data: null, [key]: 'data' } }), { code: 'WSG_ERR_CONTRACT', message: new RegExp(`${key} can not be named "data"`) })
  t.ok(define({ envelope: { data: 'payload', type: 'data' } }), 'where data has a name of its own, it is free')
})
