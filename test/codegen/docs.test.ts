import t from 'tap'
import { readFileSync, writeFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import ts from 'typescript'
import { main } from '../../lib/codegen/cli.js'
import { codeBlocks } from '../helpers/markdown.js'
import { moduleFolder } from '../helpers/modules.js'
import { readText } from '../helpers/sources.js'

// docs/generated-clients.md: its commands do what it says, and its generated file is the one that they write. Its programs are run
// by test/house/docs-code.test.ts.

const page = readText('docs/generated-clients.md')
const blocks = codeBlocks(page)
const block = (file: string): string => blocks.find(one => one.file === file)!.text
const commands = blocks.filter(({ language, text }) => language === 'sh' && text.startsWith('npx fastify-ws-guard'))

const folder = moduleFolder(t, {
  'shop.contract.js': ts.transpileModule(block('shop.contract.ts'), { compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext } }).outputText,
})

async function run (command: string): Promise<{ status: number, lines: string[] }> {
  const lines: string[] = []
  const add = (line: string): void => { lines.push(line.replaceAll(folder + sep, '')) }
  const [, , ...args] = command.trim().split(' ')
  const paths: { readonly [arg: string]: string } = { generated: join(folder, 'generated'), 'shop.contract.ts': join(folder, 'shop.contract.js') }
  const status = await main(args.map(arg => paths[arg] ?? arg), { print: add, complain: add })
  return { status, lines }
}

t.test('the page\'s commands run; its file is what is generated', async t => {
  t.equal(commands.length, 3)
  t.same(await run(commands[0]!.text), { status: 0, lines: ['wrote generated/shop.client.ts'] })
  t.equal(readFileSync(join(folder, 'generated', 'shop.client.ts'), 'utf8'), block('shop.client.ts'), 'else: npm run build:generated')
  t.same(await run(commands[1]!.text), { status: 0, lines: ['generated is up to date'] })
  t.same(await run(commands[2]!.text), { status: 0, lines: ['wrote generated/shop_client.py'] })
})

t.test('the page shows what a check prints', async t => {
  const file = join(folder, 'generated', 'shop.client.ts')
  writeFileSync(file, readFileSync(file, 'utf8').replace('readonly cents: number', 'readonly cents: string'))
  const { status, lines } = await run(commands[1]!.text)
  t.equal(status, 1)
  t.ok(page.includes(`\n${lines.join('\n')}\n`), lines.join('\n'))
})
