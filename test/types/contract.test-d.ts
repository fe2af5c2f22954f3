import { expectError, expectType } from 'tsd'
import { Type } from '@sinclair/typebox'
import { defineContract } from '../../dist/esm/lib/contract.js'

const payload = Type.Object({ text: Type.String({ maxLength: 9 }) })
const request = payload
const reply = Type.Null()

const chat = defineContract({
  name: 'chat',
  url: '/',
  inbound: { say: { payload, roles: ['admin'], cost: 2 }, shout: payload },
  outbound: { said: { payload, description: 'x' }, left: payload },
  calls: { ask: { request, reply, errors: { full: payload }, deadline: 5 } },
  envelope: { type: 'event', data: null },
})
expectType<'chat'>(chat.name)
expectType<{ text: string }>(chat.outbound.said.payload.static)

// What does nothing does not compile.
expectError(defineContract({ name: 'a', url: '/', outbound: { secret: { payload, roles: ['admin'] } } }))
expectError(defineContract({ name: 'a', url: '/', outbound: { secret: { payload, cost: 2 } } }))
expectError(defineContract({ name: 'a', url: '/', outbound: { secret: { payload, unknownProperties: 'drop' } } }))

// Nor does what is misspelt, also where the object is a variable or spread.
const outbound = { secret: { payload, roles: ['admin'] } }
const inbond = { inbond: {} }
expectError(defineContract({ name: 'a', url: '/', outbound }))
expectError(defineContract({ name: 'a', url: '/', ...inbond }))
expectError(defineContract({ name: 'a', url: '/', inbound: { say: { payload, role: ['x'] } } }))
expectError(defineContract({ name: 'a', url: '/', calls: { ask: { request, reply, error: {} } } }))
expectError(defineContract({ name: 'a', url: '/', envelope: { tpye: 'x' } }))
const tables = { said: payload }
defineContract({ name: 'a', url: '/', outbound: { ...tables, left: payload } })
