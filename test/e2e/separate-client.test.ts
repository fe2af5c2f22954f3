import t from 'tap'
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startExample } from '../helpers/example.js'
import { readText, ROOT } from '../helpers/sources.js'

// examples/separate-client as its own repository has it: the generated file, this package, ws, and nothing else.

const EXAMPLE = join(ROOT, 'examples', 'separate-client')
const BIN = join(ROOT, 'dist/esm/lib/codegen/bin.js')

interface Ended {
  readonly status: number
  readonly output: string
}

async function run (cwd: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return await new Promise(resolve => {
    execFile(process.execPath, [...args], { cwd, env: { ...process.env, ...env }, timeout: 60_000 }, (error, stdout, stderr) => {
      resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout + stderr })
    })
  })
}

t.test('its check passes: the generated file is that of the contract', async t => {
  const { scripts } = JSON.parse(readText('examples/separate-client/package.json')) as { scripts: { [name: string]: string } }
  const [command, ...args] = scripts['check']!.split(' ')
  t.equal(command, 'fastify-ws-guard')
  t.same(args.filter(arg => arg !== '--check'), scripts['generate']!.split(' ').slice(1))
  t.same(await run(EXAMPLE, [BIN, ...args]), { status: 0, output: '. is up to date\n' }, 'else: npm run build:generated')
})

/** A repository of its own, far from this one's packages. */
function repository (): string {
  const folder = mkdtempSync(join(tmpdir(), 'separate-client-'))
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }) })
  const guard = join(folder, 'node_modules', 'fastify-ws-guard')
  mkdirSync(guard, { recursive: true })
  cpSync(join(ROOT, 'package.json'), join(guard, 'package.json'))
  cpSync(join(ROOT, 'dist'), join(guard, 'dist'), { recursive: true })
  for (const file of ['package.json', 'poll.client.ts', 'vote.ts']) cpSync(join(EXAMPLE, file), join(folder, file))
  return folder
}

t.test('it type-checks and runs with neither TypeBox nor Fastify installed', async t => {
  const folder = repository()
  // What `npm install ws @types/ws` brings.
  mkdirSync(join(folder, 'node_modules', '@types'))
  for (const name of ['ws', '@types/ws', '@types/node', 'undici-types']) symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name))
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({
    compilerOptions: {
      target: 'es2023',
      lib: ['es2023', 'dom'],
      module: 'nodenext',
      strict: true,
      types: ['node'],
      preserveSymlinks: true,
    },
  }))
  const compiled = await run(folder, [join(ROOT, 'node_modules/typescript/lib/tsc.js'), '-p', '.', '--listFiles'])
  t.equal(compiled.status, 0, compiled.output)
  t.notMatch(compiled.output, /typebox|fastify\/|@fastify/, 'what was read')
  const { port } = await startExample(t, 'minimal')
  const voted = await run(folder, ['vote.js'], { POLL: `ws://localhost:${port}/poll` })
  t.match(voted, { status: 0, output: /tea 1, coffee 0\n$/ })
})
