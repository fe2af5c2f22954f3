import t from 'tap'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { emitClients, generate } from '../../lib/codegen/generate.js'
import { moduleFolder } from '../helpers/modules.js'
import { handModel } from '../helpers/model.js'

const folder = moduleFolder(t, {
  'two.mjs': `import { defineContract } from 'fastify-ws-guard/contract'
export const b = defineContract({ name: 'b', url: '/b' })
export const a = defineContract({ name: 'a', url: '/a' })
`,
})
const options = { module: join(folder, 'two.mjs'), client: 'typescript', out: join(folder, 'out') }

t.test('generate writes one file for each contract of a module, sorted by name', async t => {
  const { files, written, differences } = await generate(options)
  t.same(files.map(file => file.path), ['a.client.ts', 'b.client.ts'])
  t.same(written, files.map(file => join(options.out, file.path)))
  t.same(differences, [])
  t.equal(readFileSync(join(options.out, 'a.client.ts'), 'utf8'), files[0]!.text)
})

t.test('check writes nothing and tells what differs', async t => {
  t.same((await generate({ ...options, check: true })).differences, [])
  const other = { ...options, out: join(folder, 'nowhere'), check: true }
  t.same((await generate(other)).differences.map(({ path, line }) => [path, line]), [[join(other.out, 'a.client.ts'), 0], [join(other.out, 'b.client.ts'), 0]])
})

t.test('a language that there is no client for is told with the nearest one', async t => {
  await t.rejects(generate({ ...options, client: 'Typescript' }), { code: 'WSG_ERR_GENERATE', message: /got "Typescript"; did you mean "typescript"\?/ })
  t.throws(() => emitClients([handModel()], 'cobol'), { code: 'WSG_ERR_GENERATE' })
  t.equal(emitClients([handModel()], 'typescript').length, 1)
})

t.test('an option that nobody reads is told', async t => {
  await t.rejects(generate({ ...options, chek: true } as never), { code: 'WSG_ERR_GENERATE', message: /^generate: options: expected only the keys .*, got "chek"; did you mean "check"\?/ })
  await t.rejects(generate({ ...options, check: undefined } as never), { code: 'WSG_ERR_GENERATE', message: /^generate: options\.check: expected a value/ })
})
