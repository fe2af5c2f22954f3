/** A stream of random choices that a seed repeats. */
export interface Random {
  /** A whole number from 0, below `limit`. */
  readonly below: (limit: number) => number
  readonly pick: <T>(list: readonly T[]) => T
  readonly bytes: (length: number) => Buffer
}

/** mulberry32. */
export function randomOf (seed: number): Random {
  let state = seed >>> 0
  const below = (limit: number): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return Math.floor(((x ^ (x >>> 14)) >>> 0) / 4294967296 * limit)
  }
  return {
    below,
    pick: list => list[below(list.length)]!,
    bytes: length => {
      const bytes = Buffer.allocUnsafe(length)
      for (let i = 0; i < length; i++) bytes[i] = below(256)
      return bytes
    },
  }
}
