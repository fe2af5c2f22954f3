// Tested in test/attack/first-message.test.ts.
import type { FastifyRequest } from 'fastify'
import type { WebSocket } from 'ws'
import type { CompiledContract } from '../../types/contract.js'
import { setPayloadLimit } from '../foreign/ws-internals.js'
import type { Gate } from '../gate/gate.js'
import { closeOf } from '../gate/tell.js'
import { type EnvelopeKeys, SUBPROTOCOL } from '../protocol/envelope.js'
import { noticeOf } from '../socket/auth-message.js'
import type { Admission } from '../socket/home.js'
import { ProtocolText } from '../socket/protocol-text.js'
import { WaitingSocket } from '../socket/waiting-socket.js'
import type { OpenSockets } from './open-sockets.js'

/** How a contract writes what belongs to the protocol. */
interface Speech {
  readonly envelope: EnvelopeKeys
  readonly text: ProtocolText
}

export interface TokenParts {
  readonly gate: Gate
  readonly sockets: OpenSockets
  /** Milliseconds until a token has to be accepted. */
  readonly deadline: number
}

/** What tokens add to the sockets of a contract's route. */
export class TokenSockets {
  readonly #parts: TokenParts
  /** By fingerprint. */
  readonly #spoken: ReadonlyMap<string, Speech>
  readonly #standard: Speech

  /** `contracts`: the route's own, and the older ones that it serves. */
  constructor (contracts: readonly [CompiledContract, ...CompiledContract[]], parts: TokenParts) {
    this.#parts = parts
    const speechOf = ({ envelope }: CompiledContract): Speech => ({ envelope, text: new ProtocolText(envelope) })
    this.#spoken = new Map(contracts.map(contract => [contract.fingerprint, speechOf(contract)] as const))
    this.#standard = speechOf(contracts[0])
  }

  /**
   * Tells a client that did not ask when its token ends, before it hears anything else: where it knows our protocol and
   * can send a new one.
   */
  announceEnd (ws: WebSocket, admission: Admission): void {
    const { identity, credential } = admission.bearer
    const isOfUse = credential?.renew !== undefined && identity?.expires !== undefined && ws.protocol === SUBPROTOCOL
    if (isOfUse) this.#tellEnd(ws, admission)
  }

  #tellEnd (ws: WebSocket, { bearer: { identity }, fingerprint }: Admission): void {
    ws.send(this.#speechOf(fingerprint).text.auth(noticeOf(identity)))
  }

  #speechOf (fingerprint: string | null): Speech {
    return this.#spoken.get(fingerprint ?? '') ?? this.#standard
  }

  /**
   * A socket whose first message is to be a token, until one was accepted. Then the client is told when it ends, and
   * `open` is called.
   */
  wait (ws: WebSocket, request: FastifyRequest, open: (admission: Admission) => void): void {
    const { gate, sockets, deadline } = this.#parts
    const admission = sockets.admissionOf(request)
    const socket = new WaitingSocket(ws, request.raw.socket, {
      ...this.#speechOf(admission.fingerprint),
      deadline,
      admit: async (token, signal) => {
        const refusal = await gate.admitToken(request, token, signal)
        if (refusal === null) return null
        return refusal.code === 'WSG_ERR_UNAUTHENTICATED' ? 'again' : closeOf(refusal) ?? 'internal'
      },
      onRefused: (close, value) => {
        const code = close === 'timeout' ? 'WSG_ERR_AUTH_TIMEOUT' : 'WSG_ERR_UNAUTHENTICATED'
        gate.reportWaiting(request, { code, value })
      },
      onAdmitted: () => {
        setPayloadLimit(ws, gate.payloadLimitOf(request.raw) ?? 0)
        const admitted = sockets.admissionOf(request, admission.facts.connId)
        this.#tellEnd(ws, admitted)
        open(admitted)
      },
    }, admission, sockets.registry)
    socket.enter()
  }
}
