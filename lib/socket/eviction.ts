// Tested in test/socket/heartbeat.test.ts.
import type { FullCap } from './home.js'
import type { Registry } from './registry.js'

/** Sockets that are asked at once: those silent for longest. */
const ASKED = 16
/** Milliseconds they have to answer, and between two looks. */
const PATIENCE = 2000
const LOOK = 100
const LAST_LOOKS = 5

/** Evicts before the gate refuses: a socket whose peer has vanished must not keep its user out. */
export class Eviction {
  readonly #registry: Registry

  constructor (registry: Registry) {
    this.#registry = registry
  }

  /**
   * Pings the sockets that hold a slot of `cap` and were silent longest, and cuts off those that don't answer. Calls
   * `look` again and again meanwhile; true when one of them is gone. The gate sees to it that it is asked once at a
   * time. Never rejects.
   */
  async makeRoom ({ kind, key, route }: FullCap, look: () => void): Promise<boolean> {
    const { now } = this.#registry
    const start = now()
    const candidates = [...this.#registry]
      .filter(({ open, keys, facts }) => open && keys[kind] === key && (route === null || facts.route === route))
      .sort((a, b) => a.aliveAt - b.aliveAt)
      .slice(0, ASKED)
    for (const socket of candidates) socket.ping(start)
    const silent = new Set(candidates)
    // Counted, so that a process that was busy for a while reads what came meanwhile before it judges. A few looks
    // more for those that are cut off to be gone.
    for (let looks = 1; silent.size > 0 && looks <= PATIENCE / LOOK + LAST_LOOKS; looks++) {
      await new Promise(resolve => { setTimeout(resolve, LOOK).unref() })
      for (const socket of silent) {
        if (!this.#registry.has(socket) || socket.livesSince(start, now())) silent.delete(socket)
        else if (looks >= PATIENCE / LOOK) socket.cutOff('evicted')
      }
      look()
    }
    return candidates.some(socket => !this.#registry.has(socket))
  }
}
