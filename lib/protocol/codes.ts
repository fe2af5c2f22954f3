// Wire vocabulary (docs/protocol.md sections 5 and 6). No node: imports and no dependency: the browser client reads
// this file.

/** What a close frame of the server's means. */
export interface Close {
  readonly code: number
  /** A fixed token, never derived from input. */
  readonly reason: string
  /** A client may connect again by itself. */
  readonly retryable: boolean
}

/**
 * Every close that this server or ws under it begins. Codes below 1016 are RFC 6455's (section 7.4.1), 44xx are ours.
 */
export const CLOSES = {
  normal: { code: 1000, reason: '', retryable: true },
  shutdown: { code: 1001, reason: 'shutdown', retryable: true },
  protocol_error: { code: 1002, reason: '', retryable: false },
  unsupported_data: { code: 1003, reason: 'unsupported_data', retryable: false },
  /** Never sent: what an end sees that got no close frame. */
  lost: { code: 1006, reason: '', retryable: true },
  invalid_utf8: { code: 1007, reason: '', retryable: false },
  policy_violation: { code: 1008, reason: 'policy_violation', retryable: false },
  too_big: { code: 1009, reason: '', retryable: false },
  internal: { code: 1011, reason: 'internal', retryable: true },
  slow_consumer: { code: 1013, reason: 'slow_consumer', retryable: true },
  overload: { code: 1013, reason: 'overload', retryable: true },
  bad_message: { code: 4400, reason: 'bad_message', retryable: false },
  unauthenticated: { code: 4401, reason: 'unauthenticated', retryable: false },
  forbidden: { code: 4403, reason: 'forbidden', retryable: false },
  timeout: { code: 4408, reason: 'timeout', retryable: true },
  duplicate_id: { code: 4409, reason: 'duplicate_id', retryable: false },
  stale: { code: 4426, reason: 'stale', retryable: false },
  too_many: { code: 4429, reason: 'too_many', retryable: true },
} as const satisfies { readonly [name: string]: Close }

export type CloseName = keyof typeof CLOSES

/**
 * What an error code says to people, and how a socket is closed whose messages keep earning it; null: it is not the
 * peer's fault.
 */
export interface ErrorMeaning {
  readonly message: string
  readonly close: CloseName | null
}

/** Error replies. A peer gets the code and this text, never the value, the schema or a stack. */
export const ERRORS = {
  invalid_json: { message: 'Not JSON', close: 'bad_message' },
  too_deep: { message: 'Nested too deeply', close: 'bad_message' },
  too_many_nodes: { message: 'Too many values', close: 'bad_message' },
  forbidden_key: { message: 'A key is not allowed', close: 'bad_message' },
  invalid_message: { message: 'The message does not fit the contract', close: 'bad_message' },
  unknown_type: { message: 'No such message', close: 'bad_message' },
  unsupported_data: { message: 'Text frames only', close: 'unsupported_data' },
  rate_limited: { message: 'Too many messages', close: 'too_many' },
  forbidden: { message: 'Not allowed', close: 'policy_violation' },
  unauthenticated: { message: 'Authentication required', close: 'unauthenticated' },
  duplicate_id: { message: 'This id is under way', close: 'duplicate_id' },
  too_many_calls: { message: 'Too many handlers are under way', close: 'policy_violation' },
  timeout: { message: 'It took too long', close: null },
  cancelled: { message: 'Cancelled', close: null },
  internal: { message: 'Internal error', close: null },
} as const satisfies { readonly [code: string]: ErrorMeaning }

export type ErrorCode = keyof typeof ERRORS

export const errorCodes = (): ErrorCode[] => Object.keys(ERRORS) as ErrorCode[]
