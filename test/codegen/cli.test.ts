import t from 'tap'
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { main } from '../../lib/codegen/cli.js'
import { stopChild, waitForOutput } from '../helpers/child.js'
import { moduleFolder } from '../helpers/modules.js'
import { readText } from '../helpers/sources.js'
import { until } from '../helpers/until.js'

const BIN = fileURLToPath(new URL('../../lib/codegen/bin.js', import.meta.url))

const contract = (name: string, more = ''): string => `import { defineContract } from 'fastify-ws-guard/contract'
import { Type } from '@sinclair/typebox'
export const ${name} = defineContract({ name: '${name}', url: '/${name}', inbound: { say: Type.Object({ text: Type.String({ maxLength: 9 ${more}}) }) } })
`

interface Ended {
  readonly status: number
  readonly printed: string[]
  readonly complained: string[]
}

/** Runs a command in this process. */
async function command (...args: readonly string[]): Promise<Ended> {
  const printed: string[] = []
  const complained: string[] = []
  const status = await main(args, { print: line => printed.push(line), complain: line => complained.push(line) })
  return { status, printed, complained }
}

function start (cwd: string, ...args: readonly string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [BIN, ...args], { cwd })
}

t.test('generate writes, --check compares', async t => {
  const folder = moduleFolder(t, { 'chat.mjs': contract('chat') })
  const out = join(folder, 'out')
  const file = join(out, 'chat.client.ts')
  const generate = (...more: readonly string[]): Promise<Ended> => command('generate', join(folder, 'chat.mjs'), '--client', 'typescript', '--out', out, ...more)
  t.same(await generate('--check'), { status: 1, printed: [], complained: [`${file}: there is no such file; generate it`] })
  t.notOk(existsSync(out), 'a check writes nothing')
  t.same(await generate(), { status: 0, printed: [`wrote ${file}`], complained: [] })
  t.same(await generate(), { status: 0, printed: [`${out} is up to date`], complained: [] })
  t.same(await generate('--check'), { status: 0, printed: [`${out} is up to date`], complained: [] })
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace('At most 9 characters', 'At most 8 characters'))
  const { status, complained } = await generate('--check')
  t.equal(status, 1)
  const line = text.split('\n').findIndex(one => one.includes('At most 9 characters')) + 1
  t.same(complained, [`${file}:${line}: expected "  /** At most 9 characters. */", got "  /** At most 8 characters. */"; generate it again`])
})

t.test('bad input is one line and exit code 2', async t => {
  const folder = moduleFolder(t, {
    'chat.mjs': contract('chat'),
    'unbounded.mjs': contract('chat').replace('{ maxLength: 9 }', ''),
  })
  const good = join(folder, 'chat.mjs')
  const out = join(folder, 'out')
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [['generat'], /expected a command \(.*\), got "generat"; did you mean "generate"\?/],
    [['generate', '--client', 'typescript', '--out', out], /generate: expected one module, got 0/],
    [['generate', good, good, '--client', 'typescript', '--out', out], /generate: expected one module, got 2/],
    [['generate', good, '--out', out], /expected --client typescript.*, got nothing/],
    [['generate', good, '--client', 'typescript'], /expected --out <folder>, got nothing/],
    [['generate', good, '--client', 'typescrip', '--out', out], /client: expected typescript.*, got "typescrip"; did you mean "typescript"\?/],
    [['generate', good, '--client', 'typescript', '--out', out, '--check', '--watch'], /expected --check or --watch, got both/],
    [['generate', good, '--clent', 'typescript'], /generate: expected options --client, --out, --check, --watch, got --clent; did you mean "--client"\?$/],
    [['generate', good, '-x'], /generate: expected options .*, got -x$/],
    [['generate', good, '--client', '--out', out], /generate: expected a value behind --client, got --out$/],
    [['generate', good, '--client', 'typescript', '--out'], /generate: expected a value behind --out, got nothing$/],
    [['generate', good, '--client', 'typescript', '--out='], /generate: expected a value behind --out, got nothing$/],
    [['generate', good, '--client', 'typescript', '--out', out, '--check=yes'], /generate: expected --check without a value, got yes$/],
    [['generate', good, '--client', 'typescript', '--client', 'python', '--out', out], /generate: expected --client once, got it twice$/],
    [['generate', folder, '--client', 'typescript', '--out', out], /^fastify-ws-guard: .*: expected a file, got a folder$/],
    [['asyncapi', good, '--servr', 'wss://a.example'], /asyncapi: expected options .*, got --servr; did you mean "--server"\?$/],
    [['asyncapi', good, '--server', 'ftp://a.example'], /asyncapi: expected --server wss:\/\/host, got "ftp:\/\/a\.example"$/],
    [['asyncapi', good, '--format', 'yml'], /asyncapi: expected --format json or yaml, got "yml"; did you mean "yaml"\?$/],
    [['json-schema', good, '--contract', 'chta'], /json-schema: expected --contract \(chat\), got "chta"; did you mean "chat"\?$/],
    [['model', good, '--check'], /model: expected --out beside --check, got nothing$/],
    [['report', good, '--json'], /report: expected no option, got --json$/],
    [['report'], /report: expected one module, got 0$/],
    [['diff', good], /diff: expected two files, got 1$/],
    [['diff', good, good], /chat\.mjs: it can not be read: SyntaxError: .+$/],
    [['diff', join(folder, 'none.json'), good], /none\.json: it can not be read: ENOENT.+$/],
    [['generate', good, '--client', 'typescript', '--out', good], /chat\.mjs.*can not be read: ENOTDIR/],
    [['generate', join(folder, 'unbounded.mjs'), '--client', 'typescript', '--out', out],
      /unbounded\.mjs: contract "chat", inbound "say", \/text: a string from a peer needs \{ maxLength \}/],
  ]
  for (const [args, cause] of cases) {
    const { status, printed, complained } = await command(...args)
    t.equal(status, 2, args.join(' '))
    t.same(printed, [], args.join(' '))
    t.equal(complained.length, 1)
    t.match(complained[0], cause)
    t.match(complained[0], /^fastify-ws-guard: .+$/)
  }
  t.notOk(existsSync(out), 'nothing was written')
})

t.test('help and version', async t => {
  for (const args of [[], ['--help'], ['-h']]) {
    const { status, printed } = await command(...args)
    t.equal(status, 0)
    t.match(printed.join('\n'), /generate +writes typed clients/)
  }
  t.match((await command('generate', '--help')).printed.join('\n'), /--out[^]*--check[^]*--watch/)
  t.same((await command('--version')).printed, [(JSON.parse(readText('package.json')) as { version: string }).version])
})

t.test('the program itself: exit codes, streams, and an end whatever a module leaves open', async t => {
  const folder = moduleFolder(t, { 'chat.mjs': `${contract('chat')}setInterval(() => {}, 1000)\n` })
  const runs: readonly (readonly [string, number, string])[] = [['chat.mjs', 0, ''], ['none.mjs', 2, 'fastify-ws-guard: none.mjs: there is no such file\n']]
  for (const [module, status, complaint] of runs) {
    const child = start(folder, 'generate', module, '--client', 'typescript', '--out', 'out')
    t.teardown(() => stopChild(child))
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
    t.same(await once(child, 'close'), [status, null])
    t.equal(errors, complaint)
  }
  t.same(readdirSync(join(folder, 'out')), ['chat.client.ts'])
  t.match(readText('package.json'), /"fastify-ws-guard": "\.\/dist\/esm\/lib\/codegen\/bin\.js"/)
})

t.test('--watch generates at first and after each change, and outlives a broken module', async t => {
  const folder = moduleFolder(t, { 'chat.mjs': contract('chat') })
  const file = join(folder, 'out', 'chat.client.ts')
  const child = start(folder, 'generate', 'chat.mjs', '--client', 'typescript', '--out', 'out', '--watch')
  t.teardown(() => stopChild(child))
  const change = (text: string): void => {
    writeFileSync(join(folder, 'next'), text)
    renameSync(join(folder, 'next'), join(folder, 'chat.mjs'))
  }
  const has = (text: string) => (): boolean => existsSync(file) && readFileSync(file, 'utf8').includes(text)
  await until(has('readonly text: string'))
  const complaint = waitForOutput(child.stderr, /chat\.mjs: SyntaxError.*\n/)
  change('export const = 1\n')
  await complaint
  t.ok(has('readonly text: string')(), 'the last good file stays')
  change(contract('chat', ", description: 'Changed.' "))
  await until(has('Changed.'))
  child.kill('SIGINT')
  t.same(await once(child, 'close'), [0, null])
})
