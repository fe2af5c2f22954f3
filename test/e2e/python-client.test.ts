import t from 'tap'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startExample } from '../helpers/example.js'
import { python, skipWithoutPython } from '../helpers/python.js'
import { runNode } from '../helpers/separate-repository.js'
import { readText, ROOT } from '../helpers/sources.js'

// examples/python-client as its own repository has it: the generated file, and websockets.

const EXAMPLE = join(ROOT, 'examples', 'python-client')
const skip = skipWithoutPython()

t.test('its check passes: the generated file is that of the contract', async t => {
  const [generate, check] = [...readText('examples/README.md').matchAll(/^npx fastify-ws-guard (.* --client python .*)$/gm)].map(match => match[1]!)
  t.equal(check, `${generate} --check`)
  const ended = await runNode(EXAMPLE, [join(ROOT, 'dist/esm/lib/codegen/bin.js'), ...check!.split(' ')])
  t.same(ended, { status: 0, output: '. is up to date\n' }, 'else: npm run build:generated')
})

t.test('mypy --strict has nothing to say', { skip }, async t => {
  const cache = mkdtempSync(join(tmpdir(), 'wsg-mypy-'))
  t.teardown(() => rmSync(cache, { recursive: true, force: true }))
  const { status, output } = await python(['-m', 'mypy', '--strict', '--cache-dir', cache, '.'], EXAMPLE)
  t.equal(status, 0, output)
})

t.test('it votes', { skip }, async t => {
  const { port } = await startExample(t, 'minimal')
  const env = { POLL: `ws://localhost:${port}/poll`, PYTHONDONTWRITEBYTECODE: '1' }
  t.match(await python(['vote.py'], EXAMPLE, '', env), { status: 0, output: /tea 1, coffee 0\n$/ })
})
