import type { AnyContract, CallErrors, CallReply, CallRequest, Part, Sendable, Wire } from '../../types/wire.js'
import { iterate, type IterateOptions, type MessageIterator, type Subscribe } from './iterate.js'
import type { CallOptions, CallResult, Client } from './types.js'

// Other ways to use what a client has anyway. A page that does not import one does not load it.

/** What `eventsOf` returns: an iterator by message. */
export type Events<C> = {
  readonly [K in keyof Part<C, 'outbound'>]: (options?: IterateOptions) =>
  MessageIterator<Wire<Part<C, 'outbound'>[K]>>
}

/** What `attempt` returns: calls whose errors are values. */
export type Attempts<C> = {
  readonly [K in keyof Part<C, 'calls'>]:
  (request: Sendable<CallRequest<Part<C, 'calls'>[K]>>, options?: CallOptions) =>
  Promise<CallResult<CallReply<Part<C, 'calls'>[K]>, CallErrors<Part<C, 'calls'>[K]>>>
}

interface Methods<F> { readonly [type: string]: F }

/** One method per message type. */
const view = <V> (method: (type: string) => unknown): V =>
  new Proxy({}, { get: (_, type: string) => method(type) }) as V

/** Messages for loops: `for await (const { text } of eventsOf(client).said())`. Each call is an iterator of its own. */
export function eventsOf<C extends AnyContract> (client: Client<C>): Events<C> {
  const on = client.on as object as Methods<Subscribe>
  return view(type => (options?: IterateOptions) =>
    iterate(on[type]!, end => client.listen('closed', end as never), options))
}

/** As `client.on`, for one message: `once(client).said(({ text }) => …)`. */
export function once<C extends AnyContract> (client: Client<C>): Client<C>['on'] {
  const on = client.on as object as Methods<Subscribe>
  return view(type => (listener: (data: unknown) => unknown) => {
    const off = on[type]!(data => {
      off()
      return listener(data)
    })
    return off
  })
}

/** As `client.calls`, and never rejects, so that the type of the error is known: `await attempt(client).history(…)`. */
export function attempt<C extends AnyContract> (client: Client<C>): Attempts<C> {
  const calls = client.calls as object as Methods<(...args: unknown[]) => Promise<unknown>>
  return view(type => (...args: unknown[]) =>
    calls[type]!(...args).then(data => ({ ok: true, data }), error => ({ ok: false, error })))
}
