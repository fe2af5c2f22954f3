// Tested in test/socket/outbox.test.ts.

interface Queued {
  /** Never throws. */
  flushQueued (): void
}

const dirty: Queued[] = []

function flushAll (): void {
  for (let index = 0; index < dirty.length; index++) dirty[index]?.flushQueued()
  dirty.length = 0
}

/**
 * Writes what is queued when the current read has handed out all its messages, and again after the microtasks of
 * async handlers: once for all sockets.
 */
export function flushLater (queued: Queued): void {
  if (dirty.push(queued) === 1) process.nextTick(flushAll)
}
