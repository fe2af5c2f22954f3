// Tested in test/attack/answered.test.ts and test/attack/draining.test.ts.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { writeRefusal } from '../answer.js'
import type { Refusal } from '../../../types/gate.js'
import type { Door } from '../door.js'
import { drainingRefusal } from '../draining.js'
import type { PendingHandshakes } from '../pending.js'
import { type Handshake, handshakeOf, hasBegun } from '../record.js'
import { hookRefused } from './identity.js'

/** What a handshake was admitted by is over: a logout, a revocation, or it has run out meanwhile. */
export type HasEnded = (handshake: Handshake) => boolean

const ENDED: Refusal = { code: 'WSG_ERR_UNAUTHENTICATED', value: 'it has ended meanwhile' }

/** The fourth moment: the 101 itself, when ws is about to write it and when it has. */
export class SwitchMoment {
  readonly #pending: PendingHandshakes
  readonly #door: Door
  readonly #isDraining: () => boolean
  readonly #hasEnded: HasEnded

  constructor (pending: PendingHandshakes, door: Door, isDraining: () => boolean, hasEnded: HasEnded) {
    this.#pending = pending
    this.#door = door
    this.#isDraining = isDraining
    this.#hasEnded = hasEnded
  }

  /** True when `raw` may become a WebSocket; otherwise it is answered here and nothing more happens to it. */
  mayUpgrade (raw: IncomingMessage, socket: Duplex): boolean {
    const handshake = handshakeOf(raw)
    if (handshake === undefined) {
      writeRefusal(socket, { code: 'WSG_ERR_NOT_ADMITTED' })
      return false
    }
    if (handshake.closed || handshake.refusal !== null) return false
    const { admitted, reply, request } = handshake
    if (handshake.answered || hasBegun(handshake)) {
      handshake.answered = true
      const value = 'a hook has answered; it has to return its reply'
      this.#door.report({ code: 'WSG_ERR_NOT_ADMITTED', value }, request, handshake)
      return false
    }
    if (this.#isDraining()) this.#door.turnAway(handshake, drainingRefusal())
    else if (!admitted) this.#door.turnAway(handshake, { code: 'WSG_ERR_NOT_ADMITTED' })
    else if (reply !== null && reply.statusCode >= 300) this.#door.turnAway(handshake, hookRefused(reply))
    // It was admitted by what was read before; the last look is behind all that takes time.
    else if (this.#hasEnded(handshake)) this.#door.turnAway(handshake, ENDED)
    else return true
    return false
  }

  /** The one subprotocol to answer with. */
  subprotocolOf (raw: IncomingMessage): string | false {
    return handshakeOf(raw)?.subprotocol ?? false
  }

  /** The 101 is written. */
  complete (raw: IncomingMessage): void {
    const handshake = handshakeOf(raw)
    if (handshake === undefined) return
    const response = handshake.reply?.raw
    // The socket would keep the hijacked response, and with it the request, for as long as the WebSocket lives.
    if (response?.socket === handshake.socket) response.detachSocket(response.socket)
    this.#pending.settle(handshake, true)
  }
}
