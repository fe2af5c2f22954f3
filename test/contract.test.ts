import t from 'tap'
import { dirname, join } from 'node:path/posix'
import { Type } from '@sinclair/typebox'
import * as contract from '../lib/contract.js'
import { readText } from './helpers/sources.js'

t.test('the entry for browsers reaches no server code', async t => {
  const seen = new Set<string>()
  const visit = (file: string): void => {
    if (seen.has(file)) return
    seen.add(file)
    const source = readText(file)
    for (const [, type, from] of source.matchAll(/^(?:import|export)\s+(type\s)?[^'\n]*?from '([^']+)'/gm)) {
      if (type !== undefined) continue
      if (from!.startsWith('.')) visit(join(dirname(file), from!.replace(/\.js$/, '.ts')))
      else t.equal(from, '@sinclair/typebox', `${file} imports ${from!}`)
    }
  }
  visit('lib/contract.ts')
  t.ok(seen.has('lib/contract/define.ts') && seen.has('lib/contract/text/builders.ts'))
  for (const file of seen) t.not(/errors\/coded|compile|tree\/|schema\/|formats/.test(file), true, file)
})

t.test('exports', async t => {
  t.same(Object.keys(contract).sort(), [
    'adaptContract', 'csvCell', 'defineContract', 'escapeHtml', 'html', 'identifier', 'identifierKey', 'jsonForScript', 'line', 'text', 'url',
  ])
  const spec = contract.defineContract({ name: 'a', url: '/', inbound: { say: Type.Object({ text: contract.text({ maxLength: 5 }) }) } })
  const name: 'a' = spec.name
  const sample: typeof spec.inbound.say.static = { text: 'x' }
  t.same([name, sample], ['a', { text: 'x' }], 'types stay exact')
})
