// Handshakes per second: the guarded route against a bare @fastify/websocket route with the same session, accepted and
// refused, in turn within one run. Usage: node bench/handshake.js [rounds] [milliseconds per run]
import { fileURLToPath } from 'node:url'
import { runLoad, startServer } from './lib/process.js'
import { ratios, spread, table } from './lib/stats.js'

const rounds = Number(process.argv[2] ?? 7)
const duration = Number(process.argv[3] ?? 1500)
const path = name => fileURLToPath(new URL(name, import.meta.url))

const servers = { bare: await startServer(path('handshake-server.js'), ['bare']), guarded: await startServer(path('handshake-server.js'), ['guarded']) }
const cookies = {}
for (const [kind, { port }] of Object.entries(servers)) {
  const response = await fetch(`http://127.0.0.1:${port}/login`, { method: 'POST' })
  cookies[kind] = response.headers.get('set-cookie').split(';')[0]
}

const CASES = [
  { name: 'bare, accepted', kind: 'bare', origin: 'https://bench.test', expect: '101' },
  { name: 'guarded, accepted', kind: 'guarded', origin: 'https://bench.test', expect: '101' },
  { name: 'guarded, foreign origin refused', kind: 'guarded', origin: 'https://evil.test', expect: '403' },
]
const rates = new Map(CASES.map(({ name }) => [name, []]))
const costs = new Map(CASES.map(({ name }) => [name, []]))
for (let round = -1; round < rounds; round++) {
  for (const { name, kind, origin, expect } of CASES) {
    const server = servers[kind]
    const before = await server.cpu()
    const { done, wrong, perSecond } = await runLoad(path('handshake-load.js'), { port: server.port, cookie: cookies[kind], origin, concurrency: 32, duration, expect })
    const cpu = await server.cpu() - before
    if (wrong > 0) console.log(`${name}: ${wrong} unexpected answers`)
    // The first round warms up.
    if (round < 0) continue
    rates.get(name).push(perSecond)
    costs.get(name).push(cpu / done)
  }
}
for (const server of Object.values(servers)) await server.stop()

console.log(`node ${process.version}, ${rounds} rounds of ${duration} ms each, 32 at a time; min / median / max`)
table(['case', 'handshakes/s', 'server CPU us each'], CASES.map(({ name }) => [name, spread(rates.get(name), 0), spread(costs.get(name), 1)]))
const [bare, accepted, refused] = CASES.map(({ name }) => rates.get(name))
const [bareCost, acceptedCost, refusedCost] = CASES.map(({ name }) => costs.get(name))
table(['ratio', 'handshakes/s', 'server CPU'], [
  ['accepted / bare', spread(ratios(accepted, bare)), spread(ratios(acceptedCost, bareCost))],
  ['refused / accepted', spread(ratios(refused, accepted)), spread(ratios(refusedCost, acceptedCost))],
])
