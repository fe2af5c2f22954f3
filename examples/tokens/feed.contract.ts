import { Type } from '@sinclair/typebox'
import { defineContract } from 'fastify-ws-guard/contract'

const Item = Type.Object({ number: Type.Integer({ minimum: 1, maximum: 1_000_000 }) })

export const feed = defineContract({
  name: 'feed',
  url: '/feed',
  description: 'Numbers, from programs to programs.',
  inbound: { publish: { payload: Item, roles: ['writer'] } },
  outbound: { published: Type.Object({ from: Type.String(), number: Type.Integer() }) },
})
