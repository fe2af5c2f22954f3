// Tested in test/gate/pending.test.ts.
import type { FastifyError } from '@fastify/error'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { AuthStrategy, Credential, Identity, Refusal } from '../../types/gate.js'
import { type Connections, noSlots, type Slots } from './connections.js'
import type { RouteInput, RoutePolicy } from './policy.js'

/** One opening handshake from its `upgrade` event to its 101 or its end. The slots live as long as the socket. */
export interface Handshake {
  readonly socket: Duplex
  /** `performance.now()` of the `upgrade` event, or of a token that came in a first message. */
  startedAt: number
  /** Bytes that the socket had sent by then: a kept-alive connection has answered before. */
  readonly writtenBefore: number
  /** What it holds of the application's caps. */
  readonly slots: Slots
  /** The route's own caps, once they have counted it, and what it holds of these. */
  route: { readonly connections: Connections, readonly slots: Slots } | null
  /** Is the request a handshake at all? Judged once, in the `upgrade` event. */
  malformed: Refusal | null
  /** One socket too many, found before Fastify saw the request. */
  overCap: Refusal | null
  request: FastifyRequest | null
  reply: FastifyReply | null
  /** Of the route it was routed to. */
  policy: RoutePolicy | null
  /** Who judges its credential, chosen once: what it needs is what the handshake is held to. Null: nobody. */
  strategy: AuthStrategy | null
  /** The key its client's address is counted under. */
  address: string | null
  identity: Identity | null
  /** What that was proven by, where the strategy has said so. */
  credential: Credential | null
  /** For the route's `authorize`, when it is asked again; null where it did not look at it. */
  keptRequest: FastifyRequest | null
  /** What the contract accepted; null where none has judged. */
  input: RouteInput | null
  /** The mark without which no handler runs. */
  admitted: boolean
  /** Why it was refused: nothing may admit it any more. */
  refusal: Refusal | null
  /** The coded error of that refusal, while Fastify's error handlers have it. */
  error: FastifyError | null
  /** One of those handlers failed with an error of its own, whose text must not leave. */
  spoiled: boolean
  /** What is answered is an error as it was thrown: no error handler has made a body of it. */
  thrown: boolean
  /** `send` of its reply as it was before the door watched it. */
  send: FastifyReply['send'] | null
  /** Somebody answers it, though perhaps nothing is written yet: an asynchronous `onSend` hook may be at work. */
  answered: boolean
  /** The socket is gone. */
  closed: boolean
  subprotocol: string | false
  /** Of the contract that the client was built for; null where it has not said. */
  fingerprint: string | null
  /** Host and Origin have passed, and the client knows our close codes: a refusal may be told in a 101. */
  mayBeTold: boolean
  /** Made when a strategy asks for its signal; fires at the authentication deadline and when the socket closes. */
  abort: AbortController | null
}

/** The handshake by its request; a property costs less than a weak map, and plain requests pay for the look as well. */
const HANDSHAKE = Symbol('fastify-ws-guard.handshake')

interface MarkedMessage { [HANDSHAKE]?: Handshake }

export function handshakeOf (raw: IncomingMessage): Handshake | undefined {
  return (raw as MarkedMessage)[HANDSHAKE]
}

/** Makes the record. Called once per request, in its `upgrade` event. */
export function openRecord (raw: IncomingMessage, socket: Duplex): Handshake {
  const handshake: Handshake = {
    socket,
    startedAt: performance.now(),
    writtenBefore: bytesWritten(socket),
    slots: noSlots(),
    route: null,
    malformed: null,
    overCap: null,
    request: null,
    reply: null,
    policy: null,
    strategy: null,
    address: null,
    identity: null,
    credential: null,
    keptRequest: null,
    input: null,
    admitted: false,
    refusal: null,
    error: null,
    spoiled: false,
    thrown: false,
    send: null,
    answered: false,
    closed: false,
    subprotocol: false,
    fingerprint: null,
    mayBeTold: false,
    abort: null,
  }
  ;(raw as MarkedMessage)[HANDSHAKE] = handshake
  return handshake
}

/** True when nothing may admit this handshake any more, and its request must go no further. */
export function isOver ({ refusal, answered, closed }: Handshake): boolean {
  return refusal !== null || answered || closed
}

/** True when a byte of an answer has left already. */
export function hasBegun ({ socket, writtenBefore, reply }: Handshake): boolean {
  return bytesWritten(socket) > writtenBefore || reply?.raw.headersSent === true
}

/**
 * True when a whole answer has left: what was written to the socket since the `upgrade` event, and that is something.
 * Not while somebody is about to write the rest of it, or has ended the socket and gives its peer time to read.
 */
export function isWritten ({ socket, writtenBefore, reply }: Handshake): boolean {
  if (socket.writableEnded || (reply?.raw.headersSent === true && !reply.raw.writableFinished)) return false
  return bytesWritten(socket) > writtenBefore && socket.writableLength === 0
}

/** Fires when nobody waits for this handshake's authentication any more. */
export function signalOf (handshake: Handshake): AbortSignal {
  handshake.abort ??= new AbortController()
  if (isOver(handshake)) handshake.abort.abort()
  return handshake.abort.signal
}

/** 0 for the stream of an injected request, which does not count. */
function bytesWritten (socket: Duplex): number {
  return (socket as { bytesWritten?: number }).bytesWritten ?? 0
}
