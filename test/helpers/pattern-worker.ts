import { parentPort, workerData } from 'node:worker_threads'
import { findPatternFault } from '../../lib/contract/pattern/safety.js'
import { LETTERS, randomPattern, TooManySteps, type RandomPattern } from './random-patterns.js'
import { randomOf } from './random.js'

// Judges random patterns and tries to break those that pass: by counted steps, and by the engine itself. A thread of its own, so that
// one which takes forever can be ended.

export interface PatternJob {
  readonly seed: number
  readonly count: number
  /** One number: which pattern is being tried. */
  readonly progress: Int32Array
}

export interface PatternResult {
  readonly passed: number
  readonly refused: number
  /** Of the refused, those that no text of ours makes slow. */
  readonly harmless: number
  readonly faults: readonly string[]
}

/** Characters of the texts: each list doubles twice, and all are longer than a pattern unfolded. */
const LENGTHS = [160, 320, 640] as const
/** Twice the text may take twice the steps, and a few more. */
const GROWTH = 2.3

const PUMPS = LETTERS.flatMap(a => [a, ...LETTERS.flatMap(b => [a + b, ...LETTERS.map(c => a + b + c)])])

const text = (prefix: string, pump: string, length: number): string => prefix + pump.repeat(length / pump.length) + '!'
const stepsOf = (pattern: RandomPattern, value: string): number => {
  try {
    return pattern.steps(value)
  } catch (error) {
    if (error instanceof TooManySteps || error instanceof RangeError) return Infinity
    throw error
  }
}

/** The worst text found, or null where none takes steps out of proportion. */
function attack (pattern: RandomPattern, prefixes: readonly string[]): string | null {
  const tried: { readonly prefix: string, readonly pump: string, readonly steps: number }[] = []
  for (const prefix of prefixes) {
    for (const pump of PUMPS) {
      const steps = stepsOf(pattern, text(prefix, pump, 36))
      if (steps === Infinity) return `${JSON.stringify(prefix)} + ${JSON.stringify(pump)} x n: does not end`
      tried.push({ prefix, pump, steps })
    }
  }
  tried.sort((a, b) => b.steps - a.steps)
  for (const { prefix, pump } of tried.slice(0, 4)) {
    // one jump may be that the shorter text matched; two in a row are growth
    const [short, middle, long] = LENGTHS.map(length => stepsOf(pattern, text(prefix, pump, length))) as [number, number, number]
    const grows = middle > GROWTH * short && long > GROWTH * middle
    if (long === Infinity || grows) return `${JSON.stringify(prefix)} + ${JSON.stringify(pump)} x n: ${short}, ${middle}, ${long} steps`
  }
  return null
}

function run ({ seed, count, progress }: PatternJob): PatternResult {
  const result = { passed: 0, refused: 0, harmless: 0, faults: [] as string[] }
  for (let i = 0; i < count; i++) {
    progress[0] = i
    const pattern = randomPattern(seed + i)
    const random = randomOf(~(seed + i))
    const prefixes = ['', Array.from({ length: 1 + random.below(4) }, () => random.pick(LETTERS)).join('')]
    const found = attack(pattern, prefixes)
    if (findPatternFault(pattern.source, '').fault !== null) {
      result.refused++
      if (found === null) result.harmless++
      continue
    }
    result.passed++
    if (found !== null) result.faults.push(`${pattern.source}: ${found}`)
    const expression = new RegExp(pattern.source)
    for (const prefix of prefixes) for (const pump of PUMPS) expression.test(text(prefix, pump, LENGTHS[2]))
  }
  return result
}

parentPort?.postMessage(run(workerData as PatternJob))
