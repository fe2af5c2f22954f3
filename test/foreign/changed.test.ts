import t from 'tap'
import { warnChanged } from '../../lib/foreign/changed.js'

t.test('a warning names the inside, the page and what no longer works', async t => {
  const lines: [object, string][] = []
  warnChanged({ warn: (record: object, message: string) => { lines.push([record, message]) } }, 'trust-proxy', 'nobody is warned')
  t.same(lines, [[
    { code: 'WSG_WARN_FOREIGN_CHANGED', inside: 'trust-proxy' },
    'the inside of another package has changed (docs/foreign.md, trust-proxy): nobody is warned',
  ]])
})
