// Writes what is generated and committed: the clients of examples/separate-client, examples/python-client and examples/tokens, and the one
// that docs/generated-clients.md shows. Run after a change of the generator, of a contract there, or of the protocol's close codes, when dist/ and build/ are built.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { generate } from '../dist/esm/lib/codegen.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const poll = join(root, 'build/examples/minimal/poll.contract.js')
await generate({ module: poll, client: 'typescript', out: join(root, 'examples/separate-client') })
await generate({ module: poll, client: 'python', out: join(root, 'examples/python-client') })
await generate({ module: join(root, 'build/examples/tokens/feed.contract.js'), client: 'python', out: join(root, 'examples/tokens') })

const path = join(root, 'docs/generated-clients.md')
const page = readFileSync(path, 'utf8')
const folder = mkdtempSync(join(root, 'build/docs-'))
try {
  const [, contract] = /```ts file=shop\.contract\.ts\n([^]*?)```/.exec(page)
  const module = join(folder, 'shop.contract.js')
  writeFileSync(module, ts.transpileModule(contract, { compilerOptions: { target: 'es2023', module: 'esnext' } }).outputText)
  const { files: [{ text }] } = await generate({ module, client: 'typescript', out: folder })
  const line = text.split('\n').findIndex(one => one.includes('readonly cents: number')) + 1
  writeFileSync(path, page
    .replace(/(```ts file=shop\.client\.ts\n)[^]*?```/, (_, fence) => `${fence}${text}\`\`\``)
    .replace(/(shop\.client\.ts:)\d+(: expected)/, `$1${line}$2`))
} finally {
  rmSync(folder, { recursive: true })
}
