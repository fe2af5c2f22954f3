import type {
  Annotations, CallModel, ContractModel, DefinitionModel, InboundModel, OutboundModel, RulesModel,
  StringModel,
} from '../../types/model.js'
import { budgetText } from '../model/budget-text.js'

// What generated code says for people: sentences, the same in every language.

/** What stands above one item of a generated file. */
export interface Notes {
  /** Paragraphs of the contract's author, and our sentences. */
  readonly text: readonly string[]
  /** JSON of each. */
  readonly examples: readonly string[]
  readonly deprecated: boolean
}

/** Our own words alone; a paragraph each. */
export const sentences = (...text: readonly string[]): Notes => ({ text, examples: [], deprecated: false })

/** What an author wrote beside a type. A description counts before a title. */
export function notesOf (type: Annotations, own: readonly string[] = []): Notes {
  const theirs = type.description ?? type.title
  return {
    text: [...(theirs === undefined ? [] : [theirs]), ...(own.length === 0 ? [] : [own.join(' ')])],
    examples: (type.examples ?? []).map(example => JSON.stringify(example)),
    deprecated: type.deprecated === true,
  }
}

/** A property or a payload: what its author wrote, and the limits that a type can not say. */
export function typeNotes (type: DefinitionModel): Notes {
  return notesOf(type, limitsOf(type))
}

/** An inbound message. A description of its payload is one of the message, where that has none. */
export function inboundNotes (message: InboundModel, payload: DefinitionModel): Notes {
  return notesOf(describedBy(payload, message.description), rulesOf(message))
}

/** A call. */
export function callNotes (call: CallModel): Notes {
  const codes = call.errors.map(error => quoted(error.code))
  return notesOf(call, [...rulesOf(call), ...(codes.length === 0 ? [] : [`May fail with ${listed(codes)}.`])])
}

function rulesOf ({ roles, cost, deadline, maxBytes, unknownProperties }: RulesModel): string[] {
  return [
    ...(roles.length === 0 ? [] : [`Needs the role ${listed(roles.map(quoted))}.`]),
    ...(cost === 1 ? [] : [`Takes ${cost} tokens of the rate.`]),
    ...(deadline === undefined ? [] : [`The server gives it ${deadline} ms.`]),
    ...(maxBytes === undefined ? [] : [`At most ${maxBytes} bytes.`]),
    ...(unknownProperties === 'drop' ? ['Undeclared properties are dropped.'] : []),
  ]
}

/** An outbound message. */
export function outboundNotes (message: OutboundModel, payload: DefinitionModel): Notes {
  const { whenSlow, description } = message
  const slow = whenSlow === undefined
    ? []
    : [whenSlow === 'drop'
        ? 'Left out for a client that reads too slowly.'
        : `A client that reads too slowly gets the latest of each ${quoted(whenSlow.latest)} only.`]
  return notesOf(describedBy(payload, description), slow)
}

const describedBy = (payload: DefinitionModel, description: string | undefined): Annotations =>
  description === undefined ? payload : { ...payload, description }

/** The contract as a whole, with its limits and close codes. */
export function contractNotes (model: ContractModel): Notes {
  const { limits, route } = model
  const rate = route === undefined
    ? ''
    : [
        ` A connection may send ${route.rate} messages per second, ${route.burst} saved up.`,
        ...(route.budgets ?? []).map(budget =>
          ` All that share the budget ${quoted(budget.name)} together: ${budgetText(budget, 'messages')}.`),
      ].join('')
  const codes = model.closeCodes.map(({ code, name, retryable }) =>
    `- ${code} ${name}${retryable ? ', connects again' : ''}`)
  return sentences(
    ...(model.description === undefined ? [] : [model.description]),
    `Route ${quoted(model.url)}. A frame has at most ${limits.maxPayload} bytes and ${limits.depth} levels.${rate}`,
    ['Close codes:', ...codes].join('\n')
  )
}

const quoted = (text: string): string => `\`${text}\``

function listed (items: readonly string[]): string {
  return items.length < 2 ? items.join('') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)!}`
}

/** "1 to 100 items", "at most 1 item", "at least 2", or nothing. */
function range (least: number | undefined, most: number | undefined, one = '', many = one): string[] {
  const of = (count: number): string => `${count} ${count === 1 ? one : many}`.trimEnd()
  if (least === undefined) return most === undefined ? [] : [`at most ${of(most)}`]
  if (most === undefined) return [`at least ${of(least)}`]
  return [least === most ? `exactly ${of(most)}` : `${least} to ${of(most)}`]
}

const sentence = (parts: readonly string[]): string[] => parts.length === 0 ? [] : [upper(`${parts.join(', ')}.`)]

const upper = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1)

/** Limits of a type that no programming language's type says, as sentences. */
function limitsOf (type: DefinitionModel): string[] {
  switch (type.kind) {
    case 'number': return sentence([
      ...(type.integer ? ['whole number'] : []),
      ...range(type.minimum, type.maximum),
      ...(type.exclusiveMinimum === undefined ? [] : [`above ${type.exclusiveMinimum}`]),
      ...(type.exclusiveMaximum === undefined ? [] : [`below ${type.exclusiveMaximum}`]),
      ...(type.multipleOf === undefined ? [] : [`a multiple of ${type.multipleOf}`]),
    ])
    case 'string': return sentence(stringLimits(type))
    case 'bytes': return sentence(range(type.minBytes, type.maxBytes, 'byte', 'bytes'))
    case 'array': return [
      ...sentence([
        ...range(type.minItems, type.maxItems, 'item', 'items'),
        ...(type.uniqueItems === true ? ['none of them twice'] : []),
      ]),
      ...limitsOf(type.items).map(text => `Each item: ${text.slice(0, 1).toLowerCase()}${text.slice(1)}`),
    ]
    case 'object': return sentence([
      ...range(type.minProperties, type.maxProperties, 'property', 'properties'),
      ...(type.extraNames === undefined ? [] : [`names match ${quoted(type.extraNames)}`]),
    ])
    default: return []
  }
}

function stringLimits (type: StringModel): string[] {
  const { text, pattern, format } = type
  return [
    ...range(type.minLength, type.maxLength, 'character', 'characters'),
    ...(format === undefined ? [] : [`format ${quoted(format)}`]),
    ...(pattern === undefined ? [] : [`matches ${quoted(`/${pattern.source}/${pattern.flags}`)}`]),
    ...(text === undefined ? [] : [`text policy ${quoted(text.policy)}${text.clean ? ' (the server cleans it)' : ''}`]),
  ]
}
