import type { WebSocket } from 'ws'
import { assemblyOf } from '../foreign/ws-internals.js'
import type { Registry } from './registry.js'

interface Seen {
  readonly assembly: object
  readonly since: number
}

/**
 * Closes sockets that begin a fragmented message and never end it: each pins up to `maxFragments` pieces of memory
 * for as long as it likes (docs/attacks.md D19, CVE-2026-48779). A message is late by the time between two looks at
 * most.
 */
export class FragmentWatch {
  readonly #registry: Registry
  readonly #timeout: number
  readonly #seen = new WeakMap<WebSocket, Seen>()

  /** `timeout` is in milliseconds, from a message's first fragment to its last. */
  constructor (registry: Registry, timeout: number) {
    this.#registry = registry
    this.#timeout = timeout
  }

  look (now: number): void {
    for (const socket of this.#registry) {
      const { ws } = socket
      const assembly = assemblyOf(ws)
      // While we ourselves have paused reading, the rest may be waiting at our door.
      if (assembly === null || ws.isPaused) {
        this.#seen.delete(ws)
        continue
      }
      const seen = this.#seen.get(ws)
      if (seen?.assembly !== assembly) this.#seen.set(ws, { assembly, since: now })
      else if (now - seen.since >= this.#timeout) socket.closeAs('policy_violation', 'policy')
    }
  }
}
