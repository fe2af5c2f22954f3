// Tested in test/contract/typebox-1.test.ts.

// Which kind of type a schema is: the one place that knows how TypeBox marks it. Contracts may be written with
// @sinclair/typebox 0.34 and with typebox 1.x. No import: browsers load this file, and 1.x need not be installed.

const KIND_OF_034 = Symbol.for('TypeBox.Kind')
const OPTIONAL_OF_034 = Symbol.for('TypeBox.Optional')
const TRANSFORM_OF_034 = Symbol.for('TypeBox.Transform')

/** Marks of typebox 1.x that change nothing of what fits; as a rule they are hidden from `Object.keys`. */
export const MARKS_OF_1 = ['~kind', '~optional', '~readonly', '~immutable', '~unsafe'] as const

const markOf = (schema: unknown, mark: PropertyKey): unknown =>
  typeof schema === 'object' && schema !== null && Object.hasOwn(schema, mark)
    ? (schema as { readonly [mark: PropertyKey]: unknown })[mark]
    : undefined

/** TypeBox's name for the kind of a schema; undefined for what TypeBox has not built. */
export function kindOf (schema: unknown): string | undefined {
  const kind = markOf(schema, KIND_OF_034) ?? markOf(schema, '~kind')
  if (typeof kind === 'string') return kind
  return markOf(schema, '~unsafe') === undefined ? undefined : 'Unsafe'
}

/** True for a schema of typebox 1.x. What `text()` and its kind return is of 0.34, wherever it stands. */
export function isOfTypebox1 (schema: unknown): boolean {
  return markOf(schema, KIND_OF_034) === undefined && kindOf(schema) !== undefined
}

/** True for what either library's `Type.Optional` returned. */
export function isOptional (schema: unknown): boolean {
  return (markOf(schema, OPTIONAL_OF_034) ?? markOf(schema, '~optional')) !== undefined
}

/** The builder of a schema that runs code of its own, which a contract can't carry. */
export function codeOf (schema: object): 'Transform' | 'Codec' | 'Refine' | undefined {
  if (Object.hasOwn(schema, TRANSFORM_OF_034)) return 'Transform'
  return Object.hasOwn(schema, '~codec') ? 'Codec' : Object.hasOwn(schema, '~refine') ? 'Refine' : undefined
}
