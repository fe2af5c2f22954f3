/** Something that is due at a time. Held by one timetable at most. */
export interface Timed {
  /** Milliseconds since the epoch. For the timetable to write. */
  at: number
  /** Where it stands in the timetable; `NOWHERE` at first. For the timetable to write. */
  place: number
  /** Its time has come, and it is in the timetable no more. Must not throw. */
  due (now: number): void
}

export const NOWHERE = -1

/**
 * Milliseconds that a timer waits at most: clocks are set, machines sleep, and Node runs what is due in more than 24.8
 * days at once.
 */
const LONGEST = 60_000

/** What is due when, of any number of things, with one timer: a binary heap in which each knows its place. */
export class Timetable {
  readonly #heap: Timed[] = []
  #timer: NodeJS.Timeout | null = null
  #armedFor = Infinity

  get size (): number {
    return this.#heap.length
  }

  /** Puts an entry in, or moves it. Infinity takes it out. What is past is due at the next turn of the loop. */
  set (entry: Timed, at: number): void {
    if (at === Infinity) {
      this.delete(entry)
      return
    }
    const isLater = entry.place !== NOWHERE && at >= entry.at
    entry.at = at
    if (entry.place === NOWHERE) entry.place = this.#heap.push(entry) - 1
    if (isLater) this.#sink(entry)
    else this.#rise(entry)
    this.#arm()
  }

  delete (entry: Timed): void {
    const { place } = entry
    if (place === NOWHERE) return
    entry.place = NOWHERE
    const last = this.#heap.pop()
    if (last === undefined || last === entry) return
    this.#put(last, place)
    this.#rise(last)
    this.#sink(last)
  }

  stop (): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    // No timer is ever early enough.
    this.#armedFor = -Infinity
  }

  /** A timer that wakes too early finds nothing to do and goes on: renewals then cost no timer. */
  #arm (): void {
    const at = this.#heap[0]?.at ?? Infinity
    if (at >= this.#armedFor) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#armedFor = at
    this.#timer = setTimeout(() => { this.#run() }, Math.min(LONGEST, Math.max(1, at - Date.now())))
    this.#timer.unref()
  }

  #run (): void {
    this.#armedFor = Infinity
    const now = Date.now()
    const due: Timed[] = []
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.delete(first)
      due.push(first)
    }
    this.#arm()
    // One may have put another off.
    for (const entry of due) if (entry.place === NOWHERE) entry.due(now)
  }

  #put (entry: Timed, place: number): void {
    this.#heap[place] = entry
    entry.place = place
  }

  #rise (entry: Timed): void {
    let { place } = entry
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = this.#heap[parent]!
      if (above.at <= entry.at) break
      this.#put(above, place)
      place = parent
    }
    this.#put(entry, place)
  }

  #sink (entry: Timed): void {
    let { place } = entry
    for (;;) {
      const left = this.#heap[2 * place + 1]
      const right = this.#heap[2 * place + 2]
      const below = right !== undefined && right.at < left!.at ? right : left
      if (below === undefined || below.at >= entry.at) break
      const next = below.place
      this.#put(below, place)
      place = next
    }
    this.#put(entry, place)
  }
}
