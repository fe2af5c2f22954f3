// How a contract carries its types. Nothing is imported: generated stubs and clients need no TypeBox and no Fastify.

/** A schema of typebox 1.x, told by its marks: that package need not be installed. */
export type Typebox1 = { readonly '~kind': string } | { readonly '~unsafe': unknown }

/**
 * The JSON value a schema describes. The one place that knows how a schema carries its type: @sinclair/typebox 0.34 and
 * generated stubs have a `static` member, a schema of typebox 1.x is taken apart.
 */
export type Wire<S> =
  S extends { static: unknown } ? S['static']
    : S extends { payload: { static: unknown } } ? S['payload']['static']
      : S extends { payload: infer P } ? Static1<P> : Static1<S>

/** Kinds of typebox 1.x whose type is told by their name. What a template admits is checked, not typed. */
interface Scalars {
  String: string
  TemplateLiteral: string
  Number: number
  Integer: number
  Boolean: boolean
  Null: null
  Any: unknown
  Unknown: unknown
}

/**
 * What `Static` of typebox 1.x says, but that a handler may write to what it was given, and that `Type.Any` is unknown.
 * `D`: what a `Type.Ref` may name. Text policies carry their `static` here as well.
 */
type Static1<S, D = {}> =
  S extends { static: infer T } ? T
    : S extends { '~unsafe': infer T } ? T
      : S extends { '~kind': keyof Scalars } ? Scalars[S['~kind']]
        : S extends { '~kind': 'Object', properties: infer P } ? Properties1<P, D>
          : S extends { '~kind': 'Literal', const: infer C } ? C
            : S extends { '~kind': 'Array', items: infer I } ? Static1<I, D>[]
              : S extends { '~kind': 'Union', anyOf: infer U extends readonly unknown[] } ? Static1<U[number], D>
                : S extends { '~kind': 'Enum', enum: infer E extends readonly unknown[] } ? E[number]
                  : Rare1<S, D>

type Rare1<S, D> =
  S extends { '~kind': 'Tuple', items: infer I } ? { [K in keyof I]: Static1<I[K], D> }
    : S extends { '~kind': 'Record', patternProperties: infer P } ? { [name: string]: Static1<P[keyof P], D> }
      : S extends { '~kind': 'Intersect', allOf: infer A } ? Flat<Every1<A, D>>
        : S extends { '~kind': 'Cyclic', $defs: infer C, $ref: infer R } ? R extends keyof C ? Static1<C[R], C> : never
          : S extends { '~kind': 'Ref', $ref: infer R } ? R extends keyof D ? Static1<D[R], D> : never
            : never

type Every1<A, D> = A extends readonly [infer S, ...infer Rest] ? Static1<S, D> & Every1<Rest, D> : unknown

type Optional1<P> = { [K in keyof P]: P[K] extends { '~optional': true } ? K : never }[keyof P]

/** Homomorphic, so that the comments of a contract's properties are shown where they are used. */
type Properties1<P, D> = [Optional1<P>] extends [never]
  ? { [K in keyof P]: Static1<P[K], D> }
  : Flat<{ [K in keyof P as K extends Optional1<P> ? never : K]: Static1<P[K], D> } &
  { [K in keyof P as K extends Optional1<P> ? K : never]?: Static1<P[K], D> }>

type Flat<T> = T extends object ? { [K in keyof T]: T[K] } : T

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
export type CallRequest<S> =
  S extends { request: { static: unknown } } ? S['request']['static'] : S extends { request: infer R } ? Wire<R> : never
export type CallReply<S> =
  S extends { reply: { static: unknown } } ? S['reply']['static'] : S extends { reply: infer R } ? Wire<R> : never
/** What a call's handler may return. */
export type Reply<S> = Sendable<CallReply<S>> | Promise<Sendable<CallReply<S>>>
export type CallErrors<S> = S extends { errors: unknown } ? S['errors'] : {}
