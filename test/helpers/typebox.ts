import { Type, type TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { Type as Type1 } from 'typebox'
import { Value as Value1 } from 'typebox/value'

/** A library that contracts are written with. What both build in the same way is called by the same names. */
export interface Library {
  readonly name: string
  readonly Type: typeof Type
  /** The library's own verdict. */
  readonly check: (schema: TSchema, value: unknown) => boolean
  /** A type that holds itself. */
  readonly recursive: (make: (self: TSchema) => TSchema, name?: string) => TSchema
  /** One type of several that name each other. */
  readonly module: (definitions: { readonly [name: string]: TSchema }, name: string) => TSchema
  /** A name for one definition. `Value.Check` of 1.x takes the first definition of a name for all of that name. */
  readonly nameOf: (name: string) => string
  /** One object of several. */
  readonly composite: (objects: readonly TSchema[]) => TSchema
}

export const SINCLAIR: Library = {
  name: '@sinclair/typebox 0.34',
  Type,
  check: Value.Check,
  recursive: (make, name) => Type.Recursive(make, name === undefined ? {} : { $id: name }),
  module: (definitions, name) => (Type.Module as (definitions: object) => { Import: (name: string) => TSchema })(definitions).Import(name),
  composite: objects => Type.Composite([...objects] as never),
  nameOf: name => name,
}

// the schemas of the two are of different TypeScript types
const build = Type1 as unknown as typeof Type
const { Cyclic, Module, Ref } = Type1 as unknown as {
  readonly Cyclic: (definitions: object, name: string) => TSchema
  readonly Module: (definitions: object) => { readonly [name: string]: TSchema }
  readonly Ref: (name: string) => TSchema
}
let names = 0
const nameOf = (name: string): string => `${name}${names++}`

export const TYPEBOX_1: Library = {
  name: 'typebox 1.x',
  Type: build,
  check: (schema, value) => Value1.Check(schema, value),
  recursive: (make, name = nameOf('T')) => Cyclic({ [name]: make(Ref(name)) }, name),
  module: (definitions, name) => Module(definitions)[name]!,
  composite: objects => build.Object(Object.assign({}, ...objects.map(object => object.properties)) as never),
  nameOf,
}

export const LIBRARIES = [SINCLAIR, TYPEBOX_1] as const
