import type { CompiledContract } from './contract.js'
import type { AnyContract, CallErrors, CallReply, CallRequest, Part, Sendable, Wire } from './wire.js'

/** Makes what one contract wants out of what the other has. At once: a promise is not awaited. */
type Adapt<From, To> = (data: From) => Sendable<To>

/** For each name what there is, and what is wanted. */
interface Pairs { readonly [name: string]: readonly [from: unknown, to: unknown] }

/** An adapter for each pair; it may be left out where what there is fits as it is. */
type Adapters<P extends Pairs> =
  & { readonly [K in keyof P as P[K][0] extends P[K][1] ? never : K]: Adapt<P[K][0], P[K][1]> }
  & { readonly [K in keyof P]?: Adapt<P[K][0], P[K][1]> }

/** A part of the adapters; it may be left out where nothing in it is needed. */
type Need<Key extends string, A> = {} extends A ? { readonly [K in Key]?: A } : { readonly [K in Key]: A }

/** Names that both have, and those that only the older one has. */
type Kept<Old, New> = keyof Old & keyof New
type Gone<Old, New> = Exclude<keyof Old, keyof New>

/** What became of a message of the older contract that the new one has no message of that name for. */
type Moved<Key extends string, Names, Of> =
  'gone' | { [K in keyof Names]: { readonly [P in Key]: K } & Of[K & keyof Of] }[keyof Names]

type Inbound<Old, New> =
  & Adapters<{ [K in Kept<Old, New>]: [Wire<Old[K]>, Wire<New[K]>] }>
  & {
    readonly [K in Gone<Old, New>]:
    Moved<'to', New, { [N in keyof New]: Adapters<{ adapt: [Wire<Old[K]>, Wire<New[N]>] }> }>
  }

type Outbound<Old, New> =
  & Adapters<{ [K in Kept<Old, New>]: [Wire<New[K]>, Wire<Old[K]>] }>
  & {
    readonly [K in Gone<Old, New>]:
    Moved<'from', New, { [N in keyof New]: Adapters<{ adapt: [Wire<New[N]>, Wire<Old[K]>] }> }>
  }

type Call<Old, New> =
  & Adapters<{ request: [CallRequest<Old>, CallRequest<New>], reply: [CallReply<New>, CallReply<Old>] }>
  & Need<'errors', Adapters<{
    [K in Kept<CallErrors<Old>, CallErrors<New>>]: [Wire<CallErrors<New>[K]>, Wire<CallErrors<Old>[K]>]
  }>>

type Calls<Old, New> =
  & { readonly [K in Kept<Old, New> as {} extends Call<Old[K], New[K]> ? never : K]: Call<Old[K], New[K]> }
  & { readonly [K in Kept<Old, New>]?: Call<Old[K], New[K]> }
  & { readonly [K in Gone<Old, New>]: Moved<'to', New, { [N in keyof New]: Call<Old[K], New[N]> }> }

/**
 * How messages of `Old` become those of `New`, and back; by the names of `Old`. What fits as it is needs no adapter:
 * properties that the other contract does not know are left out by themselves.
 */
export type ContractAdapters<Old extends AnyContract, New extends AnyContract> =
  /** Messages that clients send: the older message in, the new one out. */
  & Need<'on', Inbound<Part<Old, 'inbound'>, Part<New, 'inbound'>>>
  /** Messages that clients get: the new message in, the older one out. */
  & Need<'outbound', Outbound<Part<Old, 'outbound'>, Part<New, 'outbound'>>>
  /** Calls: an older request becomes a new one; the reply, and the data of errors, older ones. */
  & Need<'calls', Calls<Part<Old, 'calls'>, Part<New, 'calls'>>>

/** What `adaptContract` returns: an older contract that a route of `New` goes on serving. */
export interface ContractVersion<New extends AnyContract = AnyContract> {
  /** The older contract. */
  readonly contract: AnyContract
  /** The contract of the route. */
  readonly to: New
  readonly adapters: object
}

/**
 * An older contract, compiled for a route of another: `inbound` takes the older messages and hands on those of the
 * route's contract, under whose types each entry is handled; `outbound` is by the types of the route's contract.
 */
export interface AdaptedContract extends CompiledContract {
  /** Messages and calls that the route has no handler for any more. */
  readonly gone: ReadonlySet<string>
}
