import t from 'tap'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { DOCS_AMBIENT } from '../helpers/docs-ambient.js'
import { startServer } from '../helpers/example.js'
import { upgrade } from '../helpers/handshake.js'
import { codeBlocks } from '../helpers/markdown.js'
import { freePort } from '../helpers/ports.js'
import { emptyRepository, runNode } from '../helpers/separate-repository.js'
import type { Ended } from '../helpers/separate-repository.js'
import { readText, ROOT } from '../helpers/sources.js'
import type { Teardown } from '../helpers/teardown.js'

// The files of README.md and docs/getting-started.md in an empty folder, as they are typed from the pages: with each compiler that
// we support, with Node's own type stripping, and as CommonJS. test/e2e/guides-literally.test.ts has the other pages,
// test/e2e/first-chat.test.ts these in a browser.

const { dependencies } = JSON.parse(readText('package.json')) as { readonly dependencies: object }
const PACKAGES = ['fastify', '@sinclair/typebox', '@fastify/cookie', '@fastify/session', '@types/node', 'undici-types', ...Object.keys(dependencies)]
const COMPILERS = { 'TypeScript 5.9': 'typescript-5/bin/tsc', 'TypeScript 6': 'typescript/lib/tsc.js', 'TypeScript 7': 'typescript-7/lib/tsc.js' }
const OPTIONS = [
  '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--lib', 'es2023,dom', '--skipLibCheck', '--noEmit', '--allowJs', '--checkJs',
]
/** Refuses what Node's type stripping can't do. */
const STRIPPED = ['--erasableSyntaxOnly', '--verbatimModuleSyntax']
const SECRET = { SESSION_SECRET: 'a secret of at least thirty-two characters' }

/** A folder with a page's files, which listen on the port. */
function typed (t: Teardown, page: string, port = 3000): string {
  const folder = emptyRepository(t, PACKAGES)
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
  write(folder, page, port)
  return folder
}

function write (folder: string, page: string, port: number): void {
  for (const { file, text } of codeBlocks(readText(page))) {
    if (file !== null) writeFileSync(join(folder, file), text.replaceAll(/\b3000\b/g, String(port)))
  }
}

/** The blocks of a page that are to be checked alone, with what a reader has met before; of users they know what the page's files say. */
function writeSnippets (folder: string, page: string): void {
  writeFileSync(join(folder, 'ambient.d.ts'), DOCS_AMBIENT)
  codeBlocks(readText(page)).filter(block => block.marks.includes('check'))
    .forEach(({ text }, index) => { writeFileSync(join(folder, `snippet-${index}.ts`), `${text}\nexport {}\n`) })
}

/** A CommonJS file as TypeScript, which says import there as well. */
function withImports (text: string): string {
  return text.replaceAll(/^const (?:\{ default: (\w+) \}|(.+)) = require\((.+)\)$/gm, (_, plugin, names, from) => `import ${plugin ?? names} from ${from}`)
}

for (const [name, path] of Object.entries(COMPILERS)) {
  t.test(`${name} takes what the pages say, and has the types for import and for require`, async t => {
    const folder = typed(t, 'README.md')
    mkdirSync(join(folder, 'start'))
    write(join(folder, 'start'), 'docs/getting-started.md', 3000)
    writeFileSync(join(folder, 'wrong.cjs'), "require('fastify-ws-guard/contract').defineContract({ name: 'x', urll: '/x' })\n")
    const compile = async (...args: string[]): Promise<Ended> => await runNode(folder, [join(ROOT, 'node_modules', path), ...OPTIONS, ...args])
    t.same(await compile(...STRIPPED, 'server.ts', 'page.ts', 'start/app.ts'), { status: 0, output: '' })
    // In a program of its own: what another page says about users would count here as well.
    writeSnippets(folder, 'README.md')
    t.same(await compile('server.ts', 'login.ts', 'snippet-0.ts', 'ambient.d.ts'), { status: 0, output: '' })
    writeFileSync(join(folder, 'imports.cts'), withImports(readFileSync(join(folder, 'start/server.cjs'), 'utf8')))
    const { output } = await compile('start/server.cjs', 'imports.cts', 'wrong.cjs')
    t.same([...output.matchAll(/^(\S+\.[cm]?[tj]s)\(/gm)].map(([, file]) => file), ['wrong.cjs'], output)
    t.match(output, /urll/)
  })
}

/** The server's own page may open a socket, another may not. */
async function serves (t: { equal (found: unknown, wanted: unknown, name: string): unknown }, port: number, path: string, own: number): Promise<void> {
  for (const [origin, status] of [[`http://localhost:${port}`, own], ['https://evil.example', 403]] as const) {
    const answer = await upgrade(port, { path, host: `localhost:${port}`, origin })
    answer.client.destroy()
    t.equal(answer.status, status, origin)
  }
}

t.test('CommonJS runs as it is typed, and as TypeScript', async t => {
  const port = await freePort()
  const folder = typed(t, 'docs/getting-started.md', port)
  // What npm init -y writes by now.
  writeFileSync(join(folder, 'package.json'), '{ "type": "commonjs" }')
  await startServer(t, join(folder, 'server.cjs'), { PORT: String(port) }, folder)
  await serves(t, port, '/chat', 101)

  const another = await freePort()
  const text = readFileSync(join(folder, 'server.cjs'), 'utf8').replaceAll(String(port), String(another))
  const { outputText } = ts.transpileModule(withImports(text), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS, esModuleInterop: true },
  })
  writeFileSync(join(folder, 'imports.cjs'), outputText)
  await startServer(t, join(folder, 'imports.cjs'), { PORT: String(another) }, folder)
  await serves(t, another, '/chat', 101)
})

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const strips = major > 22 || (major === 22 && minor >= 18)

t.test('Node runs the TypeScript of the pages by itself', { skip: strips ? false : `needs Node 22.18 or later, this is ${process.version}` }, async t => {
  const port = await freePort()
  await startServer(t, join(typed(t, 'docs/getting-started.md', port), 'app.ts'), { ...SECRET, PORT: String(port) })
  await serves(t, port, '/rooms/lobby', 401)

  const another = await freePort()
  const folder = typed(t, 'README.md', another)
  const server = codeBlocks(readText('README.md')).find(({ file }) => file === 'server.ts')!
  // As docs/getting-started.md says.
  writeFileSync(join(folder, 'server.ts'), server.text.replace('./chat.contract.js', './chat.contract.ts'))
  await startServer(t, join(folder, 'server.ts'), { PORT: String(another) }, folder)
  await serves(t, another, '/chat', 101)
})
