import t from 'tap'
import { readFileSync, existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { main } from '../../lib/codegen/cli.js'
import { moduleFolder } from '../helpers/modules.js'

const CONTRACT = (name: string): string => `export const ${name} = defineContract({ name: '${name}', url: '/${name}', inbound: { say: Type.Object({}) } })`
const folder = moduleFolder(t, {
  'one.js': `import { Type } from '@sinclair/typebox'\nimport { defineContract } from 'fastify-ws-guard/contract'\n${CONTRACT('chat')}`,
  'two.js': `import { Type } from '@sinclair/typebox'\nimport { defineContract } from 'fastify-ws-guard/contract'\n${CONTRACT('chat')}\n${CONTRACT('shop')}`,
})
const [one, two] = [join(folder, 'one.js'), join(folder, 'two.js')]

async function run (...args: string[]): Promise<{ status: number, printed: string, complained: string[] }> {
  const [printed, complained]: [string[], string[]] = [[], []]
  const status = await main(args, { print: line => { printed.push(line) }, complain: line => { complained.push(line) } })
  return { status, printed: printed.join('\n'), complained }
}

t.test('documents are printed', async t => {
  const { status, printed } = await run('asyncapi', one)
  t.equal(status, 0)
  t.match(JSON.parse(printed), { asyncapi: '3.0.0', info: { title: 'chat', version: '1.0.0' } })
  const yaml = await run('asyncapi', two, '--format', 'yaml', '--title', 'All', '--api-version', '2.0.0', '--server', 'wss://x.example')
  t.match(parse(yaml.printed), { info: { title: 'All', version: '2.0.0' }, servers: { main: { host: 'x.example', protocol: 'wss' } } })
  t.match(JSON.parse((await run('json-schema', one)).printed), { $schema: /draft-07/, title: 'ChatFrame' })
  t.match(JSON.parse((await run('model', two, '--contract', 'shop')).printed), { model: 1, name: 'shop' })
  t.match((await run('report', two)).printed, /^chat .*\n[^]*\nshop /)
})

t.test('or written, and checked', async t => {
  const out = join(folder, 'docs', 'chat.json')
  t.match(await run('asyncapi', one, '--out', out, '--check'), { status: 1, complained: [/chat\.json:0/] })
  t.notOk(existsSync(out))
  t.match(await run('asyncapi', one, '--out', out), { status: 0, printed: `wrote ${out}` })
  t.match(JSON.parse(readFileSync(out, 'utf8')), { asyncapi: '3.0.0' })
  t.match(await run('asyncapi', one, '--out', out), { status: 0, printed: `${out} is up to date` })
  t.match(await run('asyncapi', one, '--out', out, '--check'), { status: 0 })
  writeFileSync(out, readFileSync(out, 'utf8').replace('3.0.0', '2.0.0'))
  t.match(await run('asyncapi', one, '--out', out, '--check'), { status: 1, complained: [/chat\.json:2/] })
})

t.test('bad input is one line and exit code 2', async t => {
  for (const [args, cause] of [
    [['asyncapi'], /expected one module, got 0/],
    [['asyncapi', one, '--format', 'xml'], /expected --format json or yaml, got "xml"/],
    [['asyncapi', one, '--server', 'nowhere'], /expected --server wss:\/\/host/],
    [['asyncapi', one, '--check'], /expected --out beside --check/],
    [['model', two], /expected --contract \(chat, shop\), got nothing/],
    [['model', two, '--contract', 'shp'], /did you mean "shop"/],
    [['json-schema', one, '--format', 'yaml'], /--format/],
    [['report'], /expected one module, got 0/],
    [['report', join(folder, 'none.js')], /none\.js/],
  ] as const) {
    const { status, complained, printed } = await run(...args)
    t.equal(status, 2, args.join(' '))
    t.equal(complained.length, 1)
    t.match(complained[0], cause)
    t.equal(printed, '')
  }
})
