// What does a broadcast to 1000 sockets cost, alone and ten at once? Group senders against a loop of ws.send of a text that was
// encoded once; server CPU (all of it, and without the kernel's share) and the time until every socket has it. `npm run build`, then:
// node bench/broadcast.js [rounds] [broadcasts per run] [receivers]
import { fileURLToPath } from 'node:url'
import { startLoad, startServer } from './lib/process.js'
import { ratios, spread, table } from './lib/stats.js'

const rounds = Number(process.argv[2] ?? 5)
const broadcasts = Number(process.argv[3] ?? 100)
const receivers = Number(process.argv[4] ?? 1000)
const path = name => fileURLToPath(new URL(name, import.meta.url))
const KINDS = ['guarded', 'bare']

const servers = {}
for (const kind of KINDS) servers[kind] = await startServer(path('broadcast-server.js'), [kind])
console.log(`node ${process.version}, ${receivers} receivers, ${rounds} rounds of ${broadcasts} broadcasts each; min / median / max, microseconds per broadcast`)
const rows = []
const quotients = []
for (const burst of [1, 10]) {
  const times = { guarded: [], bare: [] }
  const costs = { guarded: [], bare: [] }
  const users = { guarded: [], bare: [] }
  for (let round = -1; round < rounds; round++) {
    for (const kind of KINDS) {
      const load = startLoad(path('broadcast-load.js'), { port: servers[kind].port, receivers, burst, times: broadcasts / burst })
      await Promise.race([load.ready, load.result])
      const before = await servers[kind].usage()
      load.go()
      const { micros } = await load.result
      const after = await servers[kind].usage()
      if (round < 0) continue
      times[kind].push(micros / broadcasts)
      costs[kind].push((after.cpu - before.cpu) / broadcasts)
      users[kind].push((after.user - before.user) / broadcasts)
    }
  }
  const name = burst === 1 ? 'one by one' : `${burst} at once`
  for (const kind of KINDS) rows.push([`${kind}, ${name}`, spread(times[kind], 0), spread(costs[kind], 0), spread(users[kind], 0)])
  quotients.push([`bare : guarded, ${name}`, spread(ratios(times.bare, times.guarded)), spread(ratios(costs.bare, costs.guarded)), spread(ratios(users.bare, users.guarded))])
}
table(['case', 'until all have it', 'server CPU', 'of it outside the kernel'], rows)
table(['ratio', 'until all have it', 'server CPU', 'of it outside the kernel'], quotients)
for (const server of Object.values(servers)) await server.stop()
