import t from 'tap'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import { compileContract } from '../../lib/contract/compile.js'
import guard from '../../lib/index.js'
import { CAN_GENERATE, CODEGEN_FORBIDDEN } from '../helpers/codegen.js'
import { LogCollector } from '../helpers/log.js'
import { ROOT } from '../helpers/sources.js'

// The suite runs once where code generation is forbidden (`npm run test:no-codegen`). This holds that run to its word.

t.test('contracts are interpreted in that run, and in no other', async t => {
  t.equal(CAN_GENERATE, !CODEGEN_FORBIDDEN)
  t.equal(compileContract({ name: 'a', url: '/' }).interpreted, CODEGEN_FORBIDDEN)
  const log = new LogCollector()
  const app = Fastify({ logger: { level: 'warn', stream: log } })
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  app.wsRoute({ name: 'echo', url: '/echo', inbound: { say: Type.Object({}) } }, { public: true, on: { say () {} } })
  app.get('/:id', { constraints: { host: 'app.goodsite.com' } }, async () => 'here')
  t.equal((await app.inject({ url: '/a', headers: { host: 'app.goodsite.com' } })).body, 'here', 'Fastify generates what it needs')
  t.equal(log.where('code', 'WSG_WARN_INTERPRETED').length, CODEGEN_FORBIDDEN ? 1 : 0, 'a route says so in the log')
})

t.test('scripts/forbid-codegen.mjs forbids code generation to the library and to TypeBox, and to nobody else', async t => {
  const lib = (file: string): string => JSON.stringify(new URL(`../../lib/contract/${file}`, import.meta.url).href)
  const script = `
    import { Type } from '@sinclair/typebox'
    import { TypeCompiler } from '@sinclair/typebox/compiler'
    import { compileContract } from ${lib('compile.js')}
    import { compileSanitizer } from ${lib('inbound/sanitizer.js')}
    import { compileSerializer } from ${lib('outbound/serializer.js')}
    import { canGenerateCode } from ${lib('inbound/validator.js')}
    const schema = Type.Null()
    const attempt = run => { try { run(); return 'generated' } catch (error) { return error.name } }
    console.log(JSON.stringify([
      canGenerateCode(),
      compileContract({ name: 'a', url: '/' }).interpreted,
      attempt(() => TypeCompiler.Compile(schema)),
      attempt(() => compileSanitizer({ root: { kind: 'values', values: [null] }, definitions: new Map() }, { interpreted: false })),
      attempt(() => compileSerializer(schema, 'a', { interpreted: false })),
      [new Function('return 1')(), Function('return 2')(), (() => {}).constructor('return 3')()],
      (() => {}).constructor === Function && (() => {}) instanceof Function,
    ]))
  `
  const seen = (preload: readonly string[]): unknown => {
    const run = spawnSync(process.execPath, [...preload, '--input-type=module', '-e', script], { encoding: 'utf8', cwd: ROOT })
    t.equal(run.stderr, '')
    return JSON.parse(run.stdout)
  }
  const preload = pathToFileURL(join(ROOT, 'scripts/forbid-codegen.mjs')).href
  t.same(seen(['--import', preload]), [false, true, 'EvalError', 'EvalError', 'EvalError', [1, 2, 3], true])
  // In that run every child has the preload.
  if (!CODEGEN_FORBIDDEN) t.same(seen([]), [true, false, 'generated', 'generated', 'generated', [1, 2, 3], true])
})
