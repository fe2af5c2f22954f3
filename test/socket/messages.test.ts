import t from 'tap'
import { OPCODES, binary, close, frame, json, ping, text } from '../helpers/frames.js'
import { anyPayload } from '../helpers/hand-contract.js'
import { NO_RATE, socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

// docs/protocol.md sections 3 and 5.

const said = (data: { text: string }, socket: { send: object }): void => {
  (socket.send as { said: (data: object) => boolean }).said({ text: data.text })
}
const SAY = { inbound: { say: {} }, outbound: ['said'], handlers: { on: { say: said } } }

t.test('8.1 a message reaches its handler, and what it sends comes back', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  client.json({ type: 'say', data: { text: 'grüße 👋' } })
  t.same(await client.waitMessages(1), [{ type: 'said', data: { text: 'grüße 👋' } }])
})

t.test('frames sent with the handshake request are handled, in order', async t => {
  const server = await socketServer(t, { ...SAY, limits: NO_RATE })
  const client = await server.open({ after: Buffer.concat(Array.from({ length: 100 }, (_, n) => json({ type: 'say', data: { text: String(n) } }))) })
  t.same((await client.waitMessages(100)).map(message => message.data), Array.from({ length: 100 }, (_, n) => ({ text: String(n) })))
})

t.test('E04 a binary frame where text is contracted: one error, then 1003', async t => {
  let handled = 0
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: () => { handled++ } } } })
  const client = await server.open()
  client.send(binary(Buffer.from('{"type":"say","data":{"text":"x"}}')))
  t.match(await client.waitMessages(1), [{ type: '$error', error: { code: 'unsupported_data' } }])
  client.json({ type: 'ping', id: 1, data: { text: '' } })
  await client.waitMessage(message => message.id === 1)
  client.send(binary(Buffer.of(1)))
  t.same(await client.waitClose(), { code: 1003, reason: 'unsupported_data' })
  t.equal(handled, 0)
  t.ok(await server.answers())
})

t.test('what is missing around the payload is named', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  client.json({ type: 'ping', data: {} }, { type: 'say', t: 'hello' })
  const [call, message] = await client.waitMessages(2)
  t.match(call, { error: { code: 'invalid_message', issues: [{ path: '', message: 'a call needs an "id": 1-64 characters or an integer' }] } })
  t.match(message, { error: { code: 'invalid_message', issues: [{ path: '', message: 'expected "data" beside the type' }] } })
  t.ok(await server.answers())
})

t.test('a binary message that is contracted arrives as bytes, and bytes go out as a binary frame', async t => {
  const server = await socketServer(t, {
    inbound: { blob: { binary: true, accept: value => value } },
    binaryOutbound: ['blob'],
    handlers: { on: { blob: (data: Uint8Array, socket: { send: object }) => { (socket.send as { blob: (data: object) => boolean }).blob(data) } } },
  })
  const client = await server.open()
  client.send(binary(Buffer.of(1, 2, 255)))
  t.same([...(await client.waitFrame(OPCODES.binary)).payload], [1, 2, 255])
  client.json({ type: 'blob', data: {} })
  t.match(await client.waitMessages(1), [{ error: { code: 'unknown_type' } }])
})

t.test('E05 a length that is not minimal does no harm', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  const head = Buffer.from([0x81, 0xfe, 0, 2, 0, 0, 0, 0])
  client.send(Buffer.concat([head, Buffer.from('{}')]))
  t.match(await client.waitMessages(1), [{ error: { code: 'invalid_message' } }])
  t.ok(await server.answers())
})

t.test('E06 data after the peer\'s close frame is ignored', async t => {
  let handled = 0
  const closes: unknown[] = []
  const server = await socketServer(t, { inbound: { say: {} }, handlers: { on: { say: () => { handled++ } }, onClose: (_: never, code: number, reason: string) => { closes.push([code, reason]) } } })
  const client = await server.open()
  const say = json({ type: 'say', data: { text: 'x' } })
  client.send(Buffer.concat([say, close(1000, 'bye'), say, say]))
  t.equal((await client.waitClose()).code, 1000)
  await until(() => closes.length === 1)
  t.same(closes, [[1000, 'bye']])
  t.equal(handled, 1)
  t.ok(await server.answers())
})

t.test('E06 replies to what came before a close frame leave before ours', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  client.send(Buffer.concat([json({ type: 'say', data: { text: 'last words' } }), close(1000)]))
  await client.waitClose()
  t.same(client.frames().map(one => one.opcode), [OPCODES.text, OPCODES.close])
})

t.test('E08 fragments with a control frame between them', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  const body = JSON.stringify({ type: 'say', data: { text: 'in parts' } })
  client.send(Buffer.concat([
    frame({ payload: body.slice(0, 10), fin: false }), ping('p'),
    frame({ opcode: OPCODES.continuation, payload: body.slice(10, 20), fin: false }),
    frame({ opcode: OPCODES.continuation, payload: body.slice(20) }),
  ]))
  t.same(await client.waitMessages(1), [{ type: 'said', data: { text: 'in parts' } }])
  t.equal((await client.waitFrame(OPCODES.pong)).payload.toString(), 'p')
  t.ok(await server.answers())
})

t.test('D19 too many fragments end the connection, by the ws option', async t => {
  const server = await socketServer(t, { ...SAY, ws: { maxFragments: 64 } as object })
  const client = await server.open()
  client.send(Buffer.concat([frame({ payload: 'x', fin: false }), ...Array.from({ length: 20_000 }, () => frame({ opcode: OPCODES.continuation, payload: 'x', fin: false, mask: Buffer.alloc(4) }))]))
  t.equal((await client.waitClose()).code, 1008)
  t.ok(server.events('protocol:violated').length > 0)
  t.ok(await server.answers())
})

t.test('E01 E02 D18 what ws itself refuses is logged and harms nobody', async t => {
  const server = await socketServer(t, SAY)
  for (const [bytes, code] of [
    [frame({ payload: 'x', mask: null }), 1002],
    [frame({ payload: 'x', rsv: 2 }), 1002],
    [text('').fill(0xa2, 0, 1), 1002],
    [frame({ payload: Buffer.of(0xc0, 0x80) }), 1007],
    [frame({ payload: '', declaredLength: 65537 }), 1009],
  ] as const) {
    const client = await server.open()
    client.send(bytes)
    t.equal((await client.waitClose()).code, code)
    client.client.destroy()
  }
  await until(() => server.registry.size === 0)
  t.ok(await server.answers())
})

t.test('F06 bad JSON: coded errors, then 4400', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  const bad = ['', '{', '\ufeff{}', "{'a':1}", '{"type":"say",}']
  for (const one of bad) client.send(text(one))
  t.match(await client.waitMessages(5), Array.from({ length: 5 }, () => ({ type: '$error', error: { code: 'invalid_json', message: 'Not JSON' } })))
  t.equal(client.texts().every(one => !/Unexpected|position|token/.test(one)), true)
  client.json({ type: 'say', data: { text: 'still here' } })
  await client.waitMessage(message => message.type === 'said')
  client.send(text('['))
  t.same(await client.waitClose(), { code: 4400, reason: 'bad_message' })
  t.equal(client.messages().length, 6)
  t.equal(server.events('message:refused').length, 6)
  t.ok(await server.answers())
})

t.test('F06 the budget of violations refills', async t => {
  let now = 0
  const server = await socketServer(t, { ...SAY, now: () => now })
  const client = await server.open()
  for (let round = 1; round <= 8; round++) {
    client.send(text('{'))
    await client.waitMessages(round)
    now += 2000
  }
  t.equal(client.messages().length, 8)
  t.ok(await server.answers())
})

t.test('F12 F13 F14 G12 unknown and confused types: no echo of what came', async t => {
  const server = await socketServer(t, { ...SAY, limits: { errors: 100 } })
  const client = await server.open()
  const types = ['<script>', 'toString', 'constructor', 'then', '', 'SAY', 'say\u0000', '$error', '$nothing', 'x'.repeat(60_000)]
  for (const type of types) client.json({ type, data: { text: 'x' } })
  t.match(await client.waitMessages(types.length), types.map(() => ({ type: '$error', error: { code: 'unknown_type', message: 'No such message' } })))
  client.json({ type: ['say'], data: {} }, { type: { toString: 'say' } }, { type: 1 }, { type: null }, {})
  t.match((await client.waitMessages(types.length + 5)).slice(types.length), Array.from({ length: 5 }, () => ({ type: '$error', error: { code: 'invalid_message' } })))
  client.send(text('{"__proto__":{"type":"say"},"type":"say","data":{"text":"x"}}'))
  client.send(text('{"type":"say","data":{"text":"x","\\u005f_proto__":1}}'))
  t.match((await client.waitMessages(types.length + 7)).slice(types.length + 5), [{ error: { code: 'forbidden_key' } }, { error: { code: 'forbidden_key' } }])
  t.notMatch(client.client.received().toString('latin1'), /script|toString|constructor|xxx/)
  t.ok(await server.answers())
})

t.test('G12 a close caused by hostile input carries a fixed token', async t => {
  const server = await socketServer(t, { ...SAY, limits: { errors: 1 } })
  const client = await server.open()
  client.json({ type: '<script>' }, { type: '<script>' })
  t.same(await client.waitClose(), { code: 4400, reason: 'bad_message' })
  t.notMatch(JSON.stringify([server.events('message:refused'), server.events('closed')]), /script/)
})

t.test('F28 a root that is no object', async t => {
  const roots = ['null', '1', '"x"', '[]', '[{"type":"say"}]', 'true']
  const server = await socketServer(t, { ...SAY, limits: { errors: roots.length } })
  const client = await server.open()
  for (const root of roots) client.send(text(root))
  t.match(await client.waitMessages(roots.length), roots.map(() => ({ type: '$error', error: { code: 'invalid_message' } })))
  t.ok(await server.answers())
})

t.test('F01 F02 depth and size are judged before parsing', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  client.send(text('['.repeat(30_000)))
  client.send(text(`{"type":"say","data":[${'1,'.repeat(5000)}1]}`))
  t.match(await client.waitMessages(2), [{ error: { code: 'too_deep' } }, { error: { code: 'too_many_nodes' } }])
  t.ok(await server.answers())
})

t.test('a payload that does not fit: at most 8 issues, and the id when there is one', async t => {
  const server = await socketServer(t, SAY)
  const client = await server.open()
  client.json({ type: 'say', data: { text: 'x', more: 'SECRET' } }, { type: 'say', id: 'a', data: { text: 1 } }, { type: 'ping', id: 7, data: 'SECRET' })
  const [first, second, third] = await client.waitMessages(3)
  t.match(first, { type: '$error', error: { code: 'invalid_message', issues: [{ path: '/text/0' }] } })
  t.equal(first?.error?.issues?.length, 8)
  t.match(second, { id: 'a', error: { code: 'invalid_message' } })
  t.match(third, { id: 7, error: { code: 'invalid_message' } })
  t.notMatch(client.texts().join(), /SECRET/)
})

t.test('roles and authorize', async t => {
  const seen: string[] = []
  const server = await socketServer(t, {
    inbound: { kick: { roles: ['admin', 'mod'] }, mine: {}, later: { deadline: 15 }, broken: {}, rejects: {}, truthy: {}, hangs: { deadline: 20 } },
    handlers: {
      on: {
        kick: () => { seen.push('kick') },
        mine: { authorize: (data: { text: string }, socket: { identity: { id: string } }) => data.text === socket.identity.id, handle: () => { seen.push('mine') } },
        later: { authorize: async (data: { text: string }) => data.text === 'yes', handle: (data: { text: string }) => { seen.push(`later ${data.text}`) } },
        rejects: { authorize: async () => { throw new Error('store is down') }, handle: () => { seen.push('rejects') } },
        hangs: { authorize: () => new Promise(() => {}), handle: () => { seen.push('hangs') } },
        truthy: { authorize: () => 'yes', handle: () => { seen.push('truthy') } },
        broken: { authorize: () => { throw new Error('store is down') }, handle: () => { seen.push('broken') } },
      },
    },
  })
  const ann = await server.open({ path: '/?id=ann&roles=user' })
  ann.json({ type: 'kick', data: { text: '' } }, { type: 'mine', data: { text: 'bob' } }, { type: 'later', data: { text: 'no' } }, { type: 'truthy', data: { text: '' } })
  for (const type of ['broken', 'rejects', 'hangs', 'ping']) ann.json({ type, id: type, data: { text: '' } })
  const refused = await ann.waitMessages(8)
  t.same(refused.map(message => message.error?.code ?? message.data), ['forbidden', 'forbidden', 'forbidden', 'forbidden', 'internal', 'internal', 'timeout', 'pong'])
  t.same(seen, [])
  const mod = await server.open({ path: '/?id=mod&roles=user,mod' })
  mod.json({ type: 'kick', data: { text: '' } }, { type: 'later', data: { text: 'yes' } }, { type: 'mine', data: { text: 'mod' } }, { type: 'ping', id: 1, data: { text: '' } })
  await mod.waitMessages(1)
  t.same(seen, ['kick', 'later yes', 'mine'], 'nothing overtakes a message that waits for its authorize')
  t.equal(server.events('handler:failed').length, 2)
  t.same(server.events('handler:timeout').map(({ type }) => type), ['hangs'])
  t.ok(await server.answers())
})

t.test('8.6 renamed and flat envelopes', async t => {
  const seen: unknown[] = []
  const server = await socketServer(t, {
    inbound: { say: { accept: anyPayload } },
    calls: { history: { accept: anyPayload } },
    outbound: ['said'],
    envelope: { type: 'event', data: null, id: 'ref' },
    handlers: {
      on: { say: (data: { text: string }, socket: { send: object }) => { seen.push(data); said(data, socket) } },
      calls: { history: (data: unknown) => { seen.push(data); return [] } },
    },
  })
  const client = await server.open()
  client.json({ event: 'say', text: 'hello', ref: 'mine' }, { event: 'history', ref: 1, limit: 20 }, { event: 'nope', ref: 2 }, { event: 'nope' }, { event: 'history', limit: 1 })
  t.match(await client.waitMessages(5), [
    { event: 'said', text: 'hello' },
    { ref: 1, data: [] },
    { ref: 2, error: { code: 'unknown_type' } },
    { event: '$error', error: { code: 'unknown_type' } },
    { event: '$error', error: { code: 'invalid_message' } },
  ])
  t.same(seen, [{ text: 'hello', ref: 'mine' }, { limit: 20 }])
})
