import t from 'tap'
import { randomBytes } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { findPatternFault } from '../../lib/contract/pattern/safety.js'
import type { PatternJob, PatternResult } from '../helpers/pattern-worker.js'
import { randomPattern } from '../helpers/random-patterns.js'

/** Patterns of a run, and the seed that repeats one: `FUZZ_PATTERNS=100000 FUZZ_SEED=1234 node build/test/fuzz/patterns.test.js`. */
const PATTERNS = Number(process.env['FUZZ_PATTERNS'] ?? 1500)
const SEED = Number(process.env['FUZZ_SEED'] ?? (process.env['FUZZ_PATTERNS'] === undefined ? 20261128 : randomBytes(4).readUInt32LE()))

/** Milliseconds for one pattern and all its texts, of which a slow machine needs some ten. */
const DEADLINE = 30_000
const TICK = 50

const TIMEOUT = 120_000 + PATTERNS * 50
t.setTimeout(TIMEOUT)

/** Runs a job in a thread; ends it, and rejects with the pattern, when one pattern takes longer than the deadline. */
async function judge (job: Omit<PatternJob, 'progress'>, deadline: number): Promise<PatternResult> {
  const progress = new Int32Array(new SharedArrayBuffer(4))
  const worker = new Worker(new URL('../helpers/pattern-worker.js', import.meta.url), { workerData: { ...job, progress }, resourceLimits: { stackSizeMb: 32 } })
  let seen = -1
  let idle = 0
  let timer: NodeJS.Timeout | undefined
  try {
    return await new Promise((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
      timer = setInterval(() => {
        if (progress[0] !== seen) {
          seen = progress[0]!
          idle = 0
        } else if (++idle * TICK > deadline) {
          reject(new Error(`does not end: ${randomPattern(job.seed + seen).source}`))
        }
      }, TICK)
    })
  } finally {
    clearInterval(timer)
    await worker.terminate()
  }
}

t.test(`no text makes a pattern slow that passes the check (seed ${SEED}, ${PATTERNS} patterns)`, { timeout: TIMEOUT }, async t => {
  const result = await judge({ seed: SEED, count: PATTERNS }, DEADLINE)
  t.same(result.faults, [])
  t.equal(result.passed + result.refused, PATTERNS)
  t.ok(result.passed > PATTERNS / 5, 'and the check is no blanket refusal')
  t.comment(`${result.passed} passed; of ${result.refused} refused, ${result.harmless} were made slow by no text`)
})

t.test('the matcher of this test counts what multiplies', async t => {
  // found among the random ones: what is refused, and why
  let slow = 0
  for (let seed = 0; seed < 300; seed++) {
    const pattern = randomPattern(seed)
    t.doesNotThrow(() => new RegExp(pattern.source), pattern.source)
    if (findPatternFault(pattern.source, '').fault !== null) slow++
  }
  t.ok(slow > 30, `${slow} of 300 are refused`)
})
