import { Session } from 'node:inspector'

// From the start of the test file: V8 counts blocks of what it compiles from now on, and functions are compiled when first called.
const session = new Session()
session.connect()
session.post('Profiler.enable')
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })

/** Blocks of the library's own code that were executed since this was last asked. */
function take (): number {
  let blocks = 0
  session.post('Profiler.takePreciseCoverage', (error, taken) => {
    if (error !== null) throw error
    const ours = taken.result.filter(script => script.url.includes('/build/lib/'))
    for (const script of ours) for (const { ranges } of script.functions) for (const { count } of ranges) blocks += count
  })
  return blocks
}

/**
 * How many blocks of the library's own code `run` executes: the same on a slow machine as on a fast one. What the engine
 * does itself (a regular expression, a sort) is not in it.
 */
export async function executed (run: () => unknown): Promise<number> {
  take()
  await run()
  return take()
}
