// How a contract carries its types. Nothing is imported: generated stubs and clients need no TypeBox and no Fastify.

/**
 * The JSON value a schema describes. The one place that knows how a schema carries its type: TypeBox 0.34 and
 * generated stubs both have a `static` member.
 */
export type Wire<S> =
  S extends { static: unknown } ? S['static']
    : S extends { payload: { static: unknown } } ? S['payload']['static']
      : never

/**
 * What may be handed over to be sent as a `T`: the same, and lists may be readonly. An object that holds whatever there
 * is stays as it is, and so does whatever there is itself. There is no condition per property, because that would be
 * the greater part of what checking costs.
 */
export type Sendable<T> = unknown extends T | T[keyof T] ? T : { readonly [K in keyof T]: Sendable<T[K]> }

/** Loose on purpose: interfaces and generated stubs fit as well as a TypeBox contract does. */
export interface AnyContract {
  readonly name: string
  readonly url: string
  readonly params?: object
  readonly query?: object
  readonly inbound?: object
  readonly outbound?: object
  readonly calls?: object
}

/** The part `K` of a contract, or nothing. A stub may declare it optional. */
export type Part<C, K extends string> = K extends keyof C ? NonNullable<C[K]> : {}

/** Path parameters as the contract declares them, else Fastify's strings. */
export type ParamsOf<C> =
  [Wire<Part<C, 'params'>>] extends [never] ? Readonly<Record<string, string>> : Wire<Part<C, 'params'>>

/** The query string as the contract declares it, else whatever came. */
export type QueryOf<C> =
  [Wire<Part<C, 'query'>>] extends [never] ? Readonly<Record<string, unknown>> : Wire<Part<C, 'query'>>

/** Parts of a call. */
export type CallRequest<S> = S extends { request: { static: unknown } } ? S['request']['static'] : never
export type CallReply<S> = S extends { reply: { static: unknown } } ? S['reply']['static'] : never
/** What a call's handler may return. */
export type Reply<S> = Sendable<CallReply<S>> | Promise<Sendable<CallReply<S>>>
export type CallErrors<S> = S extends { errors: unknown } ? S['errors'] : {}
