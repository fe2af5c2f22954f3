import cookie from '@fastify/cookie'
import session from '@fastify/session'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { LogCollector } from './log.js'
import { TestStore } from './store.js'
import type { Teardown } from './teardown.js'

/** fastify + @fastify/websocket + cookie + session without this plugin: to show that an attack works there. */
export interface BareStack {
  readonly app: FastifyInstance
  readonly port: number
  readonly store: TestStore
  readonly log: LogCollector
  /** What routes have done: `open` sockets, `messages` handled, `plain` calls of the HTTP route. */
  readonly counts: { open: number, messages: number, plain: number }
  /** A Cookie header of a session that is logged in as `user`. */
  login (user?: string): Promise<string>
}

/** A session secret for tests. */
export const SECRET = 'a secret of at least thirty-two characters'

/** Listens on a free port with `/ws` and `/rooms/:room` (echo), `/plain`, `/login/:user` and `/logout`; closed with the test. */
export async function bareStack (t: Teardown): Promise<BareStack> {
  const store = new TestStore()
  const log = new LogCollector()
  const counts = { open: 0, messages: 0, plain: 0 }
  const app = Fastify({ logger: { level: 'info', stream: log } })
  await app.register(cookie)
  await app.register(session, { secret: SECRET, store, cookie: { secure: false, sameSite: 'lax' }, saveUninitialized: false })
  await app.register(websocket)
  const echo = (socket: WebSocket): void => {
    counts.open++
    socket.on('close', () => { counts.open-- })
    socket.on('message', (data, isBinary) => {
      counts.messages++
      socket.send(data, { binary: isBinary })
    })
  }
  app.get('/ws', { websocket: true }, echo)
  app.get('/rooms/:room', { websocket: true }, echo)
  app.get('/plain', () => {
    counts.plain++
    return { plain: true }
  })
  app.get<{ Params: { user: string } }>('/login/:user', (request) => {
    Object.assign(request.session, { user: { id: request.params.user } })
    return { user: request.params.user }
  })
  app.post('/logout', async request => {
    await request.session.destroy()
    return {}
  })
  const sockets = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  t.teardown(async () => {
    // The bare stack leaves sockets of some failed upgrades open; close() would wait for them.
    for (const socket of sockets) socket.destroy()
    await app.close()
  })
  return { app, port: Number(new URL(url).port), store, log, counts, login: (user = 'ada') => sessionCookie(app, `/login/${user}`) }
}

/** The Cookie header that a GET of `url` leaves in a browser. */
export async function sessionCookie (app: FastifyInstance, url: string): Promise<string> {
  const response = await app.inject({ url })
  const jar = response.cookies.map(one => `${one.name}=${encodeURIComponent(one.value)}`)
  if (jar.length === 0) throw new Error(`${url} set no cookie: ${response.statusCode}`)
  return jar.join('; ')
}
