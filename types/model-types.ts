// Types of the neutral model (model.ts): what a payload, or a part of it, can be.

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
