// What the boot checks leave of a schema: the one tree that sanitizers, limits and explanations are made from.
import type { TSchema } from '@sinclair/typebox'

/** Any JSON value, copied deeply under a depth budget. */
export interface AnyShape { readonly kind: 'any' }
export interface BooleanShape { readonly kind: 'boolean' }
/** Exactly one of these values. */
export interface ValuesShape { readonly kind: 'values', readonly values: readonly (string | number | boolean | null)[] }

/** A finite number; integers are safe integers. Absent limits are infinite. */
export interface NumberShape {
  readonly kind: 'number'
  readonly integer: boolean
  readonly min: number
  readonly max: number
  readonly above: number
  readonly below: number
  readonly multipleOf: number
}

/** Lengths are UTF-16 units, as TypeBox counts them. */
export interface StringShape {
  readonly kind: 'string'
  readonly min: number
  readonly max: number
  readonly pattern: RegExp | null
  readonly format: ((value: string) => boolean) | null
  /** The field's text policy; null means the plain check (well-formed, no NUL). */
  readonly clean: ((value: string) => string | undefined) | null
  /** Units the raw value may have before the policy repairs it; equals `max` where the policy only refuses. */
  readonly rawMax: number
}

/** A binary frame. Only ever a root. */
export interface BytesShape { readonly kind: 'bytes', readonly min: number, readonly max: number }

export interface ArrayShape {
  readonly kind: 'array'
  readonly items: Shape
  readonly min: number
  readonly max: number
  readonly unique: boolean
}

export interface TupleShape { readonly kind: 'tuple', readonly items: readonly Shape[] }

export interface PropertyShape {
  readonly name: string
  readonly shape: Shape
  readonly required: boolean
  /** Its schema, to tell whether two declarations of one name agree. */
  readonly schema: TSchema
}

export interface ObjectShape {
  readonly kind: 'object'
  readonly properties: readonly PropertyShape[]
  /** What an undeclared property holds; null where there can be none. */
  readonly extra: Shape | null
  /** Undeclared names must match; null: any name. */
  readonly extraNames: RegExp | null
  /** What becomes of properties that are neither declared nor `extra`. */
  readonly unknown: 'refuse' | 'drop'
  /** Own properties at least and at most. */
  readonly min: number
  readonly max: number
  /** Keys of a flat envelope that stand beside the payload and are left out. */
  readonly beside: readonly string[]
}

export interface UnionShape {
  readonly kind: 'union'
  readonly variants: readonly Shape[]
  /** Set where all variants are objects that differ in one required constant; the values of each variant. */
  readonly tag: { readonly name: string, readonly values: readonly ValuesShape['values'][] } | null
}

/** A recursion: names an entry of `ShapeTree.definitions`. */
export interface RefShape { readonly kind: 'ref', readonly name: string }

export type Shape =
  | AnyShape | BooleanShape | ValuesShape | NumberShape | StringShape | BytesShape
  | ArrayShape | TupleShape | ObjectShape | UnionShape | RefShape

/** A schema that passed the boot checks. */
export interface ShapeTree {
  readonly root: Shape
  readonly definitions: ReadonlyMap<string, Shape>
}

/** Nested recursions a value may have. Enough for a thread of comments, far from the stack's end. */
export const MAX_RECURSION = 32

/** Levels inside `Any` and `Unknown`. */
export const MAX_ANY_DEPTH = 16

/** UTF-16 units of a name that the peer chooses (records, open objects). */
export const MAX_NAME_LENGTH = 128
