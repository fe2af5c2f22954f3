// What does the heartbeat cost? CPU of a server with many idle sockets that answer their pings, beside one that pings nobody.
// `npm run build`, then: node bench/heartbeat.js [sockets] [interval in milliseconds]
import { fileURLToPath } from 'node:url'
import { needOpenFiles } from './lib/open-files.js'
import { startLoad, startServer } from './lib/process.js'
import { table } from './lib/stats.js'

const count = Number(process.argv[2] ?? 10_000)
const interval = Number(process.argv[3] ?? 25_000)
const path = name => fileURLToPath(new URL(name, import.meta.url))
const pause = ms => new Promise(resolve => { setTimeout(resolve, ms) })

needOpenFiles(count)

const rows = []
for (const [name, beat] of [[`every ${interval / 1000} s`, interval], ['never', 2_147_483_647]]) {
  const server = await startServer(path('idle-server.js'), ['guarded', String(beat)], { execArgv: ['--expose-gc'] })
  const response = await fetch(`http://127.0.0.1:${server.port}/login`, { method: 'POST' })
  const load = startLoad(path('idle-load.js'), { port: server.port, cookie: response.headers.get('set-cookie').split(';')[0], count })
  await Promise.race([load.ready, load.result])
  // The first look comes within one interval and only sets a timer of the kernel's; the first ping within the next.
  await pause(interval * 2)
  const before = await server.usage()
  await pause(interval)
  const after = await server.usage()
  load.go()
  const { open, pings } = await load.result
  await server.stop()
  const share = (after.cpu - before.cpu) / (interval * 1000)
  rows.push([name, open, pings, `${(share * 100).toFixed(2)} %`, `${((after.user - before.user) / interval / 10).toFixed(2)} %`])
}
console.log(`node ${process.version}, ${count} idle sockets`)
table(['pings', 'open at the end', 'pings in all', 'of a core', 'outside the kernel'], rows)
