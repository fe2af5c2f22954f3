import type { WebSocket } from 'ws'

/** Numbers since the start; labels never come from a peer. */
export interface SocketCounters {
  opened: number
  closed: number
  /** Messages and calls that reached a handler. */
  handled: number
  /** Messages refused with any error code, or dropped in silence. */
  refused: number
  /** Handlers that threw, rejected or returned what the contract forbids. */
  failed: number
  /** Sockets closed because they read too slowly. */
  slow: number
}

/** A socket, as the registry and the heartbeat see it. */
export interface RegisteredSocket {
  /** The ws under it. */
  readonly socket: WebSocket
  /** Drops what comes in from now on; handlers under way go on. */
  stopReceiving (): void
  /** Closes 1001 once no handler is under way. */
  drain (): void
  terminate (): void
}

export interface DrainOptions {
  /** Milliseconds until what is left is terminated. */
  readonly deadline: number
  /** Milliseconds over which idle sockets are closed, so that clients don't all come back at once. Default 0. */
  readonly jitter?: number
}

/** Every open socket of the plugin. */
export class Registry {
  readonly counters: SocketCounters = { opened: 0, closed: 0, handled: 0, refused: 0, failed: 0, slow: 0 }
  private readonly sockets = new Set<RegisteredSocket>()
  private onEmpty: (() => void) | null = null
  private isDraining = false

  get size (): number {
    return this.sockets.size
  }

  get draining (): boolean {
    return this.isDraining
  }

  [Symbol.iterator] (): IterableIterator<RegisteredSocket> {
    return this.sockets.values()
  }

  add (socket: RegisteredSocket): void {
    this.sockets.add(socket)
    this.counters.opened++
    if (this.isDraining) socket.drain()
  }

  delete (socket: RegisteredSocket): void {
    if (!this.sockets.delete(socket)) return
    this.counters.closed++
    if (this.sockets.size === 0) this.onEmpty?.()
  }

  /**
   * Takes no further message, closes each socket 1001 once its handlers have finished, and terminates what is left at
   * the deadline. Resolves when no socket is left; never rejects.
   */
  async drain (options: DrainOptions): Promise<void> {
    this.isDraining = true
    if (this.sockets.size === 0) return
    const timers: NodeJS.Timeout[] = []
    const empty = new Promise<void>(resolve => { this.onEmpty = resolve })
    const jitter = Math.min(options.jitter ?? 0, options.deadline / 2)
    for (const socket of [...this.sockets]) {
      socket.stopReceiving()
      if (jitter > 0) timers.push(setTimeout(() => { socket.drain() }, Math.random() * jitter))
      else socket.drain()
    }
    timers.push(setTimeout(() => { for (const socket of [...this.sockets]) socket.terminate() }, options.deadline))
    await empty
    for (const timer of timers) clearTimeout(timer)
  }
}
