// Tested in test/socket/heartbeat.test.ts.
import type { Duplex } from 'node:stream'

interface Counting {
  readonly bytesRead?: unknown
  readonly bytesWritten?: unknown
}

/** Bytes that came from the peer so far; null where nobody counts: a stream in memory, and Bun. */
export function bytesReadOf (stream: Duplex): number | null {
  if (process.versions['bun'] !== undefined) return null
  const { bytesRead } = stream as Counting
  return typeof bytesRead === 'number' ? bytesRead : null
}

/**
 * While something waits to be written: bytes that the kernel has taken. When its buffer is full it takes more only as
 * the peer acknowledges. 0 while nothing waits.
 */
export function bytesTakenOf (stream: Duplex): number {
  if (stream.writableLength === 0) return 0
  // Counts what waits as well.
  const { bytesWritten } = stream as Counting
  return typeof bytesWritten === 'number' ? bytesWritten - stream.writableLength : 0
}
