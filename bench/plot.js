// Draws a run of messages.js as docs/images/benchmark.svg. node bench/plot.js [the run's file, default bench/results/messages.json]
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { line, picture, rect, text } from '../scripts/svg.js'
import { median } from './lib/stats.js'

const LABELS = {
  guarded: 'fastify-ws-guard',
  bare: '@fastify/websocket, checks by hand',
  trpc: 'tRPC, ws adapter',
  socketio: 'Socket.IO, websocket only',
  'guarded on Bun': 'fastify-ws-guard on Bun',
  'elysia on Bun': 'Elysia on Bun',
  'elysia + response on Bun': 'Elysia on Bun, response schema',
}
const SHAPES = { pipelined: 'many messages at once', 'ping-pong': 'one message, then its answer' }
const [LEFT, WIDTH, ROW] = [292, 470, 30]

/** The next round number above, for the end of the axis. */
function axisEnd (value) {
  const unit = 10 ** Math.floor(Math.log10(value))
  return [1, 2, 3, 4, 5, 6, 8, 10].map(factor => factor * unit).find(end => end >= value)
}

/** One shape's bars: the median, and a line from the least to the most. */
function bars (shape, top) {
  const end = axisEnd(Math.max(...shape.servers.flatMap(({ cpu }) => cpu)))
  const x = value => Math.round(LEFT + value / end * WIDTH)
  const bottom = top + 30 + shape.servers.length * ROW
  return [
    text(24, top + 14, SHAPES[shape.name] ?? shape.name, 'b'),
    text(LEFT, top + 14, `${shape.connections} connections, ${shape.depth} in flight on each`, 's soft'),
    [0, 1, 2, 3, 4].map(quarter => [
      `<line class="grid" x1="${x(end * quarter / 4)}" x2="${x(end * quarter / 4)}" y1="${top + 26}" y2="${bottom}"/>`,
      text(x(end * quarter / 4), bottom + 16, `${end * quarter / 4}`, 's soft mid'),
    ]),
    shape.servers.map(({ name, cpu }, index) => {
      const y = top + 30 + index * ROW
      const middle = y + 11
      return [
        text(LEFT - 10, y + 16, LABELS[name] ?? name, name.startsWith('guarded') ? 'b end' : 'end'),
        rect(LEFT, y, x(median(cpu)) - LEFT, 22, name.startsWith('guarded') ? 'mine' : 'bar'),
        line([x(Math.min(...cpu)), middle], [x(Math.max(...cpu)), middle]),
        text(x(Math.max(...cpu)) + 8, y + 16, median(cpu).toFixed(1), 'b'),
      ]
    }),
  ]
}

/** The picture of a run. */
export function plot (run) {
  const tops = []
  let height = 84
  for (const shape of run.shapes) {
    tops.push(height)
    height += 30 + shape.servers.length * ROW + 44
  }
  const told = run.shapes.map(shape => `${SHAPES[shape.name] ?? shape.name}: ${shape.servers.map(({ name, cpu }) => `${LABELS[name] ?? name} ${median(cpu).toFixed(1)}`).join(', ')}`)
  return picture({
    width: 840,
    height: height + 18,
    title: 'What a message costs the server',
    description: `Microseconds of CPU for a message in and one out; less is better. ${told.join('. ')}.`,
  }, [
    text(24, 34, 'What a message costs the server', 't'),
    text(24, 58, 'Microseconds of CPU for one message in and one out. Less is better. Bar: median; line: least to most.', 's soft'),
    run.shapes.map((shape, index) => bars(shape, tops[index])),
    text(24, height + 4, `${run.date}, Node ${run.node.slice(1)}, ${run.rounds} rounds of ${run.duration} ms in turn. node bench/messages.js, node bench/plot.js`, 's soft'),
  ])
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const file = process.argv[2] ?? fileURLToPath(new URL('results/messages.json', import.meta.url))
  writeFileSync(fileURLToPath(new URL('../docs/images/benchmark.svg', import.meta.url)), plot(JSON.parse(readFileSync(file, 'utf8'))))
}
