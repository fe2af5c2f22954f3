// What does an idle socket weigh? Memory of the server per open socket behind the same session, guarded against bare: heap after
// a collection, memory outside of the heap, resident set. `everything` has sessions of their own, state, a group, hooks and a log. A new server per round. `npm run build`, then:
// node bench/idle.js [rounds] [sockets]
import { fileURLToPath } from 'node:url'
import { needOpenFiles } from './lib/open-files.js'
import { startLoad, startServer } from './lib/process.js'
import { ratios, spread, table } from './lib/stats.js'

const rounds = Number(process.argv[2] ?? 3)
const count = Number(process.argv[3] ?? 10_000)
const path = name => fileURLToPath(new URL(name, import.meta.url))

needOpenFiles(count)

const KINDS = ['guarded', 'everything', 'bare']
const PARTS = ['heapUsed', 'external', 'rss']
const found = Object.fromEntries(KINDS.map(kind => [kind, Object.fromEntries(PARTS.map(part => [part, []]))]))
for (let round = 0; round < rounds; round++) {
  for (const kind of KINDS) {
    const server = await startServer(path('idle-server.js'), [kind, '25000', String(count + 300)], { execArgv: ['--expose-gc'] })
    const response = await fetch(`http://127.0.0.1:${server.port}/login`, { method: 'POST' })
    const cookie = response.headers.get('set-cookie').split(';')[0]
    // The code that a connection runs is compiled before the first figure is taken.
    const hold = async (sockets, from = 0) => {
      const own = kind === 'everything' ? { from } : {}
      const load = startLoad(path('idle-load.js'), { port: server.port, cookie, count: sockets, ...own })
      await Promise.race([load.ready, load.result])
      return load
    }
    const first = await hold(300)
    const before = await server.ask('memory')
    const second = await hold(count, 300)
    const after = await server.ask('memory')
    for (const part of PARTS) found[kind][part].push((after[part] - before[part]) / count)
    for (const load of [second, first]) {
      load.go()
      await load.result
    }
    await server.stop()
  }
}
console.log(`node ${process.version}, ${count} idle sockets, ${rounds} rounds; min / median / max, bytes per socket`)
table(['server', ...PARTS], KINDS.map(kind => [kind, ...PARTS.map(part => spread(found[kind][part], 0))]))
table(['ratio', ...PARTS], ['guarded', 'everything'].map(kind =>
  [`${kind} : bare`, ...PARTS.map(part => spread(ratios(found[kind][part], found.bare[part])))]))
