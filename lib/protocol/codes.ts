// Wire vocabulary (docs/protocol.md sections 5 and 6). No node: imports and no dependency: the browser client reads this file.

/** Codes of an error reply. A peer gets the code, never the value, the schema or a stack. */
export const ERROR_CODES = [
  'invalid_json', 'too_deep', 'too_many_nodes', 'forbidden_key', 'invalid_message', 'unknown_type', 'unsupported_data',
  'rate_limited', 'forbidden', 'duplicate_id', 'too_many_calls', 'timeout', 'cancelled', 'internal',
] as const

export type ErrorCode = typeof ERROR_CODES[number]

/** What a close code means to a client. */
export interface CloseMeaning {
  readonly name: string
  /** A client may connect again by itself. */
  readonly retryable: boolean
}

/** Close codes this server sends. Those below 1016 are RFC 6455's (section 7.4.1), 44xx are ours. */
export const CLOSE_CODES: { readonly [code: number]: CloseMeaning } = /* @__PURE__ */ Object.freeze({
  1000: { name: 'normal', retryable: true },
  1001: { name: 'shutdown', retryable: true },
  1002: { name: 'protocol_error', retryable: false },
  1003: { name: 'unsupported_data', retryable: false },
  1007: { name: 'invalid_utf8', retryable: false },
  1008: { name: 'policy_violation', retryable: false },
  1009: { name: 'too_big', retryable: false },
  1011: { name: 'internal', retryable: true },
  1013: { name: 'overload', retryable: true },
  4400: { name: 'bad_message', retryable: false },
  4401: { name: 'unauthenticated', retryable: false },
  4403: { name: 'forbidden', retryable: false },
  4408: { name: 'timeout', retryable: true },
  4409: { name: 'duplicate_id', retryable: false },
  4429: { name: 'too_many', retryable: true },
})

const FATAL = [1002, 1003, 1007, 1008, 1009, 1010]

/**
 * True when a client may connect again by itself. The rule behind the table, small enough for a page, and for codes
 * that the table lacks: of a proxy, of an application, of a later version.
 */
export function isRetryable (code: number): boolean {
  return code < 4400 || code > 4499 ? !FATAL.includes(code) : code === 4408 || code === 4429
}
