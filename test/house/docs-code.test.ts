import t from 'tap'
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import ts from 'typescript'
import { compileContract } from '../../lib/contract/compile.js'
import * as contracts from '../../lib/contract.js'
import guard, { sessionAuth } from '../../lib/index.js'
import { readModel } from '../../lib/model/model.js'
import { report } from '../../lib/model/report.js'
import type { ContractSpec } from '../../types/contract.js'
import { stopChild, waitForOutput } from '../helpers/child.js'
import { DOCS_AMBIENT, DOCS_BROWSER } from '../helpers/docs-ambient.js'
import { codeBlocks } from '../helpers/markdown.js'
import type { CodeBlock } from '../helpers/markdown.js'
import { freePort } from '../helpers/ports.js'
import { readText, readTree, ROOT } from '../helpers/sources.js'

// Code of the pages runs, or is at least type-checked, against the package as published (dist/). The info string says how:
//   file=x.ts   written to the page's folder and type-checked; .js too, without types. Run in the page's order: what is called
//               server is started, what is called client, page, console or test is run against the last server (URL) to its end
//   browser     with file=: run in a page of that server, until it has printed a line that has the word of prints=
//   check       type-checked alone, with the names of docs-ambient; JavaScript as well. Where it defines contracts they are compiled,
//               and its routes declared
//   fragment    only parsed, which readme.test.ts does for all
// Wherever the pages say 3000, a free port is used.

const CODE = /^(?:js|ts|mjs|javascript|typescript)$/

/** A block where it was written. */
interface Written extends CodeBlock {
  readonly page: string
  readonly path: string
}

const pages = readTree(['docs'], '.md')
pages.set('README.md', readText('README.md'))

t.test('every block of code says how it is tested', async t => {
  let found = 0
  for (const [page, text] of pages) {
    const unmarked = codeBlocks(text).filter(block => CODE.test(block.language) && block.file === null && !block.marks.includes('check') && !block.marks.includes('fragment'))
    t.same(unmarked.map(block => block.lastLine), [], `${page}: lines where blocks without file=, check or fragment end`)
    found += codeBlocks(text).filter(block => block.file !== null || block.marks.includes('check')).length
  }
  t.ok(found > 20)
})

const port = await freePort()
const folder = write(port)
t.teardown(() => rmSync(folder, { recursive: true, force: true }))
const written = writeBlocks()

t.test('the check sees a wrong type, an unknown name and a wrong message', async t => {
  const probes = ['export const n: number = 1', 'export const n: number = "1"', 'nobody()', "app.wsRoute(defineContract({ name: 'x', url: '/x' }), { on: { sya () {} } })"]
  const paths = probes.map((text, index) => {
    const path = join(folder, `probe-${index}.ts`)
    writeFileSync(path, `${text}\nexport {}\n`)
    return path
  })
  const faults = typeFaults(paths)
  t.equal(faults.length, 3)
  for (const [index, expected] of ['1.ts:1: Type .* not assignable', '2.ts:1: .*nobody', "3.ts:1: .*'sya' does not exist"].entries()) t.match(faults[index], new RegExp(expected))
})

t.test('code of the pages type-checks', async t => {
  const roots = written.filter(block => block.path.endsWith('.ts'))
  t.ok(roots.length > 10)
  t.same(typeFaults(roots.map(block => block.path)), [])
})

for (const page of pages.keys()) {
  const steps = written.filter(block => block.page === page && block.file !== null && /^(?:server|client|console|page)\b|\.test\.|\.client\./.test(block.file))
  if (steps.length === 0) continue
  t.test(`${page}: its programs run`, async t => {
    let server: ChildProcess | null = null
    t.teardown(async () => { if (server !== null) await stopChild(server) })
    for (const step of steps) {
      const name = step.file ?? ''
      if (!name.startsWith('server')) {
        await run(t, step)
        continue
      }
      if (server !== null) await stopChild(server)
      server = start(step)
      await output(server, new RegExp(`:${port}\\b`))
    }
  })
}

t.test('contracts of the pages compile, and their routes are declared', async t => {
  const blocks = written.filter(block => block.file === null && /\bdefineContract\(|\bwsRoute\(/.test(block.text))
  t.ok(blocks.length > 8)
  const routes: string[] = []
  for (const block of blocks) {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(guard, { development: true, auth: { name: 'nobody', needs: { credential: 'header', session: false }, authenticate: () => null } })
    app.addHook('onRoute', route => { routes.push(route.url) })
    const define = (contract: ContractSpec): ContractSpec => {
      compileContract(contract)
      return contracts.defineContract(contract)
    }
    const { chat, Said } = await chatContract()
    Object.assign(globalThis, { ...contracts, Type, app, guard, sessionAuth, chat, Said, store: {}, rooms: {}, defineContract: define })
    await import(pathToFileURL(block.path.replace(/\.ts$/, '.js')).href)
    await app.ready()
  }
  t.same(['/feed', '/lobby', '/draw', '/rooms/:room'].filter(url => !routes.includes(url)), [])
})

t.test('the application of docs/contract.md boots in production as well', async t => {
  const { NODE_ENV, SESSION_SECRET } = process.env
  t.teardown(() => { Object.assign(process.env, { NODE_ENV: NODE_ENV ?? 'test', SESSION_SECRET: SESSION_SECRET ?? '' }) })
  Object.assign(process.env, { NODE_ENV: 'production', SESSION_SECRET: 'a secret of at least thirty-two characters' })
  const { buildApp } = await import(pathToFileURL(join(folder, 'contract', 'app.js')).href) as { buildApp: () => Promise<{ app: FastifyInstance }> }
  const { app } = await buildApp()
  t.teardown(() => app.close())
  await app.ready()
  t.same(app.wsGuard.contracts.map(({ url }) => url), ['/rooms/:room'])
})

t.test('the report that docs/contract.md prints is that of its contract', async t => {
  const { chat } = await chatContract()
  const lines = report(readModel(chat)).join('\n')
  t.ok(readText('docs/contract.md').includes(lines), `the page has\n${lines}`)
})

t.test('docs/contract.md quotes boot errors as they are, and its advice helps', async t => {
  const bounded = Type.String({ maxLength: 500 })
  const wrong: readonly Partial<ContractSpec>[] = [
    ...[
      Type.String(), Type.Array(bounded), Type.Record(Type.String(), bounded), Type.Any(), Type.Date(), Type.String({ maxlength: 9 }),
      Type.String({ maxLength: 50, pattern: '^(a+)+$' }), Type.String({ maxLength: 500, pattern: '^[a-z]+$' }),
      Type.Object({ constructor: bounded }), Type.String({ maxLength: 9, format: 'phone' }),
      Type.Transform(bounded).Decode(value => value).Encode(value => value),
    ].map(say => ({ inbound: { say } })),
    { inbound: { say: JSON.parse('{"type":"object"}') } },
    { inbound: { say: bounded }, calls: { say: { request: bounded, reply: bounded } } },
    { inbound: { a: Type.Uint8Array({ maxByteLength: 1 }), b: Type.Uint8Array({ maxByteLength: 1 }) } },
    { inbound: { say: Type.Object({ id: bounded }) }, envelope: { data: null } },
    { outbound: { said: Type.Record(Type.String({ pattern: '^i' }), bounded) }, envelope: { data: null } },
  ]
  const messages = wrong.map(part => {
    try {
      compileContract({ name: 'chat', url: '/chat', ...part })
      return 'compiles'
    } catch (error) {
      return String(error)
    }
  })
  const table = /\| it says \| do \|\n.*\n((?:\|.*\n)+)/.exec(readText('docs/contract.md'))?.[1] ?? ''
  const quoted = table.split('\n').map(row => row.split(' | ')[0]?.slice(2) ?? '').filter(cell => cell !== '')
  t.equal(quoted.length, wrong.length)
  // A quotation may leave out what is in between.
  const isIn = (quotation: string, message: string): boolean => quotation.split(/, |; /).every(part => message.includes(part))
  t.same(quoted.filter(cell => !messages.some(message => isIn(cell, message))), [])
  for (const pattern of ['^a+$', '^[a-z]{1,500}$']) {
    const schema = Type.String({ maxLength: pattern === '^a+$' ? 50 : 500, pattern })
    t.ok(compileContract({ name: 'chat', url: '/chat', inbound: { say: schema } }), pattern)
  }
})

/** The contract that docs/contract.md defines. */
async function chatContract (): Promise<{ chat: ContractSpec, Said: unknown }> {
  const { chat } = await import(pathToFileURL(join(folder, 'contract', 'chat.contract.js')).href) as { chat: ContractSpec }
  return { chat, Said: chat.outbound?.['said'] }
}

/** Makes the folder, inside of the package so that its own name resolves through `exports`. */
function write (port: number): string {
  const parent = join(ROOT, 'build')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'docs-'))
  writeFileSync(join(folder, 'ambient.d.ts'), DOCS_AMBIENT)
  writeFileSync(join(folder, 'browser.js'), DOCS_BROWSER.replaceAll('3000', String(port)))
  return folder
}

function writeBlocks (): Written[] {
  const all: Written[] = []
  for (const [page, text] of pages) {
    const home = join(folder, page.replace(/^docs\//, '').replace(/\.md$/, '').toLowerCase())
    for (const block of codeBlocks(text)) {
      if (!CODE.test(block.language) || (block.file === null && !block.marks.includes('check'))) continue
      const path = join(home, block.file ?? `line-${block.lastLine}.ts`)
      const code = block.text.replaceAll(/\b3000\b/g, String(port))
      mkdirSync(dirname(path), { recursive: true })
      // A block without imports would be a script, and its names everyone's.
      writeFileSync(path, block.file === null ? `${code}export {}\n` : code)
      if (path.endsWith('.ts')) writeFileSync(path.replace(/\.ts$/, '.js'), transpile(code))
      all.push({ ...block, page, path })
    }
  }
  return all
}

function transpile (code: string): string {
  return ts.transpileModule(code, { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } }).outputText
}

function typeFaults (roots: readonly string[]): string[] {
  const program = ts.createProgram([join(folder, 'ambient.d.ts'), ...roots], {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
    types: ['node'],
    strict: true,
    skipLibCheck: true,
    noEmit: true,
  })
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const text = ts.flattenDiagnosticMessageText(messageText, '\n')
    if (file === undefined) return text
    const line = file.getLineAndCharacterOfPosition(start ?? 0).line + 1
    return `${relative(folder, file.fileName)}:${line}: ${text}`
  })
}

function start (block: Written): ChildProcess {
  const origin = `http://localhost:${port}`
  const args = block.marks.includes('browser') ? ['--import', pathToFileURL(join(folder, 'browser.js')).href] : []
  return spawn(process.execPath, [...args, block.path.replace(/\.ts$/, '.js')], {
    cwd: dirname(block.path),
    env: { ...process.env, PORT: String(port), ORIGIN: origin, URL: origin.replace('http', 'ws'), SESSION_SECRET: 'a secret of at least thirty-two characters' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
}

/** Runs a client or a test to its end, a page's script until it has printed what it is to print. */
async function run (t: { equal (found: unknown, wanted: unknown, name: string): unknown, ok (value: unknown, name: string): unknown }, block: Written): Promise<void> {
  const child = start(block)
  const prints = block.marks.find(mark => mark.startsWith('prints='))?.slice('prints='.length)
  if (prints !== undefined) {
    await output(child, new RegExp(prints))
    await stopChild(child)
    t.ok(true, `${block.file} printed ${prints}`)
    return
  }
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => { text += chunk.toString() })
  child.stderr?.on('data', (chunk: Buffer) => { text += chunk.toString() })
  const timer = setTimeout(() => child.kill('SIGKILL'), 20_000)
  const [code] = await once(child, 'exit') as [number | null]
  clearTimeout(timer)
  t.equal(code, 0, `${block.file} runs to its end${code === 0 ? '' : `: ${text}`}`)
}

async function output (child: ChildProcess, pattern: RegExp): Promise<void> {
  let errors = ''
  child.stderr?.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  if (child.stdout === null) return
  await waitForOutput(child.stdout, pattern).catch(async (error: Error) => {
    await stopChild(child)
    throw new Error(`${error.message}\n${errors}`)
  })
}
