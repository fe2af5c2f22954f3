import rateLimit from '@fastify/rate-limit'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { findMember, logIn, type Member } from './accounts.js'
import { addDevice } from './devices.js'
import { readPage } from './pages.js'

declare module 'fastify' {
  interface Session {
    /** Id of the member who is logged in. */
    member?: string
  }
}

const Credentials = Type.Object({ name: Type.String({ maxLength: 64 }), password: Type.String({ maxLength: 128 }) })

/** Who is logged in with this request's cookie. */
export function memberOf ({ session }: FastifyRequest): Member | undefined {
  return findMember(session.member)
}

/** The login page, and the two routes that begin and end a session. Its sockets end with it. */
export async function loginRoutes (app: FastifyInstance): Promise<void> {
  await app.register(rateLimit, { global: false })
  const limit = app.createRateLimit({ max: 20, timeWindow: 60_000 })
  const page = readPage('login.html')

  const show = (reply: FastifyReply, status: number, message?: string): FastifyReply => {
    const html = message === undefined ? page : page.replace('role="alert" hidden>', `role="alert">${message}`)
    return reply.code(status).type('text/html; charset=utf-8').send(html)
  }

  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string', bodyLimit: 4096 }, async (_request: unknown, body: string) =>
    Object.fromEntries(new URLSearchParams(body)))

  app.get<{ Querystring: { ended?: string } }>('/login', async (request, reply) => {
    if (memberOf(request) !== undefined) return reply.redirect('/', 303)
    return show(reply, 200, request.query.ended === undefined ? undefined : 'You were logged out, here or on another device.')
  })

  app.post<{ Body: Static<typeof Credentials> }>('/login', { schema: { body: Credentials } }, async (request, reply) => {
    const attempts = await limit(request)
    if (!attempts.isAllowed && attempts.isExceeded) return show(reply, 429, 'Too many attempts. Wait a minute and try again.')
    const member = await logIn(request.body.name, request.body.password)
    if (member === null) return show(reply, 401, 'That name and password do not belong together.')
    // A new id: whoever planted the old one in this browser (session fixation) does not get the session with it.
    await request.session.regenerate()
    request.session.member = member.id
    addDevice(request, member.id)
    return reply.redirect('/', 303)
  })

  app.post('/logout', async (request, reply) => {
    await request.session.destroy()
    return reply.clearCookie('chat', { path: '/' }).redirect('/login', 303)
  })
}
