import t from 'tap'
import { readText, readTree } from '../helpers/sources.js'
import { cycles, importFaults, importsOf, ROOMS, styleFaults } from './rules.js'

const sources = readTree(['lib', 'types'], '.ts')
const manifest = JSON.parse(readText('package.json')) as { [field: string]: { [name: string]: string } | undefined }
// Its own name: what is imported through `exports` follows their conditions.
const packages = new Set([...Object.keys({ ...manifest['dependencies'], ...manifest['peerDependencies'] }), String(manifest['name'])])

t.test('the checks see what they are for', async t => {
  const file = (path: string, text: string): Map<string, string> => new Map([
    [path, text],
    ['lib/gate/a.ts', 'export const a = 1'],
    ['types/b.ts', 'export interface B {}'],
  ])
  const bad = (path: string, text: string, pattern: RegExp): void => {
    const faults = [...importFaults(file(path, text), packages), ...styleFaults(file(path, text))]
    t.match(faults.join('\n'), pattern, `${path}: ${text}`)
  }
  const good = (path: string, text: string): void => {
    t.same([...importFaults(file(path, text), packages), ...styleFaults(file(path, text))], [], `${path}: ${text}`)
  }
  bad('lib/socket/x.ts', "import { a } from '../gate/a.js'", /socket imports gate/)
  bad('lib/socket/x.ts', "import type { a } from '../gate/a.js'", /socket imports gate/)
  bad('lib/socket/x.ts', "export type X = import('../gate/a.js').A", /socket imports gate/)
  bad('lib/contract/x.ts', "export * from '../gate/a.js'", /contract imports gate/)
  bad('lib/protocol/x.ts', "import { createHash } from 'node:crypto'", /nothing from outside/)
  bad('lib/gate/x.ts', "import x from 'lodash'", /lodash is neither/)
  bad('lib/gate/x.ts', "import x from './nowhere.js'", /no file/)
  bad('lib/attic/x.ts', '', /not in the table/)
  good('lib/gate/x.ts', "import { isIP } from 'node:net'\nimport type { B } from '../../types/b.js'\nimport { a } from './a.js'")
  good('lib/plugin/plugin.ts', "import { a } from '../gate/a.js'\nexport default a")
  bad('lib/gate/x.ts', 'export default 1', /default export/)
  bad('lib/gate/x.ts', 'export default function f () {}', /default export/)
  bad('lib/gate/x.ts', 'const x = 1\nexport { x as default }', /default export/)
  bad('lib/gate/x.ts', 'export const x = 1 as any', /x\.ts:1: any/)
  bad('lib/gate/x.ts', 'const x: Map<string, any> = new Map()', /any/)
  bad('lib/gate/x.ts', "throw new Error('x')", /without a code/)
  bad('lib/gate/x.ts', "throw new TypeError('x')", /without a code/)
  bad('lib/gate/x.ts', '// @ts-ignore', /switches a check off/)
  bad('lib/gate/x.ts', '// eslint-disable-next-line', /switches a check off/)
  good('lib/gate/x.ts', '// eslint-disable-next-line no-control-regex')
  bad('lib/gate/camelCase.ts', '', /kebab/)
  good('lib/gate/many-words.ts', 'switch (1 as number) { default: break }\n// any new Error(\nconst s = "new Error("')
  t.match(cycles(new Map([['lib/a.ts', "import './b.js'"], ['lib/b.ts', "import type {} from './a.js'"]])), ['lib/a.ts -> lib/b.ts -> lib/a.ts'])
  t.match(cycles(new Map([['lib/a.ts', "import './a.js'"]])), ['lib/a.ts -> lib/a.ts'])
  t.same(cycles(new Map([['lib/a.ts', "import './b.js'\nimport './c.js'"], ['lib/b.ts', "import './c.js'"], ['lib/c.ts', '']])), [])
})

t.test('rooms import only rooms above them', async t => {
  t.ok(sources.size > 10)
  t.same(importFaults(sources, packages), [])
})

t.test('the table itself lets gate, contract and socket not know each other', async t => {
  for (const room of ['gate', 'contract', 'socket']) {
    t.same(ROOMS[room]?.filter(other => ['gate', 'contract', 'socket'].includes(other)), [])
  }
})

t.test('there are no import cycles, type imports included', async t => {
  t.same(cycles(sources), [])
})

t.test('names, exports, types and errors follow the house rules', async t => {
  t.same(styleFaults(sources), [])
})

t.test('types/ imports types only, and nothing of Node', async t => {
  for (const [path, text] of sources) {
    if (!path.startsWith('types/')) continue
    const values = text.split('\n').filter(line => /^import (?!type\b)/.test(line))
    t.same(values, [], path)
    t.same(text.split('\n').filter(line => /^export (?:const|let|var|function|class|enum)\b/.test(line)), [], `${path} emits nothing`)
    t.ok(importsOf(text).every(name => !name.startsWith('node:')), `${path} needs nothing of Node`)
  }
})
