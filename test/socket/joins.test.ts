import t from 'tap'
import type { FastifyRequest } from 'fastify'
import type { Identity } from '../../types/gate.js'
import type { GroupKey, GuardedSocket, JoinContext } from '../../types/socket.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

const ANY = { accept: anyPayload }
type SendMany = { readonly said: (data: object) => number }
const said = (part: { readonly send: object }): SendMany => part.send as SendMany
const rolesOf = ({ identity }: JoinContext<GuardedSocket>): readonly string[] => (identity as { readonly roles: readonly string[] }).roles

t.test('a group without the one that speaks', async t => {
  const server = await socketServer(t, {
    outbound: ['said'],
    calls: { say: ANY },
    handlers: {
      onOpen: (socket: GuardedSocket) => { socket.join('room') },
      calls: { say: (data: object, socket: GuardedSocket) => said(socket.group('room').except(socket)).said(data) },
    },
  })
  const [ann, bob] = [await server.open(), await server.open({ path: '/?id=bob' })]
  ann.json({ type: 'say', id: 1, data: { text: 'x' } })
  t.same(await bob.waitMessages(1), [{ type: 'said', data: { text: 'x' } }])
  t.same(await ann.waitMessages(1), [{ id: 1, data: 1 }])
  for (const none of [null, undefined, {}, { id: 7 }]) {
    t.throws(() => server.route.group('room').except(none as never), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /except: expected a socket, got / })
  }
})

t.test('who is in a group, and which sockets a route has', async t => {
  const server = await socketServer(t, { handlers: { onOpen: (socket: GuardedSocket) => { socket.join('room') } } })
  for (const id of ['ann', 'ann', 'bob']) await server.open({ path: `/?id=${id}` })
  t.same(server.route.group('room').members().map(({ id }) => id), ['ann', 'bob'], 'each once')
  t.same(server.route.group('other').members(), [])
  t.same(server.route.sockets().map(({ identity }) => identity.id), ['ann', 'ann', 'bob'])
  t.equal(Object.getOwnPropertyNames(server.route.sockets()[0]).length, 0, 'what handlers get')
  server.sockets[2]!.close()
  t.same(server.route.sockets().length, 2, 'open ones')
  t.same(server.route.group('room').members().map(({ id }) => id), ['ann'])
})

t.test('H12 what is sent to a group after an eviction reaches nobody who was evicted', async t => {
  const server = await socketServer(t, {
    outbound: ['said'],
    handlers: { onOpen: (socket: GuardedSocket) => { socket.join('room'); socket.join('lobby') } },
  })
  const [first, second, bob] = [await server.open({ path: '/?id=7' }), await server.open({ path: '/?id=7' }), await server.open({ path: '/?id=bob' })]
  const room = server.route.group('room')
  for (let n = 0; n < 1000; n++) said(room).said({ before: n })
  t.equal(room.evict({ identity: 7 }), 2, 'ids are compared by their text')
  t.equal(said(room).said({ after: true }), 1)
  t.equal(room.evict({ identity: 7 }), 0)
  t.equal(said(server.route.group('lobby')).said({ last: true }), 3, 'they stay open, and where else they are')
  for (const client of [first, second]) {
    await client.waitMessage(({ data }) => 'last' in (data as object))
    t.equal(client.messages().length, 1001)
    t.notOk(client.messages().some(({ data }) => 'after' in (data as object)))
  }
  await bob.waitMessage(({ data }) => 'after' in (data as object))
  for (const whom of [null, 7, {}, { id: 7 }, { identity: null }, { identity: 7, room: 1 }]) {
    t.throws(() => room.evict(whom as never), { code: 'WSG_ERR_SOCKET_ARGUMENT' }, JSON.stringify(whom))
  }
})

t.test('what was held back for a slow reader does not reach it after an eviction or a leave', async t => {
  const server = await socketServer(t, {
    outbound: ['said'],
    whenSlow: { said: { latest: 'id' } },
    limits: { sendBuffer: 1 << 20 },
    handlers: { onOpen: (socket: GuardedSocket) => { for (const key of ['a', 'b', 'c']) socket.join(key) } },
  })
  const client = await server.open()
  client.client.socket.pause()
  const socket = server.sockets[0]!
  for (let id = 0; socket.bufferedAmount < 50_000; id++) {
    said(server.route.group('c')).said({ id, filler: 'x'.repeat(20_000) })
    await new Promise(setImmediate)
  }
  for (const key of ['a', 'b', 'c']) said(server.route.group(key)).said({ id: 'held', key })
  server.route.group('a').evict({ identity: 'ann' })
  socket.leave('b')
  client.client.socket.resume()
  await client.waitMessage(({ data }) => (data as { key?: string }).key === 'c')
  await socket.flushed()
  t.notOk(client.messages().some(({ data }) => ['a', 'b'].includes((data as { key?: string }).key ?? '')))
})

t.test('H08 a route says who may join; only true lets in', async t => {
  const verdicts: unknown[] = []
  const asked: object[] = []
  const server = await socketServer(t, {
    outbound: ['said'],
    calls: { join: ANY },
    handlers: {
      mayJoin: (context: JoinContext<GuardedSocket>) => {
        asked.push(context)
        const verdict = verdicts.shift()
        if (verdict instanceof Error) throw verdict
        return typeof verdict === 'function' ? (verdict as () => unknown)() : verdict
      },
      calls: { join: (key: GroupKey, socket: GuardedSocket) => socket.join(key) },
    },
  })
  const client = await server.open()
  let id = 0
  const join = async (verdict: unknown): Promise<unknown> => {
    verdicts.push(verdict)
    client.json({ type: 'join', id: ++id, data: ['tenant', 'b'] })
    return (await client.waitMessage(message => message.id === id)).data
  }
  t.equal(await join(true), true)
  t.equal(server.route.group(['tenant', 'b']).size, 1)
  t.match(asked[0], { key: ['tenant', 'b'], identity: { id: 'ann' }, socket: { id: '1' } })
  t.equal(await join(false), false)
  t.equal(server.route.group(['tenant', 'b']).size, 0, 'who is refused is out')
  for (const odd of [1, 'yes', undefined, async () => true, async () => { throw new Error('late') }, new Error('thrown')]) {
    t.equal(await join(odd), false, String(odd))
  }
  const failures = server.events('handler:failed').map(({ type, error }) => [type, (error as Error).message])
  t.match(failures, [
    ['mayJoin', /mayJoin: expected true or false, got 1/], ['mayJoin', /got "yes"/], ['mayJoin', /got undefined/],
    ['mayJoin', /got a promise/], ['mayJoin', /got a promise/], ['mayJoin', 'thrown'],
  ])
  t.match(server.events('join:refused'), new Array(7).fill({ group: '["tenant","b"]', connId: '1' }), 'each no is told, and no yes')
  server.sockets[0]!.close()
  t.equal(server.sockets[0]!.join('any'), false, 'closed')
  t.equal(asked.length, 8, 'nobody is asked about a closed one')
})

t.test('a new identity leaves the groups that it may no longer be in', async t => {
  const server = await socketServer(t, {
    handlers: {
      mayJoin: (context: JoinContext<GuardedSocket>) => context.key === 'all' || rolesOf(context).includes((context.key as string[])[1]!),
      onOpen: (socket: GuardedSocket) => { for (const key of ['all', ['role', 'admin'], ['role', 'user']]) socket.join(key) },
    },
  })
  await server.open({ path: '/?id=ann&roles=admin,user' })
  const sizes = (): number[] => ['all', ['role', 'admin'], ['role', 'user']].map(key => server.route.group(key).size)
  t.same(sizes(), [1, 1, 1])
  server.sockets[0]!.assume({ id: 'ann', roles: ['user'] } as Identity)
  t.same(sizes(), [1, 0, 1])
  t.match(server.events('join:refused'), [{ group: '["role","admin"]', identity: 'ann' }])
  server.sockets[0]!.assume({ id: 'ann', roles: ['admin', 'user'] } as Identity)
  t.same(sizes(), [1, 0, 1], 'rights that come back bring nobody back')
})

t.test('each socket has a state of its own, before the first handler and until the last', async t => {
  const seen: unknown[] = []
  const requests: string[] = []
  interface State { n: number }
  const stateOf = (socket: GuardedSocket): State => socket.state as State
  const server = await socketServer(t, {
    calls: { count: ANY },
    handlers: {
      state: () => ({ n: 0 }),
      onOpen: (socket: GuardedSocket, request: FastifyRequest) => { stateOf(socket).n += 10; requests.push(request.url) },
      onClose: (socket: GuardedSocket) => { seen.push(stateOf(socket).n) },
      calls: { count: (_: never, socket: GuardedSocket) => ++stateOf(socket).n },
    },
  })
  const [one, two] = [await server.open(), await server.open({ path: '/?id=bob' })]
  one.json({ type: 'count', id: 1, data: {} }, { type: 'count', id: 2, data: {} })
  two.json({ type: 'count', id: 1, data: {} })
  t.same((await one.waitMessages(2)).map(({ data }) => data), [11, 12])
  t.same((await two.waitMessages(1)).map(({ data }) => data), [11])
  t.same(requests, ['/ws', '/'])
  for (const client of [one, two]) client.client.destroy()
  await until(() => seen.length === 2)
  t.same(seen.sort(), [11, 12])
})

t.test('without `state` there is none, and one that can not be made closes 1011 before anybody sees the socket', async t => {
  const plain = await socketServer(t, { handlers: {} })
  await plain.open()
  t.equal(plain.sockets[0]!.state, undefined)
  for (const [state, message] of [
    [() => { throw new Error('no state') }, /no state/],
    [async () => { throw new Error('late') }, /state: expected a value at once; await in onOpen, got a promise/],
  ] as const) {
    const calls: string[] = []
    const server = await socketServer(t, {
      handlers: { state, onOpen: () => { calls.push('onOpen') }, onClose: () => { calls.push('onClose') } },
    })
    const client = await server.open()
    t.same(await client.waitClose(), { code: 1011, reason: 'internal' })
    client.client.destroy()
    await until(() => server.registry.size === 0)
    t.same(calls, [])
    t.match(server.events('handler:failed'), [{ type: 'state', error: { message } }])
  }
})

t.test('a hook that is no function does not boot', async t => {
  for (const name of ['onOpen', 'onClose', 'state', 'mayJoin']) {
    await t.rejects(socketServer(t, { handlers: { [name]: { n: 1 } } as never }),
      { code: 'WSG_ERR_HANDLER', message: new RegExp(`contract hand: ${name}: expected a function, got an object`) })
  }
})
