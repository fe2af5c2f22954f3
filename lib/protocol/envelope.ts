// The envelope of docs/protocol.md section 3. No node: imports and no dependency: the browser client reads this file.
import type { ErrorCode } from './codes.js'

/** The subprotocol both sides may name in the handshake (docs/protocol.md section 2). */
export const SUBPROTOCOL = 'wsg.v1'

/** Names of the envelope's keys. `data: null`: the payload's properties stand beside the type. */
export interface EnvelopeKeys {
  readonly type: string
  readonly data: string | null
  readonly id: string
}

export const DEFAULT_ENVELOPE: EnvelopeKeys = /* @__PURE__ */ Object.freeze({ type: 'type', data: 'data', id: 'id' })

/** Key of an error, beside the id or the type; can't be renamed. */
export const ERROR_KEY = 'error'

/** Key of a reply's data where the contract flattens the payload. */
export const FLAT_REPLY_KEY = 'data'

/** Type of an error that belongs to no id. */
export const ERROR_TYPE = '$error'

/** Type with which a client asks whether anybody is there. */
export const PING_TYPE = '$ping'

/** Type with which a client cancels a call. */
export const CANCEL_TYPE = '$cancel'

/** UTF-16 units of a textual id at most. */
export const MAX_ID_LENGTH = 64

/** Issues of an error at most. */
export const MAX_ISSUES = 8

/** Types that begin with `$` belong to the protocol; a contract can't declare one. */
export function isReservedType (type: string): boolean {
  return type.startsWith('$')
}

/** A string of 1-64 UTF-16 units or a safe integer. */
export function isMessageId (value: unknown): value is string | number {
  return typeof value === 'string'
    ? value.length > 0 && value.length <= MAX_ID_LENGTH
    : Number.isSafeInteger(value)
}

/** An id as JSON text. */
export function encodeId (id: string | number): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id)
}

/** Fixed text for people beside each code: never derived from input. */
export const ERROR_MESSAGES: { readonly [code in ErrorCode]: string } = /* @__PURE__ */ Object.freeze({
  invalid_json: 'Not JSON',
  too_deep: 'Nested too deeply',
  too_many_nodes: 'Too many values',
  forbidden_key: 'A key is not allowed',
  invalid_message: 'The message does not fit the contract',
  unknown_type: 'No such message',
  unsupported_data: 'Text frames only',
  rate_limited: 'Too many messages',
  forbidden: 'Not allowed',
  duplicate_id: 'This id is under way',
  too_many_calls: 'Too many handlers are under way',
  timeout: 'It took too long',
  cancelled: 'Cancelled',
  internal: 'Internal error',
})

/** An error as the peer sees it (docs/protocol.md section 3). */
export interface WireError {
  readonly code: string
  readonly message: string
  readonly issues?: readonly { readonly path: string, readonly message: string }[]
  /** Milliseconds. */
  readonly retryAfter?: number
  /** Of an error that the call declares. */
  readonly data?: unknown
}
