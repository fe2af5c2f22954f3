import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { frameBinary, frameText, mayInterleave, nativeSender, takeOver } from '../foreign/ws-internals.js'
import type { Frame, NativeSender } from '../foreign/ws-internals.js'

const OPEN = 1
/** More than this is written at once, so that `writableLength` soon tells how fast the peer really reads. */
const BATCH_BYTES = 32_768

/** Milliseconds between two looks where nobody tells when all was taken. */
const POLL = 10

const dirty: Outbox[] = []

// nextTick runs when the current read has handed out all its messages, and again after the microtasks of async
// handlers.
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
  /** The peer reads too slowly: it is to be closed. */
  slow (): void
  /** A write threw. */
  broken (error: unknown): void
}

export interface OutboxOptions {
  /** Bytes that may wait for the peer for long; see `Outbox`. */
  readonly limit: number
  /** False: everything goes through `ws.send`, one write per message. */
  readonly direct: boolean
  readonly owner: OutboxOwner
}

/** Milliseconds in which a peer has to take as much as the limit while more than the limit waits. */
const PATIENCE = 5000
/** Times the limit that may wait at any moment: what one loop of the application writes for a peer that reads. */
const BURST = 8

/**
 * What goes out on one socket: the frames of a tick leave in one write, in order with those of ws itself. A peer is
 * slow when more than the limit waits and it doesn't take that much in 5 s, or when eight times the limit waits.
 */
export class Outbox {
  private readonly ws: WebSocket
  private readonly stream: Duplex | null
  private readonly native: NativeSender | null
  private readonly limit: number
  private readonly owner: OutboxOwner
  /** Consecutive latin1 frames; one string is the cheapest thing to write. */
  private text = ''
  private chunks: Frame[] | null = null
  private bytes = 0
  private queued = false
  /** Bytes ever accepted. */
  private accepted = 0
  private isWatched = false

  constructor (ws: WebSocket, options: OutboxOptions) {
    this.ws = ws
    this.limit = options.limit
    this.owner = options.owner
    this.stream = options.direct ? takeOver(ws, this) : null
    this.native = this.stream === null ? nativeSender(ws) : null
  }

  /** Bytes accepted that the network has not taken. */
  get bufferedAmount (): number {
    return this.bytes + this.ws.bufferedAmount
  }

  /** Queues a text message. False: not sent, because the socket is closing or is closed now as too slow. */
  send (text: string): boolean {
    if (this.ws.readyState !== OPEN) return false
    if (this.stream === null || !mayInterleave(this.ws)) return this.fallBack(text)
    return this.push(frameText(text), this.stream)
  }

  /** Queues a message that other sockets get as well. */
  sendShared (message: SharedMessage): boolean {
    if (this.ws.readyState !== OPEN) return false
    if (this.stream === null || !mayInterleave(this.ws)) return this.fallBack(message.payload)
    return this.push(message.frame, this.stream)
  }

  /** Resolves once the network has taken all that was accepted so far, or the socket is closed. */
  async flushed (): Promise<void> {
    const { stream } = this
    this.flush()
    if (stream !== null && mayInterleave(this.ws)) {
      if (stream.writableLength > 0) await new Promise(resolve => { stream.write('', resolve) })
      return
    }
    while (this.ws.readyState === OPEN && this.waiting() > 0) {
      await new Promise(resolve => { setTimeout(resolve, POLL) })
    }
  }

  private push (frame: Frame, stream: Duplex): boolean {
    const before = this.bytes
    if (!this.mayWait(before + stream.writableLength, frame.length)) return false
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
    return true
  }

  private fallBack (payload: string | Uint8Array): boolean {
    this.flush()
    const { native } = this
    if (!this.mayWait(this.waiting(), payload.length)) return false
    if (native === null) this.ws.send(payload, ignore)
    else if (typeof payload === 'string') native.sendText(payload)
    else native.sendBinary(payload)
    return true
  }

  private waiting (): number {
    return this.native === null ? this.bufferedAmount : this.native.getBufferedAmount()
  }

  private mayWait (waiting: number, length: number): boolean {
    this.accepted += length
    const total = waiting + length
    if (total <= this.limit) return true
    // One message larger than any limit is fine for a peer that has read everything else.
    if (waiting > 0 && total > this.limit * BURST) {
      this.owner.slow()
      return false
    }
    if (!this.isWatched) this.watch(total)
    return true
  }

  private watch (before: number): void {
    const { accepted } = this
    this.isWatched = true
    setTimeout(() => {
      this.isWatched = false
      const now = this.waiting()
      if (this.ws.readyState !== OPEN || now <= this.limit) return
      if (before + this.accepted - accepted - now < this.limit) this.owner.slow()
      else this.watch(now)
    }, PATIENCE).unref()
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
