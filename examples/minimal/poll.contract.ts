import { Type } from '@sinclair/typebox'
import { defineContract } from 'fastify-ws-guard/contract'

export const poll = defineContract({
  name: 'poll',
  url: '/poll',
  description: 'Tea or coffee?',
  inbound: {
    vote: Type.Object({ choice: Type.Union([Type.Literal('tea'), Type.Literal('coffee')]) }, { description: 'Votes, as often as one likes.' }),
  },
  outbound: {
    result: Type.Object({ tea: Type.Integer(), coffee: Type.Integer() }, { description: 'Votes so far: at first and after each vote.' }),
  },
})
