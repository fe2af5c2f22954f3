import type { FastifyInstance, FastifyRequest } from 'fastify'
import { expectError, expectType } from 'tsd'
import type {} from '../../dist/esm/types/fastify.js'
import type { Identity } from '../../dist/esm/types/gate.js'
import type { GroupKey, GuardedSocket } from '../../dist/esm/types/socket.js'
import { chat, ticker } from './contracts.js'

declare const app: FastifyInstance
declare const said: { from: string, text: string }
const calls = { history: () => [said], ping: () => null }

interface State { typing: boolean, readonly since: number }

// What `state` returns is the type of `socket.state`.
const rooms = app.wsRoute(chat, {
  state: (): State => ({ typing: false, since: 0 }),
  onOpen (socket, request) {
    expectType<State>(socket.state)
    expectType<FastifyRequest>(request)
  },
  onClose: socket => { expectType<State>(socket.state) },
  mayJoin ({ identity, key, socket }) {
    expectType<Identity>(identity)
    expectType<GroupKey>(key)
    expectType<State>(socket.state)
    return true
  },
  on: {
    say (_data, socket) {
      expectType<State>(socket.state)
      socket.state.typing = true
      expectType<boolean>(socket.join('room'))
      socket.group('room').except(socket).send.said(said)
      expectType<Identity[]>(socket.group('room').members())
      expectType<number>(socket.group('room').evict({ identity: 7 }))
      expectError(socket.group('room').except(socket).send.say({ text: 'x' }))
      expectError(socket.group('room').evict({ identity: null }))
    },
    kick: { authorize: (_data, socket) => socket.state.typing, handle: () => {} },
  },
  calls: { history: (_data, socket) => { expectType<State>(socket.state); return [said] }, ping: () => null },
})
expectType<GuardedSocket<typeof chat, Identity, State>[]>(rooms.sockets())

app.wsRoute(chat, { state: () => ({ n: 1 }), on: { say: (_data, socket) => { expectType<number>(socket.state.n) }, kick: () => {} }, calls })

// Without it there is none to look into.
app.wsRoute(chat, { on: { say: (_data, socket) => { expectType<unknown>(socket.state) }, kick: () => {} }, calls })

// On a public route nobody is told apart.
app.wsRoute(ticker, {
  public: true,
  state: () => ({ n: 1 }),
  mayJoin: ({ identity, socket }) => identity === null && socket.state.n > 0,
  onOpen: socket => { expectType<{ n: number }>(socket.state) },
})

// A promise is no verdict.
expectError(app.wsRoute(ticker, { mayJoin: async () => true }))

// A handle by its contract, and a group that several contracts share.
expectType<boolean>(app.wsGuard.route(chat).sockets()[0]!.send.said(said))
const feed = { name: 'feed', url: '/feed', outbound: { said: chat.outbound.said, tick: ticker.outbound.tick } } as const
const both = app.wsGuard.group(['room', 1], [chat, feed])
expectType<number>(both.send.said(said))
expectError(both.send.said({ from: 'x' }))
expectError(both.send.tick({ price: 1 }))
expectError(both.send.left({ who: 'x' }))
