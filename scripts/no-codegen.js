// Runs the built suite where code generation is forbidden: there the closures must do what generated code does elsewhere.
// In two parts, since Fastify's own router generates code:
//   unit: the unit tests that don't load Fastify, with --disallow-code-generation-from-strings;
//   whole: all other tests, with scripts/forbid-codegen.mjs, which forbids it to the library and to TypeBox alone. Processes
//     that a test starts get it by NODE_OPTIONS.
// `--part=unit` or `--part=whole`: that one alone. Further arguments go to tap.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve, sep } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const tests = join(root, 'build/test')
const tap = join(root, 'node_modules/tap/dist/esm/run.mjs')
const UNIT = new Set(['protocol', 'contract', 'gate', 'socket', 'client'])
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

function run (name, files, args, env = {}) {
  if (files.length === 0) {
    console.error(`No built tests (${name}): npm run build:test`)
    return 1
  }
  console.error(`# without code generation, ${name}: ${files.length} files`)
  const { status } = spawnSync(process.execPath, [tap, 'run', ...args, ...files.map(file => relative(root, file))], {
    cwd: root,
    stdio: 'inherit',
    // NO_CODEGEN: the tests hold the process to it.
    env: { ...process.env, ...env, NO_CODEGEN: '1' },
  })
  return status ?? 1
}

const [part, rest] = /^--part=(?:unit|whole)$/.test(process.argv[2] ?? '')
  ? [process.argv[2].slice('--part='.length), process.argv.slice(3)]
  : [null, process.argv.slice(2)]
const files = existsSync(tests)
  ? readdirSync(tests, { recursive: true }).filter(name => name.endsWith('.test.js')).sort().map(name => join(tests, name))
  : []
const unit = files.filter(file => UNIT.has(relative(tests, file).split(sep)[0]) && !loadsFastify(file))
const whole = files.filter(file => !unit.includes(file))
const preload = `--import=${pathToFileURL(join(root, 'scripts/forbid-codegen.mjs')).href}`

const statuses = []
if (part !== 'whole') statuses.push(run('unit', unit, ['--node-arg=--disallow-code-generation-from-strings', ...rest]))
if (part !== 'unit') statuses.push(run('whole', whole, rest, { NODE_OPTIONS: [process.env.NODE_OPTIONS, preload].filter(Boolean).join(' ') }))
process.exit(Math.max(...statuses))
