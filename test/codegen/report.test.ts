import t from 'tap'
import { report } from '../../lib/codegen/report.js'
import { readModel } from '../../lib/model/model.js'
import { chat } from '../client/contracts.js'
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
  t.match(lines[2], '20 tokens per second, 40 saved up (the defaults)')
  t.equal(lines.filter(line => / (message|call) /.test(line)).length, 4)
  t.match(report(handModel()), ['chat', 'a frame', 'a socket', '  nothing comes in'])
})
