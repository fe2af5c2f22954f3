import t from 'tap'
import ts from 'typescript'
import { readText, readTree } from '../helpers/sources.js'

/** True when importing the file does something: a statement at its top that is no declaration. */
function actsAtImport (path: string, text: string): boolean {
  return ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true).statements.some(statement => ts.isExpressionStatement(statement))
}

t.test('the walk sees what it is for', async t => {
  t.ok(actsAtImport('a.ts', "import { subscribe } from 'x'\nsubscribe('y')"))
  t.notOk(actsAtImport('a.ts', 'const a = f()\nexport function b () { f() }'))
})

t.test('package.json names each file that does something when it is imported, and no other', async t => {
  const { sideEffects } = JSON.parse(readText('package.json')) as { sideEffects: string[] }
  const acting = [...readTree(['lib'], '.ts')].filter(([path, text]) => actsAtImport(path, text)).map(([path]) => path.replace(/\.ts$/, '.js'))
  t.ok(acting.length > 0)
  t.same(sideEffects, ['cjs', 'esm'].flatMap(kind => acting.map(path => `./dist/${kind}/${path}`)))
})
