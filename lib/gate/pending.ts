import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Refusal } from '../../types/gate.js'
import type { Slots } from './connections.js'

/** Path parameters and query after the contract's check. */
export interface RouteInput {
  readonly params: unknown
  readonly query: unknown
}

/** One opening handshake from its `upgrade` event to its 101 or its end. */
export interface Handshake {
  readonly socket: Duplex
  /** `performance.now()` of the `upgrade` event. */
  readonly startedAt: number
  /** Bytes that the socket had sent by then: a kept-alive connection has answered before. */
  readonly writtenBefore: number
  readonly slots: Slots
  /** Is the request a handshake at all? Judged once, in the `upgrade` event. */
  malformed: Refusal | null
  /** One socket too many, found before Fastify saw the request. */
  overCap: Refusal | null
  request: FastifyRequest | null
  reply: FastifyReply | null
  /** The `config` of the route it was routed to. */
  config: unknown
  /** What the contract accepted; null where none has judged. */
  input: RouteInput | null
  /** The mark without which no handler runs. */
  admitted: boolean
  /** A refusal was given: nothing may admit this handshake any more. */
  refused: boolean
  /** Somebody answers it, though perhaps nothing is written yet: an asynchronous `onSend` hook may be at work. */
  answered: boolean
  /** The socket is gone. */
  closed: boolean
  subprotocol: string | false
  /** Made when a strategy asks for its signal; fires at the authentication deadline and when the socket closes. */
  abort: AbortController | null
}

/** The handshake by its request; a property costs less than a weak map, and plain requests pay for the look as well. */
const HANDSHAKE = Symbol('fastify-ws-guard.handshake')

interface MarkedMessage { [HANDSHAKE]?: Handshake }

/** True when nothing may admit this handshake any more, and its request must go no further. */
export function isOver ({ refused, answered, closed }: Handshake): boolean {
  return refused || answered || closed
}

/** Fires when nobody waits for this handshake's authentication any more. */
export function signalOf (handshake: Handshake): AbortSignal {
  handshake.abort ??= new AbortController()
  if (isOver(handshake)) handshake.abort.abort()
  return handshake.abort.signal
}

/** Deadlines of a handshake, in milliseconds from its `upgrade` event, and who is told. */
export interface PendingOptions {
  readonly authTimeout: number
  readonly handshakeTimeout: number
  /** Not admitted at the authentication deadline: answer 503. */
  readonly onAuthTimeout: (handshake: Handshake) => void
  /** Still no 101 at the handshake deadline: the socket is destroyed after this. */
  readonly onTimeout: (handshake: Handshake) => void
  /** The handshake is over: upgraded, refused or gone. */
  readonly onSettled: () => void
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

  /** Called in the `upgrade` event, before anything else sees the socket. */
  start (raw: IncomingMessage, socket: Duplex): Handshake {
    const handshake: Handshake = {
      socket,
      startedAt: performance.now(),
      writtenBefore: bytesWritten(socket),
      slots: { address: null, identity: null },
      malformed: null,
      overCap: null,
      request: null,
      reply: null,
      config: undefined,
      input: null,
      admitted: false,
      refused: false,
      answered: false,
      closed: false,
      subprotocol: false,
      abort: null,
    }
    // `on`, because `once` keeps a wrapper for as long as the WebSocket lives.
    socket.on('close', () => {
      handshake.closed = true
      this.#settle(handshake)
      this.#options.onClosed(handshake)
    })
    ;(raw as MarkedMessage)[HANDSHAKE] = handshake
    this.#open.add(handshake)
    return handshake
  }

  of (raw: IncomingMessage): Handshake | undefined {
    return (raw as MarkedMessage)[HANDSHAKE]
  }

  /** The 101 was written: the socket is a WebSocket from here on. */
  complete (raw: IncomingMessage): void {
    const handshake = this.of(raw)
    if (handshake !== undefined) this.#settle(handshake)
  }

  /** Destroys every socket without a 101 and stops. Called in `preClose`. */
  stop (): void {
    clearInterval(this.#sweeper)
    for (const { socket } of [...this.#open]) socket.destroy()
  }

  #settle (handshake: Handshake): void {
    if (!this.#open.delete(handshake)) return
    // A strategy may still be at work for a client that left.
    if (!handshake.admitted) handshake.abort?.abort()
    // The close listener keeps this record for as long as the WebSocket lives; what only the handshake needed goes now.
    handshake.abort = handshake.request = handshake.reply = null
    this.#options.onSettled()
  }

  #sweep (): void {
    const now = performance.now()
    const { authTimeout, handshakeTimeout, onAuthTimeout, onTimeout } = this.#options
    for (const handshake of this.#open) {
      const { socket, writtenBefore } = handshake
      const age = now - handshake.startedAt
      // Written to and nothing left to send: answered, not upgraded. A reply's own `onResponse` destroys its socket, except
      // where Fastify answered before any hook.
      if (bytesWritten(socket) > writtenBefore && socket.writableLength === 0) {
        socket.destroy()
      } else if (age >= handshakeTimeout) {
        onTimeout(handshake)
        socket.destroy()
      } else if (age >= authTimeout && !handshake.admitted && !isOver(handshake)) {
        handshake.abort?.abort()
        onAuthTimeout(handshake)
      }
    }
  }
}

/** 0 for the stream of an injected request, which does not count. */
function bytesWritten (socket: Duplex): number {
  return (socket as { bytesWritten?: number }).bytesWritten ?? 0
}
