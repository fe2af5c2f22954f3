import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { type Handshake, isOver, isWritten, openRecord } from './record.js'

/** Deadlines of a handshake, in milliseconds from its `upgrade` event, and who is told. */
export interface PendingOptions {
  readonly authTimeout: number
  readonly handshakeTimeout: number
  /** Not admitted at the authentication deadline: answer 503. */
  readonly onAuthTimeout: (handshake: Handshake) => void
  /** Still no 101 at the handshake deadline: the socket is destroyed after this. */
  readonly onTimeout: (handshake: Handshake) => void
  /** Refused, and at the authentication deadline nothing is written of it. */
  readonly onUnanswered: (handshake: Handshake) => void
  /** The handshake is over: upgraded, refused or gone. */
  readonly onSettled: (handshake: Handshake) => void
  /** The socket is closed, as a WebSocket or before. */
  readonly onClosed: (handshake: Handshake) => void
}

/** Milliseconds between two looks at the open handshakes, at most. */
const SWEEP = 250

/**
 * Every handshake under way. It exists because Node and Fastify stop watching a socket at the `upgrade` event: no
 * timeout applies, a client's disconnect goes unnoticed, and a request with a malformed URL or an over-long parameter
 * is answered without any hook and its socket is kept (fastify/fastify-websocket#342).
 */
export class PendingHandshakes {
  readonly #open = new Set<Handshake>()
  readonly #options: PendingOptions
  readonly #sweeper: NodeJS.Timeout

  constructor (options: PendingOptions) {
    this.#options = options
    // One timer for all: two per handshake would cost more than the checks.
    const interval = Math.max(10, Math.min(SWEEP, options.authTimeout / 4, options.handshakeTimeout / 4))
    this.#sweeper = setInterval(() => { this.#sweep() }, interval)
    this.#sweeper.unref()
  }

  get size (): number { return this.#open.size }

  /** When the oldest of them began; Infinity: there is none. */
  get oldest (): number {
    const [first] = this.#open
    return first === undefined ? Infinity : first.startedAt
  }

  /** Called in the `upgrade` event, before anything else sees the socket. */
  start (raw: IncomingMessage, socket: Duplex): Handshake {
    const handshake = openRecord(raw, socket)
    // `on`, because `once` keeps a wrapper for as long as the WebSocket lives.
    socket.on('close', () => {
      handshake.closed = true
      this.settle(handshake)
      this.#options.onClosed(handshake)
    })
    this.#open.add(handshake)
    return handshake
  }

  /** The handshake is over; after its 101 the socket is a WebSocket from here on. */
  settle (handshake: Handshake, isUpgraded = false): void {
    if (!this.#open.delete(handshake)) return
    // A strategy may still be at work for a client that left, or takes back what was of no use.
    if (!isUpgraded) handshake.abort?.abort()
    // The close listener keeps this record for as long as the WebSocket lives; what only the handshake needed goes now.
    handshake.abort = handshake.request = handshake.reply = handshake.error = null
    this.#options.onSettled(handshake)
  }

  /** Destroys every socket without a 101 and stops. Called in `preClose`. */
  stop (): void {
    clearInterval(this.#sweeper)
    for (const { socket } of [...this.#open]) socket.destroy()
  }

  #sweep (): void {
    const now = performance.now()
    const { authTimeout, handshakeTimeout, onAuthTimeout, onTimeout, onUnanswered } = this.#options
    for (const handshake of this.#open) {
      const { socket } = handshake
      const age = now - handshake.startedAt
      // Answered, not upgraded. A reply's own `onResponse` destroys its socket, except where Fastify answered before
      // any hook.
      if (isWritten(handshake)) {
        socket.destroy()
      } else if (age >= handshakeTimeout) {
        onTimeout(handshake)
        socket.destroy()
      } else if (age >= authTimeout && !handshake.admitted && !isOver(handshake)) {
        handshake.abort?.abort()
        onAuthTimeout(handshake)
      } else if (age >= authTimeout && handshake.refusal !== null) {
        onUnanswered(handshake)
      }
    }
  }
}
