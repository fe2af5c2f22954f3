// What does the worst message cost? For each schema kind and text policy: nanoseconds per byte of the worst legal and the worst refused
// message that we know of, through all that a socket does with it (UTF-8, depth scan, JSON.parse, forbidden keys, accept, explain).
// Then: how long another client waits while one socket sends its worst at its full allowance (200 at once, then 100 per second).
// `npm run build`, then: node bench/worst.js [rounds] [seconds per kind, 0 for none] [kinds, with commas]
import { fileURLToPath } from 'node:url'
import sanitizeHtml from 'sanitize-html'
import { compileContract } from '../dist/esm/lib/contract/compile.js'
import { sanitizeHtmlAdapter } from '../dist/esm/lib/html.js'
import { KINDS } from './lib/worst-kinds.js'
import { runLoad, startServer } from './lib/process.js'
import { spread, table } from './lib/stats.js'

const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 4)
const names = process.argv[4]?.split(';') ?? Object.keys(KINDS)
const path = name => fileURLToPath(new URL(name, import.meta.url))
const REFUSED = Symbol.for('fastify-ws-guard.refused')
const htmlAdapter = sanitizeHtmlAdapter(sanitizeHtml)

/** What a socket does with a frame. True when a handler would get it. */
function judge (contract, bytes) {
  const frame = bytes.toString()
  if (contract.scan(frame) !== null) return false
  const message = JSON.parse(frame)
  const plain = contract.isPlain(frame)
  if (contract.mayHoldForbiddenKey(frame, plain) && contract.hasForbiddenKey(message)) return false
  const { accept, explain } = contract.inbound.get(message.type)
  if (accept(message.data, plain) !== REFUSED) return true
  explain(message.data)
  return false
}

const nanoseconds = run => {
  const started = process.hrtime.bigint()
  run()
  return Number(process.hrtime.bigint() - started)
}

const rows = []
const worst = []
for (const name of names) {
  const { schema, values } = KINDS[name]
  const contract = compileContract({ name: 'bench', url: '/ws', inbound: { m: schema } }, { htmlAdapter })
  const found = { legal: null, refused: null }
  for (const value of values) {
    const bytes = Buffer.from(JSON.stringify({ type: 'm', data: value }))
    const kind = judge(contract, bytes) ? 'legal' : 'refused'
    for (let i = 0; i < 3; i++) judge(contract, bytes)
    const times = Array.from({ length: rounds }, () => nanoseconds(() => judge(contract, bytes)))
    const perByte = times.map(time => time / bytes.length)
    const least = Math.min(...perByte)
    if (found[kind] === null || least > found[kind].least) found[kind] = { least, perByte, bytes, time: Math.min(...times) }
  }
  const cells = ['legal', 'refused'].flatMap(kind => found[kind] === null ? ['-', '-', '-'] : [spread(found[kind].perByte, 0), found[kind].bytes.length, (found[kind].time / 1e6).toFixed(2)])
  rows.push([name, ...cells])
  if (found.legal !== null) worst.push({ name, ...found.legal })
  if (process.env['BENCH_SHOW'] !== undefined) for (const kind of ['legal', 'refused']) console.log(`${name}, ${kind}: ${found[kind]?.bytes.toString().slice(0, 60)}`)
}
console.log(`node ${process.version}, ${rounds} rounds; min / median / max`)
table(['kind', 'legal, ns/byte', 'bytes', 'ms', 'refused, ns/byte', 'bytes', 'ms'], rows)

if (seconds > 0) {
  worst.sort((a, b) => b.time - a.time)
  const waits = []
  for (const { name, bytes } of [null, ...worst.slice(0, 6)].map(item => item ?? { name: 'nobody sends', bytes: null })) {
    const kind = bytes === null ? names[0] : name
    const server = await startServer(path('worst-server.js'), [kind])
    const { p50, p99, max, handled } = await runLoad(path('worst-load.js'), { port: server.port, frame: bytes?.toString() ?? null, seconds })
    await server.stop()
    waits.push([name, bytes?.length ?? 0, handled, p50.toFixed(2), p99.toFixed(2), max.toFixed(2)])
  }
  console.log(`\nanother client's round trip in milliseconds, ${seconds} s each`)
  table(['one socket sends', 'bytes', 'messages', 'p50', 'p99', 'max'], waits)
}
