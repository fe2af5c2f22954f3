import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { frameBinary, frameText, mayInterleave, nativeSender, takeOver } from '../foreign/ws-internals.js'
import type { Frame, NativeSender } from '../foreign/ws-internals.js'

const OPEN = 1
/** More than this is written at once, so that `writableLength` soon tells how fast the peer really reads. */
const BATCH_BYTES = 32_768

const dirty: Outbox[] = []

// nextTick runs when the current read has handed out all its messages, and again after the microtasks of async handlers.
function flushAll (): void {
  for (let index = 0; index < dirty.length; index++) dirty[index]?.flushQueued()
  dirty.length = 0
}

/** A message for many sockets: framed once, by the first one that takes it. */
export class SharedMessage {
  readonly payload: string | Uint8Array
  private framed: Frame | null = null

  constructor (payload: string | Uint8Array) {
    this.payload = payload
  }

  get frame (): Frame {
    this.framed ??= typeof this.payload === 'string' ? frameText(this.payload) : frameBinary(this.payload)
    return this.framed
  }
}

/** The socket, as its outbox sees it. */
export interface OutboxOwner {
  /** A message was not sent because too much waits for the peer. */
  slow (): void
  /** A write threw. */
  broken (error: unknown): void
}

export interface OutboxOptions {
  /** Bytes that may wait for the peer; a message that would exceed them is not sent and the owner is told. */
  readonly limit: number
  /** False: everything goes through `ws.send`, one write per message. */
  readonly direct: boolean
  readonly owner: OutboxOwner
}

/** What goes out on one socket: the frames of a tick leave in one write, in order with those of ws itself. */
export class Outbox {
  private readonly ws: WebSocket
  private readonly stream: Duplex | null
  private readonly native: NativeSender | null
  private readonly limit: number
  private readonly mark: number
  private readonly owner: OutboxOwner
  /** Consecutive latin1 frames; one string is the cheapest thing to write. */
  private text = ''
  private chunks: Frame[] | null = null
  private bytes = 0
  private queued = false
  private pressed = false

  constructor (ws: WebSocket, options: OutboxOptions) {
    this.ws = ws
    this.limit = options.limit
    this.mark = options.limit / 4
    this.owner = options.owner
    this.stream = options.direct ? takeOver(ws, this) : null
    this.native = this.stream === null ? nativeSender(ws) : null
  }

  /** Bytes accepted that the network has not taken. */
  get bufferedAmount (): number {
    return this.bytes + this.ws.bufferedAmount
  }

  /** Queues a text message. False: not sent (closed, or too slow), or the peer has a quarter of the limit waiting. */
  send (text: string): boolean {
    if (this.ws.readyState !== OPEN) return false
    const sent = this.stream === null || !mayInterleave(this.ws) ? this.fallBack(text) : this.push(frameText(text), this.stream)
    return sent && !this.pressed
  }

  /** Queues a message that other sockets get as well. False: not sent. */
  sendShared (message: SharedMessage): boolean {
    if (this.ws.readyState !== OPEN) return false
    if (this.stream === null || !mayInterleave(this.ws)) return this.fallBack(message.payload)
    return this.push(message.frame, this.stream)
  }

  private push (frame: Frame, stream: Duplex): boolean {
    const before = this.bytes
    const waiting = before + stream.writableLength
    // One message larger than the limit is fine for a peer that has read everything else.
    if (waiting > 0 && waiting + frame.length > this.limit) {
      this.owner.slow()
      return false
    }
    if (typeof frame === 'string') {
      this.text += frame
    } else {
      this.chunks ??= []
      if (this.text !== '') {
        this.chunks.push(this.text)
        this.text = ''
      }
      this.chunks.push(frame)
    }
    this.bytes = before + frame.length
    if (!this.queued) {
      this.queued = true
      if (dirty.push(this) === 1) process.nextTick(flushAll)
    }
    if (this.bytes >= BATCH_BYTES) this.flush()
    this.pressed = waiting >= this.mark
    return true
  }

  private fallBack (payload: string | Uint8Array): boolean {
    this.flush()
    const { native } = this
    const waiting = native === null ? this.ws.bufferedAmount : native.getBufferedAmount()
    if (waiting > 0 && waiting + payload.length > this.limit) {
      this.owner.slow()
      return false
    }
    if (native === null) this.ws.send(payload, ignore)
    else if (typeof payload === 'string') native.sendText(payload)
    else native.sendBinary(payload)
    this.pressed = waiting >= this.mark
    return true
  }

  /** For `flushAll`. */
  flushQueued (): void {
    this.queued = false
    this.flush()
  }

  /** Writes what is queued. Nothing follows a close frame: what came too late is dropped. Never throws. */
  flush (): void {
    if (this.bytes === 0) return
    const { text, chunks, stream } = this
    this.text = ''
    this.chunks = null
    this.bytes = 0
    if (stream === null || this.ws.readyState !== OPEN) return
    try {
      write(stream, text, chunks)
    } catch (error) {
      // A frame may be written in part, and the other sockets of this tick still wait for their turn.
      this.owner.broken(error)
    }
  }
}

function write (stream: Duplex, text: string, chunks: readonly Frame[] | null): void {
  if (chunks === null) {
    stream.write(text, 'latin1')
    return
  }
  stream.cork()
  for (const chunk of chunks) {
    if (typeof chunk === 'string') stream.write(chunk, 'latin1')
    else stream.write(chunk)
  }
  if (text !== '') stream.write(text, 'latin1')
  stream.uncork()
}

// The error of a socket that broke is its own event; a callback keeps ws from throwing.
function ignore (): void {}
