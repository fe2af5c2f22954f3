// One server for bench/handshake.js: `bare` or `guarded`, both with a session in memory.
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import { announce } from './lib/process.js'

const kind = process.argv[2]
const app = Fastify()
await app.register(cookie)
const options = { secret: 's'.repeat(40), saveUninitialized: false, cookie: { secure: false, sameSite: 'lax' } }
if (kind === 'guarded') {
  const { default: guard, sessionAuth } = await import('../dist/esm/lib/index.js')
  await app.register(guard, {
    development: true,
    allowedHosts: ['bench.test', 'localhost', '127.0.0.1'],
    origins: ['https://bench.test'],
    auth: sessionAuth(current => current.user ?? null),
    // On, as in production, but never reached: what is measured is its cost.
    upgradeRate: { max: 1_000_000_000, timeWindow: 60_000 },
    connections: { perAddress: 100_000, perIdentity: 100_000, total: 100_000 },
  })
} else {
  await app.register(websocket)
}
await app.register(session, options)
app.post('/login', (request, reply) => {
  request.session.user = { id: 'alice' }
  reply.send('ok')
})
const handler = socket => { socket.on('message', data => { socket.send(data) }) }
app.get('/ws', { websocket: true }, handler)
await app.listen({ port: 0, host: '127.0.0.1' })
announce(app.server.address().port)
