// Tested in test/attack/first-message.test.ts.
import { AUTH_TYPE, type MessageId } from '../protocol/envelope.js'
import { noticeOf, type Renew, type Renewed, tokenIn } from './auth-message.js'
import type { ContractSocket } from './contract-socket.js'
import type { FrameQueue } from './frame-queue.js'
import type { RouteParts } from './parts.js'

/** Takes new tokens of one socket: one at a time, and what comes behind one waits. */
export class Renewal {
  private readonly socket: ContractSocket
  private readonly queue: FrameQueue
  private readonly parts: RouteParts

  constructor (socket: ContractSocket, queue: FrameQueue, parts: RouteParts) {
    this.socket = socket
    this.queue = queue
    this.parts = parts
  }

  /** Reads a message `$auth`. Never throws. */
  take (message: { readonly [key: string]: unknown }, id: MessageId | null): void {
    const { socket, parts } = this
    const token = tokenIn(message, parts.contract.envelope)
    // Who came with a cookie has no token to be replaced.
    if (parts.renew === null || socket.bearer.credential?.renew === undefined) socket.refuse('unknown_type', id, null)
    else if (token === null) socket.refuse('invalid_message', id, AUTH_TYPE)
    else {
      this.queue.hold()
      void this.judge(parts.renew, token, id)
    }
  }

  private async judge (renew: Renew, token: string, id: MessageId | null): Promise<void> {
    const { socket, parts: { deadlines, limits } } = this
    const abort = new AbortController()
    const asked = renew(socket, token, abort.signal)
    const verdict = await deadlines.within<Renewed | 'timeout'>(limits.handlerTimeout, asked, () => 'timeout')
    // What comes late for this socket, or for a former token, changes nothing.
    abort.abort()
    if (socket.receiving) this.answer(verdict, id)
    this.queue.release()
  }

  private answer (verdict: Renewed | 'timeout', id: MessageId | null): void {
    const { socket, parts: { text } } = this
    if (verdict === 'renewed') socket.outbox.send(text.auth(noticeOf(socket.identity)))
    else if (verdict === 'again') socket.refuse('unauthenticated', id, AUTH_TYPE)
    else if (verdict === 'failed') socket.outbox.send(text.error('internal', id))
    else if (verdict === 'timeout') socket.outbox.send(text.error('timeout', id))
    else socket.closeAs(verdict, 'policy')
  }
}
