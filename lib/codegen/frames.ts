// Tested in test/codegen/json-schema.test.ts and test/codegen/asyncapi.test.ts.

import type { CallModel, ContractModel, InboundModel, NamedType, OutboundModel } from '../../types/model.js'
import {
  CANCEL_TYPE, ERROR_KEY, ERROR_TYPE, FLAT_REPLY_KEY, MAX_ID_LENGTH, PING_TYPE, PONG_TYPE,
} from '../protocol/envelope.js'
import { type Json, type RefTo, schemaOf } from './schema-of.js'
import { Names, pascalCase } from '../model/names.js'

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
  const names = new Names(model.typeName)
  for (const { name } of model.types) names.take(name)
  const types = new Map(model.types.map(entry => [entry.name, entry]))
  const { type: typeKey, data: dataKey, id: idKey } = model.envelope

  const frame = (wanted: string, properties: Json, required: readonly string[]): Frame => {
    const name = names.take(wanted)
    const schema = { title: name, type: 'object', properties, required, additionalProperties: false }
    return { name, schema, isBinary: false }
  }
  const ref = (name: string): Json => ({ $ref: refTo(name) })
  const constant = (type: string): Json => ({ type: 'string', enum: [type] })

  const message = ({ type, payload, binary }: InboundModel | OutboundModel, extra: Json, ending: string): Frame => {
    const wanted = pascalCase(type) + ending
    if (binary) return { name: names.take(wanted), schema: ref(payload), isBinary: true }
    return carrying(wanted, { [typeKey]: constant(type) }, [typeKey], extra, payload)
  }
  /** An envelope with a payload in it, or with the payload's properties beside the type. */
  const carrying = (wanted: string, own: Json, required: readonly string[], extra: Json, payload: string): Frame => {
    if (dataKey !== null) return frame(wanted, { ...own, ...extra, [dataKey]: ref(payload) }, [...required, dataKey])
    const flat = flatPart(types.get(payload)!, refTo)
    return frame(wanted, { ...flat.properties, ...own, ...extra }, [...flat.required, ...required])
  }
  const errorOf = (call: CallModel | null, wanted: string): Frame => {
    const data = (call?.errors ?? []).map(error => ref(error.data))
    const codes = [...model.errorCodes, ...(call?.errors ?? []).map(error => error.code)]
    const error: Json = {
      title: names.take(`${wanted}Detail`),
      type: 'object',
      properties: {
        code: { type: 'string', ...(call === null ? {} : { enum: [...new Set(codes)] }) },
        message: { type: 'string' },
        issues: { type: 'array', items: ISSUE },
        retryAfter: { type: 'number', description: 'Milliseconds.' },
        budget: { type: 'string', description: 'Of rate_limited, the budget that was short.' },
        ...(data.length === 0 ? {} : { data: data.length === 1 ? data[0] : { anyOf: data } }),
      },
      required: ['code', 'message'],
      additionalProperties: false,
    }
    return call === null
      ? frame(wanted, { [typeKey]: constant(ERROR_TYPE), [ERROR_KEY]: error }, [typeKey, ERROR_KEY])
      : frame(wanted, { [idKey]: ID, [ERROR_KEY]: error }, [idKey, ERROR_KEY])
  }

  // In a flat contract only calls have an id.
  const optionalId = dataKey === null ? {} : { [idKey]: ID }
  const inbound = model.inbound.map(one => [one, message(one, optionalId, 'Message')] as const)
  const outbound = model.outbound.map(one => [one, message(one, {}, 'Event')] as const)
  const calls = model.calls.map((call): CallFrames => {
    const wanted = pascalCase(call.type)
    const own = { [typeKey]: constant(call.type), [idKey]: ID }
    const replyKey = dataKey ?? FLAT_REPLY_KEY
    return {
      call,
      request: carrying(`${wanted}Call`, own, [typeKey, idKey], {}, call.request),
      reply: frame(`${wanted}Answer`, { [idKey]: ID, [replyKey]: ref(call.reply) }, [idKey, replyKey]),
      error: errorOf(call, `${wanted}Failure`),
    }
  })
  const own = {
    ping: frame('PingFrame', { [typeKey]: constant(PING_TYPE), [idKey]: ID }, [typeKey]),
    pong: frame('PongFrame', { [typeKey]: constant(PONG_TYPE), [idKey]: ID }, [typeKey]),
    cancel: frame('CancelFrame', { [typeKey]: constant(CANCEL_TYPE), [idKey]: ID }, [typeKey, idKey]),
    error: errorOf(null, 'ErrorFrame'),
  }
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

interface FlatPart {
  readonly properties: Json
  readonly required: readonly string[]
}

/** What a payload adds to a flat envelope. */
function flatPart ({ type }: NamedType, refTo: RefTo): FlatPart {
  const { properties = {}, required = [] } = schemaOf(type, refTo)
  return { properties: properties as Json, required: required as readonly string[] }
}
