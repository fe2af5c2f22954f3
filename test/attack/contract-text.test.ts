import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract, text } from '../../lib/contract.js'
import { bareStack } from '../helpers/bare.js'
import { ask, codes, contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { frame, json, OPCODES, parseFrames } from '../helpers/frames.js'
import { isLinear } from '../helpers/growth.js'
import { framesOf, upgrade } from '../helpers/handshake.js'
import { readCorpus } from '../helpers/contract.js'
import { openRaw } from '../helpers/raw-client.js'
import type { RawClient } from '../helpers/raw-client.js'
import { wideRoute } from '../helpers/wide-contract.js'
import type { Handled } from '../helpers/wide-contract.js'

const free = { guard: { messages: NO_LIMITS } }

/** Everything the server has sent, the handshake's answer included. */
const outbound = (client: RawClient): string => client.client.received().toString('utf8')

t.test('G01 what a field accepts is delivered to others as it was sent', async t => {
  const { entries } = readCorpus<{ entries: { id: string, payload: string }[] }>('xss.own.json')
  t.equal(entries.length, 238)
  const room = defineContract({
    name: 'room',
    url: '/room',
    inbound: { say: Type.Object({ text: text({ maxLength: 20_000 }) }), plain: Type.Object({ text: Type.String({ maxLength: 20_000 }) }) },
    outbound: { said: Type.Object({ text: Type.String() }) },
    calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } },
  })
  const server = await contractStack(t, app => {
    app.wsRoute(room, {
      onOpen: socket => { socket.join('all') },
      on: { say: ({ text }, socket) => { socket.group('all').send.said({ text }) }, plain: ({ text }, socket) => { socket.group('all').send.said({ text }) } },
      calls: { ping: ({ n }) => n },
    })
  }, free)
  const attacker = await server.open({ path: '/room' })
  const others = await Promise.all([1, 2].map(async () => await server.open({ path: '/room' })))
  const expected: unknown[] = []
  // eslint-disable-next-line no-control-regex
  const refusedByText = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/
  for (const { id, payload } of entries) {
    for (const [type, refused] of [['say', refusedByText.test(payload) || !payload.isWellFormed()], ['plain', payload.includes('\0') || !payload.isWellFormed()]] as const) {
      const replies = await ask(attacker, { type, data: { text: payload } })
      if (refused) {
        t.same(codes(replies), ['invalid_message'], `${id} ${type}`)
      } else {
        expected.push({ type: 'said', data: { text: payload } })
        t.same(replies, [expected.at(-1)], `${id} ${type}`)
      }
    }
  }
  t.ok(expected.length > 450, `${expected.length} were delivered`)
  for (const other of others) t.same(await other.waitMessages(expected.length), expected)
  t.ok(await server.answers())
})

t.test('G12 nothing of what a peer sends is in any byte that goes out', async t => {
  const marker = 'evil<script>'
  const name = 'evilscript'
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), { guard: { messages: { rate: 1e6, burst: 1e6 } } })
  const hostile: readonly unknown[] = [
    { type: marker, data: {} }, { type: 'say', [marker]: 1 }, { type: 'say', data: { [marker]: 1 } }, { type: 'say', data: { [name]: 1, text: 'x' } },
    { type: 'say', data: { text: { [name]: marker } } }, { type: 'say', data: marker }, { type: 'say', data: [marker] }, marker, [marker],
    { type: 'map', data: { [name]: 'x' } }, { type: 'map', data: { [marker]: 1.5 } }, { type: 'map', data: { [`${name}\0`]: 1 } },
    { type: 'map', data: Object.fromEntries([1, 2, 3, 4, 5].map(n => [name + n, 1])) }, { type: 'tags', data: { list: [marker, name] } },
    { type: 'optional', data: { deep: { b: marker, [name]: 1 } } }, { type: 'optional', data: { [name]: { b: 1 } } }, { type: 'any', data: { [`${name}\ud800`]: 1 } },
    { type: 'any', data: { toString: marker } }, { type: 'any', data: [`${marker}\0`] }, { type: 'id', data: { n: marker } }, { type: 'name', data: { name: marker } },
    { type: 'bool', data: { b: marker } }, { type: 'ping', id: { [name]: 1 }, data: { n: 1 } }, { type: 'ping', id: marker.repeat(6), data: { n: 1 } }, { type: 'ping', data: { n: marker } },
    { type: '$cancel', id: { [name]: marker } }, { type: '$cancel', id: marker }, { type: `$${marker}` }, { type: 'said', data: { text: marker } },
  ]
  const raw = [`{"__proto__":{"${name}":1}}`, `{"type":"any","data":{"constructor":{"prototype":"${marker}"}}}`, `{"${name}`, `[${'['.repeat(50)}"${marker}"`, `${marker}`,
    `{"type":"any","data":[${new Array(9000).fill(`"${name}"`).join()}]}`]
  const frames = [...hostile.map(json), ...raw.map(payload => frame({ payload })), frame({ opcode: OPCODES.binary, payload: marker }), frame({ opcode: OPCODES.text, payload: Buffer.from([0xff, ...Buffer.from(marker)]) })]
  for (const bytes of frames) {
    // Six times: the last one ends the connection with a reason.
    const client = await server.open({ protocol: 'wsg.v1, evilscript' })
    for (let n = 0; n < 6; n++) client.send(bytes)
    client.json({ type: 'ping', id: 'end', data: { n: 1 } })
    await client.client.waitFor(() => client.frames().some(one => one.opcode === OPCODES.close || one.payload.includes('"end"')) ? true : undefined, 'an end')
    t.notMatch(outbound(client), /evil|script/i, bytes.subarray(0, 60).toString('latin1'))
    client.client.destroy()
  }
  const client = await server.open()
  client.json({ type: 'nope', id: 'an id is the one thing <that> comes back', data: {} })
  t.match(await client.waitMessages(1), [{ id: 'an id is the one thing <that> comes back', error: { code: 'unknown_type' } }])
  t.notMatch(server.stack.log.text, /evil|script/i, 'nor in the log')
  t.ok(await server.answers())
})

t.test('G11 what a handler fails with is for the log', async t => {
  const secret = 'redis://:hunter2@10.0.0.5:6379'
  let passed = 0
  const leak = (): never => { throw new Error(secret) }
  const contract = defineContract({
    name: 'leaks',
    url: '/leaks',
    inbound: { sync: Type.Object({}), late: Type.Object({}), refused: Type.Object({}), odd: Type.Object({}), badly: Type.Object({}) },
    outbound: { said: Type.Object({ n: Type.Integer() }) },
    calls: { call: { request: Type.Object({}), reply: Type.Integer() }, lies: { request: Type.Object({}), reply: Type.Integer() } },
  })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        sync: leak,
        late: async () => { await null; leak() },
        refused: { authorize: leak, handle: () => { passed++ } },
        // eslint-disable-next-line no-throw-literal
        odd: () => { throw { message: secret, stack: secret, code: secret, toString: leak, toJSON: leak } },
        badly: (_, socket) => { socket.send.said({ n: secret as never }) },
      },
      calls: { call: async () => leak(), lies: () => secret as never },
    })
  })
  const types = ['sync', 'late', 'refused', 'odd', 'badly', 'call', 'lies']
  const client = await server.open({ path: '/leaks' })
  client.json(...types.map((type, id) => ({ type, id, data: {} })))
  const replies = await client.waitMessages(types.length)
  t.same(replies.map(reply => [types[Number(reply.id)], reply.error!.code, Object.keys(reply.error!)]).sort(), types.map(type => [type, 'internal', ['code', 'message']]).sort())
  t.equal(passed, 0, 'a check that fails lets nothing pass')
  t.notMatch(outbound(client), /hunter2|redis|\.ts|\.js|at |stack/)
  t.match(server.stack.log.text, 'hunter2', 'the log has it')
  t.ok(server.stack.log.where('event', 'ws.handler.error').length >= types.length)

  const opening = await contractStack(t, app => { app.wsRoute(contract, { onOpen: leak, on: Object.fromEntries(types.slice(0, 5).map(type => [type, () => {}])), calls: { call: () => 1, lies: () => 1 } } as never) })
  const refused = await opening.open({ path: '/leaks' })
  t.same(await refused.waitClose(), { code: 1011, reason: 'internal' })
  t.notMatch(outbound(refused), 'hunter2')
  t.ok(await server.answers())
})

t.test('G13 what a handler adds to a message does not leave', async t => {
  const user = { name: 'ann', passwordHash: 'SECRET', nested: { city: 'x', token: 'SECRET' }, list: [{ id: 1, token: 'SECRET' }], toJSON: () => ({ token: 'SECRET' }) }
  const User = Type.Object({ name: Type.String(), nested: Type.Object({ city: Type.String() }), list: Type.Array(Type.Object({ id: Type.Integer() })) })
  const contract = defineContract({ name: 'users', url: '/users', inbound: { go: Type.Object({}) }, outbound: { user: User }, calls: { get: { request: Type.Object({}), reply: User, errors: { gone: Type.Object({ at: Type.Integer() }) } }, fail: { request: Type.Object({}), reply: User, errors: { gone: Type.Object({ at: Type.Integer() }) } } } })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      onOpen: socket => { socket.join('all') },
      on: { go: (_, socket) => { socket.send.user(user); socket.group('all').send.user(user) } },
      calls: { get: () => user, fail: (_, _socket, { fail }) => { throw fail.gone({ at: 1, token: 'SECRET' } as never) } },
    })
  })
  const client = await server.open({ path: '/users' })
  client.json({ type: 'go', data: {} }, { type: 'get', id: 1, data: {} }, { type: 'fail', id: 2, data: {} })
  const shown = { name: 'ann', nested: { city: 'x' }, list: [{ id: 1 }] }
  t.same(await client.waitMessages(4), [{ type: 'user', data: shown }, { type: 'user', data: shown }, { id: 1, data: shown }, { id: 2, error: { code: 'gone', message: 'gone', data: { at: 1 } } }])
  t.notMatch(outbound(client), 'SECRET')
  t.ok(await server.answers())
})

t.test('G14 G15 characters that are costly to normalise or to count', async t => {
  const handled: Handled[] = []
  const server = await contractStack(t, wideRoute(handled), free)
  const client = await server.open()
  const bombs: { readonly [name: string]: readonly [type: string, count: number, text: (count: number) => string] } = {
    'combining marks': ['big', 15_000, count => 'a' + '\u0316\u0300'.repeat(count)],
    'combining marks, to be cleaned': ['clean', 15_000, count => 'a' + '\u0316\u0300'.repeat(count)],
    'marks in runs of thirty, to be cleaned': ['clean', 900, count => ('a' + '\u0316\u0300'.repeat(15)).repeat(count)],
    'ASCII to be counted': ['brief', 60_000, count => 'a'.repeat(count)],
    'emoji to be counted': ['brief', 30_000, count => '\u{1f600}'.repeat(count)],
    'flags to be counted': ['brief', 30_000, count => '\u{1f1e6}'.repeat(count)],
    'letters that become eighteen': ['clean', 20_000, count => '\ufdfa'.repeat(count)],
  }
  for (const [name, [type, most, value]] of Object.entries(bombs)) {
    t.same(codes(await ask(client, { type, data: { text: value(most) } })), ['invalid_message'], name)
    await isLinear(t, name, most, count => ({ type, data: { text: value(count) } }), async bomb => await ask(client, bomb))
  }
  t.same(handled.splice(0), [])
  t.same(await ask(client, { type: 'big', data: { text: 'é\u0301'.repeat(20_000) } }), [])
  t.equal(handled.length, 1)
  t.ok(await server.answers())
})

t.test('G01 G12 the bare stack gives a peer its bytes back', async t => {
  const bare = await bareStack(t)
  const opened = await upgrade(bare.port, { protocol: 'evilscript' })
  opened.client.send(json({ type: 'evil<script>' }))
  await framesOf(opened, 1)
  t.match(parseFrames(opened.rest()).frames[0]!.payload.toString(), 'evil<script>')
  t.equal(opened.headers.get('sec-websocket-protocol'), 'evilscript')
  opened.client.destroy()
  const client = await openRaw(bare.port)
  client.send(frame({ opcode: OPCODES.binary, payload: 'not asked for' }))
  t.equal((await client.waitFrame(OPCODES.binary)).payload.toString(), 'not asked for')
  client.client.destroy()
})
