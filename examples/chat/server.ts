// A chat with logins, rooms and presence. Start it with `npm start`, then open the address it prints.
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import guard, { sessionAuth } from 'fastify-ws-guard'
import { findMember, type Member } from './accounts.js'
import { breakInRoutes } from './break-in.js'
import { chatRoute } from './chat-route.js'
import { loginRoutes, memberOf } from './login.js'
import { memberRoutes } from './member-routes.js'
import { readPage, serveClient, serveFiles } from './pages.js'
import { protectWeb } from './web-protection.js'

// In production the guard, the cookie and TLS have to be right before it boots, and nobody is helped to break in.
const development = process.env['NODE_ENV'] !== 'production'
const port = Number(process.env['PORT'] ?? 3000)
const host = process.env['HOST'] ?? '127.0.0.1'
// Written out with their port: in development every loopback page would be let in otherwise, and a browser sends
// this site's cookie to every port of its host.
const names = new Set(['localhost', '127.0.0.1', ...(host === '0.0.0.0' || host.includes(':') ? [] : [host])])
const origins = [...names].map(name => `http://${name}:${port}`)

const app = Fastify({ logger: { level: process.env['LOG_LEVEL'] ?? 'warn' } })

protectWeb(app, origins)
await app.register(cookie)
await app.register(session, {
  // In production: a secret that stays (sessions end with it), a store that is shared and forgets (connect-redis), and
  // cookieName '__Host-chat' with secure: true. The guard does not start with less unless `development` is true.
  secret: process.env['SESSION_SECRET'] ?? randomBytes(32).toString('hex'),
  cookieName: 'chat',
  cookie: { path: '/', httpOnly: true, sameSite: 'lax', secure: false, maxAge: 8 * 3600_000 },
  saveUninitialized: false,
  rolling: false,
})
await app.register(guard, {
  // In production: name your own host, allowedHosts: ['chat.example.com'], and leave `origins` out. They are then
  // derived from it (https only), and TLS is required.
  development,
  allowedHosts: [...names],
  origins,
  // A socket ends with its session: at the logout, at the end of its eight hours, at a new login.
  auth: sessionAuth<Member>(({ member }) => findMember(member)),
})

await app.register(loginRoutes)

chatRoute(app)
await app.register(memberRoutes)
if (development) await app.register(breakInRoutes, { port, host })

const page = readPage('index.html')
serveClient(app)
serveFiles(app)
app.get('/', async (request, reply) => {
  if (memberOf(request) === undefined) return reply.redirect('/login', 303)
  return reply.type('text/html; charset=utf-8').send(page)
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void app.close() })
await app.listen({ port, host })
console.log(`The chat is open at http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`)
