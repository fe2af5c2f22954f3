import t from 'tap'
import { readText, readTree } from '../helpers/sources.js'

// What pages say about where something is.

const files = [...readTree(['lib', 'types', 'test', 'examples'], '.ts').keys(), ...readTree(['docs'], '.md').keys()]

/** Files in backticks that a page names. `host.ts` may be in any room, `moments/headers.ts` in any `moments`. */
const namedFiles = (page: string): string[] =>
  [...page.matchAll(/`([\w.-]+(?:\/[\w.-]+)*\.(?:ts|md))`/g)].map(([, name]) => name!).filter(name => !name.endsWith('.contract.ts'))

t.test('names of files are found', async t => {
  t.same(namedFiles('in `host.ts`, `lib/a/b-c.ts`, `a.b` and host.ts; `chat.contract.ts`'), ['host.ts', 'lib/a/b-c.ts'])
})

for (const page of ['CONTRIBUTING.md', 'docs/gate.md', 'docs/foreign.md', 'docs/attacks.md', 'docs/performance.md']) {
  t.test(`${page} names files that are there`, async t => {
    const missing = namedFiles(readText(page)).filter(name => !files.some(file => file === name || file.endsWith(`/${name}`)))
    t.same(missing, [])
  })
}

t.test('the walk through the house has each room', async t => {
  const walk = readText('CONTRIBUTING.md')
  const rooms = new Set(files.map(file => /^lib\/[^/]+\//.exec(file)?.[0]).filter(room => room !== undefined))
  t.ok(rooms.size > 5)
  t.same([...rooms].filter(room => !walk.includes(`\`${room}\``)), [])
})
