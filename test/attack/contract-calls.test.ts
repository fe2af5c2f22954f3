import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import t from 'tap'
import { compileContract } from '../../lib/contract/compile.js'
import { defineContract, text } from '../../lib/contract.js'
import guard from '../../lib/index.js'
import { connect } from '../../lib/testing.js'
import { recordCrashes } from '../helpers/crashes.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { until } from '../helpers/until.js'

const N = Type.Object({ n: Type.Integer() })
const free = { guard: { messages: NO_LIMITS } }

t.test('what one user says is never the reply to another user\'s call', async t => {
  const secret = text({ maxLength: 50 })
  const relaying = (envelope: { readonly data: null, readonly id?: string }) => ({
    name: 'flat',
    url: '/flat',
    envelope,
    inbound: { say: Type.Object({ id: Type.Integer(), secret }) },
    outbound: { said: Type.Object({ id: Type.Integer(), secret: Type.String() }) },
    calls: { key: { request: Type.Object({}), reply: Type.Object({ secret: Type.String() }) } },
  })
  t.throws(() => compileContract(relaying({ data: null })), { code: 'WSG_ERR_CONTRACT', message: /has a key "id" of its own/ })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const contract = defineContract(relaying({ data: null, id: 'ref' }))
  let answer = (): void => {}
  const told = new Promise<void>(resolve => { answer = resolve })
  app.wsRoute(contract, {
    public: true,
    onOpen: socket => { socket.join('all') },
    on: { say (data, socket) { socket.group('all').send.said(data) } },
    calls: { key: async () => { await told; return { secret: 'the real one' } } },
  })
  const [victim, attacker] = [await connect(app, contract), await connect(app, contract)]
  const reply = victim.calls.key({})
  for (const id of [0, 1, 2, 3]) attacker.send.say({ id, secret: 'forged' })
  for (const id of [0, 1, 2, 3]) t.same(await victim.next.said(), { id, secret: 'forged' }, 'is what it is')
  answer()
  t.same(await reply, { secret: 'the real one' })
})

t.test('H01 whatever a handler throws: one `internal`, and the process and the connection live', async t => {
  const seen = recordCrashes(t)
  const boom = (): never => { throw new Error('boom') }
  const thrown: readonly unknown[] = [undefined, null, 0, 'text', Symbol('s'), Object.create(null), { then: boom }, new Proxy({}, { get: boom, getPrototypeOf: boom, ownKeys: boom }), Object.defineProperty(new Error('x'), 'message', { get: boom })]
  const contract = defineContract({
    name: 'throws',
    url: '/test',
    inbound: { sync: N, rejects: N, thenable: N, getter: N, late: N },
    calls: { sync2: { request: N, reply: Type.Integer() }, any: { request: N, reply: Type.Integer() }, ping: { request: N, reply: Type.Integer() } },
  })
  const closed: unknown[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        sync: boom,
        rejects: async () => boom(),
        thenable: () => ({ then: boom }),
        getter: () => ({ get then (): unknown { return boom() } }),
        late: async () => { await new Promise(resolve => setTimeout(resolve, 20)); boom() },
      },
      calls: { sync2: boom, any: async ({ n }) => { throw thrown[n] }, ping: ({ n }) => n },
      onClose: (_socket, code) => { closed.push(code); boom() },
    })
  }, free)
  const client = await server.open()
  const types = ['sync', 'rejects', 'thenable', 'getter', 'late', 'sync2']
  client.json(...types.map((type, n) => ({ type, id: type, data: { n } })), ...thrown.map((_, n) => ({ type: 'any', id: n, data: { n } })))
  const replies = await client.waitMessages(types.length + thrown.length)
  for (const id of [...types, ...thrown.keys()]) t.same(replies.filter(reply => reply.id === id), [{ id, error: { code: 'internal', message: 'Internal error' } }], `${id}: once`)
  client.json({ type: 'ping', id: 'p', data: { n: 1 } })
  t.same(await client.waitMessage(reply => reply.id === 'p'), { id: 'p', data: 1 }, 'the connection is kept')
  t.ok(server.stack.log.where('event', 'ws.handler.error').length >= types.length, 'each kind has its line')
  client.client.destroy()
  await until(() => closed.length === 1)
  await new Promise(resolve => setTimeout(resolve, 30))
  t.same(seen, [])
  t.ok(await server.answers())
})

t.test('H02 a handler that never settles: its deadline, its signal, its slot', async t => {
  let running = 0
  let aborted = 0
  const contract = defineContract({
    name: 'hangs',
    url: '/test',
    inbound: { hang: { payload: N, deadline: 100 } },
    calls: { hung: { request: N, reply: Type.Null(), deadline: 100 }, late: { request: N, reply: Type.Integer(), deadline: 50 }, ping: { request: N, reply: Type.Integer() } },
  })
  const hang = (_data: unknown, _socket: unknown, { signal }: { signal: AbortSignal }): Promise<null> => {
    running++
    signal.addEventListener('abort', () => { aborted++ })
    return new Promise(() => {})
  }
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { on: { hang }, calls: { hung: hang, late: async ({ n }) => { await new Promise(resolve => setTimeout(resolve, 150)); return n }, ping: ({ n }) => n } })
  }, { guard: { messages: { ...NO_LIMITS, inFlight: 4 } } })
  const client = await server.open()
  client.json(...Array.from({ length: 6 }, (_, n) => ({ type: n % 2 === 0 ? 'hang' : 'hung', id: n, data: { n } })), { type: 'ping', id: 'p', data: { n: 1 } })
  await until(() => running === 4)
  t.same(client.messages(), [], 'the rest waits')
  t.same(await client.waitMessage(reply => reply.id === 'p'), { id: 'p', data: 1 })
  await until(() => aborted === 6)
  t.same((await client.waitMessages(7)).filter(reply => reply.error?.code === 'timeout').map(reply => reply.id).sort(), [0, 1, 2, 3, 4, 5])
  client.json({ type: 'late', id: 'late', data: { n: 1 } })
  await client.waitMessage(reply => reply.id === 'late')
  await new Promise(resolve => setTimeout(resolve, 150))
  t.same(client.messages().filter(reply => reply.id === 'late').map(reply => reply.error?.code), ['timeout'], 'a late result is dropped')

  // Handlers that ignore their deadline are bounded as well: four times the cap.
  client.json(...Array.from({ length: 30 }, (_, n) => ({ type: 'hung', id: `more${n}`, data: { n } })))
  const stopped = await client.waitMessage(reply => reply.error?.code === 'too_many_calls')
  t.match(stopped.id, /^more/)
  t.ok(running <= 16 + 4, `${running} run`)
  t.ok(await server.answers())
})

t.test('H03 replies and messages that can\'t be written: `internal`, and no part of them', async t => {
  const seen = recordCrashes(t)
  const boom = (): never => { throw new Error('boom') }
  const circle: { list: unknown[] } = { list: [] }
  circle.list.push(circle)
  const bad: readonly unknown[] = [{ get list () { return boom() } }, { list: [1n] }, circle, { list: ['text'] }, { list: [1, undefined] }, { list: [NaN] }, { list: [{ toJSON: boom }] },
    null, undefined, 7, [], { list: { length: 1 } }, new Proxy({}, { get: boom, ownKeys: boom, getOwnPropertyDescriptor: boom }), { list: new Array(5) }, () => {}]
  const Out = Type.Object({ list: Type.Array(Type.Integer()) })
  const contract = defineContract({ name: 'unwritable', url: '/test', inbound: { send: N, broadcast: N }, outbound: { out: Out }, calls: { get: { request: N, reply: Out }, later: { request: N, reply: Out } } })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      onOpen: socket => { socket.join('all') },
      on: { send: ({ n }, socket) => { socket.send.out(bad[n] as never) }, broadcast: ({ n }, socket) => { socket.group('all').send.out(bad[n] as never) } },
      calls: { get: ({ n }) => bad[n] as never, later: async ({ n }) => bad[n] as never },
    })
  }, free)
  const client = await server.open()
  const bystander = await server.open()
  const types = ['send', 'broadcast', 'get', 'later']
  client.json(...bad.flatMap((_, n) => types.map(type => ({ type, id: `${type}${n}`, data: { n } }))))
  const replies = await client.waitMessages(types.length * bad.length)
  for (const [n] of bad.entries()) for (const type of types) t.same(replies.filter(reply => reply.id === `${type}${n}`), [{ id: `${type}${n}`, error: { code: 'internal', message: 'Internal error' } }], `${type} ${n}`)
  t.equal(replies.length, types.length * bad.length)
  t.same(bystander.messages(), [])
  await new Promise(resolve => setTimeout(resolve, 20))
  t.same(seen, [])
  t.ok(await server.answers())
})

t.test('H04 ids: any that is valid comes back as it was; one under way is not taken again', async t => {
  let open: (() => void)[] = []
  const contract = defineContract({ name: 'ids', url: '/test', calls: { wait: { request: N, reply: Type.Integer() }, ping: { request: N, reply: Type.Integer() } } })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { calls: { wait: async ({ n }) => { await new Promise<void>(resolve => { open.push(resolve) }); return n }, ping: ({ n }) => n } })
  }, free)
  const client = await server.open()
  const good = ['__proto__', 'constructor', 'toString', 'then', '1', ' ', '\u2028', '"', '\\', '</script>', '😀'.repeat(32), 'x'.repeat(64), '\ud800', 0, -1, 1, 2 ** 53 - 1, 1 - 2 ** 53]
  client.json(...good.map(id => ({ type: 'wait', id, data: { n: 1 } })))
  await until(() => open.length === good.length)
  client.json(...good.map(id => ({ type: 'wait', id, data: { n: 2 } })))
  t.same((await client.waitMessages(good.length)).map(reply => [reply.id, reply.error?.code]), good.map(id => [id, 'duplicate_id']))
  for (const resolve of open.splice(0)) resolve()
  t.same((await client.waitMessages(2 * good.length)).slice(good.length), good.map(id => ({ id, data: 1 })), 'the first one goes on')
  client.json({ type: 'ping', id: '__proto__', data: { n: 3 } })
  t.same((await client.waitMessages(2 * good.length + 1)).at(-1), { id: '__proto__', data: 3 }, 'free again')

  const from = client.messages().length
  const bad = ['""', `"${'x'.repeat(65)}"`, 'null', 'true', '[]', '["a"]', '{}', '1.5', '9007199254740992', '1e999', '"x".concat']
  for (const id of bad) client.client.send(Buffer.concat([Buffer.from([0x81, 0xfe, 0, 0, 0, 0, 0, 0]), Buffer.from(`{"type":"ping","data":{"n":1},"id":${id}}`)]).map((byte, at, all) => at === 2 ? (all.length - 8) >> 8 : at === 3 ? (all.length - 8) & 255 : byte))
  const replies = (await client.waitMessages(from + bad.length)).slice(from)
  t.same(replies.map(reply => [reply.type, reply.error?.code]), bad.map(id => ['$error', id.includes('concat') ? 'invalid_json' : 'invalid_message']))
  client.json({ type: 'ping', data: { n: 1 } })
  t.match((await client.waitMessages(from + bad.length + 1)).at(-1), { type: '$error', error: { code: 'invalid_message' } }, 'none at all')

  open = []
  const colliding = await contractStack(t, app => { app.wsRoute(contract, { calls: { wait: async () => await new Promise<number>(() => {}), ping: ({ n }) => n } }) })
  const rude = await colliding.open()
  rude.json(...Array.from({ length: 10 }, () => ({ type: 'wait', id: 1, data: { n: 1 } })))
  t.same(await rude.waitClose(), { code: 4409, reason: 'duplicate_id' })
  t.ok(await server.answers())
})

t.test('H05 H06 ids are a connection\'s own: neither replies nor cancels cross', async t => {
  const waiting = new Map<string, () => void>()
  const aborted: string[] = []
  const contract = defineContract({ name: 'own', url: '/test', calls: { wait: { request: Type.Object({ who: Type.String({ maxLength: 9 }) }), reply: Type.String() } } })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      calls: {
        wait: async ({ who }, _socket, { signal }) => {
          signal.addEventListener('abort', () => { aborted.push(who) })
          await new Promise<void>(resolve => { waiting.set(who, resolve) })
          return `for ${who}`
        }
      }
    })
  })
  const ann = await server.open()
  const bob = await server.open()
  for (const [client, who] of [[ann, 'ann'], [bob, 'bob']] as const) client.json(...[1, '1'].map(id => ({ type: 'wait', id, data: { who: `${who}${typeof id}` } })))
  await until(() => waiting.size === 4)
  bob.json({ type: '$cancel', id: 2 }, { type: '$cancel', id: '1' })
  t.same(await bob.waitMessages(1), [{ id: '1', error: { code: 'cancelled', message: 'Cancelled' } }])
  t.same(aborted, ['bobstring'], 'only bob\'s, and only the one with a text')
  for (const who of ['bobnumber', 'annstring', 'bobstring', 'annnumber']) waiting.get(who)!()
  t.same(await ann.waitMessages(2), [{ id: '1', data: 'for annstring' }, { id: 1, data: 'for annnumber' }])
  t.same((await bob.waitMessages(2))[1], { id: 1, data: 'for bobnumber' })
  ann.json({ type: '$cancel', id: 1 })
  await new Promise(resolve => setTimeout(resolve, 30))
  t.equal(ann.messages().length, 2, 'nothing is left to cancel')
  ann.json({ type: 'wait', id: 'gone', data: { who: 'ann' } })
  await until(() => waiting.has('ann'))
  ann.client.destroy()
  await until(() => aborted.includes('ann'))
  t.equal(bob.messages().length, 2)
  t.ok(await server.answers())
})
