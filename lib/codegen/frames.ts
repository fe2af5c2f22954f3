// Tested in test/codegen/json-schema.test.ts and test/codegen/asyncapi.test.ts.

import type {
  CallModel, ContractModel, DefinitionModel, InboundModel, NamedType, ObjectModel, OutboundModel,
} from '../../types/model.js'
import { Names, pascalCase } from '../model/names.js'
import { present } from '../model/present.js'
import {
  CANCEL_TYPE, ERROR_KEY, ERROR_TYPE, FLAT_REPLY_KEY, MAX_ID_LENGTH, PING_TYPE, PONG_TYPE,
} from '../protocol/envelope.js'
import { type Json, type RefTo, schemaOf } from './schema-of.js'

/** One frame as it goes over the wire, envelope included. */
export interface Frame {
  /** In PascalCase, unique among frames and types. */
  readonly name: string
  readonly schema: Json
  readonly isBinary: boolean
}

/** A call with the three frames that may follow each other. */
interface CallFrames {
  readonly call: CallModel
  readonly request: Frame
  readonly reply: Frame
  readonly error: Frame
}

/** All frames of a contract. */
export interface Frames {
  readonly inbound: readonly (readonly [message: InboundModel, frame: Frame])[]
  readonly outbound: readonly (readonly [message: OutboundModel, frame: Frame])[]
  readonly calls: readonly CallFrames[]
  /** The protocol's own (docs/protocol.md section 3). */
  readonly own: { readonly ping: Frame, readonly pong: Frame, readonly cancel: Frame, readonly error: Frame }
  readonly all: readonly Frame[]
}

const ID: Json = {
  title: 'Id', anyOf: [{ type: 'string', minLength: 1, maxLength: MAX_ID_LENGTH }, { type: 'integer' }],
}
const ISSUE: Json = {
  title: 'Issue',
  type: 'object',
  properties: { path: { type: 'string' }, message: { type: 'string' } },
  required: ['path', 'message'],
  additionalProperties: false,
}

/** Frames of a contract, in the order of the model. `refTo` says where its types are. */
export function framesOf (model: ContractModel, refTo: RefTo): Frames {
  const writer = new FrameWriter(model, refTo)
  const inbound = model.inbound.map(one => [one, writer.inbound(one)] as const)
  const outbound = model.outbound.map(one => [one, writer.outbound(one)] as const)
  const calls = model.calls.map(one => writer.call(one))
  const own = writer.own()
  return {
    inbound,
    outbound,
    calls,
    own,
    all: [
      ...[...inbound, ...outbound].map(([, one]) => one),
      ...calls.flatMap(({ request, reply, error }) => [request, reply, error]),
      ...Object.values(own),
    ],
  }
}

const constant = (type: string): Json => ({ type: 'string', enum: [type] })

/** Writes each frame once: names are handed out in the order in which frames are asked for. */
class FrameWriter {
  readonly #model: ContractModel
  readonly #refTo: RefTo
  readonly #names: Names
  readonly #types: ReadonlyMap<string, NamedType>

  constructor (model: ContractModel, refTo: RefTo) {
    this.#model = model
    this.#refTo = refTo
    this.#names = new Names(model.typeName)
    for (const { name } of model.types) this.#names.take(name)
    this.#types = new Map(model.types.map(entry => [entry.name, entry]))
  }

  inbound (message: InboundModel): Frame {
    const { data, id } = this.#model.envelope
    // In a flat contract only calls have an id.
    return this.#message(message, data === null ? {} : { [id]: ID }, 'Message')
  }

  outbound (message: OutboundModel): Frame {
    return this.#message(message, {}, 'Event')
  }

  call (call: CallModel): CallFrames {
    const { type, data, id } = this.#model.envelope
    const wanted = pascalCase(call.type)
    const own = { [type]: constant(call.type), [id]: ID }
    const replyKey = data ?? FLAT_REPLY_KEY
    return {
      call,
      request: this.#carrying(`${wanted}Call`, own, {}, call.request),
      reply: this.#frame(`${wanted}Answer`, { [id]: ID, [replyKey]: this.#ref(call.reply) }, [id, replyKey]),
      error: this.#failure(call, `${wanted}Failure`),
    }
  }

  /** The protocol's own. */
  own (): Frames['own'] {
    const { type, id } = this.#model.envelope
    return {
      ping: this.#frame('PingFrame', { [type]: constant(PING_TYPE), [id]: ID }, [type]),
      pong: this.#frame('PongFrame', { [type]: constant(PONG_TYPE), [id]: ID }, [type]),
      cancel: this.#frame('CancelFrame', { [type]: constant(CANCEL_TYPE), [id]: ID }, [type, id]),
      error: this.#protocolError('ErrorFrame'),
    }
  }

  #frame (wanted: string, properties: Json, required: readonly string[]): Frame {
    const name = this.#names.take(wanted)
    const schema = { title: name, type: 'object', properties, required, additionalProperties: false }
    return { name, schema, isBinary: false }
  }

  #message ({ type, payload, binary }: InboundModel | OutboundModel, extra: Json, ending: string): Frame {
    const wanted = pascalCase(type) + ending
    if (binary) return { name: this.#names.take(wanted), schema: this.#ref(payload), isBinary: true }
    return this.#carrying(wanted, { [this.#model.envelope.type]: constant(type) }, extra, payload)
  }

  /** An envelope with a payload in it, or with the payload's properties beside the type. All of `own` is required. */
  #carrying (wanted: string, own: Json, extra: Json, payload: string): Frame {
    const { data } = this.#model.envelope
    const required = Object.keys(own)
    if (data !== null) {
      return this.#frame(wanted, { ...own, ...extra, [data]: this.#ref(payload) }, [...required, data])
    }
    const name = this.#names.take(wanted)
    const forms = this.#formsOf(this.#types.get(payload)!.type).map(form => flatForm(schemaOf(form, this.#refTo), own))
    const schema = { title: name, ...(forms.length === 1 ? forms[0] : { anyOf: forms }) }
    return { name, schema, isBinary: false }
  }

  /** The objects that a flat payload may be. */
  #formsOf (type: DefinitionModel): readonly ObjectModel[] {
    if (type.kind === 'union') return type.variants.flatMap(variant => this.#formsOf(variant))
    if (type.kind === 'ref') return this.#formsOf(this.#types.get(type.name)!.type)
    return type.kind === 'object' ? [type] : []
  }

  #failure (call: CallModel, wanted: string): Frame {
    const { id } = this.#model.envelope
    const data = call.errors.map(error => this.#ref(error.data))
    const error = this.#error(wanted, {
      type: 'string', enum: [...new Set([...this.#model.errorCodes, ...call.errors.map(({ code }) => code)])],
    }, data.length === 0 ? {} : { data: data.length === 1 ? data[0] : { anyOf: data } })
    return this.#frame(wanted, { [id]: ID, [ERROR_KEY]: error }, [id, ERROR_KEY])
  }

  #protocolError (wanted: string): Frame {
    const { type } = this.#model.envelope
    const error = this.#error(wanted, { type: 'string' }, {})
    return this.#frame(wanted, { [type]: constant(ERROR_TYPE), [ERROR_KEY]: error }, [type, ERROR_KEY])
  }

  #error (wanted: string, code: Json, more: Json): Json {
    return {
      title: this.#names.take(`${wanted}Detail`),
      type: 'object',
      properties: {
        code,
        message: { type: 'string' },
        issues: { type: 'array', items: ISSUE },
        retryAfter: { type: 'number', description: 'Milliseconds.' },
        budget: { type: 'string', description: 'Of rate_limited, the budget that was short.' },
        ...more,
      },
      required: ['code', 'message'],
      additionalProperties: false,
    }
  }

  #ref (name: string): Json {
    return { $ref: this.#refTo(name) }
  }
}

/** The schema of an object with the envelope's keys beside its own. */
function flatForm (payload: Json, own: Json): Json {
  const { properties, required, minProperties, maxProperties, additionalProperties, patternProperties } = payload
  const names = Object.keys(own)
  const more = (bound: unknown): number | undefined => typeof bound === 'number' ? bound + names.length : undefined
  return present({
    type: 'object',
    properties: { ...properties as Json, ...own },
    required: [...required as readonly string[] ?? [], ...names],
    additionalProperties,
    patternProperties,
    minProperties: more(minProperties),
    maxProperties: more(maxProperties),
  })
}
