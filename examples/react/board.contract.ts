import { Type } from '@sinclair/typebox'
import { defineContract, line } from 'fastify-ws-guard/contract'

const Note = Type.Object({ id: Type.Integer(), text: Type.String() })

export const board = defineContract({
  name: 'board',
  url: '/board',
  inbound: {
    pin: Type.Object({ text: line({ minLength: 1, maxLength: 120 }) }),
  },
  outbound: {
    pinned: Note,
  },
  calls: {
    notes: { request: Type.Object({}), reply: Type.Array(Note, { maxItems: 50 }) },
  },
})
