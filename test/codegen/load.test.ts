import t from 'tap'
import { join } from 'node:path'
import { loadContracts } from '../../lib/codegen/load.js'
import { loadModels } from '../../lib/codegen/load-models.js'
import { moduleFolder } from '../helpers/modules.js'

const CONTRACT = "import { defineContract } from 'fastify-ws-guard/contract'\n"
const define = (name: string): string => `defineContract({ name: '${name}', url: '/${name}' })`
const APP = `import Fastify from 'fastify'
import guard from 'fastify-ws-guard'
${CONTRACT}
const chat = ${define('chat')}
const build = async () => {
  const app = Fastify()
  await app.register(guard, { development: true, messages: { rate: 5, burst: 9, budgets: [{ name: 'tenant', key: () => 1, rate: 50, burst: () => 9 }] } })
  await app.register(async scope => { scope.wsRoute(chat, { public: true }) }, { prefix: '/v1' })
  app.addHook('onClose', async () => { globalThis.closed = (globalThis.closed ?? 0) + 1 })
  return app
}
`

const folder = moduleFolder(t, {
  'one.mjs': `${CONTRACT}export const chat = ${define('chat')}\nexport const other = { name: 'x', url: '/x' }\n`,
  'many.mjs': `${CONTRACT}export const b = ${define('b')}\nexport const a = ${define('a')}\nexport default a\n`,
  'plain.js': `${CONTRACT}export const chat = ${define('chat')}\n`,
  'common.cjs': `const { defineContract } = require('fastify-ws-guard/contract')\nconst all = { chat: ${define('chat')} }\nmodule.exports = all\n`,
  'app.mjs': `${APP}export const app = await build()\n`,
  'maker.mjs': `${APP}export default build\n`,
  'made.mjs': `${APP}export const buildApp = async () => ({ app: await build() })\n`,
  'twins.mjs': `${CONTRACT}export const a = ${define('chat')}\nexport const b = ${define('Chat')}\n`,
  'none.mjs': 'export const a = 1\nexport const b = 2\n',
  'empty.mjs': '',
  'bare-app.mjs': "import Fastify from 'fastify'\nexport const app = Fastify()\n",
  'no-routes.mjs': "import Fastify from 'fastify'\nimport guard from 'fastify-ws-guard'\nexport const app = Fastify()\napp.register(guard, { development: true })\n",
  'bad-app.mjs': "export default () => { throw new Error('no database\\nsecond line') }\n",
  'throws.mjs': "throw new RangeError('no such thing\\nsecond line')\n",
  'thrown-text.mjs': "throw 'just text'\n",
  'syntax.mjs': 'export const = 1\n',
  'missing.mjs': "import './nowhere.js'\n",
  'renamed.mjs': "import './typed.js'\n",
  'typed.ts': 'export const a: number = 1\n',
  'bad-contract.mjs': `${CONTRACT}export const chat = defineContract({ name: 'chat', url: '/chat', inbund: {} })\n`,
  'data.txt': 'text',
})

const namesOf = async (file: string): Promise<string[]> => (await loadContracts(join(folder, file))).map(({ contract }) => contract.name)

t.test('contracts are found among the exports of a module, each once', async t => {
  t.same(await namesOf('one.mjs'), ['chat'], 'what defineContract has not returned is no contract')
  t.same((await namesOf('many.mjs')).sort(), ['a', 'b'])
  t.same(await namesOf('plain.js'), ['chat'])
  t.same(await namesOf('common.cjs'), ['chat'])
})

t.test('an application is exported, or made by a function; it is closed again', async t => {
  for (const file of ['app.mjs', 'maker.mjs', 'made.mjs']) {
    const [found, ...others] = await loadContracts(join(folder, file))
    t.equal(others.length, 0)
    t.equal(found!.contract.name, 'chat', file)
    t.equal(found!.url, '/v1/chat', 'with its prefix')
    t.same(found!.route, { public: true, rate: 5, burst: 9, budgets: [{ name: 'tenant', rate: 50 }], handlerTimeout: 10_000 })
  }
  t.equal((globalThis as { readonly closed?: number }).closed, 3)
})

t.test('a format that a CommonJS module registers is known', async t => {
  const folder = moduleFolder(t, {
    'phone.cjs': `const { FormatRegistry, Type } = require('@sinclair/typebox')
const { defineContract } = require('fastify-ws-guard/contract')
FormatRegistry.Set('phone', () => true)
exports.chat = defineContract({ name: 'chat', url: '/chat', inbound: { call: Type.String({ format: 'phone', maxLength: 9 }) } })
`,
  })
  const [model] = await loadModels(join(folder, 'phone.cjs'))
  t.same(model!.types, [{ name: 'Call', type: { kind: 'string', maxLength: 9, format: 'phone' } }])
})

t.test('bad input is told in one line with the file and the cause', async t => {
  const cases: { readonly [file: string]: RegExp } = {
    'nowhere.mjs': /there is no such file/,
    'twins.mjs': /expected contracts of different names, got "chat" and "Chat"; write two versions of one contract into a module each, with an --out of its own each, or rename one$/,
    'none.mjs': /expected a module that exports contracts of defineContract, .*, got the exports a, b/,
    'empty.mjs': /got no export/,
    'bare-app.mjs': /expected an application with fastify-ws-guard registered, got one without/,
    'no-routes.mjs': /expected an application with contracted routes \(wsRoute\), got none/,
    'bad-app.mjs': /: no database$/,
    'throws.mjs': /: RangeError: no such thing$/,
    'thrown-text.mjs': /: just text$/,
    'syntax.mjs': /: SyntaxError: /,
    'missing.mjs': /Cannot find module .*nowhere\.js/,
    'renamed.mjs': /it imports typed\.js, which is only there as TypeScript; import it as typed\.ts, or give the compiled \.js file/,
    'bad-contract.mjs': /contract "chat".*"inbund"; did you mean "inbound"\?/,
    'data.txt': /can not read this kind of file/,
  }
  for (const [file, cause] of Object.entries(cases)) {
    const path = join(folder, file)
    const error = await loadContracts(path).then(() => null, (error: Error & { code: string }) => error)
    t.equal(error?.code, 'WSG_ERR_GENERATE', file)
    t.match(error?.message, cause)
    t.ok(error?.message.startsWith(`${path}: `))
    t.notMatch(error?.message, /\n/)
  }
})

t.test('a TypeScript module is loaded where Node.js strips types, and refused with the way out elsewhere', async t => {
  const path = join(moduleFolder(t, {
    'chat.ts': `${CONTRACT}const url: string = '/chat'\nexport const chat = defineContract({ name: 'chat', url })\n`,
  }), 'chat.ts')
  if ((process.features as { readonly typescript?: unknown }).typescript) {
    t.equal((await loadContracts(path))[0]!.contract.name, 'chat')
  } else {
    await t.rejects(loadContracts(path), { code: 'WSG_ERR_GENERATE', message: /TypeScript needs Node\.js 22\.18 or later, or the compiled \.js file/ })
  }
})
