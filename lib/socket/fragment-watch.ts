import type { WebSocket } from 'ws'
import { assemblyOf } from '../foreign/ws-internals.js'

interface Seen {
  readonly assembly: object
  readonly since: number
}

export interface FragmentWatchOptions {
  /** The sockets to look at; asked anew at each look. */
  readonly sockets: () => Iterable<WebSocket>
  /** Milliseconds that a fragmented message may take from its first fragment to its last. */
  readonly timeout: number
  readonly onTimeout: (socket: WebSocket) => void
}

/**
 * Closes sockets that begin a fragmented message and never end it: each pins up to `maxFragments` pieces of memory for as
 * long as it likes (docs/attacks.md D19, CVE-2026-48779). One timer for all; a message is late by a quarter of the timeout
 * at most.
 */
export class FragmentWatch {
  readonly #options: FragmentWatchOptions
  readonly #timer: NodeJS.Timeout
  readonly #seen = new WeakMap<WebSocket, Seen>()

  constructor (options: FragmentWatchOptions) {
    this.#options = options
    this.#timer = setInterval(() => { this.#look() }, Math.max(10, options.timeout / 4))
    this.#timer.unref()
  }

  stop (): void {
    clearInterval(this.#timer)
  }

  #look (): void {
    const now = performance.now()
    const { sockets, timeout, onTimeout } = this.#options
    for (const socket of sockets()) {
      const assembly = assemblyOf(socket)
      // While we ourselves have paused reading, the rest may be waiting at our door.
      if (assembly === null || socket.isPaused) {
        this.#seen.delete(socket)
        continue
      }
      const seen = this.#seen.get(socket)
      if (seen?.assembly !== assembly) this.#seen.set(socket, { assembly, since: now })
      else if (now - seen.since >= timeout && socket.readyState === socket.OPEN) onTimeout(socket)
    }
  }
}
