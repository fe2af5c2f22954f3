import type {
  AllModel, CallModel, ContractModel, DefinitionModel, InboundModel, ObjectModel, OutboundModel, TypeModel, UnionModel,
} from '../../types/model.js'
import { resolve, type Types, typesOf } from '../model/types-by-name.js'
import { callNotes, contractNotes, inboundNotes, type Notes, outboundNotes, sentences, typeNotes } from './notes.js'
import { type GeneratedFile, stamp } from './stamp.js'
import { factoryOf, importsOf } from './typescript-factory.js'
import { block, comment, key, literal } from './typescript-text.js'

// Strings, not the `typescript` package: from version 7 on that has no API to print a syntax tree, and a generator
// that needs it breaks for whoever has installed it.

/** A client in TypeScript: the contract as an interface, its types, and a function that makes the client. */
export function emitTypeScript (model: ContractModel): readonly GeneratedFile[] {
  const types = typesOf(model)
  const body = [
    ...importsOf(model),
    '',
    ...contractInterface(model, types),
    ...model.types.flatMap(({ name, type }) => ['', ...declaration(name, type, types)]),
    '',
    ...factoryOf(model),
    '',
  ].join('\n')
  return [{ path: `${model.name}.client.ts`, text: stamp('//', model, body) }]
}

function contractInterface (model: ContractModel, types: Types): string[] {
  const typeOf = (name: string): DefinitionModel => types.get(name)!
  const inbound = (message: InboundModel): string[] =>
    member(message.type, carried(message.payload), inboundNotes(message, typeOf(message.payload)))
  const outbound = (message: OutboundModel): string[] =>
    member(message.type, carried(message.payload), outboundNotes(message, typeOf(message.payload)))
  const call = (message: CallModel): string[] => {
    const errors = message.errors.map(({ code, data }) => `readonly ${key(code)}: ${carried(data)}`)
    const parts = [
      `readonly request: ${carried(message.request)}`,
      `readonly reply: ${carried(message.reply)}`,
      ...(errors.length === 0 ? [] : [`readonly errors: { ${errors.join(', ')} }`]),
    ]
    return member(message.type, block(parts), callNotes(message))
  }
  const part = (name: string, note: string, members: readonly string[]): string[] =>
    members.length === 0 ? [] : member(name, block(members), sentences(note))
  return [
    ...comment(contractNotes(model)),
    `export interface ${model.typeName}Contract ${block([
      `readonly name: ${literal(model.name)}`,
      `readonly url: ${literal(model.url)}`,
      ...(model.params === undefined ? [] : [`readonly params: ${carried(model.params)}`]),
      ...(model.query === undefined ? [] : [`readonly query: ${carried(model.query)}`]),
      ...part('inbound', 'What a client sends.', model.inbound.flatMap(inbound)),
      ...part('outbound', 'What the server sends.', model.outbound.flatMap(outbound)),
      ...part('calls', 'What a client asks, with one reply each.', model.calls.flatMap(call)),
    ])}`,
  ]
}

/** How a contract carries the type of a payload. */
const carried = (name: string): string => `{ readonly static: ${name} }`

function declaration (name: string, type: DefinitionModel, types: Types): string[] {
  const written = write(type, types)
  const body = type.kind === 'object' ? `interface ${name} ${written}` : `type ${name} = ${written}`
  return [...comment(typeNotes(type)), `export ${body}`]
}

function membersOf (type: ObjectModel, types: Types): string[] {
  const { properties, extra } = type
  // an empty interface would take anything
  if (extra === undefined && properties.length === 0) return ['[name: string]: never']
  const declared = properties.flatMap(property =>
    member(property.name, write(property.type, types), typeNotes(property.type), property.required ? '' : '?'))
  return extra === undefined ? declared : [...declared, `[name: string]: ${furtherOf(type, extra, types)}`]
}

/** Type of an open object's further properties. TypeScript asks that it covers the declared ones as well. */
function furtherOf (type: ObjectModel, extra: TypeModel, types: Types): string {
  const all = [extra, ...type.properties.map(property => property.type)].map(one => write(one, types))
  const missing = type.properties.some(property => !property.required) ? ['undefined'] : []
  const distinct = [...new Set([...all, ...missing])]
  return distinct.includes('unknown') ? 'unknown' : distinct.join(' | ')
}

/** A type as it stands behind a colon. */
function write (type: DefinitionModel, types: Types): string {
  switch (type.kind) {
    case 'any': return 'unknown'
    case 'boolean': return 'boolean'
    case 'number': return 'number'
    case 'string': return 'string'
    case 'bytes': return 'Uint8Array'
    case 'values': return type.values.map(literal).join(' | ') || 'never'
    case 'array': return `${inParentheses(write(type.items, types))}[]`
    case 'tuple': return `[${type.items.map(item => write(item, types)).join(', ')}]`
    case 'union': return writeUnion(type, types)
    case 'all': return writeAll(type, types)
    case 'ref': return type.name
    case 'object': return block(membersOf(type, types))
  }
}

/** A `not` says nothing that a type could say. */
function writeAll ({ parts }: AllModel, types: Types): string {
  const written = parts.flatMap(part => part.kind === 'not' ? [] : [inParentheses(write(part, types))])
  return [...new Set(written)].join(' & ')
}

const inParentheses = (text: string): string => /[|&]/.test(text) ? `(${text})` : text

/**
 * A value with the properties of two variants fits neither, and TypeScript only sees that by itself where one
 * property tells them apart. Elsewhere each variant says which properties it has not.
 */
function writeUnion (type: UnionModel, types: Types): string {
  if (type.tag !== undefined) return distinctUnion(type.variants.map(variant => write(variant, types)))
  const own = type.variants.map(variant => closedProperties(variant, types))
  const all = new Set(own.flat())
  return distinctUnion(type.variants.map((variant, index) => {
    const names = own[index]!
    const others = names.length === 0 ? [] : [...all].filter(name => !names.includes(name)).sort()
    const written = write(variant, types)
    return others.length === 0 ? written : `(${written} & { ${others.map(name => `${key(name)}?: never`).join(', ')} })`
  }))
}

const distinctUnion = (variants: readonly string[]): string => [...new Set(variants)].join(' | ')

/** Names of the properties of an object that has no others; none for anything else. */
function closedProperties (type: DefinitionModel, types: Types): readonly string[] {
  const target = resolve(type, types)
  return target.kind === 'object' && target.extra === undefined ? target.properties.map(property => property.name) : []
}

function member (name: string, type: string, notes: Notes, mark: '' | '?' = ''): string[] {
  return [...comment(notes), `readonly ${key(name)}${mark}: ${type}`]
}
