// Tested in test/attack/pipelined.test.ts and test/attack/draining.test.ts.
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { hasOpenAnswer } from '../../foreign/http-server.js'
import type { Connections } from '../connections.js'
import type { Door } from '../door.js'
import { drainingRefusal } from '../draining.js'
import { checkHandshake } from '../handshake.js'
import type { PendingHandshakes } from '../pending.js'
import type { RoutePolicy } from '../policy.js'

function destroy (this: Duplex): void {
  this.destroy()
}

export interface UpgradeParts {
  readonly pending: PendingHandshakes
  readonly connections: Connections
  readonly door: Door
  readonly isDraining: () => boolean
  /** Whose words a client is told why, while Fastify routes nothing. */
  readonly policyToTell: (raw: IncomingMessage) => RoutePolicy | null
}

/**
 * The first moment: the server's `upgrade` event. Counts the socket and looks at the request's form; Fastify comes
 * after.
 */
export class UpgradeMoment {
  readonly #pending: PendingHandshakes
  readonly #connections: Connections
  readonly #door: Door
  readonly #isDraining: () => boolean
  readonly #policyToTell: (raw: IncomingMessage) => RoutePolicy | null

  constructor ({ pending, connections, door, isDraining, policyToTell }: UpgradeParts) {
    this.#pending = pending
    this.#connections = connections
    this.#door = door
    this.#isDraining = isDraining
    this.#policyToTell = policyToTell
  }

  /** First listener of the event. */
  readonly listen = (raw: IncomingMessage, socket: Duplex): void => {
    const handshake = this.#pending.start(raw, socket)
    handshake.overCap = this.#connections.enter()
    // The upgrade listener behind this one adds its own later; between the two an RST would be uncaught.
    socket.on('error', destroy)
    if (hasOpenAnswer(socket)) {
      // Whatever is written now would be read as the answer to the request before it.
      const value = 'pipelined behind a request that is not answered yet'
      handshake.refusal = { code: 'WSG_ERR_HANDSHAKE_MALFORMED', value }
      this.#door.report(handshake.refusal, null, handshake)
      socket.destroy()
    } else if (this.#isDraining()) {
      // Fastify would answer by itself; what it writes behind the end of this answer goes nowhere.
      handshake.policy = handshake.overCap === null ? this.#policyToTell(raw) : null
      handshake.mayBeTold = handshake.policy !== null
      this.#door.turnAway(handshake, drainingRefusal(), raw)
    } else {
      handshake.malformed = checkHandshake(raw)
    }
  }
}
