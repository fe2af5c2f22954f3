import t from 'tap'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { stopChild, waitForOutput } from '../helpers/child.js'
import { upgrade } from '../helpers/handshake.js'
import { codeBlocks } from '../helpers/markdown.js'
import type { CodeBlock } from '../helpers/markdown.js'
import { readText, readTree, ROOT } from '../helpers/sources.js'

// Blocks of README.md named by their info string ("```js file=server.js") are written to a folder and run as they stand.
// `server.js` (or .ts) listens on PORT and prints its address; `client.js`, if there is one, gets URL and ends by itself.

const WITHIN = 40

t.test('blocks are found with their names', async t => {
  const blocks = codeBlocks('a\n```js file=x.js check\n1\n```\n```sh\nnpm i\n```\n')
  t.same(blocks, [
    { language: 'js', file: 'x.js', marks: ['check'], text: '1\n', lastLine: 4 },
    { language: 'sh', file: null, marks: [], text: 'npm i\n', lastLine: 7 },
  ])
})

t.test('code in README.md and docs/ is at least well-formed', async t => {
  const pages = readTree(['docs'], '.md')
  pages.set('README.md', readText('README.md'))
  for (const [page, text] of pages) {
    for (const block of codeBlocks(text)) {
      if (!/^(js|ts|mjs|javascript|typescript)$/.test(block.language)) continue
      const { diagnostics = [] } = ts.transpileModule(block.text, { reportDiagnostics: true, compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } })
      t.same(diagnostics.map(one => ts.flattenDiagnosticMessageText(one.messageText, ' ')), [], `${page}, block that ends at line ${block.lastLine}`)
    }
  }
})

t.test('contract, server and page of README.md are short', async t => {
  const named = codeBlocks(readText('README.md')).filter(block => block.file !== null)
  t.equal(named[3]?.file, 'login.ts', 'what comes later is no part of it')
  const files = named.slice(0, 3)
  t.same(files.map(({ file }) => file), ['chat.contract.ts', 'server.ts', 'page.ts'])
  const lines = files.flatMap(({ text }) => text.trim().split('\n'))
  t.ok(lines.length <= WITHIN, `${lines.length} lines, at most ${WITHIN}`)
})

t.test('the first server of README.md is short, runs, admits its own page and refuses another', async t => {
  const named = codeBlocks(readText('README.md')).filter(block => block.file !== null)
  const server = named.find(block => /^server\.[jt]s$/.test(block.file ?? ''))
  if (server === undefined) throw new Error('README.md has no block with file=server.js or file=server.ts')
  t.ok(server.lastLine <= WITHIN, `it ends at line ${server.lastLine}, at most ${WITHIN}`)

  const folder = writeBlocks(named)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const child = spawn(process.execPath, [join(folder, 'server.js')], {
    cwd: folder,
    env: { ...process.env, PORT: '0', SESSION_SECRET: 'a secret of at least thirty-two characters' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => stopChild(child))
  let errors = ''
  child.stderr.on('data', (chunk: Buffer) => { errors += chunk.toString() })
  const match = await waitForOutput(child.stdout, /https?:\/\/[^\s"':]*(?:\[::1\])?:(\d+)/).catch((error: Error) => {
    throw new Error(`${error.message}\n${errors}`)
  })
  const port = Number(match[1])
  const path = routeOf(named)

  const own = await upgrade(port, { path })
  own.client.destroy()
  t.ok([101, 401].includes(own.status), `its own page gets ${own.status}`)
  const foreign = await upgrade(port, { path, origin: 'https://evil.example' })
  foreign.client.destroy()
  t.equal(foreign.status, 403)

  const client = named.find(block => /^client\.[jt]s$/.test(block.file ?? ''))
  if (client !== undefined) {
    const run = spawn(process.execPath, [join(folder, 'client.js')], {
      cwd: folder, env: { ...process.env, URL: `ws://localhost:${port}${path}` }, stdio: 'inherit', timeout: 60_000,
    })
    const [code] = await once(run, 'exit')
    t.equal(code, 0, 'the client runs to its end')
  }
})

/** Writes the blocks as JavaScript to a folder of this package, so that its own name resolves through `exports`. */
function writeBlocks (blocks: readonly CodeBlock[]): string {
  const parent = join(ROOT, 'build')
  mkdirSync(parent, { recursive: true })
  const folder = mkdtempSync(join(parent, 'readme-'))
  for (const { file, text } of blocks) {
    if (file === null) continue
    const { outputText } = ts.transpileModule(text, { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } })
    writeFileSync(join(folder, file.replace(/\.ts$/, '.js')), file.endsWith('.ts') ? outputText : text)
  }
  return folder
}

/** The path of the first WebSocket route in the blocks, with its parameters filled in. */
function routeOf (blocks: readonly CodeBlock[]): string {
  const text = blocks.map(block => block.text).join('\n')
  const path = /\burl: '(\/[^']*)'/.exec(text)?.[1] ?? /\.get\('(\/[^']*)',\s*\{[^}]*websocket: true/.exec(text)?.[1]
  if (path === undefined) throw new Error('README.md shows no WebSocket route')
  return path.replace(/:\w+/g, 'lobby')
}
