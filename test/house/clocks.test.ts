import t from 'tap'
import { readTree } from '../helpers/sources.js'

// A bound in milliseconds fails on a slow machine and proves little on a fast one. Operations are counted, or two sizes of
// one input are compared (test/helpers/growth.ts); what has to come is waited for (test/helpers/until.ts).

const MAY = new Set(['test/helpers/fake-clock.ts', 'test/helpers/growth.ts', 'test/helpers/until.ts'])

/** Reads of a clock in `text`, but for dates that are built. */
function clocks (text: string): string[] {
  return text.match(/\bperformance\s*\.\s*now|\bperf_hooks\b|\bhrtime\b|\bcpuUsage\b|(?<!new Date\()\bDate\.now\b|\+new Date\(\)/g) ?? []
}

t.test('the check sees a clock', async t => {
  for (const text of ['performance.now()', 'process.hrtime.bigint()', 'const a = Date.now()', 'now: Date.now', '+new Date()', "import {} from 'node:perf_hooks'"]) {
    t.equal(clocks(text).length, 1, text)
  }
  for (const text of ['new Date(Date.now() + 1000)', 'now: () => clock', 'docs/performance.md']) t.same(clocks(text), [], text)
})

t.test('no test reads a clock', async t => {
  const sources = readTree(['test'], '.ts')
  t.ok(sources.size > 50)
  for (const [path, text] of sources) if (!MAY.has(path) && path !== 'test/house/clocks.test.ts') t.same(clocks(text), [], path)
})
