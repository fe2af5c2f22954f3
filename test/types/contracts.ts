import { Type } from '@sinclair/typebox'
import type { ContractSpec } from '../../dist/esm/types/contract.js'

declare function defineContract<const C extends ContractSpec> (spec: C): Readonly<C>

export const Said = Type.Object({ from: Type.String(), text: Type.String() })

/** Every part, messages with and without rules, errors. */
export const chat = defineContract({
  name: 'chat',
  url: '/rooms/:room',
  params: Type.Object({ room: Type.String({ maxLength: 32 }) }),
  query: Type.Object({ since: Type.Optional(Type.Integer()) }),
  inbound: {
    /** Something to say. */
    say: Type.Object({ text: Type.String({ maxLength: 500 }) }),
    kick: { payload: Type.Object({ user: Type.String() }), roles: ['moderator'], cost: 5 },
  },
  outbound: {
    said: Said,
    left: { payload: Type.Object({ who: Type.String(), why: Type.Optional(Type.String()) }) },
  },
  calls: {
    history: {
      request: Type.Object({ limit: Type.Integer() }),
      reply: Type.Array(Said),
      errors: { too_far: Type.Object({ oldest: Type.Integer() }) },
    },
    ping: { request: Type.Object({}), reply: Type.Null() },
  },
})

/** Outbound only, nothing declared about the path. */
export const ticker = defineContract({ name: 'ticker', url: '/ticker', outbound: { tick: Type.Object({ price: Type.Number() }) } })

/** What code generation writes: an interface, parts optional or not, `static` as the only mark. */
export interface StubContract {
  readonly name: 'stub'
  readonly url: '/stub'
  readonly inbound?: { readonly hello: { static: { name: string } } }
  readonly outbound: { readonly hi: { payload: { static: { to: string } } } }
  readonly calls: { readonly sum: { request: { static: number[] }, reply: { static: number }, errors: {} } }
}
