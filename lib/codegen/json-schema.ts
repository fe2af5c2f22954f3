import type { ContractModel } from '../../types/model.js'
import { present } from '../model/present.js'
import { framesOf } from './frames.js'
import { type Json, type RefTo, schemasOf } from './schema-of.js'

/**
 * One JSON Schema with a definition for each type of a contract and for each frame; the root takes any frame of either
 * side. Draft-07, because that is what generators read. `enum` stands for `const`, every object has a `title` and says
 * whether it takes further properties.
 */
export function jsonSchema (model: ContractModel): Json {
  const refTo: RefTo = name => `#/definitions/${name}`
  const { all } = framesOf(model, refTo)
  const text = all.filter(frame => !frame.isBinary)
  return present({
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${model.typeName}Frame`,
    description: model.description,
    anyOf: text.map(frame => ({ $ref: refTo(frame.name) })),
    definitions: { ...schemasOf(model, refTo), ...Object.fromEntries(text.map(({ name, schema }) => [name, schema])) },
  })
}
