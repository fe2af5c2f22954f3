import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { feed } from '../../examples/tokens/feed.contract.js'
import { emitPython } from '../../lib/codegen/python.js'
import { readModel } from '../../lib/model/model.js'
import { startExample } from '../helpers/example.js'
import { upgrade } from '../helpers/handshake.js'
import { PACKAGED, PYTHON, skipWithoutPython } from '../helpers/python.js'
import { readText, ROOT } from '../helpers/sources.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

// examples/tokens: the server and both programs as processes of their own, with tokens that end under way.

interface Program {
  readonly lines: string[]
  /** Its exit code. */
  readonly ended: Promise<number | null>
}

function run (t: Teardown, command: string, args: readonly string[], env: NodeJS.ProcessEnv): Program {
  const child = spawn(command, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  t.teardown(() => { child.kill('SIGKILL') })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => { text += chunk })
  return { get lines () { return text.split('\n').slice(0, -1) }, ended: once(child, 'exit').then(([code]) => code as number | null) }
}

t.test('examples/tokens: tokens end, and the sockets do not', { skip: skipWithoutPython() }, async t => {
  const { port } = await startExample(t, 'tokens', { TOKEN_SECONDS: '5' })
  const env = { ...PACKAGED.env, API: `http://localhost:${port}`, COUNT: '56' }
  const reader = run(t, PYTHON, [join(ROOT, 'examples/tokens/read.py')], env)
  await until(() => reader.lines.includes('open'))
  const writer = run(t, process.execPath, [join(ROOT, 'build/examples/tokens/write.js')], env)
  t.same(await Promise.all([reader.ended, writer.ended]), [0, 0])
  const numbers = Array.from({ length: 56 }, (_, index) => `writer ${index + 1}`)
  for (const { lines } of [reader, writer]) {
    t.same(lines.filter(line => line.startsWith('writer')), numbers)
    t.equal(lines.filter(line => line === 'open').length, 1, 'one connection')
    t.ok(lines.filter(line => line === 'a token').length > 2, 'several tokens')
  }
})

t.test('examples/tokens: its Python client is what the generator writes', async t => {
  const [file] = emitPython(readModel(feed))
  t.equal(readText(`examples/tokens/${file?.path}`), file?.text)
})

t.test('examples/tokens: a page is refused, and so is who has no key', async t => {
  const { port } = await startExample(t, 'tokens')
  const page = await upgrade(port, { path: '/feed', origin: 'http://localhost' })
  t.equal(page.status, 403)
  page.client.destroy()
  const answer = await fetch(`http://localhost:${port}/token`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"key":"guessed"}' })
  t.equal(answer.status, 401)
})
