// The neutral model of a contract: what generators, AsyncAPI, `diff` and `report` read.
//
// - It is plain JSON data: `JSON.parse(JSON.stringify(model))` is equal to it. An absent member means "no such limit"
//   or "nothing said"; no member is ever undefined, infinite or a class. `diff` reads two of them from files.
// - It is read from the contract's one tree (lib/codegen/model.ts). Everything that writes something is a function of
//   the model alone: it sees no schema, no TypeBox and no Fastify.
// - It does not depend on the order of declarations: messages, calls, errors, properties, roles and types are sorted
//   by their names (by UTF-16 units). What has an order of its own keeps it: tuples, variants of a union, allowed
//   values.
// - Names are chosen here, once. Every object, every payload and every schema with an `$id` is an entry of `types`,
//   under an ASCII name in PascalCase that is unique in the model and no word that the target languages keep for
//   themselves. Elsewhere an object only occurs as a reference, so recursion and modules need no care: follow `ref`,
//   and remember where you have been.
// - Messages are named from the server's side, as in AsyncAPI: `inbound` is what a client sends.

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
  /** Close codes of the protocol (docs/protocol.md section 6), by number. */
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
  /** Milliseconds of a handler whose message has no `deadline`. */
  readonly handlerTimeout: number
}

/** An entry of `types`. */
export interface NamedType {
  readonly name: string
  readonly type: DefinitionModel
}

/** What any type may say about itself, for people. */
export interface Annotations {
  readonly title?: string
  readonly description?: string
  /** Values as JSON has them. */
  readonly examples?: readonly unknown[]
  /** Said, never filled in. */
  readonly default?: unknown
  readonly deprecated?: true
}

/** Any JSON value. */
export interface AnyModel extends Annotations {
  readonly kind: 'any'
}

export interface BooleanModel extends Annotations {
  readonly kind: 'boolean'
}

/** Exactly one of these values; `[null]` is null, and nothing fits `[]`. */
export interface ValuesModel extends Annotations {
  readonly kind: 'values'
  readonly values: readonly (string | number | boolean | null)[]
}

/** A finite number; an integer is a safe integer. */
export interface NumberModel extends Annotations {
  readonly kind: 'number'
  readonly integer: boolean
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly exclusiveMaximum?: number
  readonly multipleOf?: number
}

/** A string. Lengths count UTF-16 units. Well-formed, without NUL. */
export interface StringModel extends Annotations {
  readonly kind: 'string'
  readonly minLength?: number
  readonly maxLength?: number
  /** An ECMAScript regular expression; unanchored unless it says so. */
  readonly pattern?: { readonly source: string, readonly flags: string }
  readonly format?: string
  readonly text?: TextModel
}

/** The text policy of a string (docs/text.md). */
export interface TextModel {
  readonly policy: 'text' | 'line' | 'identifier' | 'url' | 'html'
  /** True: repaired, then checked. False: checked and delivered unchanged. */
  readonly clean: boolean
  /** UTF-8 bytes. */
  readonly maxBytes?: number
  /** Characters as a person counts them. */
  readonly maxGraphemes?: number
  /** Of an `identifier`: has to match as a whole, with the flag `u`. */
  readonly pattern?: string
  /** Of a `url`. */
  readonly protocols?: readonly string[]
}

/** A binary frame. Only ever the payload of a binary message. */
export interface BytesModel extends Annotations {
  readonly kind: 'bytes'
  readonly minBytes?: number
  readonly maxBytes?: number
}

export interface ArrayModel extends Annotations {
  readonly kind: 'array'
  readonly items: TypeModel
  readonly minItems?: number
  readonly maxItems?: number
  readonly uniqueItems?: true
  /** How many items fit a type. Outbound only. */
  readonly contains?: { readonly type: TypeModel, readonly min: number, readonly max?: number }
}

/** Exactly these items, in this order. */
export interface TupleModel extends Annotations {
  readonly kind: 'tuple'
  readonly items: readonly TypeModel[]
}

/** One of these types at least. */
export interface UnionModel extends Annotations {
  readonly kind: 'union'
  readonly variants: readonly TypeModel[]
  /** The required property that tells its variants apart, all of them objects; of kind `values` in each. */
  readonly tag?: string
}

/** What fits all of these scalars. Outbound only; `not` stands here and nowhere else. */
export interface AllModel extends Annotations {
  readonly kind: 'all'
  readonly parts: readonly (TypeModel | NotModel)[]
}

/** What does not fit a type. */
export interface NotModel extends Annotations {
  readonly kind: 'not'
  readonly type: TypeModel
}

/** An entry of `types`. Its annotations are of the place and come before those of the type. */
export interface RefModel extends Annotations {
  readonly kind: 'ref'
  readonly name: string
}

export interface PropertyModel {
  readonly name: string
  readonly required: boolean
  readonly type: TypeModel
}

/** An object, also a record. Only ever an entry of `types`. */
export interface ObjectModel extends Annotations {
  readonly kind: 'object'
  readonly properties: readonly PropertyModel[]
  /** What further properties hold. Absent: there are none, but see `unknownProperties`. */
  readonly extra?: TypeModel
  /** Further names match this ECMAScript regular expression. */
  readonly extraNames?: string
  readonly minProperties?: number
  readonly maxProperties?: number
}

/** A type, wherever it stands. */
export type TypeModel =
  | AnyModel | BooleanModel | ValuesModel | NumberModel | StringModel | ArrayModel | TupleModel | UnionModel | AllModel
  | RefModel

/** A type that only an entry of `types` can be, or any other. */
export type DefinitionModel = TypeModel | ObjectModel | BytesModel
