import type { ErrorCode } from '../protocol/codes.js'

/** What fails on this side of the wire. docs/clients.md has a row for each. */
export type LocalCode =
  'aborted' | 'bad_message' | 'closed' | 'connect_failed' | 'disconnected' | 'queue_full' | 'timeout' |
  'unknown_option'

/** Codes of `ClientError` that no contract declares. */
export type ClientCode = LocalCode | ErrorCode

/** What is known of an error beside its code. */
export interface ErrorDetail {
  readonly message?: string
  /** Of an error that the call declares. */
  readonly data?: unknown
  /** Where the payload broke the contract: JSON pointers, never values. */
  readonly issues?: readonly { readonly path: string, readonly message: string }[]
  /** Milliseconds after which it may be tried again. */
  readonly retryAfter?: number
  /** Of `rate_limited`, the budget that was short: `socket`, `identity`, `address`, or one of the server's own. */
  readonly budget?: string
  /** Of a server in development: the reason in words, for you. */
  readonly detail?: string
  /** Type of the message or call that it belongs to, where that is known. */
  readonly type?: string
  /** What was sent with it: a page can put it back into its form. */
  readonly sent?: unknown
  /** What was thrown: by a listener, by `auth`, by the abort signal. */
  readonly cause?: unknown
}

/** The one class of everything that a client rejects with or reports. `code` is for programs, `message` for people. */
export class ClientError<Code extends string = string, Data = unknown> extends Error {
  declare readonly code: Code
  declare readonly data: Data
  declare readonly issues?: ErrorDetail['issues']
  declare readonly retryAfter?: number
  declare readonly budget?: string
  declare readonly detail?: string
  declare readonly type?: string
  declare readonly sent?: unknown

  constructor (code: Code, detail?: ErrorDetail) {
    super(code)
    Object.assign(this, detail, { name: 'ClientError', code })
  }
}
