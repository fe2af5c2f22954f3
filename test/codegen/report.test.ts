import t from 'tap'
import { report } from '../../lib/codegen/report.js'
import { readModel } from '../../lib/model/model.js'
import { chat } from '../client/contracts.js'
import { optionsSchema } from '../../lib/plugin/schema.js'
import { optionDefaults } from '../helpers/option-schema.js'
import { handModel } from '../helpers/model.js'

t.test('what a contract costs and allows', async t => {
  t.same(report(handModel({
    route: { public: false, rate: 10, burst: 20, handlerTimeout: 1000 },
    inbound: [{ type: 'say', payload: 'T', binary: false, roles: ['admin', 'mod'], cost: 4, deadline: 50, unknownProperties: 'drop', maxBytes: 100 }],
    calls: [{ type: 'find', request: 'T', reply: 'T', errors: [], roles: [], cost: 1, unknownProperties: 'refuse' }],
    outbound: [{ type: 'said', payload: 'T', binary: false }, { type: 'moved', payload: 'T', binary: false, whenSlow: { latest: 'id' } }],
  })), [
    'chat /chat cf-0123456789abcdef, authenticated',
    '  a frame: at most 1024 bytes, 3 levels, 1024 values',
    '  a socket: 10 tokens per second, 20 saved up; at most 10240 bytes per second that are handled',
    '  inbound  kind     bytes at most      roles      cost  per second  deadline  undeclared',
    '  say      message  100                admin mod  4     2.5         50        drop',
    '  find     call     maxPayload (1024)  -          1     10          -         refuse',
    '  sends said; a slow reader is closed 1013',
    '  sends moved; a slow reader misses some',
  ])
})

t.test('of a contract without its application the rates are the defaults', async t => {
  const lines = report(readModel(chat))
  const defaults = optionDefaults(optionsSchema)
  t.match(lines[2], `${defaults.get('messages.rate')} tokens per second, ${defaults.get('messages.burst')} saved up (the defaults)`)
  t.equal(lines.filter(line => / (message|call) /.test(line)).length, 4)
  t.match(report(handModel()), ['chat', 'a frame', 'a socket', '  nothing comes in'])
})

t.test('older contracts that the route serves', async t => {
  const older = { name: 'chat', fingerprint: 'cf-1111111111111111', limits: { maxPayload: 2048, depth: 4, nodes: 1024 }, adapted: ['say'], gone: ['kick', 'wave'] }
  const route = { public: true, rate: 10, burst: 20, handlerTimeout: 1000 }
  t.same(report(handModel({ route: { ...route, versions: [older, { ...older, fingerprint: 'cf-2222222222222222', adapted: [], gone: [] }] } })).slice(-2), [
    '  also serves chat cf-1111111111111111, a frame at most 2048 bytes, 4 levels, 1024 values; adapts say; gone kick, wave',
    '  also serves chat cf-2222222222222222, a frame at most 2048 bytes, 4 levels, 1024 values',
  ])
})
