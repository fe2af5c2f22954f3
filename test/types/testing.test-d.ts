import Fastify from 'fastify'
import { expectError, expectType } from 'tsd'
import { attempt, connect, type TestClient } from '../../dist/esm/lib/testing.js'
import { defineContract } from '../../dist/esm/lib/contract.js'
import { Type } from '@sinclair/typebox'
import { chat } from './contracts.js'

const app = Fastify()
const ticker = defineContract({ name: 'ticker', url: '/ticker', outbound: { tick: Type.Object({}) } })
const ann = await connect(app, chat, { as: { id: 7, roles: ['admin'] }, params: { room: 'lobby' }, query: { since: 1 }, timeout: 100 })

expectType<TestClient<typeof chat>>(ann)
expectType<{ from: string, text: string }>(await ann.next.said({ where: ({ text }) => text === 'x', timeout: 1 }))
expectType<boolean>(ann.send.say({ text: 'x' }))
const answer = await attempt(ann).history({ limit: 1 })
if (!answer.ok && answer.error.code === 'too_far') expectType<number>(answer.error.data.oldest)
expectType<{ readonly code: number, readonly reason: string }>(await ann.closed())
const [first] = ann.unread
if (first?.type === 'said') expectType<string>(first.data.text)
await ann.close(4000, 'bye')

// Without params in the URL there is nothing that must be said.
expectType<Promise<TestClient<typeof ticker>>>(connect(app, ticker))
await connect(app, chat, { url: '/rooms/lobby' })
await connect(app, chat, { auth: ({ refused }) => refused ? 'renewed' : 'token', params: { room: 'lobby' } })
expectError(connect(app, chat))
expectError(connect(app, chat, { as: { id: 7 } })) // a name without a value
await connect(app, chat, { params: { room: 'lobby' }, pace: { rate: 10 } })
expectError(connect(app, chat, { as: 7, params: { room: 'x' } }))
expectError(connect(app, chat, { as: { name: 'ann' }, params: { room: 'x' } }))
expectError(connect(app, chat, { params: { rom: 'x' } }))
expectError(connect(app, chat, { orign: null, params: { room: 'x' } }))
expectError(ann.next.siad())
expectError(ann.next.say())
