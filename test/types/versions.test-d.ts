import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { expectError, expectType } from 'tsd'
import type {} from '../../dist/esm/types/fastify.js'
import { adaptContract, type ContractVersion, defineContract } from '../../dist/esm/lib/contract.js'
import { chat, ticker } from './contracts.js'

declare const app: FastifyInstance

const v1 = defineContract({
  name: 'v',
  url: '/v',
  inbound: {
    say: Type.Object({ text: Type.String({ maxLength: 9 }) }),
    same: Type.Object({ n: Type.Integer(), mood: Type.Integer() }),
    shout: Type.Object({ loud: Type.String({ maxLength: 9 }) }),
  },
  outbound: {
    said: Type.Object({ text: Type.String() }),
    left: Type.Object({ who: Type.String() }),
    kept: Type.Object({ a: Type.Integer() }),
  },
  calls: {
    last: {
      request: Type.Object({ limit: Type.Integer() }),
      reply: Type.Array(Type.String()),
      errors: { far: Type.Object({ oldest: Type.Integer() }) },
    },
    kick: { request: Type.Object({}), reply: Type.Null() },
    easy: { request: Type.Object({ a: Type.Integer() }), reply: Type.Object({ b: Type.Integer() }) },
  },
})
const v2 = defineContract({
  name: 'v',
  url: '/v',
  inbound: { say: Type.Object({ body: Type.String({ maxLength: 9 }) }), same: Type.Object({ n: Type.Number() }) },
  outbound: {
    said: Type.Object({ body: Type.String(), at: Type.Integer() }),
    gone: Type.Object({ who: Type.String() }),
    kept: Type.Object({ a: Type.Integer(), b: Type.Integer() }),
  },
  calls: {
    last: {
      request: Type.Object({ limit: Type.Integer(), before: Type.Integer() }),
      reply: Type.Array(Type.Object({ text: Type.String() })),
      errors: { far: Type.Object({ at: Type.Integer() }) },
    },
    void: { request: Type.Object({}), reply: Type.Null() },
    easy: { request: Type.Object({}), reply: Type.Object({ b: Type.Integer(), c: Type.Integer() }) },
  },
})

// Nothing is annotated, and what fits needs no adapter: `same`, `kept`, `easy`.
const on = {
  say: ({ text }: { text: string }) => ({ body: text }),
  shout: 'gone',
} as const
const outbound = { said: ({ body }: { body: string }) => ({ text: body }), left: { from: 'gone' } } as const
const last = {
  request: ({ limit }: { limit: number }) => ({ limit, before: 0 }),
  reply: (all: { text: string }[]) => all.map(({ text }) => text),
  errors: { far: ({ at }: { at: number }) => ({ oldest: at }) },
}
const calls = { last, kick: { to: 'void' } } as const
const version = adaptContract(v1, v2, {
  on: {
    say (data) {
      expectType<{ text: string }>(data)
      return { body: data.text }
    },
    shout: { to: 'say', adapt: ({ loud }) => ({ body: loud }) },
  },
  outbound: {
    said (data) {
      expectType<{ body: string, at: number }>(data)
      return { text: data.body }
    },
    left: 'gone',
  },
  calls: {
    last: {
      request ({ limit }) {
        expectType<number>(limit)
        return { limit, before: 0 }
      },
      reply: all => all.map(({ text }) => text) as readonly string[],
      errors: { far: ({ at }) => ({ oldest: at }) },
    },
    kick: 'gone',
    easy: { request: ({ a }) => { expectType<number>(a); return {} } },
  },
})
expectType<ContractVersion<typeof v2>>(version)
adaptContract(v1, v2, { on, outbound, calls })
adaptContract(v1, v1, {})
adaptContract(ticker, ticker, {})

expectError(adaptContract(v1, v2, {}))
expectError(adaptContract(v1, v2, { outbound, calls })) // say is another one, shout has to be declared
expectError(adaptContract(v1, v2, { on: { say: on.say }, outbound, calls })) // shout: neither moved nor gone
expectError(adaptContract(v1, v2, { on: { shout: 'gone' }, outbound, calls })) // say has no adapter
expectError(adaptContract(v1, v2, { on: { ...on, say: 'gone' }, outbound, calls })) // it is not gone
expectError(adaptContract(v1, v2, { on: { ...on, shout: 'lost' }, outbound, calls }))
expectError(adaptContract(v1, v2, { on: { ...on, say: ({ text }) => ({ text }) }, outbound, calls })) // what it makes is no say
expectError(adaptContract(v1, v2, { on: { ...on, say: async ({ text }) => ({ body: text }) }, outbound, calls })) // not at once
expectError(adaptContract(v1, v2, { on: { ...on, shout: { to: 'say' } }, outbound, calls })) // another type, and no adapter
expectError(adaptContract(v1, v2, { on: { ...on, shout: { to: 'sya', adapt: () => ({ body: '' }) } }, outbound, calls }))
expectError(adaptContract(v1, v2, { on: { ...on, sya: on.say }, outbound, calls })) // no such message
expectError(adaptContract(v1, v2, { on, outbound: { left: 'gone' }, calls })) // said has no adapter
expectError(adaptContract(v1, v2, { on, outbound: { ...outbound, left: { from: 'said' } }, calls })) // another type
expectError(adaptContract(v1, v2, { on, outbound, calls: { ...calls, last: { ...last, reply: () => [1] } } }))
expectError(adaptContract(v1, v2, { on, outbound, calls: { ...calls, last: { request: last.request, reply: last.reply } } })) // errors
expectError(adaptContract(v1, v2, { on, outbound, calls: { last } })) // kick: neither moved nor gone
expectError(adaptContract(v1, {}, {}))

// A route takes versions of its own contract only.
const handlers = { on: { say () {}, same () {} }, calls: { last: () => [], void: () => null, easy: () => ({ b: 1, c: 2 }) } }
app.wsRoute(v2, { ...handlers, versions: [version, adaptContract(v1, v2, { on, outbound, calls })] })
expectError(app.wsRoute(v2, { ...handlers, versions: [adaptContract(chat, chat, {})] }))
expectError(app.wsRoute(v2, { ...handlers, versions: version }))
expectError(app.wsRoute(v2, { ...handlers, versions: [v1] }))
