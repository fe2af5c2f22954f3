import type { FastifyInstance, FastifyRequest } from 'fastify'
import { expectAssignable, expectError, expectType } from 'tsd'
import { tokenAuth } from '../../dist/esm/lib/index.js'
import type { AnyIdentity, AuthStrategy, GuardedSocket, Identity } from '../../dist/esm/lib/index.js'
import { ticker } from './contracts.js'

interface User extends AnyIdentity { readonly displayName?: string }

// As applications do it, through the package's entry.
declare module '../../dist/esm/lib/index.js' {
  interface Register { identity: User }
}

declare const app: FastifyInstance
declare const request: FastifyRequest
declare const users: AuthStrategy<{ id: number, admin: boolean }>

// The plugin's strategy: the augmented Identity.
app.wsRoute(ticker, {
  authorize: ({ identity }) => identity.displayName !== undefined,
  onOpen (socket) { expectType<string | undefined>(socket.identity.displayName) },
})
expectType<string | undefined>(request.wsIdentity?.displayName)
expectType<Identity | null>(request.wsIdentity)

// A strategy of the route's own: what it returns.
app.wsRoute(ticker, {
  auth: users,
  authorize ({ identity }) {
    expectType<{ id: number, admin: boolean }>(identity)
    return identity.admin
  },
  onOpen (socket) { expectType<boolean>(socket.identity.admin) },
  onClose (socket, code) {
    expectType<number>(code)
    expectError(socket.identity.displayName)
  },
})

// A public route has nobody.
app.wsRoute(ticker, {
  public: true,
  authorize ({ identity, params }) {
    expectType<null>(identity)
    return params.room === undefined
  },
  onOpen (socket) { expectType<null>(socket.identity) },
})
app.wsRoute(ticker, { public: false, onOpen (socket) { expectType<Identity>(socket.identity) } })
declare const sometimes: boolean
app.wsRoute(ticker, { public: sometimes, onOpen (socket) { expectType<Identity | null>(socket.identity) } })
expectError(app.wsRoute(ticker, { public: 'yes' }))
expectError(app.wsRoute(ticker, { auth: { name: 'x' } }))

// What an identity of the application's lacks is handed to no handler, also where it comes with a row of a table.
declare const row: { readonly id: number, readonly displayName: string, readonly passwordHash: string }
declare const member: { readonly id: number, readonly displayName: string, readonly roles: string[] }
app.wsGuard.refresh(member)
app.wsGuard.refresh({ id: 1, displayName: 'Ada' })
expectError(app.wsGuard.refresh(row))
expectError(app.wsGuard.refresh({ ...row, roles: [] }))
expectError(app.wsGuard.refresh({ id: 1, rolse: [] }))
app.wsGuard.refresh(1, identity => ({ ...identity, displayName: 'Ada' }))
app.wsGuard.refresh(1, identity => identity.displayName === undefined ? null : member)
expectError(app.wsGuard.refresh(1, () => row))
expectError(app.wsGuard.refresh(1, identity => ({ ...identity, passwordHash: '' })))

// What verify of a token returns: a whole user, or claims with all that a user needs.
interface Member extends AnyIdentity { readonly name: string }
declare const payload: { readonly sub?: string, readonly exp?: number, readonly [claim: string]: unknown }
const asMember = (strategy: AuthStrategy<Member>): void => { void strategy }
asMember(tokenAuth({ verify: () => ({ id: 1, name: 'Ada', expires: 1 }) }))
asMember(tokenAuth({ verify: () => ({ sub: 'ada', name: 'Ada', exp: 1 }) }))
asMember(tokenAuth({ verify: async () => ({ ...payload, name: 'Ada' }) }))
expectError(asMember(tokenAuth({ verify: () => ({ sub: 'ada', exp: 1 }) })))
expectError(asMember(tokenAuth({ verify: async () => payload })))
expectError(tokenAuth<Member>({ verify: () => ({ sub: 'ada', exp: 1 }) }))
const anybody: AuthStrategy<AnyIdentity> = tokenAuth({ verify: async () => payload })
void anybody
asMember(tokenAuth({ verify: token => token === 'x' ? { id: 1, name: 'Ada', expires: 1 } : { sub: 'ada', name: 'Ada', exp: 1 } }))

// Plain routes.
app.get('/plain', { websocket: true, wsGuard: { public: true } }, (webSocket, { wsIdentity }) => {
  webSocket.send('x')
  expectType<Identity | null>(wsIdentity)
})
app.get<{ Params: { room: string } }>('/plain/:room', { websocket: true, wsGuard: { auth: users } }, (webSocket, { params }) => { webSocket.send(params.room) })
expectError(app.get('/plain', { websocket: true, wsGuard: { publik: true } }, () => {}))

expectAssignable<Identity>({ id: 1 })
declare const socket: GuardedSocket<typeof ticker>
expectType<Identity>(socket.identity)
