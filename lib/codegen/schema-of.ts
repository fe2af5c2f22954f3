// Tested in test/codegen/json-schema.test.ts.

import type {
  Annotations, ArrayModel, ContractModel, DefinitionModel, NotModel, NumberModel, ObjectModel, StringModel, ValuesModel,
} from '../../types/model.js'
import { present } from '../model/present.js'

/** A JSON Schema of draft-07, or a part of an AsyncAPI document. */
export interface Json { readonly [key: string]: unknown }

/** Where the definitions of types are: `#/definitions/` or `#/components/schemas/`. */
export type RefTo = (name: string) => string

/** Definitions of all types of a contract, by name. */
export function schemasOf (model: ContractModel, refTo: RefTo): { readonly [name: string]: Json } {
  return Object.fromEntries(model.types.map(({ name, type }) => [name, definitionOf(name, type, refTo)]))
}

function definitionOf (name: string, type: DefinitionModel, refTo: RefTo): Json {
  // The name is what generators call the class: what the author calls it goes into the description.
  const { title, ...rest } = { ...type, description: type.description ?? type.title }
  return { title: name, ...schemaOf(rest as DefinitionModel, refTo) }
}

/** The schema of a type, wherever it stands. */
export function schemaOf (type: DefinitionModel | NotModel, refTo: RefTo): Json {
  const inner = (one: DefinitionModel | NotModel): Json => schemaOf(one, refTo)
  const own = ((): Json => {
    switch (type.kind) {
      case 'any': return {}
      case 'boolean': return { type: 'boolean' }
      case 'number': return numberSchema(type)
      case 'string': return stringSchema(type)
      case 'values': return valuesSchema(type)
      case 'bytes': return present({
        type: 'string', format: 'binary', 'x-min-bytes': type.minBytes, 'x-max-bytes': type.maxBytes,
      })
      case 'array': return arraySchema(type, inner)
      case 'tuple': {
        const { length } = type.items
        const items = type.items.map(inner)
        return { type: 'array', items, additionalItems: false, minItems: length, maxItems: length }
      }
      case 'union': return present({ anyOf: type.variants.map(inner), 'x-tag': type.tag })
      case 'all': return { allOf: type.parts.map(inner) }
      case 'not': return { not: inner(type.type) }
      // What stands beside a `$ref` is for people: readers of draft-07 pass over it.
      case 'ref': return { $ref: refTo(type.name) }
      case 'object': return objectSchema(type, inner)
    }
  })()
  return { ...annotationsOf(type), ...own }
}

function annotationsOf ({ title, description, examples, default: usual, deprecated }: Annotations): Json {
  return present({ title, description, examples, default: usual, deprecated })
}

function numberSchema ({ integer, ...type }: NumberModel): Json {
  return present({
    type: integer ? 'integer' : 'number',
    minimum: type.minimum,
    maximum: type.maximum,
    exclusiveMinimum: type.exclusiveMinimum,
    exclusiveMaximum: type.exclusiveMaximum,
    multipleOf: type.multipleOf,
  })
}

/** Lengths are UTF-16 units here and characters there: what we take, the schema takes as well. */
function stringSchema ({ minLength, maxLength, pattern, format, text }: StringModel): Json {
  // A schema's pattern has the flag `u` at most.
  const isPlain = pattern !== undefined && /^u?$/.test(pattern.flags)
  return present({
    type: 'string',
    // Two units may be one character.
    minLength: minLength === undefined ? undefined : Math.ceil(minLength / 2),
    maxLength,
    pattern: isPlain ? pattern.source : undefined,
    format,
    'x-pattern': pattern === undefined || isPlain ? undefined : pattern,
    'x-text': text,
  })
}

function valuesSchema ({ values }: ValuesModel): Json {
  if (values.length === 0) return { not: {} }
  const types = [...new Set(values.map(value => value === null ? 'null' : typeof value))]
  return { ...(types.length === 1 ? { type: types[0]! } : {}), enum: values }
}

function arraySchema ({ items, minItems, maxItems, uniqueItems, contains }: ArrayModel, inner: Inner): Json {
  return present({
    type: 'array',
    items: inner(items),
    minItems,
    maxItems,
    uniqueItems,
    contains: contains === undefined || contains.min === 0 ? undefined : inner(contains.type),
    'x-contains': contains === undefined ? undefined : present({ min: contains.min, max: contains.max }),
  })
}

type Inner = (type: DefinitionModel) => Json

function objectSchema (type: ObjectModel, inner: Inner): Json {
  const { properties, extra, extraNames, minProperties, maxProperties } = type
  const required = properties.filter(property => property.required).map(property => property.name)
  const further = extra === undefined ? false : inner(extra)
  return present({
    type: 'object',
    properties: properties.length === 0
      ? undefined
      : Object.fromEntries(properties.map(property => [property.name, inner(property.type)])),
    required: required.length === 0 ? undefined : required,
    ...(extraNames === undefined
      ? { additionalProperties: further }
      : { patternProperties: { [extraNames]: further }, additionalProperties: false }),
    minProperties,
    maxProperties,
  })
}
