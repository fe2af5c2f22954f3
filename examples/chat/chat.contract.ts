import { type Static, Type } from '@sinclair/typebox'
import { defineContract, identifier, text } from 'fastify-ws-guard/contract'

const Person = Type.Object({ id: Type.String(), name: Type.String(), roles: Type.Array(Type.String()) })

const Said = Type.Object({
  id: Type.Integer({ description: 'Counts upwards within a room' }),
  from: Person,
  text: Type.String(),
  at: Type.Integer({ description: 'Milliseconds since 1970' }),
})

const Removed = Type.Object({ id: Type.Integer() })

export type Person = Static<typeof Person>
export type Said = Static<typeof Said>

/** All that is said between the page and the server in one room. Anything else is refused, in both directions. */
export const chat = defineContract({
  name: 'chat',
  url: '/rooms/:room',
  params: Type.Object({ room: identifier({ maxLength: 32 }) }),
  inbound: {
    say: Type.Object({ text: text({ minLength: 1, maxLength: 500 }) }),
    remove: { payload: Removed, roles: ['moderator'] },
  },
  outbound: {
    said: Said,
    removed: Removed,
    people: { payload: Type.Array(Person), description: 'Who is in the room, with the roles of now' },
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
