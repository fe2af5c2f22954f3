import t from 'tap'
import { optionsSchema, routeOptionsSchema } from '../../lib/plugin/schema.js'
import { optionDefaults, optionNames } from '../helpers/option-schema.js'
import { readText } from '../helpers/sources.js'

/**
 * Options that a page describes: a name in backticks that begins a table row or is a heading. A second-level heading
 * that says "route" begins the route's options; until then they are the plugin's.
 */
export function documentedOptions (markdown: string): { plugin: Map<string, string>, route: Map<string, string> } {
  const found = { plugin: new Map<string, string>(), route: new Map<string, string>() }
  let part: 'plugin' | 'route' = 'plugin'
  for (const line of markdown.split('\n')) {
    if (/^## /.test(line)) part = /route/i.test(line) ? 'route' : 'plugin'
    const name = /^(?:\| *|#{2,5} +)`([A-Za-z][\w.]*)`/.exec(line)?.[1]
    if (name === undefined) continue
    if (found[part].has(name)) throw new Error(`${name} is described twice`)
    found[part].set(name, line)
  }
  return found
}

t.test('the walk and the page reader see what they are for', async t => {
  t.same(optionNames({
    type: 'object',
    properties: { a: { type: 'string' }, b: { anyOf: [{ const: false }, { properties: { c: {}, d: { properties: { e: {} } } } }] } },
  }), ['a', 'b', 'b.c', 'b.d', 'b.d.e'])
  t.same(optionNames({ properties: { a: { expected: 'a client', properties: { b: {} } } } }), ['a'], 'what is handed over as it is')
  t.same([...optionDefaults({ properties: { a: { default: 5 }, b: { anyOf: [{ properties: { c: { default: false } } }] }, d: {} } })], [['a', '5'], ['b.c', 'false']])
  const { plugin, route } = documentedOptions('| `a` | x |\n### `b.c`\nsee `d`\n## Route options\n| `e` |\n## More\n| `f` |')
  t.same([...plugin.keys()], ['a', 'b.c', 'f'])
  t.same([...route.keys()], ['e'])
  t.throws(() => documentedOptions('| `a` |\n| `a` |'), /twice/)
})

for (const [part, schema] of [['plugin', optionsSchema], ['route', routeOptionsSchema]] as const) {
  t.test(`docs/options.md has every ${part} option with its default, and no other`, async t => {
    const names = optionNames(schema)
    const documented = documentedOptions(readText('docs/options.md'))[part]
    const leaves = names.filter(name => !names.some(other => other.startsWith(`${name}.`)))
    t.ok(names.length > 2)
    t.same(leaves.filter(name => !documented.has(name)), [], 'not in docs/options.md')
    t.same([...documented.keys()].filter(name => !names.includes(name)), [], 'not in the schema')
    for (const [name, value] of optionDefaults(schema)) {
      const line = documented.get(name)
      // A heading's text tells the default elsewhere; a row has it in backticks, thousands with _ as they like.
      if (line?.startsWith('|')) t.ok(line.replaceAll(/(?<=\d)_(?=\d)/g, '').includes(`\`${value}\``), `the row of ${name} has \`${value}\``)
    }
  })
}

t.test('docs/options.md names no default that the schema lacks', async t => {
  const defaults = optionDefaults(optionsSchema)
  for (const [name, line] of documentedOptions(readText('docs/options.md')).plugin) {
    const told = /^\| `[\w.]+` \| `(\d[\d_]*|true|false|)` \|/.exec(line)?.[1]?.replaceAll('_', '')
    if (told !== undefined) t.equal(defaults.get(name), told, name)
  }
})

t.test('README.md says of the guarded stack what the defaults make it', async t => {
  const defaults = optionDefaults(optionsSchema)
  const rows = readText('README.md').split('\n')
  for (const [row, option, told] of [
    ['300 sockets', 'connections.anonymous', (value: number) => `| ${value} |`],
    ['20,000 messages', 'messages.burst', (value: number) => `| ${value} handled`],
    ['hook that never settles', 'authTimeout', (value: number) => `after ${value / 1000} s`],
    ['stops reading', 'messages.sendBuffer', (value: number) => `above ${value / 1024 ** 2} MiB`],
  ] as const) {
    const line = rows.find(one => one.startsWith('|') && one.includes(row)) ?? ''
    t.ok(line.includes(told(Number(defaults.get(option)))), `${option}: ${line}`)
  }
})
