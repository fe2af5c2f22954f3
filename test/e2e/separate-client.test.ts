import t from 'tap'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startExample } from '../helpers/example.js'
import { runNode, separateRepository } from '../helpers/separate-repository.js'
import { readText, ROOT } from '../helpers/sources.js'

// examples/separate-client as its own repository has it: the generated file, this package, ws, and nothing else.

const EXAMPLE = join(ROOT, 'examples', 'separate-client')
const BIN = join(ROOT, 'dist/esm/lib/codegen/bin.js')

t.test('its check passes: the generated file is that of the contract', async t => {
  const { scripts } = JSON.parse(readText('examples/separate-client/package.json')) as { scripts: { [name: string]: string } }
  const [command, ...args] = scripts['check']!.split(' ')
  t.equal(command, 'fastify-ws-guard')
  t.same(args.filter(arg => arg !== '--check'), scripts['generate']!.split(' ').slice(1))
  t.same(await runNode(EXAMPLE, [BIN, ...args]), { status: 0, output: '. is up to date\n' }, 'else: npm run build:generated')
})

t.test('it type-checks and runs with neither TypeBox nor Fastify installed', async t => {
  const folder = separateRepository(t, 'separate-client', ['ws', '@types/ws', '@types/node', 'undici-types'])
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
  const compiled = await runNode(folder, [join(ROOT, 'node_modules/typescript/lib/tsc.js'), '-p', '.', '--listFiles'])
  t.equal(compiled.status, 0, compiled.output)
  t.notMatch(compiled.output, /typebox|fastify\/|@fastify/, 'what was read')
  const { port } = await startExample(t, 'minimal')
  const voted = await runNode(folder, ['vote.js'], { POLL: `ws://localhost:${port}/poll` })
  t.match(voted, { status: 0, output: /tea 1, coffee 0\n$/ })
})
