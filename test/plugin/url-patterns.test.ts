import t from 'tap'
import { UrlPatterns } from '../../lib/plugin/url-patterns.js'

t.test('exact, or everything under it; the first that fits counts', async t => {
  const patterns = new UrlPatterns(['/yjs/*', '/ws', '/w*', '/never'])
  const rows: [path: string, pattern: string | null][] = [
    ['/yjs/room', '/yjs/*'], ['/yjs/', '/yjs/*'], ['/yjs', null], ['/ws', '/ws'], ['/ws?token=/yjs/', '/ws'], ['/wsx', '/w*'], ['/WS', null], ['', null],
  ]
  for (const [path, pattern] of rows) t.equal(patterns.find(path), pattern, path)
  t.same(patterns.unused(), ['/never'])
})
