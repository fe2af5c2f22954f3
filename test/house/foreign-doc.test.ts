import t from 'tap'
import { readText, readTree } from '../helpers/sources.js'

/** How the room says that an inside has changed, what several of its files look with, and what they are compared with. */
const TOOLS = new Set([
  'lib/foreign/changed.ts', 'lib/foreign/frames.ts', 'lib/foreign/instance-symbol.ts', 'lib/foreign/memory-handshake.ts', 'lib/foreign/session-probe.ts',
])

t.test('docs/foreign.md has a section for each file of lib/foreign, and for no other', async t => {
  const files = [...readTree(['lib/foreign'], '.ts').keys()].filter(path => !TOOLS.has(path)).map(path => path.slice('lib/foreign/'.length, -'.ts'.length))
  const page = readText('docs/foreign.md')
  const sections = [...page.matchAll(/^### `([a-z-]+)`$/gm)].map(([, name]) => name ?? '')
  t.ok(files.length > 5)
  t.same(sections.sort(), files.sort())
  for (const section of page.split(/^### /m).slice(1)) t.match(section, /Self-check/, section.split('\n', 1)[0] ?? '')
})

t.test('what warnings call an inside is the name of a file, and each file that probes one warns or is told of', async t => {
  const sources = readTree(['lib/foreign'], '.ts')
  const own = /warnChanged\([\w.]+, '([a-z-]+)'/g
  for (const [path, text] of sources) {
    if (TOOLS.has(path)) continue
    for (const [, inside] of text.matchAll(own)) t.ok(sources.has(`lib/foreign/${inside ?? ''}.ts`), `${path} warns of ${inside ?? ''}`)
  }
  // Those without the call fail the boot themselves, warn with a code of their own, or use what is documented.
  const silent = [...sources].filter(([path, text]) => !TOOLS.has(path) && !text.includes('warnChanged(')).map(([path]) => path)
  t.same(silent.sort(), ['lib/foreign/guarded-socket.ts', 'lib/foreign/inject-ws.ts', 'lib/foreign/root-instance.ts', 'lib/foreign/ws-internals.ts'])
})
