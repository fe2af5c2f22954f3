/** Removes what was added. Calling it twice does nothing. */
export type Off = () => void

export type Listener<D = never> = (data: D) => unknown

/** Listeners by message type. What the client itself tells is under `$` and its name: no message is called so. */
export interface Emitter {
  add: (key: string, listener: Listener) => Off
  emit: (key: string, data?: unknown) => void
}

export function createEmitter (): Emitter {
  const listeners = new Map<string, Set<Listener<unknown>>>()

  const add = (key: string, listener: Listener<unknown>): Off => {
    const found = listeners.get(key) ?? new Set()
    listeners.set(key, found.add(listener))
    return () => found.delete(listener)
  }

  const emit = (key: string, data?: unknown): void => {
    const found = [...listeners.get(key) ?? []]
    if (key === 'error' && !found[0]) console.error(data)
    // One that throws, or rejects, stops no other.
    for (const listener of found) (async () => listener(data))().catch(console.error)
  }

  return { add: add as Emitter['add'], emit }
}
