import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { defineContract, identifier, text } from '../../lib/contract.js'

/** One message per kind of field, and one that is large. */
export const wide = defineContract({
  name: 'wide',
  url: '/test',
  inbound: {
    say: Type.Object({ text: text({ maxLength: 500 }) }),
    clean: Type.Object({ text: text({ maxLength: 500, clean: true }) }),
    brief: Type.Object({ text: text({ maxLength: 60_000, maxGraphemes: 500 }) }),
    name: Type.Object({ name: identifier({ maxLength: 64 }) }),
    raw: Type.Object({ value: Type.String({ maxLength: 500 }) }),
    id: Type.Object({ n: Type.Integer() }),
    num: Type.Object({ n: Type.Number() }),
    bool: Type.Object({ b: Type.Boolean() }),
    nil: Type.Object({ v: Type.Null() }),
    one: Type.Object({ v: Type.Literal(1) }),
    tags: Type.Object({ list: Type.Array(Type.String({ maxLength: 64, pattern: '^[a-z]+(-[a-z]+)*$' }), { maxItems: 3 }) }),
    map: Type.Record(Type.String(), Type.Integer(), { maxProperties: 4 }),
    optional: Type.Object({ a: Type.Optional(Type.Integer()), deep: Type.Optional(Type.Object({ b: Type.Integer() })) }),
    any: Type.Any({ unboundedOnPurpose: true }),
    big: Type.Object({ text: text({ maxLength: 60_000 }) }),
    'chat.send': Type.Object({ body: text({ maxLength: 100 }) }),
  },
  outbound: { said: Type.Object({ text: Type.String() }) },
  calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } },
})

/** What a handler was given. */
export interface Handled {
  readonly type: string
  readonly data: unknown
}

/** Declares the route; its handlers note what they are given, and `say` says it back. */
export function wideRoute (handled: Handled[]): (app: FastifyInstance) => void {
  const note = (type: string) => (data: unknown): void => { handled.push({ type, data }) }
  return app => {
    app.wsRoute(wide, {
      on: {
        say: ({ text }, socket) => {
          handled.push({ type: 'say', data: { text } })
          socket.send.said({ text })
        },
        clean: note('clean'),
        brief: note('brief'),
        name: note('name'),
        raw: note('raw'),
        id: note('id'),
        num: note('num'),
        bool: note('bool'),
        nil: note('nil'),
        one: note('one'),
        tags: note('tags'),
        map: note('map'),
        optional: note('optional'),
        any: note('any'),
        big: note('big'),
        'chat.send': note('chat.send'),
      },
      calls: { ping: ({ n }) => n },
    })
  }
}
