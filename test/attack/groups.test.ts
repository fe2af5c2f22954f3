import { Type } from '@sinclair/typebox'
import t from 'tap'
import type { FastifyInstance } from 'fastify'
import { defineContract } from '../../lib/contract.js'
import type { GroupKey } from '../../types/socket.js'
import { sessionAuth } from '../../lib/index.js'
import { contractStack } from '../helpers/contract-stack.js'
import { randomOf } from '../helpers/random.js'
import { until } from '../helpers/until.js'

const Key = Type.Array(Type.String({ maxLength: 20 }), { minItems: 1, maxItems: 3 })
const Text = Type.Object({ text: Type.String({ maxLength: 40 }) })

const board = defineContract({
  name: 'board',
  url: '/test',
  outbound: { said: Text },
  calls: {
    join: { request: Key, reply: Type.Boolean() },
    leave: { request: Key, reply: Type.Null() },
    say: { request: Type.Object({ key: Key, text: Type.String({ maxLength: 40 }) }), reply: Type.Integer() },
  },
})

interface Member { readonly id: string, readonly tenant: string }
const memberOf = (session: object): Member | null => {
  const { user } = session as { readonly user?: { readonly id: string } }
  return user === undefined ? null : { id: user.id, tenant: user.id.charAt(0) }
}

/** What a tenant's members may be in begins with their tenant, whatever a client asks for. */
async function tenants (t: Parameters<typeof contractStack>[0], onApp: (app: FastifyInstance) => void = () => {}): ReturnType<typeof contractStack> {
  return await contractStack(t, app => {
    onApp(app)
    app.wsRoute<typeof board, Member>(board, {
      mayJoin: ({ identity, key }) => key[0] === identity.tenant,
      calls: {
        join: (key, socket) => socket.join(key as GroupKey),
        leave: (key, socket) => { socket.leave(key as GroupKey); return null },
        // Only who is in a group may speak in it: `join` asks `mayJoin` again and says so.
        say: ({ key, text }, socket) => socket.join(key as GroupKey) ? socket.group(key as GroupKey).send.said({ text }) : 0,
      },
    })
  }, { guard: { auth: sessionAuth(memberOf as never), messages: { rate: 1e6, burst: 1e6 } } })
}

t.test('H08 H09 a group of another tenant is neither joined nor spoken in, however it is spelt', async t => {
  const server = await tenants(t)
  const { stack } = server
  const [ann, bob] = [await server.open({ cookie: await stack.login('a-ann') }), await server.open({ cookie: await stack.login('b-bob') })]
  let id = 0
  const call = async (client: typeof ann, type: string, data: unknown): Promise<unknown> => {
    client.json({ type, id: ++id, data })
    const wanted = id
    return (await client.waitMessage(message => message.id === wanted)).data
  }
  t.equal(await call(bob, 'join', ['b', 'room']), true)
  for (const key of [['b', 'room'], ['b:room'], ['b*'], ['*'], ['__proto__'], ['B', 'room'], ['', 'b', 'room']]) {
    t.equal(await call(ann, 'join', key), false, JSON.stringify(key))
    t.equal(await call(ann, 'say', { key, text: 'hi' }), 0)
  }
  t.equal(await call(ann, 'join', ['a', 'room']), true)
  t.equal(await call(ann, 'say', { key: ['a', 'room'], text: 'hi' }), 1)
  t.equal(bob.messages().filter(({ type }) => type === 'said').length, 0)
  t.ok(await server.answers())
})

t.test('H10 two tenants, thousands of joins, leaves, evictions and messages in any order: no byte of the other one', async t => {
  const { pick } = randomOf(7)
  let app: FastifyInstance | undefined
  const server = await tenants(t, one => { app = one })
  const users = ['a-1', 'a-2', 'b-1', 'b-2']
  const clients = await Promise.all(users.map(async user => await server.open({ cookie: await server.stack.login(user) })))
  const keys = ['a', 'b'].flatMap(tenant => ['x', 'y'].map(room => [tenant, room]))
  let sent = 0
  for (let round = 0; round < 40; round++) {
    for (const [at, client] of clients.entries()) {
      client.json(...Array.from({ length: 25 }, () => {
        const key = pick(keys)
        const type = pick(['join', 'join', 'leave', 'say', 'say', 'say'])
        return { type, id: ++sent, data: type === 'say' ? { key, text: `from ${users[at]}` } : key }
      }))
    }
    app!.wsGuard.route(board).group(pick(keys) as GroupKey).evict({ identity: pick(users) })
  }
  await until(() => clients.every(client => client.messages().filter(({ id }) => id !== undefined).length === 1000))
  let said = 0
  for (const [at, client] of clients.entries()) {
    const texts = client.messages().flatMap(({ type, data }) => type === 'said' ? [(data as { text: string }).text] : [])
    said += texts.length
    t.same(texts.filter(text => !text.startsWith(`from ${users[at]!.charAt(0)}`)), [], `member ${at}`)
  }
  t.ok(said > 500, `${said} messages arrived`)
  t.ok(await server.answers())
})

t.test('H12 between two messages of one loop: who is revoked, evicted, closed or has left gets the former and not the latter', async t => {
  const contract = defineContract({ name: 'loop', url: '/test', outbound: { said: Type.Object({ n: Type.Integer() }) } })
  const joins: boolean[] = []
  let app: FastifyInstance | undefined
  const server = await contractStack(t, one => {
    app = one
    one.wsRoute(contract, {
      onOpen: socket => { socket.join('room') },
      // What is gone is in no group, whatever its handlers ask for.
      onClose: socket => { joins.push(socket.join('room')) },
    })
  }, { guard: { websocket: { closeTimeout: 300 } } })
  const { wsGuard } = app!
  const handle = wsGuard.route(contract)
  const room = handle.group('room')
  const socketOf = (user: string) => handle.sockets().find(({ identity }) => identity.id === user)!
  const ends: Record<string, (user: string) => unknown> = {
    revoked: user => wsGuard.revoke({ identity: user }),
    evicted: user => room.evict({ identity: user }),
    left: user => { socketOf(user).leave('room') },
    closed: user => { socketOf(user).close(4000, 'enough') },
  }
  const stays = await server.open({ cookie: await server.stack.login('bob') })
  for (const [how, end] of Object.entries(ends)) {
    const client = await server.open({ cookie: await server.stack.login(how) })
    const from = stays.messages().length
    for (let n = 0; n < 1000; n++) {
      if (n === 500) end(how)
      t.equal(room.send.said({ n }), n < 500 ? 2 : 1)
    }
    t.same(room.members().map(({ id }) => id), ['bob'])
    await stays.waitMessages(from + 1000)
    await client.waitMessages(500)
    if (how === 'revoked' || how === 'closed') await client.waitClose()
    else socketOf(how).send.said({ n: -1 })
    if (how === 'evicted' || how === 'left') await client.waitMessage(({ data }) => (data as { n: number }).n === -1)
    t.same(client.messages().map(({ data }) => (data as { n: number }).n).filter(n => n >= 0), Array.from({ length: 500 }, (_, n) => n), how)
    client.client.destroy()
  }
  await until(() => joins.length === 4)
  t.same(joins, [false, false, false, false])
  t.equal(room.size, 1)
})
