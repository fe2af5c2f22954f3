import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Refusal } from '../../types/gate.js'

/** One opening handshake from its `upgrade` event to its 101 or its end. */
export interface Handshake {
  readonly raw: IncomingMessage
  readonly socket: Duplex
  /** A refusal found before Fastify saw the request; the first hook answers with it. */
  early: Refusal | null
  request: FastifyRequest | null
  reply: FastifyReply | null
  /** The mark without which no handler runs. */
  admitted: boolean
  /** A refusal was given: nothing may admit this handshake any more. */
  refused: boolean
  subprotocol: string | false
  /** Fires at the authentication deadline and when the socket closes. */
  readonly abort: AbortController
  readonly timers: NodeJS.Timeout[]
}

/** Deadlines of a handshake, in milliseconds from its `upgrade` event, and who is told. */
export interface PendingOptions {
  readonly authTimeout: number
  readonly handshakeTimeout: number
  /** Not admitted at the authentication deadline: answer 503. */
  readonly onAuthTimeout: (handshake: Handshake) => void
  /** Still no 101 at the handshake deadline: the socket is destroyed after this. */
  readonly onTimeout: (handshake: Handshake) => void
  readonly onSettled: () => void
}

/** Milliseconds between two looks for sockets that were answered but not closed. */
const SWEEP = 250

/**
 * Every handshake under way. It exists because Node and Fastify stop watching a socket at the `upgrade` event: no
 * timeout applies, a client's disconnect goes unnoticed, and a request with a malformed URL or an over-long parameter
 * is answered without any hook and its socket is kept (fastify/fastify-websocket#342).
 */
export class PendingHandshakes {
  readonly #byRequest = new WeakMap<IncomingMessage, Handshake>()
  readonly #open = new Set<Handshake>()
  readonly #options: PendingOptions
  readonly #sweeper: NodeJS.Timeout

  constructor (options: PendingOptions) {
    this.#options = options
    this.#sweeper = setInterval(() => { this.#sweep() }, SWEEP)
    this.#sweeper.unref()
  }

  get size (): number { return this.#open.size }

  /** Called in the `upgrade` event, before anything else sees the socket. */
  start (raw: IncomingMessage, socket: Duplex): Handshake {
    const handshake: Handshake = {
      raw,
      socket,
      early: null,
      request: null,
      reply: null,
      admitted: false,
      refused: false,
      subprotocol: false,
      abort: new AbortController(),
      timers: [],
    }
    const { authTimeout, handshakeTimeout, onAuthTimeout, onTimeout } = this.#options
    handshake.timers.push(
      setTimeout(() => {
        if (handshake.admitted || handshake.refused) return
        handshake.abort.abort()
        onAuthTimeout(handshake)
      }, authTimeout).unref(),
      setTimeout(() => {
        onTimeout(handshake)
        socket.destroy()
      }, handshakeTimeout).unref()
    )
    socket.once('close', () => { this.#settle(handshake) })
    this.#byRequest.set(raw, handshake)
    this.#open.add(handshake)
    return handshake
  }

  of (raw: IncomingMessage): Handshake | undefined {
    return this.#byRequest.get(raw)
  }

  /** The 101 was written: the socket is a WebSocket from here on. */
  complete (raw: IncomingMessage): void {
    const handshake = this.#byRequest.get(raw)
    if (handshake !== undefined) this.#settle(handshake)
  }

  /** Destroys every socket without a 101 and stops. Called in `preClose`. */
  stop (): void {
    clearInterval(this.#sweeper)
    for (const { socket } of [...this.#open]) socket.destroy()
  }

  #settle (handshake: Handshake): void {
    if (!this.#open.delete(handshake)) return
    for (const timer of handshake.timers) clearTimeout(timer)
    // A strategy may still be at work for a client that left.
    if (!handshake.admitted) handshake.abort.abort()
    this.#options.onSettled()
  }

  // A socket that was written to and has nothing left to send was answered, not upgraded; its reply's own `onResponse`
  // destroys it, except where Fastify answered before any hook.
  #sweep (): void {
    for (const { socket } of this.#open) {
      const { bytesWritten = 0, writableLength } = socket as { bytesWritten?: number, writableLength: number }
      if (bytesWritten > 0 && writableLength === 0) socket.destroy()
    }
  }
}
