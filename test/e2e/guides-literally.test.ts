import t from 'tap'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { codeBlocks } from '../helpers/markdown.js'
import { emptyRepository, runNode } from '../helpers/separate-repository.js'
import { readText, readTree, ROOT } from '../helpers/sources.js'

// The guides' TypeScript in an empty folder, as it is typed from the pages, with each compiler that we support. Nothing but the
// page's own files tells the compiler what a session or a user holds.

const { dependencies } = JSON.parse(readText('package.json')) as { readonly dependencies: object }
const PACKAGES = [
  'fastify', '@sinclair/typebox', '@fastify/cookie', '@fastify/session', '@types/node', 'undici-types', ...Object.keys(dependencies),
  'react', '@types/react', 'csstype', 'typebox', '@fastify/type-provider-typebox',
]
const OPTIONS = [
  '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node', '--lib', 'es2023,dom', '--skipLibCheck', '--noEmit',
  '--moduleDetection', 'force', '--erasableSyntaxOnly', '--verbatimModuleSyntax',
]
/** These import packages with very many of their own: tap, and @asyncapi/parser. test/house/docs-code.test.ts runs them. */
const ASIDE = /^tap\.test\.ts$|^asyncapi\.test\.ts$/

/** The TypeScript files of each guide in a folder of its own. Those that augment our types would lend that to the others. */
function writeGuides (root: string): { readonly plain: string[], readonly augmenting: string[] } {
  const found = { plain: [] as string[], augmenting: [] as string[] }
  for (const [page, text] of readTree(['docs'], '.md')) {
    if (page === 'docs/getting-started.md') continue
    const blocks = codeBlocks(text).filter(({ file }) => file?.endsWith('.ts') === true && !ASIDE.test(file))
    const group = blocks.some(block => block.text.includes('declare module')) ? found.augmenting : found.plain
    for (const { file, text } of blocks) {
      const path = join(root, basename(page, '.md'), file!)
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, text)
      group.push(path)
    }
  }
  return found
}

const folder = emptyRepository(t, PACKAGES)
writeFileSync(join(folder, 'package.json'), '{ "type": "module" }')
// Of the page that docs/moving-from-socket-io.md moves over.
writeFileSync(join(folder, 'page.d.ts'), 'declare function show (from: string, text: string): void\n')
const { plain, augmenting } = writeGuides(folder)
const all = [...plain, ...augmenting]

for (const [name, compiler, files] of [
  ['TypeScript 6', 'typescript/lib/tsc.js', plain],
  ['TypeScript 6, what says who users are', 'typescript/lib/tsc.js', augmenting],
  ['TypeScript 5.9', 'typescript-5/bin/tsc', all],
  ['TypeScript 7', 'typescript-7/lib/tsc.js', all],
] as const) {
  t.test(name, { timeout: 100_000 }, async t => {
    t.ok(files.length > 7, `${files.length} files`)
    t.same(await runNode(folder, [join(ROOT, 'node_modules', compiler), ...OPTIONS, ...files, 'page.d.ts']), { status: 0, output: '' })
  })
}
