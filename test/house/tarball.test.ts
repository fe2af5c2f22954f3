import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, sep } from 'node:path'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { ROOT } from '../helpers/sources.js'

// What npm installs: the ways in that package.json names, what they lead to, and the pages.

interface Prune { prune: (root: string) => number, reachable: (root: string) => Set<string> }
const { prune, reachable } = await import(pathToFileURL(join(ROOT, 'scripts', 'prune.js')).href) as Prune

t.test('what no entry point leads to is removed, and nothing else', async t => {
  const root = mkdtempSync(join(tmpdir(), 'prune-'))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const files = {
    'package.json': JSON.stringify({ exports: { '.': { import: { types: './dist/a.d.ts', default: './dist/a.js' } } } }),
    'dist/package.json': '{}',
    'dist/a.js': "import { b } from './in/b.js'\nexport const c = () => import('./in/c.js')\nconst d = require('./in/d.js')\n",
    'dist/a.d.ts': "export type * from './types.js'\nexport declare const x: import('./other.js').X\n",
    'dist/types.d.ts': 'export {}',
    'dist/other.d.ts': "import type { T } from './types.js'\n",
    'dist/in/b.js': "export * from './deep.js'",
    'dist/in/deep.js': '',
    'dist/in/c.js': '',
    'dist/in/d.js': '',
  }
  const idle = { 'dist/types.js': 'export {}', 'dist/in/b.d.ts': '', 'dist/in/b.js.map': '' }
  for (const [path, text] of Object.entries({ ...files, ...idle })) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  t.equal(prune(root), Object.keys(idle).length)
  for (const path of Object.keys(files)) t.ok(existsSync(join(root, path)), path)
  writeFileSync(join(root, 'dist/in/deep.js'), "import './gone.js'")
  t.throws(() => prune(root), { message: /gone\.js is imported and not there/ })
})

t.test('code is packed without its comments, and declarations with theirs', async t => {
  const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
  const docstrings = [...reachable(ROOT)].filter(path => path.endsWith('.js') && /^\s*\/\*\*/m.test(readFileSync(path, 'utf8')))
  t.same(docstrings.map(path => relative(ROOT, path)), [])
  t.notMatch(read('dist/esm/lib/plugin/plugin.js'), /^ *\/\//m)
  for (const kind of ['esm', 'cjs']) t.match(read(`dist/${kind}/lib/contract/text/builders.d.ts`), /\/\*\*/, kind)
  t.match(read('dist/esm/lib/codegen/bin.js'), /^#!\/usr\/bin\/env node\n/)
})

t.test('npm packs that, the pages and four files about the package', async t => {
  const [{ files }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: ROOT, encoding: 'utf8', shell: process.platform === 'win32',
  })) as [{ files: { path: string }[] }]
  const paths = files.map(({ path }) => path)
  const built = [...reachable(ROOT)].map(path => relative(ROOT, path).split(sep).join('/'))
  t.same(paths.filter(path => path.startsWith('dist/')).sort(), [...built, 'dist/cjs/package.json'].sort())
  t.same(paths.filter(path => !/^(?:dist|docs)\//.test(path)).sort(), ['CHANGELOG.md', 'LICENSE', 'README.md', 'SECURITY.md', 'package.json'])
  t.same(paths.filter(path => path.startsWith('docs/') && !/\.(?:md|svg)$/.test(path)), [])
})
