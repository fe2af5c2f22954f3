// The envelope of docs/protocol.md section 3. No node: imports and no dependency: the browser client reads this file.

/** The subprotocol both sides may name in the handshake (docs/protocol.md section 2). */
export const SUBPROTOCOL = 'wsg.v1'

/** Names of the envelope's keys. `data: null`: the payload's properties stand beside the type. */
export interface EnvelopeKeys {
  readonly type: string
  readonly data: string | null
  readonly id: string
}

export const DEFAULT_ENVELOPE: EnvelopeKeys = { type: 'type', data: 'data', id: 'id' }

/** Key of an error, beside the id or the type; can't be renamed. */
export const ERROR_KEY = 'error'

/** Key of a reply's data where the contract flattens the payload. */
export const FLAT_REPLY_KEY = 'data'

/** Type of an error that belongs to no id. */
export const ERROR_TYPE = '$error'

/** Type with which a client cancels a call. */
export const CANCEL_TYPE = '$cancel'

/** Type with which a client asks whether the server is there, and the type of the answer. */
export const PING_TYPE = '$ping'
export const PONG_TYPE = '$pong'

/** Type of a message with a token, and of what the server says about tokens. */
export const AUTH_TYPE = '$auth'

/** Bytes that a message with a token may have, whatever the contract's own need. */
export const AUTH_FRAME_BYTES = 8448

/** UTF-16 units of a textual id at most. */
export const MAX_ID_LENGTH = 64

/** Issues of an error at most. */
export const MAX_ISSUES = 8

/** Types that begin with `$` belong to the protocol; a contract can't declare one. */
export function isReservedType (type: string): boolean {
  return type.startsWith('$')
}

/** Ties a call to its reply, and an error to its message. */
export type MessageId = string | number

/** A string of 1-64 UTF-16 units or a safe integer. */
export function isMessageId (value: unknown): value is MessageId {
  return typeof value === 'string'
    ? value.length > 0 && value.length <= MAX_ID_LENGTH
    : Number.isSafeInteger(value)
}

/** An id as JSON text. */
export function encodeId (id: MessageId): string {
  return typeof id === 'number' ? String(id) : JSON.stringify(id)
}

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
