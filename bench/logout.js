// How long does a socket outlive its login? From the logout's request to the close frame at the client, with many sockets open, each
// with a session of its own; then all of them ended by one call. `npm run build`, then: node bench/logout.js [sockets] [logouts]
import { fileURLToPath } from 'node:url'
import { needOpenFiles } from './lib/open-files.js'
import { runLoad, startServer } from './lib/process.js'
import { table } from './lib/stats.js'

const count = Number(process.argv[2] ?? 10_000)
const logouts = Number(process.argv[3] ?? 500)
const path = name => fileURLToPath(new URL(name, import.meta.url))

needOpenFiles(count)

const server = await startServer(path('logout-server.js'), [String(count)])
const { open, single, all } = await runLoad(path('logout-load.js'), { port: server.port, count, logouts })
await server.stop()

const row = (name, times) => {
  const sorted = times.toSorted((a, b) => a - b)
  const at = share => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))].toFixed(1)
  return [name, times.length, at(0.5), at(0.99), at(1)]
}
console.log(`node ${process.version}, ${open} sockets with a session each; milliseconds to the close frame`)
table(['ended by', 'sockets', 'p50', 'p99', 'max'], [row('a logout each, one after another', single), row('one revoke for all', all)])
