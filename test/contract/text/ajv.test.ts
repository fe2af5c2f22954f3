import t from 'tap'
import Fastify, { type FastifyInstance } from 'fastify'
import { type TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Type as Sinclair } from '@sinclair/typebox'
import { Type } from 'typebox'
import { compileContract } from '../../../lib/contract/compile.js'
import { defineContract, html, identifier, line, text, url } from '../../../lib/contract.js'
import { ajvTextPolicies } from '../../../lib/index.js'
import { REFUSED } from '../../../lib/protocol/refused.js'

const app = async (t: { teardown: (fn: () => unknown) => void }, schema: object, plugins: unknown[] = [ajvTextPolicies]): Promise<FastifyInstance> => {
  const app = Fastify({ ajv: { plugins: plugins as never } })
  t.teardown(() => app.close())
  app.post('/', { schema: { body: schema, response: { 200: schema } } }, async request => request.body)
  await app.ready()
  return app
}
const post = async (app: FastifyInstance, body: object): Promise<[number, unknown]> => {
  const { statusCode, payload } = await app.inject({ method: 'POST', url: '/', payload: body })
  return [statusCode, JSON.parse(payload) as unknown]
}

const CASES: readonly [string, object, good: readonly unknown[], bad: readonly unknown[]][] = [
  ['text', text({ maxLength: 8 }), ['hi\nyou', ' é '], ['\u0007', '\u202e', 'a\0', '\ud800', 'a'.repeat(9), 'e' + '\u0301'.repeat(40)]],
  ['line', line({ maxLength: 8 }), ['hi'], ['a\nb', 'a\u2028b']],
  ['identifier', identifier({ maxLength: 8 }), ['ann_1'], ['', 'a b', 'аdmin', 'a\u200bb']],
  ['url', url({ maxLength: 40 }), ['https://a.test/'], ['javascript:alert(1)', 'https://u:p@a.test/', '/x']],
  ['cleaned text', text({ maxLength: 8, clean: true }), ['hi', ' hi\r\n ', 'a\u0007b'], ['e' + '\u0301'.repeat(40)]],
]

for (const [library, T] of [['typebox 1.x', Type as unknown as typeof Sinclair], ['@sinclair/typebox 0.34', Sinclair]] as const) {
  t.test(`${library}: an HTTP route judges text as a socket does`, async t => {
    for (const [name, policy, good, bad] of CASES) {
      const schema = T.Object({ value: policy as never })
      const http = await app(t, schema)
      const { accept } = compileContract({ name: 'a', url: '/', inbound: { m: schema } }).inbound.get('m')!
      for (const value of good) t.same(await post(http, { value }), [200, accept({ value })], `${name} takes ${encodeURI(String(value))}`)
      for (const [i, value] of bad.entries()) {
        t.equal(accept({ value }), REFUSED)
        const [status, reply] = await post(http, { value })
        t.equal(status, 400, `${name} refuses the bad one ${i}`)
        t.notMatch(JSON.stringify(reply), 'javascript:', 'the value is not told')
      }
    }
  })
}

t.test('inside of lists, unions and optional properties', async t => {
  const http = await app(t, Type.Object({
    list: Type.Array(text({ maxLength: 8, clean: true }), { maxItems: 3 }), maybe: Type.Optional(Type.Union([Type.Null(), line({ maxLength: 8 })])),
  }))
  t.same(await post(http, { list: [' a ', 'b'], maybe: null }), [200, { list: ['a', 'b'], maybe: null }])
  t.equal((await post(http, { list: [], maybe: 'a\nb' }))[0], 400)
})

t.test('the guard\'s other keywords are no unknown ones', async t => {
  const http = await app(t, Type.Object({ any: Type.Unknown({ unboundedOnPurpose: true }), name: Type.String({ pattern: '^(a|b)+$', patternProvenSafe: true }) }))
  t.equal((await post(http, { any: 1, name: 'ab' }))[0], 200)
  t.equal((await post(http, { any: 1, name: 'c' }))[0], 400)
})

t.test('html has its adapter, or the route is not declared', async t => {
  const schema = Type.Object({ value: html({ maxLength: 40 }) })
  await t.rejects(app(t, schema), { message: /html/ })
  await t.rejects(app(t, schema, [[ajvTextPolicies, { htmlAdaptor: String }]]), { code: 'WSG_ERR_CONTRACT', message: /htmlAdapter/ })
  const http = await app(t, schema, [[ajvTextPolicies, { htmlAdapter: (value: string) => value.replaceAll(/<[^>]*>/g, '') }]])
  t.same(await post(http, { value: '<b>hi</b>' }), [200, { value: 'hi' }])
})

t.test('without the plugin Fastify refuses the keyword when the route is declared', async t => {
  await t.rejects(app(t, Type.Object({ value: text({ maxLength: 8 }) }), []), { message: /unknown keyword: "wsText"/ })
})

t.test('one schema, a route of each kind, the types of both', async t => {
  const Say = Type.Object({ text: text({ maxLength: 8 }), to: Type.Optional(identifier({ maxLength: 8 })) })
  const chat = defineContract({ name: 'chat', url: '/chat', inbound: { say: Say } })
  const http = Fastify({ ajv: { plugins: [ajvTextPolicies] } }).withTypeProvider<TypeBoxTypeProvider>()
  t.teardown(() => http.close())
  http.post('/say', { schema: { body: Say } }, async ({ body }) => ({ length: body.text.length, to: body.to?.toUpperCase() ?? null }))
  const reply = await http.inject({ method: 'POST', url: '/say', payload: { text: 'hi' } })
  t.same(reply.json(), { length: 2, to: null })
  t.same(compileContract(chat).inbound.get('say')!.accept({ text: 'hi' }), { text: 'hi' })
})
