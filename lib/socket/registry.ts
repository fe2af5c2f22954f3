import type { Events } from '../events/events.js'
import type { SocketFollower, SocketHome } from './home.js'
import { inTurns } from './in-turns.js'
import type { OpenSocket } from './open-socket.js'

/** Milliseconds; a longer timer runs at once. */
const LONGEST_TIMER = 2 ** 31 - 1

export interface DrainOptions {
  /** Milliseconds for handlers to finish; then their sockets are closed all the same. */
  readonly timeout: number
  /** Milliseconds after that until what is left is terminated. */
  readonly closeTimeout: number
}

/** Every open WebSocket of the plugin, of contract routes and others. */
export class Registry implements SocketHome<OpenSocket> {
  readonly events: Events
  readonly now: () => number
  private readonly sockets = new Set<OpenSocket>()
  private onEmpty: (() => void) | null = null
  private draining = false
  /** Told of each socket. */
  follower: SocketFollower<OpenSocket> | null = null

  constructor (events: Events, now: () => number = () => performance.now()) {
    this.events = events
    this.now = now
  }

  get size (): number {
    return this.sockets.size
  }

  has (socket: OpenSocket): boolean {
    return this.sockets.has(socket)
  }

  [Symbol.iterator] (): IterableIterator<OpenSocket> {
    return this.sockets.values()
  }

  add (socket: OpenSocket): void {
    this.sockets.add(socket)
    this.follower?.entered(socket)
    if (this.draining) socket.drain()
  }

  changed (socket: OpenSocket): Promise<void> | null {
    return this.follower?.changed(socket) ?? null
  }

  delete (socket: OpenSocket): void {
    if (!this.sockets.delete(socket)) return
    this.follower?.left(socket)
    if (this.sockets.size === 0) this.onEmpty?.()
  }

  /**
   * Closes each socket 1001 when its turn has come and its handlers have finished, or `timeout` is over, and terminates
   * what is left. Until its turn, which is in the first half of `timeout`, it is served as ever. Resolves when no
   * socket is left; never rejects.
   */
  async drain ({ timeout, closeTimeout }: DrainOptions): Promise<void> {
    this.draining = true
    const start = this.now()
    const sockets = this.sockets.size
    let cut = 0
    if (sockets > 0) {
      const empty = new Promise<void>(resolve => { this.onEmpty = resolve })
      const end = inTurns(this.sockets, timeout / 2, socket => { socket.drain() })
      const timers = [
        setTimeout(() => {
          for (const socket of [...this.sockets]) {
            if (socket.running === 0) continue
            cut++
            socket.closeAs('shutdown', 'drain')
          }
        }, timeout),
        setTimeout(() => {
          for (const socket of [...this.sockets]) socket.cutOff('drain')
        }, Math.min(timeout + closeTimeout, LONGEST_TIMER)),
      ]
      await empty
      end()
      for (const timer of timers) clearTimeout(timer)
    }
    this.events.publish('drained', () => ({
      app: this.events.app,
      sockets,
      cut,
      duration: this.now() - start,
    }))
  }
}
