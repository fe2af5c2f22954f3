// Tested in test/socket/heartbeat.test.ts.
import type { Duplex } from 'node:stream'

interface Counting {
  readonly bytesRead?: unknown
  readonly bytesWritten?: unknown
}

/** Bytes that came from the peer so far; null where nobody counts: a stream in memory, and Bun. */
function bytesReadOf (stream: Duplex): number | null {
  if (process.versions['bun'] !== undefined) return null
  const { bytesRead } = stream as Counting
  return typeof bytesRead === 'number' ? bytesRead : null
}

/**
 * While something waits to be written: bytes that the kernel has taken. When its buffer is full it takes more only as
 * the peer acknowledges. 0 while nothing waits.
 */
function bytesTakenOf (stream: Duplex): number {
  if (stream.writableLength === 0) return 0
  // Counts what waits as well.
  const { bytesWritten } = stream as Counting
  return typeof bytesWritten === 'number' ? bytesWritten - stream.writableLength : 0
}

/** Whether bytes have moved since it was last asked; true where that can't be told. */
export class StreamProgress {
  private readonly stream: Duplex
  private read: number
  private taken = 0

  constructor (stream: Duplex) {
    this.stream = stream
    this.read = bytesReadOf(stream) ?? 0
  }

  hasMoved (): boolean {
    const read = bytesReadOf(this.stream)
    const taken = bytesTakenOf(this.stream)
    const moved = read === null || read !== this.read || (taken !== 0 && taken !== this.taken)
    this.read = read ?? 0
    this.taken = taken
    return moved
  }
}
