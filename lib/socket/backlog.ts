// Tested in test/socket/slow.test.ts.
import type { Lossy, SharedMessage } from './shared-message.js'

interface Held {
  readonly message: SharedMessage
  readonly group: string | null
  readonly length: number
}

/** What waits for a slow reader: the latest message of each key. And how many it has missed, by their type. */
export class Backlog {
  #held = new Map<string, Held>()
  #missed = new Map<string, number>()
  #bytes = 0

  /** Of the messages that wait. */
  get bytes (): number {
    return this.#bytes
  }

  /** Keeps the message in the place of the last one with its key. Returns the bytes of that. */
  hold (message: SharedMessage, { type, key, group }: Lossy): number {
    const name = JSON.stringify([group, type, key])
    const last = this.#held.get(name)
    if (last !== undefined) {
      this.miss(type)
      // What changed last goes out last.
      this.#held.delete(name)
      this.#bytes -= last.length
    }
    const { length } = message.frame
    this.#held.set(name, { message, group, length })
    this.#bytes += length
    return last?.length ?? 0
  }

  /** Counts one that is not sent. */
  miss (type: string): void {
    this.#missed.set(type, (this.#missed.get(type) ?? 0) + 1)
  }

  /** Forgets what came by this group. Returns its bytes. */
  forget (group: string): number {
    const before = this.#bytes
    for (const [name, held] of this.#held) {
      if (held.group !== group) continue
      this.#held.delete(name)
      this.#bytes -= held.length
    }
    return before - this.#bytes
  }

  /** All there is; nothing waits and nothing was missed from here on. */
  empty (): { readonly messages: readonly SharedMessage[], readonly missed: ReadonlyMap<string, number> } {
    const taken = { messages: [...this.#held.values()].map(({ message }) => message), missed: this.#missed }
    this.#held = new Map()
    this.#missed = new Map()
    this.#bytes = 0
    return taken
  }
}
