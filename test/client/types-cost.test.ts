import t from 'tap'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { ROOT } from '../helpers/sources.js'

/** Instantiations of both compilers with a contract of 500 messages of which 30 are used; they don't depend on the machine. */
function instantiations (side: string): number[] {
  const table = execFileSync(process.execPath, [join(ROOT, 'bench/types/run.js'), side, '--runs=1', '500'], {
    encoding: 'utf8',
    // The test runner's loader is not for compilers.
    env: { ...process.env, NODE_OPTIONS: '' },
  })
  return [...table.matchAll(/\| TypeScript \d \| 500 \| (\d+)/g)].map(match => Number(match[1]))
}

t.test('500 messages: what an inferred and a generated client cost the compiler is bounded', async t => {
  const [inferred, generated] = [instantiations('client'), instantiations('generated')]
  t.comment(`inferred ${inferred.join(', ')}; generated ${generated.join(', ')}`)
  t.equal(inferred.length, 2)
  t.ok(inferred.every(count => count > 10_000 && count <= 80_000), `${inferred}`)
  t.ok(generated.every(count => count > 100 && count <= 20_000), `${generated}`)
})
