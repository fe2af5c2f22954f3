import t from 'tap'
import { readText, readTree } from '../helpers/sources.js'

const ID = /\b[A-I]\d\d\b/g

const tests = new Map([...readTree(['test'], '.test.ts')].filter(([path]) => !path.startsWith('test/house/')))

/** Rows of docs/attacks.md: the files that each id names. */
function rowsOf (markdown: string): Map<string, string[]> {
  const rows = new Map<string, string[]>()
  for (const line of markdown.split('\n')) {
    const [, id, , , named] = /^\| ([A-I]\d\d) \| (.+) \| (.+) \| (.+) \|$/.exec(line) ?? []
    if (id !== undefined) rows.set(id, [...(named ?? '').matchAll(/`([^`]+)`/g)].map(match => match[1] ?? ''))
  }
  return rows
}

const rows = rowsOf(readText('docs/attacks.md'))

t.test('the table is read', async t => {
  t.same([...rowsOf('| A01 | x | y. | `test/a.test.ts`, `test/b.test.ts` |\n| id | a | b | c |\n')], [['A01', ['test/a.test.ts', 'test/b.test.ts']]])
  t.ok(rows.size > 100)
})

t.test('each attack names tests, and they carry its id', async t => {
  for (const [id, named] of rows) {
    t.ok(named.length > 0, `${id} names a test`)
    for (const path of named) t.ok(tests.get(path)?.match(ID)?.includes(id), `${id}: ${path} has it`)
  }
})

t.test('each id of an attack in a test, the library or a page has its row', async t => {
  for (const [path, text] of [...tests, ...readTree(['lib', 'types'], '.ts'), ...readTree(['docs', 'examples'], '.md')]) {
    t.same([...new Set(text.match(ID))].filter(id => !rows.has(id)), [], path)
  }
})
