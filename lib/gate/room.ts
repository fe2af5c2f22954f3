import type { CapRefusal, FullCap } from './connections.js'
import type { Verdict } from './policy.js'
import { type Handshake, isOver } from './record.js'

/**
 * Asked at a cap, before a handshake is refused: closes sockets that hold this cap and whose peers are gone. `look` is
 * called whenever a slot may have come free. Resolves when none will come any more; true when one has.
 */
export type MakeRoom = (cap: FullCap, look: () => void) => Promise<boolean>

/** Milliseconds for which a no holds: who knocks on at a full cap makes nobody look again and again. */
const PAUSE = 2000

/** Handshakes that wait at one cap: no more than sockets are asked there. */
const WAITERS = 16

interface Waiter {
  readonly handshake: Handshake
  readonly claim: () => CapRefusal | null
  readonly refusal: CapRefusal
  readonly settle: (verdict: Verdict) => void
}

/** One cap at which somebody waits. */
interface Queue {
  /** Places that are taken: by those who wait, and by those who are about to. */
  taken: number
  isAsked: boolean
  readonly waiters: Set<Waiter>
}

/** Asks for room at a cap. Handshakes that wait at one cap share one question, so that a flood costs one sweep. */
export class Room {
  readonly #makeRoom: MakeRoom | null
  readonly #places: number
  readonly #queues = new Map<string, Queue>()
  /** Caps that have just said no. */
  readonly #paused = new Set<string>()
  #taken = 0

  /**
   * Null: nobody can make room, and a cap refuses at once. `places` are those for handshakes that wait, at all caps
   * together: fewer than may be under way, so that who waits shuts nobody else out.
   */
  constructor (makeRoom: MakeRoom | null, places: number) {
    this.#makeRoom = makeRoom
    this.#places = Math.max(1, places)
  }

  /**
   * Claims, and where that is refused, again as slots come free. `first` judges before the wait begins, and only then.
   * The wait counts against the handshake's own deadlines: at these it is answered, and what comes of the question
   * after that is nothing to it. A promise only where somebody waits.
   */
  claim (
    handshake: Handshake, claim: () => CapRefusal | null, first: () => Promise<Verdict> | null = () => null
  ): Verdict | Promise<Verdict> {
    const refusal = claim()
    if (refusal === null || this.#makeRoom === null) return refusal
    const name = JSON.stringify(refusal.full)
    const queue = this.#queues.get(name) ?? { taken: 0, isAsked: false, waiters: new Set() }
    if (this.#paused.has(name) || queue.taken >= WAITERS || this.#taken >= this.#places) return refusal
    this.#queues.set(name, queue)
    queue.taken++
    this.#taken++
    const wait = async (makeRoom: MakeRoom): Promise<Verdict> => {
      const verdict = await first()
      if (verdict !== null || isOver(handshake)) return verdict
      if (this.#paused.has(name)) return refusal
      return await new Promise<Verdict>(resolve => {
        queue.waiters.add({ handshake, claim, refusal, settle: resolve })
        if (!queue.isAsked) void this.#ask(name, queue, refusal.full, makeRoom)
      })
    }
    return wait(this.#makeRoom).finally(() => {
      this.#taken--
      if (--queue.taken === 0 && !queue.isAsked) this.#queues.delete(name)
    })
  }

  async #ask (name: string, queue: Queue, cap: FullCap, makeRoom: MakeRoom): Promise<void> {
    queue.isAsked = true
    let made = false
    try {
      made = await makeRoom(cap, () => { look(queue) })
    } catch {
      // Who can't make room has made none.
    }
    look(queue)
    queue.isAsked = false
    if (!made) {
      this.#paused.add(name)
      setTimeout(() => { this.#paused.delete(name) }, PAUSE).unref()
    }
    for (const { refusal, settle } of queue.waiters) settle(refusal)
    queue.waiters.clear()
    if (queue.taken === 0) this.#queues.delete(name)
  }
}

/** Lets those who wait claim again, in the order in which they came. */
function look ({ waiters }: Queue): void {
  for (const waiter of waiters) {
    const { handshake, claim, refusal, settle } = waiter
    // Gone or answered meanwhile: a slot taken now would never be given back.
    const isOut = isOver(handshake)
    if (!isOut && claim() !== null) continue
    waiters.delete(waiter)
    settle(isOut ? refusal : null)
  }
}
