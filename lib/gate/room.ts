import type { Refusal } from '../../types/gate.js'
import type { Verdict } from './policy.js'
import { type Handshake, isOver } from './record.js'

/**
 * Asked at a cap, before a handshake is refused: close sockets under `key` whose peers are gone, and say whether any
 * was. `address` keys are those of `addressKey`, `identity` keys those of `identityKey`.
 */
export type MakeRoom = (kind: 'address' | 'identity', key: string) => Promise<boolean>

/** Milliseconds for which a no holds: who knocks on at a full cap makes nobody look again and again. */
const PAUSE = 2000

/** Asks for room at a cap. Handshakes that wait under one key share one question, so that a flood costs one sweep. */
export class Room {
  readonly #makeRoom: MakeRoom | null
  readonly #asked = new Map<string, Promise<boolean>>()

  /** Null: nobody can make room, and a cap refuses at once. */
  constructor (makeRoom: MakeRoom | null) {
    this.#makeRoom = makeRoom
  }

  /**
   * Claims, and where that is refused, once more after room was made. The wait counts against the handshake's own
   * deadlines: at these it is answered, and what comes of the question after that is nothing to it. A promise only
   * where somebody is asked.
   */
  claim (
    kind: 'address' | 'identity', key: string, handshake: Handshake, claim: () => Refusal | null
  ): Verdict | Promise<Verdict> {
    const refusal = claim()
    if (refusal === null || this.#makeRoom === null) return refusal
    return this.#make(kind, key, this.#makeRoom)
      // Gone or answered meanwhile: a slot taken now would never be given back.
      .then(made => made && !isOver(handshake) ? claim() : refusal)
  }

  #make (kind: 'address' | 'identity', key: string, makeRoom: MakeRoom): Promise<boolean> {
    const name = `${kind} ${key}`
    const asked = this.#asked.get(name)
    if (asked !== undefined) return asked
    const answer = (async () => await makeRoom(kind, key))()
      .catch(() => false)
      .then(made => {
        if (made) this.#asked.delete(name)
        else setTimeout(() => { this.#asked.delete(name) }, PAUSE).unref()
        return made
      })
    this.#asked.set(name, answer)
    return answer
  }
}
