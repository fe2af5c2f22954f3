import type { WebSocket } from 'ws'

type Constructor = new (...args: never[]) => WebSocket

const OPEN = 1
/** Frames that are read, and dropped, behind our close frame: the peer's own close frame may be behind them. */
const LATE_FRAMES = 256

/**
 * The class that ws makes its sockets of (its documented option `WebSocket`), with what ws leaves to its users: a
 * socket that is closing hands out nothing any more, whoever began the close, and soon stops reading.
 */
export function guardSocketClass<C extends Constructor> (Base: C): C {
  const Class: Constructor = Base
  return class GuardedWebSocket extends Class {
    #late = 0

    override emit (event: string | symbol, ...args: unknown[]): boolean {
      if (this.readyState !== OPEN && (event === 'message' || event === 'ping' || event === 'pong')) {
        if (++this.#late === LATE_FRAMES) this.pause()
        return false
      }
      return super.emit(event, ...args)
    }

    override close (code?: number, reason?: string | Buffer): void {
      super.close(code, reason)
      // A paused socket would not see the peer's close frame.
      if (this.isPaused && this.#late < LATE_FRAMES) this.resume()
    }
  } as unknown as C
}
