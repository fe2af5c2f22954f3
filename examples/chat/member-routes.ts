import createError from '@fastify/error'
import { type Static, Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import { isModerator, listMembers, setModerator } from './accounts.js'
import { showPeople } from './chat-route.js'
import { listDevices, logOutOthers } from './devices.js'
import { memberOf } from './login.js'
import { listRooms } from './rooms.js'

const LOG_IN_FIRST = createError('LOG_IN_FIRST', 'Log in first', 401)
const MODERATORS_ONLY = createError('MODERATORS_ONLY', 'Only a moderator may do that', 403)
const NOT_YOURSELF = createError('NOT_YOURSELF', 'Only another moderator may do that', 403)
const NO_SUCH_MEMBER = createError('NO_SUCH_MEMBER', 'There is no such member', 404)

const Role = Type.Object({ isModerator: Type.Boolean() })

/** What the page asks over plain HTTP: who I am, my devices, and who is a moderator. */
export async function memberRoutes (app: FastifyInstance): Promise<void> {
  app.addHook('onRequest', async request => {
    if (memberOf(request) === undefined) throw new LOG_IN_FIRST()
  })

  app.get('/me', async request => ({ ...memberOf(request), rooms: listRooms() }))

  app.get('/devices', async request => await listDevices(request, memberOf(request)!.id))

  app.post('/devices/log-out-others', async request => ({ ended: await logOutOthers(request, memberOf(request)!.id) }))

  app.get('/members', async () => listMembers())

  app.post<{ Params: { id: string }, Body: Static<typeof Role> }>('/members/:id/role', { schema: { body: Role } }, async request => {
    const me = memberOf(request)!
    const { id } = request.params
    if (!isModerator(me)) throw new MODERATORS_ONLY()
    // So that there is always one left.
    if (id === me.id) throw new NOT_YOURSELF()
    const member = setModerator(id, request.body.isModerator)
    if (member === undefined) throw new NO_SUCH_MEMBER()
    // From here on the member's open sockets have the new roles, and are closed in rooms they may no longer be in.
    const sockets = app.wsGuard.refresh(member)
    showPeople(app)
    return { sockets }
  })
}
