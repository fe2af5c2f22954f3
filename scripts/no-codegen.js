// Runs the built unit tests with --disallow-code-generation-from-strings: there the closures must do what generated code
// does elsewhere. Fastify's own router generates code, so tests that load Fastify can't run so: they are left out, and
// named. Further arguments go to tap.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const ROOMS = ['protocol', 'contract', 'gate', 'socket', 'client']
const IMPORT = /(?:^|\n)(?:import|export)\b[^'"\n]*['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/g
const GENERATES = /^(?:fastify$|@fastify\/(?!error$))/

function loadsFastify (file, seen = new Set()) {
  if (seen.has(file) || !existsSync(file)) return false
  seen.add(file)
  for (const [, fixed, dynamic] of readFileSync(file, 'utf8').matchAll(IMPORT)) {
    const specifier = fixed ?? dynamic
    if (specifier.startsWith('.') ? loadsFastify(resolve(dirname(file), specifier), seen) : GENERATES.test(specifier)) return true
  }
  return false
}

const files = ROOMS.map(room => join(root, 'build/test', room)).filter(existsSync)
  .flatMap(folder => readdirSync(folder, { recursive: true }).map(name => join(folder, name)))
  .filter(file => file.endsWith('.test.js'))
const left = files.filter(file => loadsFastify(file))
const run = files.filter(file => !left.includes(file)).map(file => relative(root, file))
for (const file of left) console.error(`# left out, loads Fastify: ${relative(root, file)}`)
if (run.length === 0) {
  console.error('No built tests: npm run build:test')
  process.exit(1)
}
const tap = join(root, 'node_modules/tap/dist/esm/run.mjs')
const { status } = spawnSync(process.execPath, [
  tap, 'run', '--node-arg=--disallow-code-generation-from-strings', ...process.argv.slice(2), ...run,
], { cwd: root, stdio: 'inherit' })
process.exit(status ?? 1)
