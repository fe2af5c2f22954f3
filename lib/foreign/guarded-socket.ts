// Tested in test/attack/after-close.test.ts and test/attack/control-frames.test.ts.
import type { WebSocket, WebSocketServer } from 'ws'
import { probeInMemory } from './memory-handshake.js'

type Constructor = new (...args: never[]) => WebSocket

/** Who is told what ws leaves to its users. */
export interface SocketWatch {
  /** A ping or a pong came. False: one too many, it goes no further. */
  control (): boolean
  /** The first close frame is about to be written: ours, or the answer to the peer's. */
  closing (byPeer: boolean, code: number, reason: string): void
}

/** Where a socket made by `guardSocketClass` finds its watch. */
export const WATCH = Symbol('fastify-ws-guard.watch')

export interface Watched { [WATCH]?: SocketWatch }

const OPEN = 1
/** Frames that are read, and dropped, behind our close frame: the peer's own close frame may be behind them. */
const LATE_FRAMES = 256
/** Bytes waiting for a peer above which its pings get no pong: it does not read, and each would stay in memory. */
const PONG_LIMIT = 16_384

/** True when ws is answering the peer's close frame. */
function isAnswer (ws: WebSocket): boolean {
  return (ws as unknown as { readonly _closeFrameReceived?: unknown })._closeFrameReceived === true
}

/**
 * The class that ws makes its sockets of (its documented option `WebSocket`), with what ws leaves to its users: a
 * socket that is closing hands out nothing any more, whoever began the close, and soon stops reading; pings are
 * answered here (`pongs`), so that those of a peer which reads nothing can't pile up and each is counted first.
 */
export function guardSocketClass<C extends Constructor> (Base: C, pongs: boolean): C {
  const Class: Constructor = Base
  return class GuardedWebSocket extends Class implements Watched {
    [WATCH]?: SocketWatch
    #late = 0

    override emit (event: string | symbol, ...args: unknown[]): boolean {
      const isPing = event === 'ping'
      if (event !== 'message' && !isPing && event !== 'pong') return super.emit(event, ...args)
      if (this.readyState !== OPEN) {
        if (++this.#late === LATE_FRAMES) this.pause()
        return false
      }
      if (event !== 'message') {
        if (this[WATCH]?.control() === false) return false
        // Only the latest ping has to be answered (RFC 6455 section 5.5.3).
        if (isPing && pongs && this.bufferedAmount <= PONG_LIMIT) this.pong(args[0])
      }
      return super.emit(event, ...args)
    }

    override close (code?: number, reason?: string | Buffer): void {
      if (this.readyState === OPEN) this[WATCH]?.closing(isAnswer(this), code ?? 1005, String(reason ?? ''))
      super.close(code, reason)
      // A paused socket would not see the peer's close frame.
      if (this.isPaused && this.#late < LATE_FRAMES) this.resume()
    }
  } as unknown as C
}

/** An empty ping and an empty close frame of a client (RFC 6455 section 5.2). */
const PING = [0x89, 0x80, 0, 0, 0, 0]
const CLOSE = [0x88, 0x80, 0, 0, 0, 0]

/**
 * Proves on a socket in memory that sockets of the class see each ping before it is answered, and who began a close.
 * Synchronous; never throws.
 */
export function watchesSockets (Server: typeof WebSocketServer): boolean {
  return probeInMemory(Server, ({ ws, stream }) => {
    let pings = 0
    let isByPeer = false
    ;(ws as Watched)[WATCH] = {
      control: () => ++pings > 0,
      closing (byPeer) { isByPeer = byPeer },
    }
    stream.emit('data', Buffer.from([...PING, ...CLOSE]))
    return pings === 1 && isByPeer
  }, ({ options }) => {
    options.WebSocket = guardSocketClass(options.WebSocket!, false)
  })
}
