import { refuseRest } from './refuse-rest.js'
import {
  DEFAULT_ENVELOPE, type EnvelopeKeys, ERROR_KEY, ERROR_TYPE, FLAT_REPLY_KEY, type WireError,
} from '../protocol/envelope.js'

/** What a frame carries: bytes where a contract declares a message as binary. */
export type Frame = string | Uint8Array<ArrayBuffer>

/** An envelope with the protocol's own names. */
export interface Decoded {
  readonly type?: string
  readonly id?: string | number
  readonly data?: unknown
  /** `type`: of the message that it is about, where no id tells. */
  readonly error?: WireError & { readonly type?: string }
}

/** What was sent, by id. */
export type Sent = ReadonlyMap<unknown, { readonly type: string }>

/** Writes and reads frames (docs/protocol.md section 3). */
export interface Codec {
  /** `id`: of a call, and of a message where its refusal is to name it. */
  encode: (type: string, data?: unknown, id?: number, isCall?: boolean) => Frame
  /** `sent`: calls that await their reply, and the last messages, by id. Throws for what is no envelope. */
  decode: (frame: unknown, sent?: Sent) => Decoded
}

/** The envelope of a contract that renames nothing. */
export const plain: Codec = {
  encode: (type, data, id) => JSON.stringify({ type, data, id }),
  // What is sent is no reviver, so it is passed over.
  decode: JSON.parse as never,
}

/** Looks at a message's payload or a call's reply. False: it does not fit. */
export type Check = (type: string, data: unknown, kind: 'message' | 'reply') => boolean

/**
 * A codec that looks at what arrives: `createClient({ codec: checked(check) })`. What does not fit is dropped, and is
 * the error `bad_message`: of the call, or as the event `error`.
 */
export function checked (check: Check, codec: Codec = plain): Codec {
  return {
    encode: codec.encode,
    decode (frame, sent) {
      const decoded = codec.decode(frame, sent)
      const { type = sent?.get(decoded.id)?.type, data, error } = decoded
      if (error || !type || type[0] === '$' || check(type, data, decoded.type ? 'message' : 'reply')) return decoded
      return { ...decoded, error: { code: 'bad_message', message: 'bad_message', type } }
    },
  }
}

/** How a contract's envelope differs from the usual one. */
export interface EnvelopeFormat {
  /** As the contract's `envelope.type`. Default `type`. */
  readonly type?: string
  /** As the contract's `envelope.data`; null: the payload stands beside the type. Default `data`. */
  readonly data?: string | null
  /** As the contract's `envelope.id`. Default `id`. */
  readonly id?: string
  /** The outbound message that is a binary frame. */
  readonly binary?: string
}

/**
 * The codec of a contract that renames or flattens its envelope, or declares a binary message:
 * `createClient({ codec: envelope({ … }) })`.
 */
export function envelope ({ binary, ...format }: EnvelopeFormat): Codec {
  const { type, data, id, ...rest } = { ...DEFAULT_ENVELOPE, ...format }
  refuseRest(rest)
  const keys: EnvelopeKeys = { type, data, id }
  return {
    encode (type, data, id, isCall) {
      if (data instanceof Uint8Array) return data as Uint8Array<ArrayBuffer>
      const isFlat = keys.data === null
      // In a flat contract a message's `id` would be a property of its payload.
      const own = { [keys.type]: type, [keys.id]: isFlat && !isCall ? undefined : id }
      return JSON.stringify(isFlat ? { ...data as object, ...own } : { ...own, [keys.data]: data })
    },
    decode (frame) {
      if (typeof frame !== 'string') return { type: binary, data: new Uint8Array(frame as ArrayBuffer) }
      const message = JSON.parse(frame) as { readonly [key: string]: never }
      const { [keys.type]: type, ...flat } = message
      const { [keys.id]: id, [ERROR_KEY]: error } = message
      if (type === undefined) return { id, error, data: message[keys.data ?? FLAT_REPLY_KEY] }
      // What has a type is neither reply nor error: in a flat contract what is so named is its payload's.
      const data: unknown = keys.data === null ? flat : message[keys.data]
      return type === ERROR_TYPE ? { type, error, data } : { type, data }
    },
  }
}
