import type { Duplex } from 'node:stream'
import type { WebSocket } from 'ws'
import { type Frame, frameText } from '../foreign/frames.js'
import { mayInterleave, nativeSender, takeOver } from '../foreign/ws-internals.js'
import type { NativeSender } from '../foreign/ws-internals.js'
import { flushLater } from './flush-later.js'
import { Patience } from './patience.js'
import type { Lossy, SharedMessage } from './shared-message.js'
import { type Delayed, SlowReader } from './slow-reader.js'
import { writeFrames } from './write-frames.js'

const OPEN = 1
/** More than this is written at once, so that `writableLength` soon tells how fast the peer really reads. */
const BATCH_BYTES = 32_768

/** Milliseconds between two looks where nobody tells when all was taken. */
const POLL = 10

/** The socket, as its outbox sees it. */
export interface OutboxOwner {
  /** The peer reads too slowly: it is to be closed. */
  slow (): void
  /** It has missed so many messages of this type. */
  missed (type: string, messages: number): void
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

/** Times the limit that may wait at any moment: what one loop of the application writes for a peer that reads. */
const BURST = 8
/** Share of the limit that messages which may be dropped can fill: what is left is for those which may not. */
const DROPPABLE = 0.5
/** Bytes that wait when the network takes no more: Node's own mark. */
const FULL = 16_384

/**
 * What goes out on one socket: the frames of a tick leave in one write, in order with those of ws itself. A peer is
 * slow when more than the limit waits and it doesn't take that much in 5 s, or when eight times the limit waits.
 */
export class Outbox implements Delayed {
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
  private patience: Patience | null = null
  private slowReader: SlowReader | null = null

  constructor (ws: WebSocket, options: OutboxOptions) {
    this.ws = ws
    this.limit = options.limit
    this.owner = options.owner
    this.stream = options.direct ? takeOver(ws, this) : null
    this.native = this.stream === null ? nativeSender(ws) : null
  }

  /** Bytes accepted that the network has not taken. */
  get bufferedAmount (): number {
    return this.bytes + this.ws.bufferedAmount + this.held
  }

  private get open (): boolean {
    return this.ws.readyState === OPEN
  }

  private waiting (): number {
    return this.handed() + this.held
  }

  /** Bytes on their way. */
  private handed (): number {
    return this.native === null ? this.bytes + this.ws.bufferedAmount : this.native.getBufferedAmount()
  }

  private get held (): number {
    return this.slowReader === null ? 0 : this.slowReader.bytes
  }

  /** Queues a text message. False: not sent, because the socket is closing or is closed now as too slow. */
  send (text: string): boolean {
    if (!this.open) return false
    if (this.stream === null || !mayInterleave(this.ws)) return this.fallBack(text)
    return this.push(frameText(text), this.stream)
  }

  /** Queues a message that other sockets get as well. False also where a rule of the message has dropped it. */
  sendShared (message: SharedMessage): boolean {
    if (!this.open) return false
    const { lossy } = message
    if (lossy !== null && this.isBehind(message, lossy)) {
      this.slowReader ??= new SlowReader(this, (type, messages) => { this.owner.missed(type, messages) })
      return this.slowReader.spare(message, lossy)
    }
    if (this.stream === null || !mayInterleave(this.ws)) return this.fallBack(message.payload)
    return this.push(message.frame, this.stream)
  }

  /** True when this message would make a slow reader slower. */
  private isBehind (message: SharedMessage, { key }: Lossy): boolean {
    const waiting = this.waiting()
    if (key === null) return waiting > 0 && waiting + message.frame.length > this.limit * DROPPABLE
    // Nothing overtakes an earlier one of its key.
    if (this.held > 0) return true
    // Not `writableNeedDrain`, which is still true for a moment when everything was taken.
    return (this.stream === null ? this.handed() : this.stream.writableLength) >= FULL
  }

  mayHold (bytes: number): boolean {
    return this.mayWait(this.waiting(), bytes)
  }

  release (bytes: number): void {
    this.patience?.accept(-bytes)
  }

  /** Forgets what is held back of this group. */
  forget (group: string): void {
    this.slowReader?.forget(group)
  }

  /** Resolves once the network has taken all that was accepted so far, or the socket is closed. */
  async flushed (): Promise<void> {
    const { slowReader } = this
    if (slowReader !== null && slowReader.caughtUp !== null) await slowReader.caughtUp
    await this.drained()
  }

  async drained (): Promise<void> {
    const { stream } = this
    this.flush()
    if (stream !== null && mayInterleave(this.ws)) {
      if (stream.writableLength > 0) await new Promise(resolve => { stream.write('', resolve) })
      return
    }
    while (this.open && this.handed() > 0) {
      await new Promise(resolve => { setTimeout(resolve, POLL) })
    }
  }

  private push (frame: Frame, stream: Duplex): boolean {
    const before = this.bytes
    if (!this.mayWait(before + stream.writableLength + this.held, frame.length)) return false
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
      flushLater(this)
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

  private mayWait (waiting: number, length: number): boolean {
    const total = waiting + length
    if (total <= this.limit) {
      this.patience?.accept(length)
      return true
    }
    // One message larger than any limit is fine for a peer that has read everything else.
    if (waiting > 0 && total > this.limit * BURST) {
      this.owner.slow()
      return false
    }
    if (this.patience === null) this.watch(total)
    else this.patience.accept(length)
    return true
  }

  private watch (waiting: number): void {
    this.patience = new Patience(this.limit, waiting, () => this.open ? this.waiting() : 0, isSlow => {
      this.patience = null
      if (isSlow) this.owner.slow()
    })
  }

  /** For `flushLater`. */
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
    if (stream === null || !this.open) return
    try {
      writeFrames(stream, text, chunks)
    } catch (error) {
      // A frame may be written in part, and the other sockets of this tick still wait for their turn.
      this.owner.broken(error)
    }
  }
}

// The error of a socket that broke is its own event; a callback keeps ws from throwing.
function ignore (): void {}
