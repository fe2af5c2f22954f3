import t from 'tap'
import Fastify from 'fastify'
import type { FastifyPluginAsync } from 'fastify'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, posix } from 'node:path'
import { importedNames } from '../helpers/markdown.js'
import { readText, readTree, ROOT } from '../helpers/sources.js'
import { importsOf } from './rules.js'

// What is tested here is the package as it is published: dist/, through `exports`, by its own name.

const NAME = 'fastify-ws-guard'
const ENTRIES: { readonly [entry: string]: readonly string[] } = {
  [NAME]: ['sessionAuth'],
  [`${NAME}/contract`]: ['defineContract', 'text', 'line', 'identifier'],
}

type Loaded = { readonly [name: string]: unknown }
const require = createRequire(join(ROOT, 'package.json'))
const load = {
  import: async (entry: string): Promise<Loaded> => await import(entry) as Loaded,
  require: async (entry: string): Promise<Loaded> => require(entry) as Loaded,
}

for (const [kind, get] of Object.entries(load)) {
  t.test(`${kind}: the plugin registers as it is, and by its default`, async t => {
    const loaded = await get(NAME)
    t.equal(typeof loaded['default'], 'function')
    for (const plugin of kind === 'require' ? [loaded, loaded['default']] : [loaded['default']]) {
      const app = Fastify()
      t.teardown(() => app.close())
      await app.register(plugin as FastifyPluginAsync<{ development: boolean }>, { development: true })
      await app.ready()
      t.ok(app.hasDecorator('wsRoute'))
    }
  })

  t.test(`${kind}: a bad option is a coded error`, async t => {
    const plugin = (await get(NAME))['default'] as FastifyPluginAsync<{ nonsense: number }>
    const app = Fastify()
    t.teardown(() => app.close())
    app.register(plugin, { nonsense: 1 })
    await t.rejects(async () => { await app.ready() }, { code: 'WSG_ERR_OPTION' })
  })

  t.test(`${kind}: named exports`, async t => {
    const shown = [...readTree(['docs'], '.md').values(), readText('README.md'), ...readTree(['examples'], '.ts').values()].join('\n')
    for (const [entry, names] of Object.entries(ENTRIES)) {
      const loaded = await get(entry)
      for (const name of new Set([...names, ...importedNames(shown, entry)])) t.ok(loaded[name] !== undefined, `${entry} has ${name}`)
    }
  })
}

t.test('import and require have the same names', async t => {
  for (const entry of [...Object.keys(ENTRIES), `${NAME}/html`, `${NAME}/testing`]) {
    const names = (loaded: Loaded): string[] => Object.keys(loaded).filter(name => name !== '__esModule' && name !== 'module.exports').sort()
    t.same(names(await load.require(entry)), names(await load.import(entry)), entry)
  }
})

t.test('every file that exports names is there', async t => {
  const { exports } = JSON.parse(readText('package.json')) as { exports: object }
  const files = JSON.stringify(exports).match(/"\.\/[^"]+\.\w+"/g)?.map(quoted => quoted.slice(1, -1)) ?? []
  t.ok(files.length > 10)
  t.same(files.filter(file => !existsSync(join(ROOT, file))), [])
})

t.test('what a page imports for its contract holds no server code', async t => {
  for (const entry of ['dist/esm/lib/contract.js', 'dist/esm/lib/contract.d.ts', 'dist/cjs/lib/contract.js']) {
    const { files, packages } = graph(entry)
    t.ok(files.size > 1, entry)
    t.same([...packages].filter(name => !/^@sinclair\/typebox(\/|$)/.test(name)), [], `packages of ${entry}`)
    t.same([...files].filter(file => /\/lib\/(gate|socket|cluster|plugin|options)/.test(file)), [], `files of ${entry}`)
  }
  const whole = graph('dist/esm/lib/index.js').packages
  t.ok(whole.has('@fastify/websocket') && [...whole].some(name => name.startsWith('node:')), 'the walk would see server code')
})

/** Every file reached from a built entry, and every package that one of them imports. */
function graph (entry: string): { files: Set<string>, packages: Set<string> } {
  const files = new Set<string>()
  const packages = new Set<string>()
  const queue = [entry]
  for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
    if (files.has(path)) continue
    files.add(path)
    for (const specifier of importsOf(readText(path))) {
      if (!specifier.startsWith('.')) packages.add(specifier)
      else queue.push(posix.join(posix.dirname(path), path.endsWith('.d.ts') ? specifier.replace(/\.js$/, '.d.ts') : specifier))
    }
  }
  return { files, packages }
}
