import t from 'tap'
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { compareFiles, writeFiles } from '../../lib/codegen/files.js'

const file = (path: string, text = 'a\nb\n') => ({ path, text })

t.test('files are written, in folders that are made', async t => {
  const out = join(t.testdir(), 'x', 'y')
  t.same(await writeFiles(out, [file('a.ts'), file('deep/b.ts')]), [join(out, 'a.ts'), join(out, 'deep', 'b.ts')])
  t.equal(readFileSync(join(out, 'deep', 'b.ts'), 'utf8'), 'a\nb\n')
})

t.test('what is right already is left alone', async t => {
  const out = t.testdir()
  await writeFiles(out, [file('a.ts'), file('b.ts')])
  const before = statSync(join(out, 'a.ts'), { bigint: true })
  t.same(await writeFiles(out, [file('a.ts'), file('b.ts', 'c\n')]), [join(out, 'b.ts')])
  t.equal(statSync(join(out, 'a.ts'), { bigint: true }).ino, before.ino)
  t.equal(statSync(join(out, 'a.ts'), { bigint: true }).mtimeNs, before.mtimeNs)
})

t.test('all or nothing: where one file can not be written no other is, and nothing is left behind', async t => {
  const out = t.testdir({ 'a.ts': 'old\n', blocked: 'a file where a folder is needed' })
  await t.rejects(writeFiles(out, [file('a.ts'), file('blocked/b.ts')]), { code: 'WSG_ERR_GENERATE', message: /^[^\n]*(can not be (read|written))[^\n]*$/ })
  t.equal(readFileSync(join(out, 'a.ts'), 'utf8'), 'old\n')
  t.same(readdirSync(out).sort(), ['a.ts', 'blocked'])
})

t.test('a folder in the place of a file is told', async t => {
  const out = t.testdir()
  mkdirSync(join(out, 'a.ts'))
  await t.rejects(writeFiles(out, [file('a.ts')]), { code: 'WSG_ERR_GENERATE', message: /a\.ts: it can not be read: EISDIR/ })
})

t.test('the first line that differs is told, the end of either file too', async t => {
  const out = t.testdir()
  const compare = async (there: string | null, text = 'a\nb\n') => {
    if (there !== null) writeFileSync(join(out, 'a.ts'), there)
    return (await compareFiles(out, [file('a.ts', text)])).map(({ line, expected, found }) => [line, expected, found])
  }
  t.same(await compare(null), [[0, null, null]])
  t.same(await compare('a\nb\n'), [])
  t.same(await compare('a\r\nb\r\n'), [], 'Git may have changed line endings')
  t.same(await compare('a\nc\n'), [[2, 'b', 'c']])
  t.same(await compare('a\n'), [[2, 'b', '']])
  t.same(await compare('a\nb\nc\n'), [[3, '', 'c']])
  t.same(await compare('a\nb'), [[3, '', null]])
})
