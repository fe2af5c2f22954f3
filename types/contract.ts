import type { TSchema } from '@sinclair/typebox'
import type { NoOther } from './unknown-key.js'
import type { Typebox1 } from './wire.js'

export type { AnyContract, Wire } from './wire.js'

/** A schema of @sinclair/typebox 0.34 or of typebox 1.x. */
export type Schema = TSchema | Typebox1

/** What a message asks for beside its shape. All of it is plain data, so that a browser can import the contract. */
export interface MessageRules {
  /** Roles of which the identity must have at least one; checked per message. Default: none needed. */
  readonly roles?: readonly string[]
  /**
   * Tokens one message takes from the socket's bucket. A number above 0. Default 1; more where its texts can take more
   * than a millisecond to judge (docs/contract.md).
   */
  readonly cost?: number
  /**
   * Milliseconds a handler may take before its AbortSignal fires and the slot is given back. Default: the plugin's
   * `handlerTimeout`.
   */
  readonly deadline?: number
  /** What becomes of properties the schema does not declare: `refuse` (the default) or `drop`. */
  readonly unknownProperties?: 'refuse' | 'drop'
  /** Human text, for documentation and generated clients. */
  readonly description?: string
}

/** A message with rules. `payload` is its schema; a `Type.Uint8Array` contracts a binary frame. */
export interface MessageSpec extends MessageRules {
  readonly payload: Schema
}

/**
 * What becomes of an outbound message when its client reads too slowly (docs/slow-clients.md). `close`: the socket is
 * closed 1013. `drop`: the message is not sent. `latest`: of those that have the same value in this property of the
 * payload the last one is sent, as soon as the client has taken what was sent before.
 */
export type WhenSlow = 'close' | 'drop' | { readonly latest: string }

/**
 * An outbound message in its long form. Roles, costs and deadlines are rules of what comes in: here they would do
 * nothing.
 */
export interface OutboundSpec {
  readonly payload: Schema
  /** Default `close`. */
  readonly whenSlow?: WhenSlow
  /** Human text, for documentation and generated clients. */
  readonly description?: string
}

/** A request from the client that gets exactly one reply. */
export interface CallSpec extends MessageRules {
  readonly request: Schema
  readonly reply: Schema
  /** Errors the handler may answer with: code -> schema of its data. Anything else becomes `internal`. */
  readonly errors?: { readonly [code: string]: Schema }
}

/**
 * Names of the envelope's keys (docs/protocol.md section 3). `data: null` puts the payload's properties beside the
 * type.
 */
export interface EnvelopeOptions {
  readonly type?: string
  readonly data?: string | null
  readonly id?: string
}

/** What `defineContract` takes. `inbound` is client to server, `outbound` server to client, as in AsyncAPI. */
export interface ContractSpec {
  /** 1-64 characters of `[A-Za-z0-9._-]`; part of the fingerprint and of log lines. */
  readonly name: string
  /** The route's path, in Fastify's syntax. */
  readonly url: string
  readonly params?: Schema
  readonly query?: Schema
  readonly inbound?: { readonly [type: string]: Schema | MessageSpec }
  readonly outbound?: { readonly [type: string]: Schema | OutboundSpec }
  readonly calls?: { readonly [type: string]: CallSpec }
  readonly envelope?: EnvelopeOptions
  readonly description?: string
}

/**
 * What `defineContract` returns: what it was given, under the contract's name. Messages of the compiler begin with it.
 */
export type Contract<Name extends string, Spec> = {
  readonly [K in keyof Spec]: K extends 'name' ? Name : Spec[K]
}

/** No key but those of `Shape`; TypeBox types, which may have any, are left alone. */
type Only<V, Shape> = V extends { readonly static: unknown } | Typebox1 ? unknown : NoOther<V, keyof Shape>
type Each<V, Shape> = V extends object ? { readonly [K in keyof V]: Only<V[K], Shape> } : unknown
type Entries<C, Key extends string, Shape> =
  Key extends keyof C ? { readonly [K in Key]?: Each<C[K], Shape> } : unknown

/** Makes a misspelt key of a contract a type error, also where the contract is a variable or spread. */
export type Exact<C> = Only<C, ContractSpec> &
  Entries<C, 'inbound', MessageSpec> & Entries<C, 'outbound', OutboundSpec> & Entries<C, 'calls', CallSpec> &
  (C extends { readonly envelope: infer E } ? { readonly envelope?: Only<E, EnvelopeOptions> } : unknown)

/**
 * One finding about a refused message: where (JSON pointer, at most 128 characters) and what was expected. Never the
 * value.
 */
export interface Issue {
  readonly path: string
  readonly message: string
}

/** Resource budgets of a compiled contract, derived from its schemas (docs/contract.md). */
export interface ContractLimits {
  /** Bytes of the largest legitimate inbound text frame, at most 65536 unless the contract needs more. */
  readonly maxPayload: number
  /** Levels of `[` and `{` a legitimate frame can nest, envelope included. */
  readonly depth: number
  /** Values (commas, colons and openings) a legitimate frame can hold. */
  readonly nodes: number
}

/**
 * What is known of all strings and keys of a frame: true, none holds NUL or a lone surrogate; `ascii`, they hold
 * printable ASCII only; false, nothing.
 */
export type Plainness = boolean | 'ascii'

/** One inbound message or call, compiled. */
export interface CompiledInbound {
  readonly type: string
  readonly kind: 'message' | 'call'
  readonly binary: boolean
  readonly roles: readonly string[] | null
  /** Tokens: the contract's own, else derived from what its texts can cost, 1 at least. */
  readonly cost: number
  readonly deadline: number | null
  /**
   * Projecting copy and check in one: the clean value, or `REFUSED`. In a flat contract (`envelope.data: null`) it is
   * given the whole message and passes over the envelope's keys. Never mutates its argument; throws only where an
   * adapter of an older contract does. `plain`, what `isPlain` said of the frame that the value was parsed from, spares
   * reading its strings once more; default false.
   */
  readonly accept: (value: unknown, plain?: Plainness) => unknown
  /** Why `accept` refused; at most 8 issues. Slow path. */
  readonly explain: (value: unknown) => Issue[]
  /** Calls only: the reply as `{"id":…,"data":…}` text. Throws WSG_ERR_OUTBOUND_INVALID. `id` is already JSON. */
  readonly encodeReply: ((idJson: string, data: unknown) => string) | null
  /** Calls only: declared error codes and the encoder of their data (JSON text). */
  readonly errors: ReadonlyMap<string, (data: unknown) => string> | null
}

/** One outbound message, compiled. */
export interface CompiledOutbound {
  readonly type: string
  readonly binary: boolean
  /** The whole envelope as JSON text, declared fields only. Throws WSG_ERR_OUTBOUND_INVALID. */
  readonly encode: (data: unknown) => string
  /** Binary messages only: the bytes, checked. Throws WSG_ERR_OUTBOUND_INVALID. */
  readonly encodeBinary: ((data: unknown) => Uint8Array) | null
  readonly whenSlow: WhenSlow
}

/** Why a raw text was refused before any schema was asked. */
export type ScanFault = 'too_deep' | 'too_many_nodes'

/** A contract compiled at boot: what the socket needs to judge and to write messages. */
export interface CompiledContract {
  readonly name: string
  readonly url: string
  /** Hash of everything that is on the wire; `cf-` and 16 hex digits. */
  readonly fingerprint: string
  readonly envelope: { readonly type: string, readonly data: string | null, readonly id: string }
  /** Messages and calls by their type. A Map: names are chosen by peers. */
  readonly inbound: ReadonlyMap<string, CompiledInbound>
  readonly outbound: ReadonlyMap<string, CompiledOutbound>
  readonly limits: ContractLimits
  /** Depth and node budget on the raw text, before `JSON.parse`. Null when within. */
  readonly scan: (text: string) => ScanFault | null
  /** What can be told of the strings and keys of a raw text by a glance. `bytes`: of its UTF-8 form, where known. */
  readonly isPlain: (text: string, bytes?: number) => Plainness
  /** False when no key of the raw text can be forbidden, so that `hasForbiddenKey` needn't be asked. Cheap. */
  readonly mayHoldForbiddenKey: (text: string, plain: Plainness) => boolean
  /** True when a forbidden key (`__proto__`, `constructor` holding `prototype`) is an own key anywhere. */
  readonly hasForbiddenKey: (value: unknown) => boolean
  /** Path parameters and query string, checked and copied; `REFUSED` when they do not fit. */
  readonly params: ((value: unknown) => unknown) | null
  readonly query: ((value: unknown) => unknown) | null
}
