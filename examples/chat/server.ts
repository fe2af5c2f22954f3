// A chat with logins, rooms and presence. Start it with `npm start`, then open the address it prints.
import { randomBytes } from 'node:crypto'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import guard, { sessionAuth } from 'fastify-ws-guard'
import type { Member } from './accounts.js'
import { chat } from './chat.contract.js'
import { loginRoutes } from './login.js'
import { readPage, serveClient, serveFiles } from './pages.js'
import { findRoom, listRooms } from './rooms.js'
import { protectWeb } from './web-protection.js'

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
  // In production: leave `development` out, and name your own host: allowedHosts: ['chat.example.com']. Origins are
  // then derived from it (https only), and TLS is required.
  development: true,
  allowedHosts: [...names],
  origins,
  // A socket ends with its session: at the logout, at the end of its eight hours, at a new login.
  auth: sessionAuth<Member>(({ member }) => member),
})

await app.register(loginRoutes)

app.wsRoute<typeof chat, Member>(chat, {
  authorize: ({ identity, params }) => findRoom(params.room)?.admits(identity.id) === true,
  onOpen (socket) {
    const { id, name } = socket.identity
    const room = findRoom(socket.params.room)!
    if (room.enter({ id, name })) socket.group(socket.params.room).send.joined({ id, name })
    socket.join(socket.params.room)
    socket.send.people(room.people())
  },
  onClose (socket) {
    const { id, name } = socket.identity
    if (findRoom(socket.params.room)!.leave({ id, name })) socket.group(socket.params.room).send.left({ id, name })
  },
  on: {
    say ({ text }, socket) {
      const { id, name } = socket.identity
      socket.group(socket.params.room).send.said(findRoom(socket.params.room)!.add({ id, name }, text))
    },
  },
  calls: {
    history: ({ limit }, socket) => findRoom(socket.params.room)!.last(limit),
  },
})

const page = readPage('index.html')
serveClient(app)
serveFiles(app, ['app.js', 'login.js', 'style.css', 'icon.svg', 'lock.svg'])
app.get('/', async (request, reply) => {
  if (request.session.member === undefined) return reply.redirect('/login', 303)
  return reply.type('text/html; charset=utf-8').send(page)
})
app.get('/me', async (request, reply) => {
  const { member } = request.session
  if (member === undefined) return await reply.code(401).send({ statusCode: 401, error: 'Unauthorized', message: 'Log in first' })
  return { ...member, rooms: listRooms(member.id) }
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => { void app.close() })
await app.listen({ port, host })
console.log(`The chat is open at http://${host === '0.0.0.0' ? 'localhost' : host}:${port}`)
