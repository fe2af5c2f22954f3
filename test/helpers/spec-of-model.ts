import { type TObject, type TSchema, Type } from '@sinclair/typebox'
import { line, text } from '../../lib/contract.js'
import type { CallSpec, ContractSpec, MessageRules } from '../../types/contract.js'
import type { ContractModel, DefinitionModel, NumberModel, ObjectModel, RulesModel, StringModel } from '../../types/model.js'

// A contract of which a model could have been read: the way back, for tests that have the model.

/** Where a model has no bound; what comes in must have one. */
const BOUND = 40

/** A contract with the messages of `model`. Throws where a contract can't say what the model does. */
export function specOfModel (model: ContractModel): ContractSpec {
  const schema = (name: string): TSchema => {
    const { type } = model.types.find(one => one.name === name)!
    return schemaOf(type, model)
  }
  const rules = ({ roles, cost, deadline, unknownProperties }: RulesModel): MessageRules =>
    ({ ...(roles.length === 0 ? {} : { roles }), cost, ...(deadline === undefined ? {} : { deadline }), unknownProperties })
  return {
    name: model.name,
    url: model.url,
    envelope: model.envelope,
    ...(model.query === undefined ? {} : { query: schema(model.query) }),
    inbound: Object.fromEntries(model.inbound.map(message => [message.type, { payload: schema(message.payload), ...rules(message) }])),
    outbound: Object.fromEntries(model.outbound.map(message => [message.type, schema(message.payload)])),
    calls: Object.fromEntries(model.calls.map((call): [string, CallSpec] => [call.type, {
      request: schema(call.request),
      reply: schema(call.reply),
      errors: Object.fromEntries(call.errors.map(({ code, data }) => [code, schema(data)])),
      ...rules(call),
    }])),
  }
}

function schemaOf (type: DefinitionModel, model: ContractModel): TSchema {
  const inner = (one: DefinitionModel): TSchema => schemaOf(one, model)
  switch (type.kind) {
    case 'any': return Type.Unknown({ unboundedOnPurpose: true })
    case 'boolean': return Type.Boolean()
    case 'number': return numberOf(type)
    case 'string': return stringOf(type)
    case 'values': return Type.Union(type.values.map(value => value === null ? Type.Null() : Type.Literal(value)))
    case 'bytes': return Type.Uint8Array({ maxByteLength: type.maxBytes ?? BOUND })
    case 'array': return Type.Array(inner(type.items), { maxItems: type.maxItems ?? BOUND, ...(type.uniqueItems === true ? { uniqueItems: true } : {}) })
    case 'tuple': return Type.Tuple(type.items.map(inner))
    case 'union': return Type.Union(type.variants.map(inner))
    case 'ref': return inner(model.types.find(one => one.name === type.name)!.type)
    case 'object': return objectOf(type, inner)
    case 'all': throw new Error('no test has one')
  }
}

function numberOf ({ integer, kind: _kind, ...bounds }: NumberModel): TSchema {
  const { minimum, exclusiveMaximum, multipleOf } = bounds
  const given = {
    ...(minimum === undefined ? {} : { minimum }),
    ...(exclusiveMaximum === undefined ? {} : { exclusiveMaximum }),
    ...(multipleOf === undefined ? {} : { multipleOf }),
  }
  return integer ? Type.Integer(given) : Type.Number(given)
}

function stringOf ({ minLength = 0, maxLength = BOUND, pattern, format, text: policy }: StringModel): TSchema {
  if (policy !== undefined) {
    const { clean, maxGraphemes } = policy
    const options = { maxLength, clean, ...(maxGraphemes === undefined ? {} : { maxGraphemes }) }
    return policy.policy === 'line' ? line(options) : text(options)
  }
  return Type.String({ minLength, maxLength, ...(pattern === undefined ? {} : { pattern: pattern.source }), ...(format === undefined ? {} : { format }) })
}

function objectOf ({ properties, extra, extraNames, maxProperties = BOUND }: ObjectModel, inner: (type: DefinitionModel) => TSchema): TObject {
  const declared = Object.fromEntries(properties.map(({ name, type, required }) => [name, required ? inner(type) : Type.Optional(inner(type))]))
  if (extra === undefined) return Type.Object(declared)
  if (extraNames === undefined) return Type.Object(declared, { additionalProperties: inner(extra), maxProperties })
  return Type.Record(Type.String({ pattern: extraNames }), inner(extra), { maxProperties }) as unknown as TObject
}
