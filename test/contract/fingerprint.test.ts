import t from 'tap'
import { Type } from '@sinclair/typebox'
import { fingerprintOf } from '../../lib/contract/fingerprint.js'
import { readContract } from '../../lib/contract/tree/contract-tree.js'
import { DEFAULT_ENVELOPE } from '../../lib/protocol/envelope.js'
import type { ContractSpec } from '../../types/contract.js'

const say = Type.Object({ text: Type.String({ maxLength: 5 }) })
const base: ContractSpec = { name: 'chat', url: '/chat', inbound: { say, bye: say }, calls: { ask: { request: say, reply: Type.Null() } } }
const of = (contract: ContractSpec, envelope = DEFAULT_ENVELOPE): string =>
  fingerprintOf(readContract({ ...contract, envelope }, {}))

t.test('what is not on the wire makes no difference', async t => {
  t.match(of(base), /^cf-[0-9a-f]{16}$/)
  const same: ContractSpec[] = [
    { ...base, url: '/elsewhere' },
    { ...base, inbound: { bye: say, say } },
    { ...base, inbound: { ...base.inbound, say: { payload: say, cost: 5, roles: ['admin'] } } },
    { ...base, inbound: { ...base.inbound, say: Type.Object({ text: Type.String({ maxLength: 5, description: 'words' }) }, { title: 'Say' }) } },
  ]
  for (const contract of same) t.equal(of(contract), of(base))
})

t.test('nor does the order of properties, whatever recurs in them', async t => {
  const list = Type.Recursive(This => Type.Object({ next: Type.Optional(This) }))
  const tree = Type.Recursive(This => Type.Object({ children: Type.Array(This) }))
  t.equal(of({ ...base, outbound: { m: Type.Object({ a: list, b: tree }) } }), of({ ...base, outbound: { m: Type.Object({ b: tree, a: list }) } }))
  t.not(of({ ...base, outbound: { m: Type.Object({ a: list, b: tree }) } }), of({ ...base, outbound: { m: Type.Object({ a: tree, b: list }) } }))
})

t.test('what is on the wire does', async t => {
  const prints = [
    of(base),
    of({ ...base, name: 'other' }),
    of({ ...base, inbound: { say } }),
    of({ ...base, inbound: { ...base.inbound, say: Type.Object({ text: Type.String({ maxLength: 6 }) }) } }),
    of({ ...base, outbound: { said: say } }),
    of({ ...base, params: say }),
    of({ ...base, query: say }),
    of({ ...base, calls: { ask: { request: say, reply: say } } }),
    of({ ...base, calls: { ask: { request: say, reply: Type.Null(), errors: { gone: Type.Null() } } } }),
    of(base, { ...DEFAULT_ENVELOPE, type: 'event' }),
    of(base, { ...DEFAULT_ENVELOPE, data: null }),
  ]
  t.equal(new Set(prints).size, prints.length)
})
