import type { CloseCause } from '../../types/events.js'
import type { Credential, Identity, Refusal } from '../../types/gate.js'
import type { CloseName } from '../protocol/codes.js'

/** Who a socket or a handshake is, what that rests on, and since when. */
export interface Bearer {
  readonly identity: Identity | null
  readonly credential: Credential | null
  /** What its route knows people by, and without an identity waits for; null or left out: the route is public. */
  readonly strategy?: object | null
  /** When its handshake began, in milliseconds of `performance.now()`. */
  readonly startedAt: number
}

/** An open socket, as its life sees it. */
export interface Living {
  readonly bearer: Bearer
  readonly route: string
  readonly open: boolean
  /**
   * Replaces the identity in place, and says so to whom decides by it. Resolves once it is known whether it may stay;
   * null: it is. Never rejects.
   */
  assume (identity: Identity): Promise<void> | null
  /** Asks the route's `authorize` again. Never throws or rejects. */
  reauthorize (): Refusal | null | Promise<Refusal | null>
  closeAs (name: CloseName, cause: CloseCause): void
  handlerFailed (type: string, error: unknown): void
}
