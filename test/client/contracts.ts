import { Type } from '@sinclair/typebox'
import { defineContract, text } from '../../lib/contract.js'

const Said = Type.Object({ from: Type.String(), text: Type.String() })

/** A chat as the tests of the client know it. */
export const chat = defineContract({
  name: 'chat',
  url: '/rooms/:room',
  params: Type.Object({ room: text({ maxLength: 32 }) }),
  query: Type.Object({ since: Type.Optional(Type.Integer({ minimum: 0 })) }),
  inbound: {
    say: Type.Object({ text: text({ minLength: 1, maxLength: 500 }) }),
    typing: Type.Object({}),
  },
  outbound: { said: Said, left: Type.Object({ who: Type.String() }) },
  calls: {
    history: {
      request: Type.Object({ limit: Type.Integer({ minimum: 1, maximum: 100 }) }),
      reply: Type.Array(Said, { maxItems: 100 }),
      errors: { too_far: Type.Object({ oldest: Type.Integer() }) },
    },
    add: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() },
  },
})
