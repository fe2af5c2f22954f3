import { ERRORS } from '../protocol/codes.js'
import type { ErrorCode } from '../protocol/codes.js'
import { AUTH_TYPE, ERROR_KEY, ERROR_TYPE, MAX_ISSUES, PONG_TYPE, encodeId } from '../protocol/envelope.js'
import type { EnvelopeKeys, MessageId } from '../protocol/envelope.js'
import type { Issue } from '../../types/contract.js'

const MAX_PATH = 128

/** What an error says beside its code. */
export interface ErrorDetail {
  readonly issues?: readonly Issue[]
  /** Milliseconds. */
  readonly retryAfter?: number
  /** Name of the budget that was short. */
  readonly budget?: string
  /** In development: the reason, for who writes the client. */
  readonly detail?: string | undefined
}

/** Milliseconds until a first token has to be there, or another than the one just refused; or until the next one. */
export type AuthNotice = { readonly deadline: number, readonly refused?: true } | { readonly expiresIn: number }

/**
 * Writes what belongs to the protocol as JSON text (docs/protocol.md sections 3 and 9) with a contract's envelope
 * keys.
 */
export class ProtocolText {
  private readonly idStart: string
  private readonly typeStart: string
  private readonly pongStart: string
  private readonly idKey: string
  private readonly keys: EnvelopeKeys

  constructor (keys: EnvelopeKeys) {
    this.keys = keys
    const key = JSON.stringify(ERROR_KEY)
    this.idStart = `{${JSON.stringify(keys.id)}:`
    this.idKey = JSON.stringify(keys.id)
    this.pongStart = `{${JSON.stringify(keys.type)}:${JSON.stringify(PONG_TYPE)}`
    this.typeStart = `{${JSON.stringify(keys.type)}:${JSON.stringify(ERROR_TYPE)},${key}:`
  }

  /** The answer to `$ping`. */
  pong (id: MessageId | null): string {
    return id === null ? `${this.pongStart}}` : `${this.pongStart},${this.idKey}:${encodeId(id)}}`
  }

  /** What is to be known of tokens (section 10). */
  auth (data: AuthNotice): string {
    const { type, data: key } = this.keys
    return JSON.stringify({ [type]: AUTH_TYPE, ...(key === null ? data : { [key]: data }) })
  }

  /** An error of section 5; without an id it belongs to no message. */
  error (code: ErrorCode, id: MessageId | null, detail?: ErrorDetail): string {
    let error = `{"code":"${code}","message":"${ERRORS[code].message}"`
    if (detail?.issues !== undefined && detail.issues.length > 0) {
      error += `,"issues":${JSON.stringify(detail.issues.slice(0, MAX_ISSUES).map(cut))}`
    }
    if (detail?.retryAfter !== undefined) error += `,"retryAfter":${detail.retryAfter}`
    if (detail?.budget !== undefined) error += `,"budget":${JSON.stringify(detail.budget)}`
    if (detail?.detail !== undefined) error += `,"detail":${JSON.stringify(detail.detail)}`
    return this.wrap(error + '}', id)
  }

  /** An error that the call declares. `json` is its data as JSON text. */
  declared (code: string, json: string, id: MessageId): string {
    const name = JSON.stringify(code)
    return this.wrap(`{"code":${name},"message":${name},"data":${json}}`, id)
  }

  private wrap (error: string, id: MessageId | null): string {
    return id === null ? `${this.typeStart}${error}}` : `${this.idStart}${encodeId(id)},"${ERROR_KEY}":${error}}`
  }
}

function cut (issue: Issue): Issue {
  return { path: issue.path.slice(0, MAX_PATH), message: issue.message.slice(0, MAX_PATH) }
}
