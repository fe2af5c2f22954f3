// The server of bench/worst.js: a route whose message `m` is of the given kind, and one that echoes.
import Fastify from 'fastify'
import { Type } from '@sinclair/typebox'
import sanitizeHtml from 'sanitize-html'
import guard from '../dist/esm/lib/index.js'
import { sanitizeHtmlAdapter } from '../dist/esm/lib/html.js'
import { announce } from './lib/process.js'
import { KINDS } from './lib/worst-kinds.js'

const { schema } = KINDS[process.argv[2]]
const app = Fastify()
await app.register(guard, {
  allowedHosts: ['bench.test'],
  development: true,
  origins: ['https://bench.test'],
  htmlAdapter: sanitizeHtmlAdapter(sanitizeHtml),
})
let handled = 0
app.wsRoute({ name: 'worst', url: '/worst', inbound: { m: schema } }, { public: true, on: { m () { handled++ } } })
app.wsRoute(
  { name: 'echo', url: '/echo', inbound: { ping: { payload: Type.Object({ n: Type.Integer() }), cost: 0.1 } }, outbound: { pong: Type.Object({ n: Type.Integer() }) } },
  { public: true, on: { ping ({ n }, socket) { socket.send.pong({ n }) } } }
)
app.get('/handled', () => ({ handled }))
await app.listen({ port: 0, host: '127.0.0.1' })
announce(app.server.address().port)
