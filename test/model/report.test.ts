import { Type, type TSchema } from '@sinclair/typebox'
import t from 'tap'
import { report } from '../../lib/model/report.js'
import { html, text } from '../../lib/contract/text/builders.js'
import { readModel } from '../../lib/model/model.js'
import { chat } from '../client/contracts.js'
import { optionsSchema } from '../../lib/plugin/schema.js'
import { optionDefaults } from '../helpers/option-schema.js'
import { oneMessage } from '../helpers/contract.js'
import { handModel } from '../helpers/model.js'

t.test('what a contract costs and allows', async t => {
  t.same(report(handModel({
    route: { public: false, rate: 10, burst: 20, handlerTimeout: 1000 },
    inbound: [{ type: 'say', payload: 'T', binary: false, roles: ['admin', 'mod'], cost: 4, deadline: 50, unknownProperties: 'drop', maxBytes: 100 }],
    calls: [{ type: 'find', request: 'T', reply: 'T', errors: [], roles: [], cost: 1, unknownProperties: 'refuse' }],
    outbound: [{ type: 'said', payload: 'T', binary: false }, { type: 'moved', payload: 'T', binary: false, whenSlow: { latest: 'id' } }, { type: 'left', payload: 'T', binary: false, whenSlow: 'drop' }],
  })), [
    'chat /chat cf-0123456789abcdef, authenticated',
    '  a frame: at most 1024 bytes, 3 levels, 1024 values',
    '  a socket: 10 tokens per second, 20 saved up; at most 10240 bytes per second that are handled',
    '  inbound  kind     bytes at most      roles      cost  per second  deadline  undeclared',
    '  say      message  100                admin mod  4     2.5         50        drop',
    '  find     call     maxPayload (1024)  -          1     10          -         refuse',
    '  sends said; a slow reader is closed 1013',
    '  sends moved; a slow reader gets the latest by id',
    '  sends left; a slow reader misses some',
  ])
})

t.test('of a contract without its application the rates are the defaults', async t => {
  const lines = report(readModel(chat))
  const defaults = optionDefaults(optionsSchema)
  t.match(lines[2], `${defaults.get('messages.rate')} tokens per second, ${defaults.get('messages.burst')} saved up (the defaults)`)
  t.equal(lines.filter(line => / (message|call) /.test(line)).length, 4)
  t.match(report(handModel()), ['chat', 'a frame', 'a socket', '  nothing comes in'])
})

t.test('budgets of the application\'s own', async t => {
  const budgets = [{ name: 'tenant', rate: 500, burst: 1000 }, { name: 'plan', burst: 30 }, { name: 'key' }]
  const route = { public: true, rate: 10, burst: 20, budgets, handlerTimeout: 1000 }
  t.same(report(handModel({ route })).slice(3, 6), [
    '  all that share "tenant": 500 tokens per second, 1000 saved up',
    '  all that share "plan": as many tokens per second as the server decides, 30 saved up',
    '  all that share "key": as many tokens per second as the server decides',
  ])
})

t.test('older contracts that the route serves', async t => {
  const older = { name: 'chat', fingerprint: 'cf-1111111111111111', limits: { maxPayload: 2048, depth: 4, nodes: 1024 }, adapted: ['say'], gone: ['kick', 'wave'] }
  const route = { public: true, rate: 10, burst: 20, handlerTimeout: 1000 }
  t.same(report(handModel({ route: { ...route, versions: [older, { ...older, fingerprint: 'cf-2222222222222222', adapted: [], gone: [] }] } })).slice(-2), [
    '  also serves chat cf-1111111111111111, a frame at most 2048 bytes, 4 levels, 1024 values; adapts say; gone kick, wave',
    '  also serves chat cf-2222222222222222, a frame at most 2048 bytes, 4 levels, 1024 values',
  ])
})

t.test('it names the costly fields and what they cost', async t => {
  const linesOf = (schema: TSchema, rules = {}): string => report(readModel(oneMessage(schema, rules))).join('\n')
  const bio = Type.Object({ bio: html({ maxLength: 10_000 }) })
  t.match(linesOf(bio), 'costly: m: /bio (html, up to 17 ms); it costs 17; lower maxLength or maxItems')
  t.match(linesOf(bio, { cost: 2 }), 'costly: m: /bio (html, up to 17 ms); its cost 2 pays for less: 17 would be fair;')
  t.match(linesOf(bio, { cost: 40 }), 'it costs 40')
  t.match(linesOf(Type.Object({ list: Type.Array(text({ maxLength: 1000, maxGraphemes: 999 }), { maxItems: 9 }) })), '/list/* (text')
  t.match(linesOf(html({ maxLength: 10_000 })), 'the payload (html')
  t.notMatch(linesOf(Type.Object({ say: text({ maxLength: 500 }) })), /costly/)
})

t.test('it says when a contract takes more than is usual, and what only the payload bounds', async t => {
  const of = (v: TSchema): string => report(readModel(oneMessage(Type.Object({ v })))).join('\n')
  t.notMatch(of(Type.Integer()), /above the usual/)
  t.match(of(Type.String({ maxLength: 50_000 })), /above the usual 65536/)
  t.match(of(Type.Any({ unboundedOnPurpose: true })), /m +message +maxPayload/)
})
