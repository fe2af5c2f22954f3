// The neutral model of a contract: what generators, AsyncAPI, `diff` and `report` read.
//
// - It is plain JSON data: `JSON.parse(JSON.stringify(model))` is equal to it. An absent member means "no such limit"
//   or "nothing said"; no member is ever undefined, infinite or a class. `diff` reads two of them from files.
// - It is read from the contract's one tree (lib/model/model.ts). Everything that writes something is a function of
//   the model alone: it sees no schema, no TypeBox and no Fastify.
// - It does not depend on the order of declarations: messages, calls, errors, properties, roles and types are sorted
//   by their names (by UTF-16 units). What has an order of its own keeps it: tuples, variants of a union, allowed
//   values.
// - Names are chosen here, once. Every object, every payload and every schema with an `$id` is an entry of `types`,
//   under an ASCII name in PascalCase that is unique in the model and no word that the target languages keep for
//   themselves. Elsewhere an object only occurs as a reference, so recursion and modules need no care: follow `ref`,
//   and remember where you have been.
// - Messages are named from the server's side, as in AsyncAPI: `inbound` is what a client sends.

import type { NamedType } from './model-types.js'

export type * from './model-types.js'

/** A contract as generators see it. */
export interface ContractModel {
  /** Version of this format. */
  readonly model: 1
  /** The contract's name as it was declared, such as `chat.v2`. */
  readonly name: string
  /** The name for code: `ChatV2`. No type is called so, nor so with `Contract`, `Client` or `Options` behind it. */
  readonly typeName: string
  /** The route's path in Fastify's syntax; with its prefix where the model was read from an application. */
  readonly url: string
  readonly description?: string
  /** Hash of everything on the wire: `cf-` and 16 hex digits. Offered as a subprotocol. */
  readonly fingerprint: string
  readonly envelope: EnvelopeModel
  /** Name of the type of the path's parameters; always an object. */
  readonly params?: string
  /** Name of the type of the query string; always an object. */
  readonly query?: string
  readonly inbound: readonly InboundModel[]
  readonly outbound: readonly OutboundModel[]
  readonly calls: readonly CallModel[]
  readonly types: readonly NamedType[]
  readonly limits: LimitsModel
  /** Close codes of the protocol (docs/protocol.md section 6), by number. 1013 has two names. */
  readonly closeCodes: readonly CloseCodeModel[]
  /** Error codes that any message or call can meet (docs/protocol.md section 5). */
  readonly errorCodes: readonly string[]
  /** Only where the model was read from an application. */
  readonly route?: RouteModel
}

/** Names of the envelope's keys. `data: null`: the payload's properties stand beside the type. */
export interface EnvelopeModel {
  readonly type: string
  readonly data: string | null
  readonly id: string
}

/** Rules of what comes in. */
export interface RulesModel {
  readonly description?: string
  /** The identity has one of them at least. Empty: none is needed. */
  readonly roles: readonly string[]
  /** Tokens of the socket's rate that one message takes. */
  readonly cost: number
  /** Milliseconds a handler may take. Absent: the server's default. */
  readonly deadline?: number
  /** What becomes of properties that no type declares. */
  readonly unknownProperties: 'refuse' | 'drop'
  /** Bytes of its largest frame. Absent: only `limits.maxPayload` bounds it. */
  readonly maxBytes?: number
  /** Fields whose text policy costs more than a fair price, the dearest first. Absent: there are none. */
  readonly costly?: readonly CostlyFieldModel[]
}

/** A field that is dear to judge. */
export interface CostlyFieldModel {
  /** JSON pointer, `*` for any item. */
  readonly path: string
  readonly policy: string
  /** Nanoseconds at most, of all items together. */
  readonly ns: number
}

/** A message from client to server. */
export interface InboundModel extends RulesModel {
  readonly type: string
  /** Name of its payload's type. */
  readonly payload: string
  /** True: the frame is the payload, without an envelope. One inbound and one outbound message at most. */
  readonly binary: boolean
}

/** A message from server to client. */
export interface OutboundModel {
  readonly type: string
  readonly description?: string
  readonly payload: string
  readonly binary: boolean
  /** What becomes of it when the client reads too slowly. Absent: the connection is closed 1013. */
  readonly whenSlow?: 'drop' | { readonly latest: string }
}

/** A request from the client with exactly one reply. */
export interface CallModel extends RulesModel {
  readonly type: string
  readonly request: string
  readonly reply: string
  /** Errors it may be answered with, besides the protocol's own. */
  readonly errors: readonly CallErrorModel[]
}

export interface CallErrorModel {
  readonly code: string
  /** Name of the type of its data. */
  readonly data: string
}

/** Budgets of one frame, derived from the schemas. */
export interface LimitsModel {
  /** Bytes. */
  readonly maxPayload: number
  /** Levels of `[` and `{`, envelope included. */
  readonly depth: number
  /** Values a frame can hold. */
  readonly nodes: number
}

export interface CloseCodeModel {
  readonly code: number
  readonly name: string
  /** A client may connect again by itself. */
  readonly retryable: boolean
}

/** What the application adds to a contract. */
export interface RouteModel {
  /** Anyone with an allowed Origin may connect. */
  readonly public: boolean
  /** Tokens per second and socket, and how many a silent socket saves up. */
  readonly rate: number
  readonly burst: number
  /** Budgets of the application's own, which connections share. Absent: none. */
  readonly budgets?: readonly BudgetModel[]
  /** Milliseconds of a handler whose message has no `deadline`. */
  readonly handlerTimeout: number
  /** Older contracts that it serves as well, in their order. Absent: none. */
  readonly versions?: readonly VersionModel[]
}

/** A budget that connections share: a tenant's, a plan's. */
export interface BudgetModel {
  /** What `rate_limited` names it by. */
  readonly name: string
  /** Tokens per second. Absent: the application decides it for each connection. */
  readonly rate?: number
  /** Tokens saved up. Absent: the application decides it. */
  readonly burst?: number
}

/** An older contract that a route serves. */
export interface VersionModel {
  readonly name: string
  readonly fingerprint: string
  readonly limits: LimitsModel
  /** Messages and calls that adapters are there for, by the older names, sorted. */
  readonly adapted: readonly string[]
  /** Messages and calls that nobody handles, or sends, any more; sorted. */
  readonly gone: readonly string[]
}
