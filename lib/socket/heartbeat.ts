import type { Registry } from './registry.js'

/**
 * Finds peers that have vanished (docs/protocol.md section 9): pings each socket once per interval, and cuts off
 * those from which nothing came since the last ping. `look` is called many times per interval; sockets are due at
 * times of their own, so that ten thousand pings are not one stroke.
 */
export class Heartbeat {
  readonly #registry: Registry
  readonly #interval: number

  constructor (registry: Registry, interval: number) {
    this.#registry = registry
    this.#interval = interval
  }

  look (now: number): void {
    for (const socket of this.#registry) {
      if (socket.beatAt > now) continue
      const isFirst = socket.beatAt === 0
      // Sockets that came together, as after a deploy, drift apart with the first beat.
      socket.beatAt = now + this.#interval * (isFirst ? 0.5 + Math.random() / 2 : 1)
      if (!socket.open) continue
      if (isFirst) socket.keepAlive(this.#interval)
      else if (socket.pingedAt !== 0 && !socket.livesSince(socket.pingedAt, now)) socket.cutOff('heartbeat')
      else {
        socket.pingedAt = now
        socket.ping(now)
      }
    }
  }
}
