// The server of bench/logout.js: each socket has a session of its own, in memory, and one can log out.
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import guard, { sessionAuth } from '../dist/esm/lib/index.js'
import { defineContract } from '../dist/esm/lib/contract.js'
import { announce } from './lib/process.js'
import { addSession, registerSessions } from './lib/sessions.js'

const sessions = new Map()

const app = Fastify()
await registerSessions(app, sessions)
await app.register(guard, {
  development: true,
  allowedHosts: ['bench.test'],
  origins: ['https://bench.test'],
  auth: sessionAuth(current => current.user ?? null),
  upgradeRate: false,
  connections: { perAddress: 100_000, total: 100_000 },
})
app.wsRoute(defineContract({ name: 'bench', url: '/ws', inbound: { say: Type.Object({ n: Type.Integer() }) } }), { on: { say () {} } })
app.post('/logout', async request => { await request.session.destroy() })
app.post('/end', async () => app.wsGuard.revoke({ where: () => true }))

// What a login would leave behind, without waiting for ten thousand of them.
for (let n = 0; n < Number(process.argv[2]); n++) addSession(sessions, n, { id: n })
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })
announce(app.server.address().port)
