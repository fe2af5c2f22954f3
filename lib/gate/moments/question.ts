// Tested in test/gate/gate.test.ts and test/auth/any-of.test.ts.
import type { FastifyRequest } from 'fastify'
import type { AuthenticateContext, Credential } from '../../../types/gate.js'
import { sessionCookieName } from '../../foreign/session-cookie-name.js'
import { type Handshake, signalOf } from '../record.js'

/** What a strategy is asked with. A class: a getter in an object literal costs V8 forty times as much. */
export class Question implements AuthenticateContext {
  readonly request: FastifyRequest
  readonly #handshake: Handshake

  constructor (request: FastifyRequest, handshake: Handshake) {
    this.request = request
    this.#handshake = handshake
  }

  get signal (): AbortSignal {
    return signalOf(this.#handshake)
  }

  get sessionCookie (): string {
    return sessionCookieName(this.request.server)
  }

  // A getter, so that it can be taken out of the context like its other members.
  get provenBy (): (credential: Credential) => void {
    return credential => { this.#handshake.credential = credential }
  }
}
