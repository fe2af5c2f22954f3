import type { FastifyInstance } from 'fastify'
import { findMember, type Member } from './accounts.js'
import { chat } from './chat.contract.js'
import { findRoom, listRooms } from './rooms.js'

/** Who has a socket in this room. Somebody with two tabs is there once. */
function peopleIn (app: FastifyInstance, room: string): Member[] {
  return app.wsGuard.route(chat).group(room).members().map(({ id }) => findMember(String(id))!)
}

/** Tells every room who is there. After a member has got or lost a role. */
export function showPeople (app: FastifyInstance): void {
  for (const { id } of listRooms()) app.wsGuard.route(chat).group(id).send.people(peopleIn(app, id))
}

/** The WebSocket of a room: who may enter, and what happens with each message of the contract. */
export function chatRoute (app: FastifyInstance): void {
  app.wsRoute<typeof chat, Member>(chat, {
    // Asked again when a member's roles change: false closes the socket.
    authorize: ({ identity, params }) => findRoom(params.room)?.admits(identity) === true,
    onOpen (socket) {
      const { identity, params: { room } } = socket
      const isNew = !peopleIn(app, room).some(({ id }) => id === identity.id)
      if (isNew) socket.group(room).send.joined(identity)
      socket.join(room)
      socket.send.people(peopleIn(app, room))
    },
    onClose (socket) {
      const { identity, params: { room } } = socket
      const isGone = !peopleIn(app, room).some(({ id }) => id === identity.id)
      if (isGone) socket.group(room).send.left(identity)
    },
    on: {
      say ({ text }, socket) {
        const { identity, params: { room } } = socket
        socket.group(room).send.said(findRoom(room)!.add(identity, text))
      },
      // Whether the member has the role that the contract names was asked before.
      remove ({ id }, socket) {
        const { room } = socket.params
        if (findRoom(room)!.remove(id)) socket.group(room).send.removed({ id })
      },
    },
    calls: {
      history: ({ limit }, socket) => findRoom(socket.params.room)!.last(limit),
    },
  })
}
