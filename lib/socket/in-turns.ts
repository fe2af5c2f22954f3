/** Items a second, where there is time enough. */
const PER_SECOND = 1000
/** Milliseconds between two turns. */
const STEP = 50

/**
 * Calls `each` with every item in an order of chance: 50 at once, and so on every 50 ms, or more at a time so that all
 * have had their turn `within` so many milliseconds. What is returned ends it early.
 */
export function inTurns<T> (items: Iterable<T>, within: number, each: (item: T) => void): () => void {
  const waiting = shuffled(items)
  const turns = Math.max(1, Math.floor(within / STEP))
  const size = Math.max(PER_SECOND * STEP / 1000, Math.ceil(waiting.length / turns))
  const turn = (): void => {
    for (const item of waiting.splice(-size)) each(item)
    if (waiting.length === 0) clearInterval(timer)
  }
  const timer = setInterval(turn, STEP)
  turn()
  return () => { clearInterval(timer) }
}

function shuffled<T> (items: Iterable<T>): T[] {
  const list = [...items]
  for (let left = list.length; left > 1; left--) {
    const chosen = Math.floor(Math.random() * left)
    const last = list[left - 1]!
    list[left - 1] = list[chosen]!
    list[chosen] = last
  }
  return list
}
