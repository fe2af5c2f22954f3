import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import type { FastifyInstance } from 'fastify'
import { contractStack } from '../helpers/contract-stack.js'

const said = Type.Object({ text: Type.String() })
const chat = defineContract({ name: 'chat', url: '/test', outbound: { said, typing: said } })
const feed = defineContract({ name: 'feed', url: '/feed', outbound: { said: Type.Object({ text: Type.String({ maxLength: 10 }) }), tick: said } })
const twice = defineContract({ name: 'twice', url: '/twice', outbound: { said } })
const never = defineContract({ name: 'never', url: '/never', outbound: { said } })

t.test('a route is found by its contract; two contracts share a group where both declare the message', async t => {
  let app: FastifyInstance | undefined
  const join = { onOpen: (socket: { join: (key: string) => boolean }) => { socket.join('all') } }
  const server = await contractStack(t, one => {
    app = one
    one.wsRoute(chat, join)
    one.wsRoute(feed, join)
    one.wsRoute(twice, {})
    one.register(async scope => { scope.wsRoute(twice, {}) }, { prefix: '/more' })
  })
  const { wsGuard } = app!
  const clients = [await server.open(), await server.open({ path: '/feed' })]

  const rooms = wsGuard.route(chat)
  t.equal(rooms.contract, 'chat')
  t.equal(rooms.sockets().length, 1)
  t.equal(rooms.group('all').send.said({ text: 'chat only' }), 1)

  const all = wsGuard.group('all', [chat, feed])
  t.equal(all.size, 2)
  t.same(Object.keys(all.send), ['said'])
  t.equal(all.send.said({ text: 'to all' }), 2)
  t.throws(() => all.send.said({ text: 'longer than ten' }), { code: 'WSG_ERR_OUTBOUND_INVALID' })
  t.equal(wsGuard.group('nobody', [chat, feed]).send.said({ text: 'x' }), 0)
  t.equal(wsGuard.group('all', [chat, chat]).send.typing({ text: 'once' }), 1, 'a contract counts once')
  t.equal(all.send.said({ text: 'end' }), 2)
  const texts = await Promise.all(clients.map(async client => {
    await client.waitMessage(({ data }) => (data as { text: string }).text === 'end')
    return client.messages().map(({ data }) => (data as { text: string }).text)
  }))
  t.same(texts, [['chat only', 'to all', 'once', 'end'], ['to all', 'end']], 'what breaks one contract reached nobody')

  const argument = (message: RegExp) => ({ code: 'WSG_ERR_SOCKET_ARGUMENT', message })
  t.throws(() => wsGuard.route(never), argument(/wsGuard.route: expected a contract that app.wsRoute was called with, got an object/))
  t.throws(() => wsGuard.route(undefined as never), argument(/got undefined/))
  t.throws(() => wsGuard.route(twice), argument(/expected a contract of one route, got twice, which 2 routes have; keep what app.wsRoute returns/))
  t.throws(() => wsGuard.group('all', []), argument(/wsGuard.group: expected a list of contracts, got an (empty )?(array|list)/))
  t.throws(() => wsGuard.group('all', [chat, never]), argument(/wsGuard.group: expected a contract/))
  t.throws(() => wsGuard.group('', [chat]), argument(/group key/))
})
