import { type Static, Type } from '@sinclair/typebox'
import { defineContract, identifier, text } from 'fastify-ws-guard/contract'

const Person = Type.Object({ id: Type.String(), name: Type.String() })

const Said = Type.Object({
  id: Type.Integer({ description: 'Counts upwards within a room' }),
  from: Person,
  text: Type.String(),
  at: Type.Integer({ description: 'Milliseconds since 1970' }),
})

export type Person = Static<typeof Person>
export type Said = Static<typeof Said>

/** All that is said between the page and the server in one room. Anything else is refused, in both directions. */
export const chat = defineContract({
  name: 'chat',
  url: '/rooms/:room',
  params: Type.Object({ room: identifier({ maxLength: 32 }) }),
  inbound: {
    say: Type.Object({ text: text({ minLength: 1, maxLength: 500 }) }),
  },
  outbound: {
    said: Said,
    people: Type.Array(Person),
    joined: Person,
    left: Person,
  },
  calls: {
    history: {
      request: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 100 }) }),
      reply: Type.Array(Said, { maxItems: 100 }),
    },
  },
})
