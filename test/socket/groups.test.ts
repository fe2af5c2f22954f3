import t from 'tap'
import { Groups, encodeGroupKey } from '../../lib/socket/groups.js'
import type { GroupKey } from '../../types/socket.js'
import { OPCODES } from '../helpers/frames.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { NO_RATE, socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

interface Api {
  readonly identity: { readonly id: string }
  join (key: GroupKey): void
  leave (key: GroupKey): void
  group (key: GroupKey): { readonly size: number, readonly send: object }
}
const senders = (part: { readonly send: object }): { said: (data: unknown) => number, bytes: (data: unknown) => number } => part.send as never
const ANY = { accept: anyPayload }

t.test('H11 keys that look alike are different groups', async t => {
  const keys: GroupKey[] = [
    'a:b', ['a', 'b'], ['a:b'], ['a', 'b:c'], ['a:b', 'c'], ['a', 'b', 'c'], 'a', ['a'], 'A', '["a"]', '=a', ['=a'],
    [1], ['1'], '1', [1, 2], [12], 'é', 'e\u0301', '*', 'a:*', 'a\u0000', ['a', ''], ['', 'a'], [''],
  ]
  t.equal(new Set(keys.map(encodeGroupKey)).size, keys.length)
  t.equal(encodeGroupKey(['a', 1]), encodeGroupKey(['a', 1]))
})

t.test('H11 keys that are no keys', async t => {
  for (const key of ['', [], [NaN], [Infinity], [null], [['a']], [{}], null, undefined, 1, {}, 'x'.repeat(512), ['x'.repeat(600)]]) {
    t.throws(() => encodeGroupKey(key as GroupKey), { code: 'WSG_ERR_SOCKET_ARGUMENT' }, JSON.stringify(key))
  }
})

t.test('H14 names of Object.prototype are names like others', async t => {
  const groups = new Groups<string>()
  const names = Object.getOwnPropertyNames(Object.prototype)
  for (const name of names) {
    t.equal(groups.of(encodeGroupKey(name)).size, 0)
    groups.join(encodeGroupKey(name), name)
    t.same([...groups.of(encodeGroupKey(name))], [name])
  }
  t.equal(groups.size, names.length)
  for (const name of names) groups.leaveAll(name)
  t.equal(groups.size, 0)
})

t.test('membership', async t => {
  const groups = new Groups<object>()
  const [one, two] = [{}, {}]
  const A = encodeGroupKey('a')
  groups.join(A, one)
  groups.join(A, one)
  groups.join(A, two)
  t.equal(groups.of(A).size, 2)
  groups.leave(A, one)
  groups.leave(A, one)
  groups.leave('=b', one)
  t.same([...groups.of(A)].length, 1)
  groups.leave(A, two)
  t.equal(groups.size, 0, 'empty groups vanish')
  for (let n = 0; n < 1024; n++) groups.join(encodeGroupKey(['n', n]), one)
  t.throws(() => { groups.join('=more', one) }, { code: 'WSG_ERR_SOCKET_ARGUMENT' })
  groups.join(encodeGroupKey(['n', 0]), one)
  groups.leaveAll(one)
  t.equal(groups.size, 0)
})

t.test('H11 H12 H14 a broadcast reaches who is in the group at that moment', async t => {
  const server = await socketServer(t, {
    inbound: { join: ANY, leave: ANY, shout: ANY },
    outbound: ['said'],
    binaryOutbound: ['bytes'],
    limits: NO_RATE,
    handlers: {
      on: {
        join: ({ key }: { key: GroupKey }, socket: Api) => { socket.join(key) },
        leave: ({ key }: { key: GroupKey }, socket: Api) => { socket.leave(key) },
        shout: ({ key, text }: { key: GroupKey, text: string }, socket: Api) => {
          const group = socket.group(key)
          senders(group).said({ from: socket.identity.id, text, reached: group.size })
        },
      },
    },
  })
  const [ann, bob, eve] = [await server.open({ path: '/?id=__proto__' }), await server.open({ path: '/?id=constructor' }), await server.open({ path: '/?id=eve' })]
  for (const client of [ann, bob]) client.json({ type: 'join', data: { key: ['tenant', 'a:b'] } })
  eve.json({ type: 'join', data: { key: ['tenant:a', 'b'] } }, { type: 'join', data: { key: '__proto__' } })
  for (const [n, client] of [ann, bob, eve].entries()) {
    client.json({ type: 'ping', id: n, data: { text: '' } })
    await client.waitMessages(1)
  }
  ann.json({ type: 'shout', data: { key: ['tenant', 'a:b'], text: 'hi 👋' } })
  const expected = { type: 'said', data: { from: '__proto__', text: 'hi 👋', reached: 2 } }
  t.same((await bob.waitMessages(2))[1], expected)
  t.same((await ann.waitMessages(2))[1], expected)

  // After the leave nothing more comes, however many broadcasts are under way.
  for (let n = 0; n < 200; n++) ann.json({ type: 'shout', data: { key: ['tenant', 'a:b'], text: String(n) } })
  bob.json({ type: 'leave', data: { key: ['tenant', 'a:b'] } }, { type: 'ping', id: 'left', data: { text: '' } })
  await bob.waitMessage(message => message.id === 'left')
  ann.json({ type: 'shout', data: { key: ['tenant', 'a:b'], text: 'secret' } })
  await ann.waitMessage(message => (message.data as { text?: string }).text === 'secret')
  bob.json({ type: 'ping', id: 'end', data: { text: '' } })
  await bob.waitMessage(message => message.id === 'end')
  const after = bob.messages().map(message => message.id)
  t.same(after.slice(after.indexOf('left')), ['left', 'end'])
  t.equal(eve.messages().length, 1)

  t.equal(senders(server.route.group(['tenant', 'a:b'])).bytes(Buffer.of(0, 255)), 1)
  t.same([...(await ann.waitFrame(OPCODES.binary)).payload], [0, 255])
  t.equal(senders(server.route.group('nobody')).said({ text: 'x' }), 0)
  t.throws(() => senders(server.route.group('nobody')).bytes('text'), { code: 'WSG_ERR_OUTBOUND_INVALID' })
  t.throws(() => senders(server.route.group(['tenant', 'a:b'])).said(undefined), { code: 'WSG_ERR_OUTBOUND_INVALID' })

  for (const client of [ann, bob, eve]) client.client.destroy()
  await until(() => server.registry.size === 0)
  t.equal(server.route.groups.size, 0, 'closed sockets leave nothing behind')
  t.ok(await server.answers())
})

t.test('a large broadcast is framed once: members share its bytes', async t => {
  let encoded = 0
  const server = await socketServer(t, { outbound: ['said'], handlers: { onOpen: (socket: Api) => { socket.join('all') } } })
  const clients = [await server.open(), await server.open(), await server.open()]
  const data = { get text () { encoded++; return 'ä'.repeat(50_000) } }
  t.equal(senders(server.route.group('all')).said(data), 3)
  for (const client of clients) t.equal((await client.waitMessages(1))[0]?.type, 'said')
  t.equal(encoded, 1)
})

t.test('a key keeps the types of its parts: 7 and \'7\' are two groups', async t => {
  const server = await socketServer(t, { outbound: ['said'], handlers: { onOpen: (socket: Api) => { socket.join(['user', 7]) } } })
  await server.open()
  t.equal(server.route.group(['user', 7]).size, 1)
  t.equal(server.route.group(['user', '7']).size, 0)
  t.equal(server.route.group(['user', '7']).close(), 0)
  for (const id of [7, '7']) {
    t.throws(() => server.route.group(['user', id]).close(1005), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /close: expected a code of 1000-1003, .*got 1005/ }, 'with a member and without')
    t.throws(() => server.route.group(['user', id]).close(1000, 'x'.repeat(124)), { code: 'WSG_ERR_SOCKET_ARGUMENT', message: /close: expected a reason/ })
  }
  t.equal(server.route.group(['user', 7]).close(), 1)
})

t.test('H07 nothing is left after many connections', async t => {
  const server = await socketServer(t, { calls: { wait: ANY }, handlers: { onOpen: (socket: Api) => { socket.join(['r', socket.identity.id]); socket.join('all') }, calls: { wait: () => new Promise(() => {}) } } })
  for (let round = 0; round < 20; round++) {
    const clients = await Promise.all(Array.from({ length: 10 }, (_, n) => server.open({ path: `/?id=${round}-${n}` })))
    for (const client of clients) client.json({ type: 'wait', id: 1, data: {} })
    await Promise.all(clients.map(async (client, n) => { if (n % 2 === 0) client.client.reset(); else client.client.end() }))
  }
  await until(() => server.registry.size === 0)
  t.equal(server.route.groups.size, 0)
  t.equal(server.sockets.every(socket => socket.running === 0), true)
  t.equal(server.events('opened').length, 200)
  t.equal(server.events('closed').length, 200)
  t.ok(await server.answers())
})
