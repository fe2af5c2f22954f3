import rateLimit from '@fastify/rate-limit'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply } from 'fastify'
import { logIn, type Member } from './accounts.js'
import { readPage } from './pages.js'

declare module 'fastify' {
  interface Session {
    member?: Member
  }
}

const Credentials = Type.Object({ name: Type.String({ maxLength: 64 }), password: Type.String({ maxLength: 128 }) })

/** The login page, and the two routes that begin and end a session. Its sockets end with it. */
export async function loginRoutes (app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, { global: false })
  const limit = app.createRateLimit({ max: 20, timeWindow: 60_000 })
  const page = readPage('login.html')

  const refuse = (reply: FastifyReply, status: number, message: string): FastifyReply =>
    reply.code(status).type('text/html; charset=utf-8').send(page.replace('role="alert" hidden>', `role="alert">${message}`))

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 4096 }, async (_request: unknown, body: string) =>
    Object.fromEntries(new URLSearchParams(body)))

  app.get('/login', async (request, reply) => {
    if (request.session.member !== undefined) return reply.redirect('/', 303)
    return reply.type('text/html; charset=utf-8').send(page)
  })

  app.post<{ Body: Static<typeof Credentials> }>('/login', { schema: { body: Credentials } }, async (request, reply) => {
    const attempts = await limit(request)
    if (!attempts.isAllowed && attempts.isExceeded) return refuse(reply, 429, 'Too many attempts. Wait a minute and try again.')
    const member = await logIn(request.body.name, request.body.password)
    if (member === null) return refuse(reply, 401, 'That name and password do not belong together.')
    // A new id: whoever planted the old one in this browser (session fixation) does not get the session with it.
    await request.session.regenerate()
    request.session.member = member
    return reply.redirect('/', 303)
  })

  app.post('/logout', async (request, reply) => {
    await request.session.destroy()
    return reply.clearCookie('chat', { path: '/' }).redirect('/login', 303)
  })
}
