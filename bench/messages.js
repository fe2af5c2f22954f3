// What does a guarded message cost? The whole pipeline (session route, contract, sanitizer, rate limit, outbound schema) against
// bare @fastify/websocket with checks by hand, tRPC, Socket.IO, and on Bun against Elysia; in turn within one run.
// `npm run build`, `npm ci` in bench/, then: node bench/messages.js [rounds] [milliseconds per run] [servers, with commas] [file for plot.js]
// BEFORE=folder: another checkout, built as well, whose guarded server is then called `before`.
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { RUNTIMES, startLoad, startServer } from './lib/process.js'
import { ratios, spread, table } from './lib/stats.js'

const rounds = Number(process.argv[2] ?? 7)
const duration = Number(process.argv[3] ?? 1500)
const path = name => fileURLToPath(new URL(name, import.meta.url))

const SHAPES = [
  { name: 'pipelined', connections: 10, depth: 64 },
  { name: 'ping-pong', connections: 64, depth: 1 },
]
const ALL = {
  guarded: { kind: 'guarded', runtime: 'node' },
  ...(process.env.BEFORE === undefined ? {} : { before: { kind: 'guarded', runtime: 'node', script: join(resolve(process.env.BEFORE), 'bench/message-server.js') } }),
  bare: { kind: 'bare', runtime: 'node' },
  trpc: { kind: 'trpc', runtime: 'node' },
  socketio: { kind: 'socketio', runtime: 'node' },
  'guarded on Bun': { kind: 'guarded', runtime: 'bun' },
  'elysia on Bun': { kind: 'elysia', runtime: 'bun' },
  'elysia + response on Bun': { kind: 'elysiaOut', runtime: 'bun' },
}
const COMPARED = [['guarded', 'before'], ['guarded', 'bare'], ['guarded', 'trpc'], ['guarded', 'socketio'], ['guarded on Bun', 'elysia on Bun'], ['guarded on Bun', 'elysia + response on Bun']]

const names = (process.argv[4] ?? '') === '' ? Object.keys(ALL) : process.argv[4].split(',')
const servers = new Map()
for (const name of names) {
  const { kind, runtime, script = path('message-server.js') } = ALL[name]
  const server = await startServer(script, [kind], { runtime: RUNTIMES[runtime]?.() })
  let cookie = null
  if (kind === 'guarded' || kind === 'bare') {
    const response = await fetch(`http://127.0.0.1:${server.port}/login`, { method: 'POST' })
    cookie = response.headers.get('set-cookie').split(';')[0]
  }
  servers.set(name, { server, kind, cookie })
}

const run = { date: new Date().toISOString().slice(0, 10), node: process.version, rounds, duration, shapes: [] }
console.log(`node ${process.version}, ${rounds} rounds of ${duration} ms each; min / median / max`)
for (const shape of SHAPES) {
  const rates = new Map(names.map(name => [name, []]))
  const costs = new Map(names.map(name => [name, []]))
  const loads = new Map(names.map(name => [name, []]))
  // The first round warms up.
  for (let round = -1; round < rounds; round++) {
    for (const [name, { server, kind, cookie }] of servers) {
      const load = startLoad(path('message-load.js'), { port: server.port, kind, cookie, ...shape, warmUp: round < 0 ? 0 : 200, duration })
      await Promise.race([load.ready, load.result])
      const before = await server.cpu()
      load.go()
      const { answered, seconds, cpu } = await load.result
      const used = await server.cpu() - before
      if (round < 0) continue
      rates.get(name).push(answered / seconds)
      costs.get(name).push(used / answered)
      loads.get(name).push(cpu / answered)
    }
  }
  run.shapes.push({ ...shape, servers: names.map(name => ({ name, cpu: costs.get(name), rate: rates.get(name) })) })
  console.log(`\n${shape.name}: ${shape.connections} connections, ${shape.depth} in flight on each`)
  table(['server', 'messages/s', 'server CPU us/message', 'load CPU us/message'],
    names.map(name => [name, spread(rates.get(name), 0), spread(costs.get(name)), spread(loads.get(name))]))
  table(['ratio', 'messages/s, higher is better', 'server CPU, other / guarded'],
    COMPARED.filter(pair => pair.every(name => servers.has(name))).map(([ours, other]) =>
      [`${ours} : ${other}`, spread(ratios(rates.get(ours), rates.get(other))), spread(ratios(costs.get(other), costs.get(ours)))]))
}
for (const { server } of servers.values()) await server.stop()
if (process.argv[5] !== undefined) writeFileSync(process.argv[5], `${JSON.stringify(run, null, 1)}\n`)
