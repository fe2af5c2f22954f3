import type { Static } from 'typebox'
import { Type } from 'typebox'
import { Type as Sinclair } from '@sinclair/typebox'
import { expectError, expectType } from 'tsd'
import { defineContract, type Wire } from '../../dist/esm/lib/contract.js'
import { text } from '../../dist/esm/lib/contract.js'

// Contracts of typebox 1.x are inferred without importing it: what is inferred is what its own Static says.

export const Said = Type.Object({
  text: Type.String(),
  n: Type.Integer(),
  by: Type.Optional(Type.Object({ id: Type.Number(), admin: Type.Boolean() })),
  tags: Type.Array(Type.String()),
  state: Type.Union([Type.Literal('open'), Type.Literal(1), Type.Null()]),
  color: Type.Enum(['red', 'blue']),
  pair: Type.Tuple([Type.String(), Type.Number()]),
  counts: Type.Record(Type.String(), Type.Number()),
  both: Type.Intersect([Type.Object({ a: Type.String() }), Type.Object({ b: Type.Optional(Type.Number()) })]),
  id: Type.Unsafe<'branded'>(Type.String()),
  more: Type.Unknown(),
})
expectType<{
  text: string
  n: number
  by?: { id: number, admin: boolean }
  tags: string[]
  state: 'open' | 1 | null
  color: 'red' | 'blue'
  pair: [string, number]
  counts: { [name: string]: number }
  both: { a: string, b?: number }
  id: 'branded'
  more: unknown
}>({} as Wire<typeof Said>)

/** The one says what the other says, in both directions. */
type Same<A, B> = [A, B] extends [B, A] ? true : false
expectType<true>({} as Same<Wire<typeof Said>, Static<typeof Said>>)

export const Tree = Type.Cyclic({ Node: Type.Object({ id: Type.Integer(), kids: Type.Array(Type.Ref('Node')) }) }, 'Node')
interface Node { id: number, kids: Node[] }
expectType<true>({} as Same<Wire<typeof Tree>, Node>)
expectType<true>({} as Same<Wire<typeof Tree>, Static<typeof Tree>>)

// a list of lists, with no object in between
export const Lists = Type.Cyclic({ List: Type.Array(Type.Union([Type.String(), Type.Ref('List')])) }, 'List')
const list: Wire<typeof Lists> = ['a', ['b', ['c']]]
expectError<Wire<typeof Lists>>(['a', [1]])
list.push('d')

export const People = Type.Module({
  Person: Type.Object({ name: Type.Ref('Name'), friend: Type.Optional(Type.Ref('Person')) }), Name: Type.String(),
})
interface Person { name: string, friend?: Person }
expectType<true>({} as Same<Wire<typeof People.Person>, Person>)

export const Scripted = Type.Script('{ a: string, b?: number[] }')
expectType<{ a: string, b?: number[] }>({} as Wire<typeof Scripted>)

export const chat = defineContract({
  name: 'chat',
  url: '/rooms/:room',
  params: Type.Object({ room: Type.String({ maxLength: 9 }) }),
  inbound: {
    say: Type.Object({ text: text({ maxLength: 9 }), to: Type.Optional(text({ maxLength: 9 })) }),
    shout: { payload: Said, roles: ['admin'] },
    bytes: Sinclair.Uint8Array({ maxByteLength: 9 }),
  },
  calls: { ask: { request: Said, reply: Type.Null(), errors: { full: Type.Object({ seats: Type.Integer() }) } } },
})
expectType<{ text: string, to?: string }>({} as Wire<typeof chat.inbound.say>)
expectType<true>({} as Same<Wire<typeof chat.inbound.shout>, Static<typeof Said>>)
expectType<Uint8Array>({} as Wire<typeof chat.inbound.bytes>)
expectType<{ room: string }>({} as Wire<typeof chat.params>)

// text policies have a type in typebox's own Static, as they need in an HTTP route
export const Say = Type.Object({ text: text({ maxLength: 9 }) })
expectType<{ text: string }>({} as Static<typeof Say>)

expectError(defineContract({ name: 'a', url: '/', inbound: { say: { payload: Said, role: ['x'] } } }))
expectError(defineContract({ name: 'a', url: '/', outbound: { said: { payload: Said, roles: ['x'] } } }))
expectError(defineContract({ name: 'a', url: '/', outbound: { said: { type: 'object' } } }))
