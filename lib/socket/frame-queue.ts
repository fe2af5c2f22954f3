// Tested in test/socket/frame-queue.test.ts, test/socket/limits.test.ts and test/attack/after-close.test.ts.
import type { WebSocket } from 'ws'

export type MessageFrame = string | Uint8Array

/** Frames, and characters in them, that wait before reading pauses. */
const HIGH_WATER = 128
const HIGH_WATER_LENGTH = 65_536
/** Frames that wait at most: more than the smallest ones one read of 64 KiB can hold. */
const MAX_WAITING = 16_384

/**
 * Bytes of one socket in a row: some 3 ms at 50 ns each (docs/performance.md). A larger message is a slice of its own.
 */
const SLICE = 65_536

/** What a queue's frames wait for. */
export interface FrameReader {
  /** False: what waits is dropped. */
  readonly receiving: boolean
  /** True when no further handler may start. */
  readonly full: boolean
  read (frame: MessageFrame, bytes?: number): void
}

/** Keeps the order of one socket's messages while they can't be handled yet, and stops reading when too many wait. */
export class FrameQueue {
  private readonly ws: WebSocket
  private readonly reader: FrameReader
  private readonly waiting: MessageFrame[] = []
  private next = 0
  private length = 0
  private holds = 0
  private paused = false
  private inRow = 0

  constructor (ws: WebSocket, reader: FrameReader) {
    this.ws = ws
    this.reader = reader
  }

  /** Reads a frame of so many bytes, now or when it is its turn. False: more wait than can come in one read. */
  accept (frame: MessageFrame, bytes: number): boolean {
    if (this.holds === 0 && this.next === this.waiting.length && !this.reader.full) {
      this.reader.read(frame, bytes)
      return true
    }
    const count = this.waiting.length - this.next
    if (count >= MAX_WAITING) return false
    // A view would keep the whole chunk it was read from.
    this.waiting.push(typeof frame === 'string' ? frame : Buffer.from(frame))
    this.length += frame.length
    if (count + 1 >= HIGH_WATER || this.length >= HIGH_WATER_LENGTH) this.pause()
    return true
  }

  /** Keeps messages waiting until `release`. */
  hold (): void {
    this.holds++
  }

  release (): void {
    this.holds--
    this.pump()
  }

  /**
   * Counts the bytes of a frame that is read. After a slice of them all other sockets have their turn: the event loop
   * would read megabytes of one socket before it looks at the next.
   */
  spend (bytes: number): void {
    this.inRow += bytes
    if (this.inRow < SLICE) return
    this.inRow = 0
    this.hold()
    this.pause()
    setImmediate(() => { this.release() })
  }

  /** Stops reading until nothing waits. */
  pause (): void {
    if (this.paused) return
    this.paused = true
    this.ws.pause()
  }

  /** Reads what waits, as far as there are slots. A close drops what waits, also in the middle of this. */
  pump (): void {
    const { waiting, reader } = this
    while (reader.receiving) {
      if (this.holds > 0 || reader.full) return
      if (this.next === waiting.length) break
      const frame = waiting[this.next++]
      if (frame !== undefined) reader.read(frame)
    }
    this.clear()
    if (this.paused) {
      this.paused = false
      this.ws.resume()
    }
  }

  /** Forgets what waits. */
  clear (): void {
    if (this.next === 0 && this.waiting.length === 0) return
    this.waiting.length = 0
    this.next = this.length = 0
  }
}
