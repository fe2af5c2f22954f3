import { Type } from '@sinclair/typebox'
import Fastify, { type FastifyInstance } from 'fastify'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t from 'tap'
import { WebSocket } from 'ws'
import { adaptContract, defineContract, text } from '../../lib/contract.js'
import guard from '../../lib/index.js'
import { attempt, connect } from '../../lib/testing.js'
import type { OpenedEvent } from '../../types/events.js'
import type { Identity } from '../../types/gate.js'
import { Events } from '../../lib/events/events.js'
import { boot } from '../helpers/boot.js'
import { LogCollector } from '../helpers/log.js'
import type { Teardown } from '../helpers/teardown.js'

const url = '/rooms/:room'
const params = Type.Object({ room: Type.String({ maxLength: 9 }) })

/** Two years ago. */
const v1 = defineContract({
  name: 'chat',
  url,
  params,
  inbound: {
    say: Type.Object({ text: Type.String({ maxLength: 20 }) }),
    shout: Type.Object({ loud: Type.String({ maxLength: 9 }) }),
    wave: Type.Object({}),
    mood: { payload: Type.Object({ face: Type.String({ maxLength: 9 }), size: Type.Integer() }), roles: ['nobody'] },
  },
  outbound: {
    said: Type.Object({ text: Type.String({ maxLength: 20 }) }),
    joined: Type.Object({ who: Type.String() }),
    left: Type.Object({}),
  },
  calls: {
    history: {
      request: Type.Object({ limit: Type.Integer() }),
      reply: Type.Array(Type.String()),
      errors: { too_far: Type.Object({ oldest: Type.Integer() }) },
    },
    last: { request: Type.Object({}), reply: Type.Array(Type.String()) },
    kick: { request: Type.Object({}), reply: Type.Null() },
  },
})

/** Last week: larger, and with nothing that needs an adapter. */
const v2 = defineContract({
  ...v1,
  inbound: { say: Type.Object({ body: text({ maxLength: 40 }) }) },
  outbound: { said: Type.Object({ body: Type.String() }) },
  calls: { ping: { request: Type.Object({}), reply: Type.Integer() } },
})

const v3 = defineContract({
  ...v1,
  inbound: {
    say: { payload: Type.Object({ body: text({ maxLength: 500 }) }), cost: 2 },
    mood: Type.Object({ face: Type.String({ maxLength: 9 }) }),
  },
  outbound: {
    said: Type.Object({ body: Type.String(), at: Type.Integer() }),
    entered: Type.Object({ name: Type.String() }),
    counted: Type.Object({ n: Type.Integer() }),
  },
  calls: {
    history: {
      request: Type.Object({ limit: Type.Integer({ maximum: 100 }), before: Type.Integer() }),
      reply: Type.Array(Type.Object({ body: Type.String(), at: Type.Integer() })),
      errors: { too_far: Type.Object({ at: Type.Integer() }), busy: Type.Object({ ms: Type.Integer() }) },
    },
    ping: { request: Type.Object({}), reply: Type.Integer() },
  },
})

const older = adaptContract(v1, v3, {
  on: {
    say: ({ text }) => ({ body: text === 'too much' ? 'x'.repeat(501) : text }),
    shout: {
      to: 'say',
      adapt: ({ loud }) => {
        if (loud === 'boom') throw new TypeError('an adapter of ours')
        return { body: loud.toUpperCase() }
      }
    },
    wave: 'gone',
  },
  outbound: {
    said: ({ body }) => ({ text: body }),
    joined: { from: 'entered', adapt: ({ name }) => ({ who: name }) },
    left: 'gone',
  },
  calls: {
    history: {
      request: ({ limit }) => ({ limit, before: 0 }),
      reply: all => all.map(({ body }) => body),
      errors: { too_far: ({ at }) => ({ oldest: at }) },
    },
    last: { to: 'history', request: () => ({ limit: 1, before: 0 }), reply: all => all.map(({ body }) => body) },
    kick: 'gone',
  },
})
const versions = [older, adaptContract(v2, v3, {})]

interface Served { readonly app: FastifyInstance, readonly handled: unknown[], readonly log: LogCollector }

async function serve (t: Teardown): Promise<Served> {
  const log = new LogCollector()
  const app = Fastify({ logger: { level: 'info', stream: log } })
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const handled: unknown[] = []
  app.wsRoute(v3, {
    public: true,
    versions,
    onOpen: socket => socket.join('all'),
    on: {
      say (data, socket) {
        handled.push(data)
        if (data.body === 'count') handled.push(socket.send.counted({ n: 1 }))
        else if (data.body === 'enter') socket.send.entered({ name: 'ann' })
        else if (data.body === 'break') socket.send.said({ body: 'x'.repeat(21), at: 1 })
        else if (data.body === 'break all') socket.group('all').send.said({ body: 'x'.repeat(21), at: 1 })
        else handled.push(socket.group('all').send.said({ body: data.body, at: 7 }))
      },
      mood (data) { handled.push(data) },
    },
    calls: {
      history ({ limit, before }, _socket, { fail }) {
        if (limit === 99) throw fail.too_far({ at: 5 })
        if (limit === 98) throw fail.busy({ ms: 6 })
        return [{ body: `${limit} ${before}`, at: 1 }]
      },
      ping: () => 1,
    },
  })
  await app.ready()
  return { app, handled, log }
}

const room = { params: { room: 'lobby' } }

t.test('clients of three contracts talk to each other on one route', async t => {
  const { app, handled } = await serve(t)
  const built: unknown[] = []
  const note = (event: unknown): void => { built.push((event as OpenedEvent).fingerprint) }
  subscribe('fastify-ws-guard:opened', note)
  t.teardown(() => unsubscribe('fastify-ws-guard:opened', note))
  const [old, middle, now] = [await connect(app, v1, room), await connect(app, v2, room), await connect(app, v3, room)]
  old.send.say({ text: 'hello' })
  t.same(await old.next.said(), { text: 'hello' })
  t.same(await middle.next.said(), { body: 'hello' }, 'what a contract does not know is left out')
  t.same(await now.next.said(), { body: 'hello', at: 7 })
  now.send.say({ body: 'hi' })
  t.same(await old.next.said(), { text: 'hi' })
  t.same(handled, [{ body: 'hello' }, 3, { body: 'hi' }, 3])
  t.same(built, [...app.wsGuard.contracts[0]!.versions.map(version => version.fingerprint), null], 'who still uses what')
  for (const client of [old, middle, now]) await client.close()
})

t.test('messages that moved, that lost a property, that are gone', async t => {
  const { app, handled } = await serve(t)
  const client = await connect(app, v1, room)
  client.send.shout({ loud: 'enter' })
  t.same(await client.next.said(), { text: 'ENTER' })
  client.send.say({ text: 'enter' })
  t.same(await client.next.joined(), { who: 'ann' })
  client.send.mood({ face: ':-)', size: 9 })
  client.send.say({ text: 'count' })
  client.send.say({ text: 'end' })
  t.same(await client.next.said(), { text: 'end' })
  t.same(handled.slice(2), [{ body: 'enter' }, { face: ':-)' }, { body: 'count' }, false, { body: 'end' }, 1],
    'the roles are those of the new contract; a message that the older one lacks is not sent')
  // Its client does what it was built for: it is told, and never closed for it.
  for (let i = 0; i < 20; i++) client.send.wave({})
  for (let i = 0; i < 20; i++) t.match(await client.error(), { code: 'unknown_type', type: 'wave' })
  t.match(await attempt(client).kick({}), { ok: false, error: { code: 'unknown_type' } })
  client.send.say({ text: 'still here' })
  t.same(await client.next.said(), { text: 'still here' })
  await client.close()
})

t.test('calls: request, reply and errors', async t => {
  const { app } = await serve(t)
  const client = await connect(app, v1, room)
  t.same(await client.calls.history({ limit: 5 }), ['5 0'])
  t.same(await client.calls.last({}), ['1 0'])
  t.match(await attempt(client).history({ limit: 99 }), { ok: false, error: { code: 'too_far', data: { oldest: 5 } } })
  t.match(await attempt(client).history({ limit: 98 }), { ok: false, error: { code: 'busy', data: { ms: 6 } } })
  await client.close()
})

t.test('what comes in is judged by the older contract first; a bad adapter is our fault', async t => {
  const { app, handled, log } = await serve(t)
  const client = await connect(app, v1, room)
  client.send.say({ text: 'x'.repeat(21) })
  t.match(await client.error(), { code: 'invalid_message', issues: [{ path: '/text' }] })
  client.send.say({ body: 'new' } as never)
  t.match(await client.error(), { code: 'invalid_message' })
  t.same(log.where('event', 'ws.handler.error'), [])
  client.send.say({ text: 'too much' })
  t.match(await client.error(), { code: 'internal', issues: undefined })
  t.match(log.lines.at(-1), { type: 'say', err: { code: 'WSG_ERR_ADAPTER', message: /^an adapter of cf-\w+: contract "chat", message "say": \/body expected / } })
  t.notMatch(log.text, /xxx/)
  client.send.shout({ loud: 'boom' })
  t.match(await client.error(), { code: 'internal' })
  t.match(log.lines.at(-1), { err: { message: 'an adapter of ours' } })
  t.match(await attempt(client).history({ limit: 101 }), { ok: false, error: { code: 'internal' } },
    'the new contract judges what the adapter made')
  t.same(handled, [])
  await client.close()
})

t.test('what goes out fits both contracts; whom an adapter fails misses it, and the others of the group don\'t', async t => {
  const { app, log } = await serve(t)
  const [old, now, another] = [await connect(app, v1, room), await connect(app, v3, room), await connect(app, v1, room)]
  old.send.say({ text: 'break' })
  t.match(await old.error(), { code: 'internal' })
  t.match(log.lines.at(-1), { err: { code: 'WSG_ERR_ADAPTER', message: /^an adapter of cf-\w+: contract "chat", outbound "said": \/text is expected/ } })
  now.send.say({ body: 'break' })
  t.match(await now.next.said(), { at: 1 })
  const failed: unknown[] = []
  t.teardown(new Events(app).listen('handler:failed', ({ type, error, connId }) => { failed.push([type, (error as { code?: string }).code, connId]) }))
  now.send.say({ body: 'break all' })
  t.match(await now.next.said(), { at: 1 })
  t.same([old.unread, another.unread], [[], []])
  t.match(failed, [['said', 'WSG_ERR_ADAPTER', /^s/]], 'told once, however many missed it')
  t.match(log.lines.at(-1), { type: 'said', err: { code: 'WSG_ERR_ADAPTER' } })
  old.send.say({ text: 'short' })
  t.same([await old.next.said(), await another.next.said(), await now.next.said()], [{ text: 'short' }, { text: 'short' }, { body: 'short', at: 7 }])
  await old.close()
  await another.close()
  now.send.say({ body: 'break all' })
  t.match(await now.next.said(), { at: 1 })
  t.equal(failed.length, 1)
  await now.close()
})

t.test('over the network: the fingerprint decides, and another one is stale', async t => {
  const { app } = await serve(t)
  await app.listen({ port: 0, host: '127.0.0.1' })
  const [declared] = app.wsGuard.contracts
  t.match(declared!.route.versions, [
    { name: 'chat', fingerprint: declared!.versions[0]!.fingerprint, adapted: ['history', 'joined', 'last', 'said', 'say', 'shout'], gone: ['kick', 'left', 'wave'] },
    { name: 'chat', adapted: [], gone: [] },
  ], 'what generators and the report are told')
  const { port } = app.server.address() as { port: number }
  const open = async (...protocols: string[]): Promise<{ frames: string[], code: number }> => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/rooms/lobby`, protocols, { origin: `http://localhost:${port}` })
    const frames: string[] = []
    socket.on('message', data => { frames.push(String(data)); socket.close(1000) })
    socket.on('open', () => {
      t.equal(socket.protocol, 'wsg.v1', 'the fingerprint is never echoed')
      socket.send('{"type":"say","data":{"text":"hello"}}')
    })
    const code = await new Promise<number>(resolve => { socket.on('close', resolve) })
    return { frames, code }
  }
  const [first] = declared!.versions
  t.same(await open('wsg.v1', first!.fingerprint), { frames: ['{"type":"said","data":{"text":"hello"}}'], code: 1000 })
  const { frames } = await open('wsg.v1')
  t.match(frames[0], /invalid_message/, 'who names none speaks the new one')
  t.match(await open('wsg.v1', 'cf-0000000000000000'), { frames: [/"stale"/], code: 4426 })
})

t.test('rules are the new contract\'s: an old fingerprint is no way around a role', async t => {
  const free = defineContract({ name: 'r', url: '/r', inbound: { ban: Type.Object({}) }, calls: { purge: { request: Type.Object({}), reply: Type.Null() } } })
  const guarded = defineContract({
    ...free,
    inbound: { ban: { payload: Type.Object({ why: Type.Optional(Type.String({ maxLength: 9 })) }), roles: ['admin'] } },
    calls: { purge: { ...free.calls.purge, roles: ['admin'], cost: 30 } },
  })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  let banned = 0
  app.wsRoute(guarded, {
    auth: { name: 'none', needs: { credential: 'header', session: false }, authenticate: (): Identity | null => null },
    messages: { burst: 50, rate: 1 },
    versions: [adaptContract(free, guarded, {})],
    on: { ban: { authorize: (_data, socket) => socket.identity.id !== 'root', handle: () => { banned++ } } },
    calls: { purge: () => null },
  })
  const user = await connect(app, free, { as: { id: 'user' } })
  user.send.ban({})
  t.match(await user.error(), { code: 'forbidden' })
  await user.close()
  const root = await connect(app, free, { as: { id: 'root', roles: ['admin'] } })
  root.send.ban({})
  t.match(await root.error(), { code: 'forbidden' }, 'authorize is asked')
  await root.close()
  const admin = await connect(app, free, { as: { id: 'admin', roles: ['admin'] } })
  admin.send.ban({})
  t.equal(await admin.calls.purge({}), null)
  t.match(await attempt(admin).purge({}), { ok: false, error: { code: 'rate_limited' } }, 'so is the cost')
  t.equal(banned, 1)
  await admin.close()
})

t.test('a group\'s message is adapted once for all that speak the same', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const one = defineContract({ name: 'g', url: '/g', outbound: { said: Type.Object({ a: Type.Integer() }) } })
  const two = defineContract({ ...one, outbound: { said: Type.Object({ b: Type.Integer() }) } })
  let adapted = 0
  const route = app.wsRoute(two, {
    public: true,
    versions: [adaptContract(one, two, { outbound: { said ({ b }) { adapted++; return { a: b } } } })],
    onOpen: socket => socket.join('all'),
  })
  const clients = [await connect(app, one), await connect(app, one), await connect(app, one)]
  const now = await connect(app, two)
  t.equal(route.group('all').send.said({ b: 5 }), 4)
  for (const client of clients) t.same(await client.next.said(), { a: 5 })
  t.same(await now.next.said(), { b: 5 })
  t.equal(adapted, 1)
  t.throws(() => route.group('all').send.said({ b: 'x' } as never), { code: 'WSG_ERR_OUTBOUND_INVALID' })
  t.equal(adapted, 1, 'what breaks the new contract reaches no adapter')
  for (const client of [...clients, now]) await client.close()
})

t.test('bytes that were text, and a flat envelope', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const flat = { name: 'f', url: '/f', envelope: { type: 'event', data: null } } as const
  const one = defineContract({
    ...flat,
    inbound: { put: Type.Object({ hex: Type.String({ maxLength: 20 }), mood: Type.Optional(Type.Integer()) }), note: Type.Object({ old: Type.String({ maxLength: 9 }) }) },
    outbound: { got: Type.Object({ hex: Type.String() }) },
  })
  const two = defineContract({
    ...flat,
    inbound: { put: Type.Uint8Array({ maxByteLength: 10 }), note: Type.Object({ now: Type.String({ maxLength: 9 }) }) },
    outbound: { got: Type.Uint8Array({ maxByteLength: 10 }) },
  })
  app.wsRoute(two, {
    public: true,
    versions: [adaptContract(one, two, {
      on: { put: ({ hex }) => Buffer.from(hex, 'hex'), note: ({ old }) => ({ now: old }) },
      outbound: { got: bytes => ({ hex: Buffer.from(bytes).toString('hex') }) },
    })],
    on: {
      put: (bytes, socket) => socket.send.got(bytes),
      note: ({ now }, socket) => socket.send.got(Buffer.from(now)),
    },
  })
  const [old, now] = [await connect(app, one), await connect(app, two)]
  old.send.put({ hex: '0aff' })
  t.same(await old.next.got(), { hex: '0aff' })
  old.send.note({ old: 'a' })
  t.same(await old.next.got(), { hex: '61' })
  now.send.put(new Uint8Array([1, 2]))
  t.same(await now.next.got(), new Uint8Array([1, 2]))
  old.send.put({ hex: 'ff'.repeat(10) + 'f' })
  t.match(await old.error(), { code: 'invalid_message' })
  await old.close()
  await now.close()
})

t.test('the largest message of all versions fits', async t => {
  const large = defineContract({ name: 'l', url: '/l', inbound: { put: Type.Object({ all: Type.String({ maxLength: 30_000 }) }) } })
  const small = defineContract({ name: 'l', url: '/l', inbound: { put: Type.Object({ all: Type.String({ maxLength: 10 }) }) } })
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const got: number[] = []
  app.wsRoute(small, {
    public: true,
    versions: [adaptContract(large, small, { on: { put: ({ all }) => ({ all: all.slice(0, 10) }) } })],
    on: { put ({ all }) { got.push(all.length) } },
  })
  const client = await connect(app, large)
  client.send.put({ all: '\u0001'.repeat(30_000) })
  client.send.put({ all: 'x' })
  await client.close()
  t.same(got, [10, 1])
})

t.test('what can not be served does not boot', async t => {
  const one = defineContract({
    name: 'x',
    url: '/x',
    inbound: { a: Type.Object({ t: Type.String({ maxLength: 9 }) }), b: Type.Object({}) },
    outbound: { o: Type.Object({ n: Type.Integer() }) },
    calls: { c: { request: Type.Object({}), reply: Type.Integer(), errors: { e: Type.Object({ n: Type.Integer() }) } } },
  })
  const two = defineContract({
    ...one,
    inbound: { a: Type.Object({ t: Type.String({ maxLength: 5 }) }), b2: Type.Object({}) },
    outbound: { o: Type.Object({ n: Type.Number() }), p: Type.Object({ n: Type.Integer() }) },
    calls: { c: { request: Type.Object({}), reply: Type.Number(), errors: { e: Type.Object({ n: Type.Number() }) } } },
  })
  const right = { on: { a: () => ({ t: '' }), b: 'gone' }, outbound: { o: () => ({ n: 1 }) }, calls: { c: { reply: () => 1, errors: { e: () => ({ n: 1 }) } } } }
  const failure = async (given: unknown) => await boot(async app => {
    await app.register(guard, { development: true })
    app.wsRoute(two, { public: true, versions: given as never, on: { a () {}, b2 () {} }, calls: { c: () => 1 } })
  })
  const version = (adapters: object, contract: object = one): object[] => [{ contract, to: two, adapters }]
  const on = (given: object): object[] => version({ ...right, on: { ...right.on, ...given } })
  t.equal(await failure(version(right)), null)
  t.equal(await failure(on({ b: { to: 'b2' } })), null)
  const rows: [given: unknown, code: string, message: RegExp][] = [
    [{}, 'WSG_ERR_OPTION', /^route \/x: versions: expected a list, got an object/],
    [[one], 'WSG_ERR_OPTION', /^route \/x: versions\[0\]: expected only the keys contract, to, adapters, got "name"/],
    [[null], 'WSG_ERR_OPTION', /versions\[0\]: expected what adaptContract returns, got null/],
    [[{ contract: one, to: one, adapters: right }], 'WSG_ERR_OPTION', /expected adaptContract\(…, x, …\), the contract of the route, got another one/],
    [version({}, two), 'WSG_ERR_OPTION', /expected another contract than the route's contract, got one of the same fingerprint cf-/],
    [[...version(right), ...version(right)], 'WSG_ERR_OPTION', /versions\[1\]: expected another contract than versions\[0\]/],
    [version(right, { ...one, url: '/y' }), 'WSG_ERR_OPTION', /versions\[0\]: url: expected .*\/y became \/x/],
    [version(right, { ...one, envelope: { type: 'event' } }), 'WSG_ERR_OPTION', /versions\[0\]: envelope: /],
    [version(right, { ...one, query: Type.Object({ q: Type.Integer() }) }), 'WSG_ERR_OPTION', /nothing/],
    [version(right, { name: 'x' }), 'WSG_ERR_CONTRACT', /url: expected a path/],
    [[{ contract: one, to: two, adapters: null }], 'WSG_ERR_HANDLER', /versions\[0\]: expected an object with on, outbound, calls, got null/],
    [version({ ...right, onn: {} }), 'WSG_ERR_HANDLER', /got "onn"; did you mean "on"\?/],
    [on({ aa: () => {} }), 'WSG_ERR_HANDLER', /versions\[0\]\.on: expected only the keys a, b, got "aa"/],
    [on({ a: 1 }), 'WSG_ERR_HANDLER', /versions\[0\]\.on\.a: expected a function, got 1/],
    [version({ ...right, on: { b: 'gone' } }), 'WSG_ERR_HANDLER', /versions\[0\]\.on\.a: expected an adapter, got none; \/t at most 9 characters became at most 5/],
    [version({ ...right, on: { a: right.on.a } }), 'WSG_ERR_HANDLER', /on\.b: expected "gone" or \{ to, adapt \}, .* got undefined/],
    [on({ b: () => ({}) }), 'WSG_ERR_HANDLER', /on\.b: expected "gone" or \{ to, adapt \}/],
    [on({ b: { to: 'b' } }), 'WSG_ERR_HANDLER', /on\.b\.to: expected one of a, b2, got "b"/],
    [on({ b: { to: 'a' } }), 'WSG_ERR_HANDLER', /on\.b\.adapt: expected an adapter, got none; \/t added, and it has to be there/],
    [on({ b: { to: 'b2', adapt: () => ({}) } }), 'WSG_ERR_HANDLER', /on\.b\.adapt: expected no adapter, got a function; both contracts have the same type there/],
    [version({ ...right, outbound: {} }), 'WSG_ERR_HANDLER', /outbound\.o: expected an adapter, got none; \/n it has to be an integer no more/],
    [version({ ...right, calls: { c: { errors: right.calls.c.errors } } }), 'WSG_ERR_HANDLER', /calls\.c\.reply: expected an adapter/],
    [version({ ...right, calls: { c: { ...right.calls.c, request: () => ({}) } } }), 'WSG_ERR_HANDLER', /calls\.c\.request: expected no adapter/],
    [version({ ...right, calls: { c: { reply: () => 1 } } }), 'WSG_ERR_HANDLER', /calls\.c\.errors\.e: expected an adapter/],
    [version({ ...right, calls: { c: { ...right.calls.c, errors: { e: () => ({}), f: () => ({}) } } } }), 'WSG_ERR_HANDLER', /calls\.c\.errors: expected only the keys e, got "f"/],
    [version({ ...right, outbound: { o: () => ({}), q: 'gone' } }, { ...one, outbound: { ...one.outbound, r: Type.Object({}) } }), 'WSG_ERR_HANDLER', /got "q"/],
    [version({ ...right, outbound: { o: () => ({}), r: { from: 'o' } } }, { ...one, outbound: { ...one.outbound, r: Type.Object({}) } }), 'WSG_ERR_HANDLER', /outbound\.r\.from: expected a message that no other comes from, got "o"/],
  ]
  for (const [given, code, message] of rows) {
    const found = await failure(given)
    if (String(message) === '/nothing/') t.equal(found, null, 'a query that is not checked any more')
    else {
      t.equal(found?.code, code, String(message))
      t.match(found?.message, message)
    }
  }
})
