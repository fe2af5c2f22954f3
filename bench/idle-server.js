// One server of bench/idle.js and bench/heartbeat.js: `guarded`, `everything` or `bare`, with a session behind the handshake. Needs
// --expose-gc. The second argument is the heartbeat's interval; the third, of `everything`, the number of sessions that are there.
import Fastify from 'fastify'
import { announce } from './lib/process.js'
import { addSession, registerSessions } from './lib/sessions.js'

const isFull = process.argv[2] === 'everything'
const sessions = new Map()
const app = Fastify(isFull ? { logger: { level: 'debug', stream: { write () {} } } } : {})
await registerSessions(app, sessions)
app.post('/login', (request, reply) => {
  request.session.user = { id: 'alice' }
  reply.send('ok')
})

if (process.argv[2] !== 'bare') {
  const { Type } = await import('@sinclair/typebox')
  const { default: guard, sessionAuth } = await import('../dist/esm/lib/index.js')
  const { defineContract, text } = await import('../dist/esm/lib/contract.js')
  await app.register(guard, {
    development: true,
    allowedHosts: ['bench.test'],
    origins: ['https://bench.test'],
    auth: sessionAuth(current => current.user ?? null),
    upgradeRate: false,
    heartbeat: { interval: Number(process.argv[3] ?? 25_000) },
    connections: { perAddress: 100_000, perIdentity: 100_000, total: 100_000 },
  })
  const contract = defineContract({
    name: 'bench',
    url: '/ws',
    inbound: { say: Type.Object({ text: text({ maxLength: 500 }) }) },
    outbound: { said: Type.Object({ from: Type.String(), text: Type.String() }) },
  })
  const full = {
    authorize: ({ identity }) => identity.id !== 'nobody',
    state: () => ({ seen: 0 }),
    onOpen (socket) {
      socket.join('all')
      socket.state.seen++
    },
    mayJoin: () => true,
  }
  app.wsRoute(contract, { ...(isFull ? full : {}), on: { say ({ text }, socket) { socket.send.said({ from: socket.identity.id, text }) } } })
  const count = isFull ? Number(process.argv[4]) : 0
  for (let n = 0; n < count; n++) addSession(sessions, n, { id: `user-${n}` })
} else {
  const { default: websocket } = await import('@fastify/websocket')
  await app.register(websocket)
  app.get('/ws', { websocket: true }, (socket, request) => {
    const { user } = request.session
    if (user === undefined) {
      socket.close(1008)
      return
    }
    socket.on('error', () => {})
    socket.on('message', raw => {
      const { data } = JSON.parse(raw.toString())
      socket.send(JSON.stringify({ type: 'said', data: { from: user.id, text: data.text } }))
    })
  })
}
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
announce(app.server.address().port, {
  memory () {
    globalThis.gc()
    globalThis.gc()
    const { rss, heapUsed, external } = process.memoryUsage()
    return { rss, heapUsed, external }
  },
})
