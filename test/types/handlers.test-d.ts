import type { FastifyInstance } from 'fastify'
import { expectAssignable, expectError, expectNotAssignable, expectType } from 'tsd'
import type {} from '../../dist/esm/types/fastify.js'
import type { Identity } from '../../dist/esm/types/gate.js'
import type { WsRouteHandlers } from '../../dist/esm/types/route.js'
import type { GuardedSocket, MessageContext } from '../../dist/esm/types/socket.js'
import { chat, ticker, type StubContract } from './contracts.js'

declare const app: FastifyInstance
declare const said: { from: string, text: string }

// Payloads, params, query, replies and errors are inferred; nothing is annotated.
app.wsRoute(chat, {
  authorize ({ identity, params, query }) {
    expectType<Identity>(identity)
    expectType<{ room: string }>(params)
    expectType<{ since?: number }>(query)
    return params.room !== 'closed'
  },
  onOpen (socket) {
    expectType<GuardedSocket<typeof chat, Identity>>(socket)
    socket.send.left({ who: 'x' })
  },
  on: {
    say (data, socket, context) {
      expectType<{ text: string }>(data)
      expectType<{ room: string }>(socket.params)
      expectType<number | undefined>(socket.query.since)
      expectType<Identity>(socket.identity)
      expectType<MessageContext>(context)
      expectType<boolean>(socket.send.said({ from: 'x', text: data.text }))
      expectType<number>(socket.group(['room', 1]).send.said({ from: 'x', text: data.text }))
    },
    // A handler that is authorized per message.
    kick: {
      authorize: ({ user }, socket) => user !== socket.identity.id,
      async handle (data) { expectType<{ user: string }>(data) },
    },
  },
  calls: {
    async history ({ limit }, _socket, { fail, signal }) {
      expectType<number>(limit)
      expectType<AbortSignal>(signal)
      if (limit > 100) throw fail.too_far({ oldest: 1 })
      expectError(fail.too_far({ oldest: 'x' }))
      expectError(fail.missing({}))
      return [said]
    },
    ping: () => null,
  },
})

// A sender's result may be returned: what a message handler returns is ignored.
expectAssignable<WsRouteHandlers<typeof chat>['on']>({ say: (_data, socket) => socket.send.said(said), kick: () => {} })

// What can't be written.
declare const calls: WsRouteHandlers<typeof chat>['calls']
declare const on: WsRouteHandlers<typeof chat>['on']
expectAssignable<WsRouteHandlers<typeof chat>>({ on, calls })
expectError(app.wsRoute(chat, { calls })) // no handlers
expectError(app.wsRoute(chat, { on })) // no call handlers
expectError(app.wsRoute(chat, { on: { kick () {} }, calls })) // a missing one
expectError(app.wsRoute(chat, { on: { ...on, sya () {} }, calls })) // one too many
expectError(app.wsRoute(chat, { on: { sya () {}, kick () {} }, calls })) // a misspelt one
expectError(app.wsRoute(chat, { on, calls: { history: () => [said] } })) // a forgotten call
expectError(app.wsRoute(chat, { on, calls: { history: () => [{ from: 1, text: '' }], ping: () => null } })) // a wrong reply
expectError(app.wsRoute(chat, { on, calls: { async history () {}, ping: () => null } })) // a forgotten reply
expectError(app.wsRoute(chat, { on: { say (data: { text: number }) { return data }, kick () {} }, calls })) // a wrong payload
expectError(app.wsRoute(chat, { on, calls, onopen () {} })) // a misspelt option
expectError(app.wsRoute({ name: 'x' }, {})) // no contract

// What is not declared can't be sent.
declare const socket: GuardedSocket<typeof chat>
expectError(socket.send.said({ from: 'x', text: 'y', passwordHash: 'z' }))
expectError(socket.send.said({ from: 'x' }))
expectError(socket.send.shouted({ from: 'x' }))
expectError(socket.send.say({ text: 'x' })) // inbound only
expectError(socket.group('x').send.left({ who: 1 }))
expectError(socket.params.lobby)

// A contract without inbound messages or calls needs no handlers and takes none.
app.wsRoute(ticker, {})
app.wsRoute(ticker, {
  onOpen (socket) {
    expectType<Readonly<Record<string, string>>>(socket.params)
    expectType<Readonly<Record<string, unknown>>>(socket.query)
    socket.send.tick({ price: 1 })
  },
})
expectError(app.wsRoute(ticker, { on: { say () {} } }))
expectError(app.wsRoute(ticker, { calls: { history () {} } }))

// Generated stubs fit as contracts do, optional parts included.
declare const stub: StubContract
app.wsRoute(stub, {
  on: { hello: (data, socket) => { expectType<{ name: string }>(data); socket.send.hi({ to: data.name }) } },
  calls: { sum: numbers => { expectType<number[]>(numbers); return numbers.length } },
})
expectError(app.wsRoute(stub, { calls: { sum: () => 1 } }))
expectError(app.wsRoute(stub, { on: { hello () {} }, calls: { sum: () => 'x' } }))

// Any contract's socket can be handed to code that sends nothing.
expectAssignable<{ readonly id: string, close: () => void }>(socket)
expectNotAssignable<GuardedSocket<typeof ticker>>(socket)

// A variable or a spread is held to the same keys as a literal.
const whole = { on, calls }
app.wsRoute(chat, whole)
app.wsRoute(chat, { ...whole, logLevel: 'warn' })
const misspelt = { on, calls, authorise: () => false }
expectError(app.wsRoute(chat, misspelt))
expectError(app.wsRoute(chat, { ...misspelt }))
expectError(app.wsRoute(chat, { ...misspelt, logLevel: 'warn' }))
const sya = { ...on, sya () {} }
expectError(app.wsRoute(chat, { on: sya, calls }))
expectError(app.wsRoute(chat, { on: { ...sya }, calls }))
const variable = { on: sya, calls }
expectError(app.wsRoute(chat, variable))
const guardedTwice = { say () {}, kick: { authorize: () => true, handle () {}, roles: ['admin'] } }
expectError(app.wsRoute(chat, { on: guardedTwice, calls }))
const tooMany = { history: () => [said], ping: () => null, pong: () => null }
expectError(app.wsRoute(chat, { on, calls: tooMany }))
const inbond = { onopen () {} }
expectError(app.wsRoute(ticker, inbond))
app.wsRoute(ticker, { messages: { rate: 5 }, logLevel: 'warn', constraints: { host: 'x' }, onRequest: async () => {} })
expectError(app.wsRoute(ticker, { schema: {} }))

app.wsPolicy({ public: true, maxPayload: 1000 })
const publik = { publik: true, origins: ['https://x.example'] }
expectError(app.wsPolicy(publik))
expectError(app.wsPolicy({ ...publik }))
