import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import guard, { sessionAuth } from '../../lib/index.js'
import type { Identity } from '../../types/gate.js'
import { SECRET, sessionCookie } from '../helpers/bare.js'
import { openRaw } from '../helpers/raw-client.js'

// @fastify/session's own store keeps objects, not text: what it is asked for is what the handshake read, and who changes that in
// place changes both.

const contract = defineContract({ name: 'memory', url: '/memory', outbound: { said: Type.Object({}) } })

interface User extends Identity { readonly id: string, roles: string[] }

t.test('a user that is changed in place in a store of objects is another one when the session is saved', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cookie)
  await app.register(session, { secret: SECRET, saveUninitialized: false, cookie: { secure: false, sameSite: 'lax' } })
  await app.register(guard, { development: true, auth: sessionAuth(stored => (Reflect.get(stored, 'user') as User | undefined) ?? null) })
  let asked = 0
  const route = app.wsRoute(contract, {
    authorize: ({ identity }) => { asked++; return identity.roles?.includes('member') === true },
    mayJoin: ({ identity }) => identity.roles?.includes('admin') === true,
    onOpen (socket) { socket.join('admins') },
  })
  app.get('/login', async request => { Object.assign(request.session, { user: { id: 'ada', roles: ['admin', 'member'] } }); return {} })
  app.get<{ Params: { role: string } }>('/lose/:role', async ({ session, params }) => {
    const user = Reflect.get(session, 'user') as User
    user.roles.splice(user.roles.indexOf(params.role), 1)
    return {}
  })
  app.get('/same', async () => ({}))
  const { port } = new URL(await app.listen({ port: 0, host: '127.0.0.1' }))
  const headers = { cookie: await sessionCookie(app, '/login') }
  const client = await openRaw(Number(port), { path: '/memory', cookie: headers.cookie })
  t.equal(route.group('admins').size, 1)
  await app.inject({ url: '/same', headers })
  t.equal(asked, 1, 'nothing is new')
  await app.inject({ url: '/lose/admin', headers })
  t.equal(route.group('admins').size, 0)
  t.equal(asked, 2)
  await app.inject({ url: '/lose/member', headers })
  t.same(await client.waitClose(), { code: 4403, reason: 'forbidden' })
  client.client.destroy()
})
