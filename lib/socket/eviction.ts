// Tested in test/socket/heartbeat.test.ts.
import type { SlotKeys } from './home.js'
import type { Registry } from './registry.js'

/** Sockets that are asked at once: those silent for longest. */
const ASKED = 16
/** Milliseconds they have to answer, and between two looks. */
const PATIENCE = 2000
const LOOK = 100

/** Evicts before the gate refuses: a socket whose peer has vanished must not keep its user out. */
export class Eviction {
  readonly #registry: Registry

  constructor (registry: Registry) {
    this.#registry = registry
  }

  /**
   * Pings the sockets of this address or identity that were silent longest and cuts off those that don't answer. True
   * when a slot has become free. The gate sees to it that it is asked once at a time. Never rejects.
   */
  async makeRoom (kind: keyof SlotKeys, key: string): Promise<boolean> {
    const { now } = this.#registry
    const start = now()
    const candidates = [...this.#registry]
      .filter(socket => socket.keys[kind] === key && socket.open)
      .sort((a, b) => a.aliveAt - b.aliveAt)
      .slice(0, ASKED)
    for (const socket of candidates) socket.ping(start)
    const silent = new Set(candidates)
    while (silent.size > 0 && now() - start < PATIENCE) {
      await new Promise(resolve => { setTimeout(resolve, LOOK).unref() })
      for (const socket of silent) {
        // Whoever left by itself has made room as well.
        if (!this.#registry.has(socket)) return true
        if (socket.livesSince(start, now())) silent.delete(socket)
      }
    }
    if (silent.size === 0) return false
    const gone = [...silent].map(({ ws }) => new Promise<void>(resolve => { ws.once('close', () => { resolve() }) }))
    for (const socket of silent) socket.cutOff('evicted')
    await Promise.race(gone)
    return true
  }
}
