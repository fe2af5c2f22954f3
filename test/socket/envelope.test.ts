import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract, text } from '../../lib/contract.js'
import { contractStack, NO_LIMITS } from '../helpers/contract-stack.js'
import { frame } from '../helpers/frames.js'
import type { RawClient } from '../helpers/raw-client.js'
import { until } from '../helpers/until.js'

// docs/protocol.md sections 3 and 8.6: what clients of other frameworks send already, contracted as it is.

const free = { guard: { messages: NO_LIMITS } }

/** Sends texts as they stand and waits for as many answers. */
async function say (client: RawClient, ...texts: readonly string[]): Promise<string[]> {
  const from = client.texts().length
  client.send(Buffer.concat(texts.map(payload => frame({ payload }))))
  await client.waitMessages(from + texts.length)
  return client.texts().slice(from)
}

const History = { request: Type.Object({ limit: Type.Integer({ maximum: 100 }) }), reply: Type.Array(Type.String()), errors: { gone: Type.Object({ at: Type.Integer() }) } }

t.test('Django Channels: the payload beside the type', async t => {
  const handled: unknown[] = []
  const contract = defineContract({
    name: 'channels',
    url: '/test',
    // Clients send a property `id` of their own, so that of calls has another name.
    envelope: { data: null, id: 'ref' },
    inbound: {
      'chat.message': Type.Object({ message: text({ maxLength: 100 }), room: Type.Optional(text({ maxLength: 20 })) }),
      'chat.read': Type.Object({ id: Type.Integer() }),
      'chat.leave': Type.Object({}),
      'chat.tag': { payload: Type.Object({ tag: text({ maxLength: 9 }) }), unknownProperties: 'drop' },
    },
    outbound: { 'chat.message': Type.Object({ message: Type.String(), from: Type.String() }) },
    calls: { history: History },
  })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        'chat.message': (data, socket) => {
          handled.push(data)
          socket.send['chat.message']({ message: data.message, from: socket.identity.id as string })
        },
        'chat.read': data => { handled.push(data) },
        'chat.leave': data => { handled.push(data) },
        'chat.tag': data => { handled.push(data) },
      },
      calls: {
        history: async ({ limit }, _socket, { fail, signal }) => {
          if (limit === 0) throw fail.gone({ at: 7 })
          if (limit === 99) await new Promise<void>(resolve => { signal.addEventListener('abort', () => { resolve() }) })
          return [`last ${limit}`]
        },
      },
    })
  }, free)
  const client = await server.open()
  t.same(await say(client, '{"type":"chat.message","message":"hello"}'), ['{"type":"chat.message","message":"hello","from":"ada"}'])
  t.same(await say(client, '{"message":"<b>","room":"attic","type":"chat.message"}'), ['{"type":"chat.message","message":"<b>","from":"ada"}'])
  client.json({ type: 'chat.read', id: 5 }, { type: 'chat.leave' }, { type: 'chat.tag', tag: 'x', more: 1, id: 'x' })
  await until(() => handled.length === 5)
  t.same(handled, [{ message: 'hello' }, { message: '<b>', room: 'attic' }, { id: 5 }, {}, { tag: 'x' }])

  t.same(await say(client, '{"type":"history","ref":1,"limit":3}'), ['{"ref":1,"data":["last 3"]}'], 'replies are not flat')
  t.same(await say(client, '{"type":"history","ref":"a","limit":0}'), ['{"ref":"a","error":{"code":"gone","message":"gone","data":{"at":7}}}'])
  client.json({ type: 'history', ref: 2, limit: 99 }, { type: '$cancel', ref: 2 })
  t.match(await client.waitMessage(message => (message as { ref?: unknown }).ref === 2), { error: { code: 'cancelled' } })

  const error = (code: string, message: string, issues = ''): string => `{"type":"$error","error":{"code":"${code}","message":"${message}"${issues}}}`
  const fit = 'The message does not fit the contract'
  const at = (path: string, message: string): string => `,"issues":[{"path":"${path}","message":"${message}"}]`
  t.same(await say(client,
    '{"type":"nope"}', '{"type":"chat.message"}', '{"type":"chat.message","message":1}', '{"type":"chat.message","message":"x","evil":1}',
    '{"type":"chat.message","data":{"message":"x"}}', '{"type":"chat.leave","data":{}}', '{"type":"chat.read","id":"5"}', '{"message":"x"}', '{"type":"history","limit":3}',
    '{"type":"chat.message","message":"x","__proto__":{"evil":1}}', '[{"type":"chat.leave"}]'
  ), [
    error('unknown_type', 'No such message'), error('invalid_message', fit, at('/message', 'expected required property')), error('invalid_message', fit, at('/message', 'expected string')),
    error('invalid_message', fit, at('', 'unexpected property')),
    error('invalid_message', fit, ',"issues":[{"path":"/message","message":"expected required property"},{"path":"","message":"unexpected property"}]'),
    error('invalid_message', fit, at('', 'unexpected property')), error('invalid_message', fit, at('/id', 'expected integer')), error('invalid_message', fit), error('invalid_message', fit, at('', 'a call needs an \\"ref\\": 1-64 characters or an integer')),
    error('forbidden_key', 'A key is not allowed'), error('invalid_message', fit),
  ])
  t.same(await say(client, '{"type":"history","ref":3,"limit":1000}', '{"type":"history","ref":4,"limit":1,"evil":1}'), [
    `{"ref":3,"error":{"code":"invalid_message","message":"${fit}"${at('/limit', 'expected a smaller number')}}}`,
    `{"ref":4,"error":{"code":"invalid_message","message":"${fit}"${at('', 'unexpected property')}}}`,
  ])
  t.equal(handled.length, 5)
  t.ok(await server.answers())
})

t.test('Nest: the type is called event', async t => {
  const handled: unknown[] = []
  const contract = defineContract({
    name: 'nest',
    url: '/test',
    envelope: { type: 'event' },
    // What a Nest gateway's client sends as `data` may be a bare value.
    inbound: { events: Type.Object({ test: text({ maxLength: 20 }) }), identity: Type.Integer(), idle: Type.Null() },
    outbound: { events: Type.Integer(), list: Type.Array(Type.Integer()) },
    calls: { history: History },
  })
  const server = await contractStack(t, app => {
    app.wsRoute(contract, {
      on: {
        events: (data, socket) => {
          handled.push(data)
          for (const n of [1, 2, 3]) socket.send.events(n)
          socket.send.list([1, 2, 3])
        },
        identity: data => { handled.push(data) },
        idle: data => { handled.push(data) },
      },
      calls: { history: ({ limit }) => [`last ${limit}`] },
    })
  }, free)
  const client = await server.open()
  client.json({ event: 'events', data: { test: 'test' } })
  await client.waitMessages(4)
  t.same(client.texts(), [1, 2, 3].map(n => `{"event":"events","data":${n}}`).concat('{"event":"list","data":[1,2,3]}'))
  client.json({ event: 'identity', data: 5 }, { event: 'idle', data: null }, { event: 'identity', data: 6, type: 'events' })
  await until(() => handled.length === 4)
  t.same(handled, [{ test: 'test' }, 5, null, 6], 'a key `type` is one that is ignored')
  t.same(await say(client, '{"event":"history","data":{"limit":3},"id":1}'), ['{"id":1,"data":["last 3"]}'])
  t.same(await say(client, '{"event":"nope"}', '{"type":"events","data":{"test":"x"}}', '{"event":"identity","data":"5","id":9}', '{"event":"identity","data":"5"}'), [
    '{"event":"$error","error":{"code":"unknown_type","message":"No such message"}}',
    '{"event":"$error","error":{"code":"invalid_message","message":"The message does not fit the contract"}}',
    '{"id":9,"error":{"code":"invalid_message","message":"The message does not fit the contract","issues":[{"path":"","message":"expected integer"}]}}',
    '{"event":"$error","error":{"code":"invalid_message","message":"The message does not fit the contract","issues":[{"path":"","message":"expected integer"}]}}',
  ])
  t.equal(handled.length, 4)
  t.ok(await server.answers())
})

t.test('section 3: the root is an object, also where the keys are those of an array', async t => {
  const server = await contractStack(t, app => {
    const contract = defineContract({ name: 'test', url: '/test', envelope: { type: '0', data: '1' }, inbound: { say: Type.Integer() }, outbound: { said: Type.Integer() } })
    app.wsRoute(contract, { on: { say: (n, socket) => { socket.send.said(n) } } })
  }, free)
  const client = await server.open()
  t.same(await say(client, '["say",1]', '{"0":"say","1":2}'), [
    '{"0":"$error","error":{"code":"invalid_message","message":"The message does not fit the contract"}}', '{"0":"said","1":2}',
  ])
})

t.test('all three keys renamed, and both at once: 8.6', async t => {
  const request = Type.Object({ limit: Type.Integer() })
  const calls = { history: { request, reply: Type.Array(Type.Integer()) } }
  const inbound = { say: Type.Object({ text: text({ maxLength: 9 }) }) }
  const outbound = { said: Type.Object({ text: Type.String() }) }
  const server = await contractStack(t, app => {
    const named = { inbound, outbound, calls }
    for (const [url, envelope] of [['/names', { type: 'kind', data: 'body', id: 'ref' }], ['/flat', { type: 'event', data: null, id: 'ref' }]] as const) {
      app.wsRoute(defineContract({ name: url.slice(1), url, envelope, ...named }), { on: { say: ({ text }, socket) => { socket.send.said({ text }) } }, calls: { history: () => [1] } })
    }
  }, free)
  const names = await server.open({ path: '/names' })
  t.same(await say(names, '{"kind":"say","body":{"text":"a"}}', '{"kind":"history","ref":1,"body":{"limit":1}}', '{"kind":"no","ref":2}', '{"kind":"history","id":1,"body":{"limit":1}}'), [
    '{"kind":"said","body":{"text":"a"}}', '{"ref":1,"body":[1]}', '{"ref":2,"error":{"code":"unknown_type","message":"No such message"}}',
    '{"kind":"$error","error":{"code":"invalid_message","message":"The message does not fit the contract","issues":[{"path":"","message":"a call needs an \\"ref\\": 1-64 characters or an integer"}]}}',
  ])
  const flat = await server.open({ path: '/flat' })
  t.same(await say(flat, '{"event":"say","text":"a"}', '{"event":"history","ref":1,"limit":1}', '{"event":"nope"}'), [
    '{"event":"said","text":"a"}', '{"ref":1,"data":[1]}', '{"event":"$error","error":{"code":"unknown_type","message":"No such message"}}',
  ])
  t.ok(await server.answers())
})

t.test('NUL and lone surrogates are refused, however they are spelt: in values, in names, beside the type, in a binary frame', async t => {
  const handled: unknown[] = []
  const word = Type.String({ maxLength: 64 })
  const payload = { word: Type.Object({ word }), names: Type.Object({ names: Type.Record(Type.String(), Type.Null(), { maxProperties: 4 }) }) }
  const on = { word: (data: unknown) => { handled.push(data) }, names: (data: unknown) => { handled.push(data) } }
  const server = await contractStack(t, app => {
    app.wsRoute(defineContract({ name: 'usual', url: '/test', inbound: { ...payload, bytes: Type.Uint8Array({ maxByteLength: 64 }) } }), {
      on: { ...on, bytes: data => { handled.push(data.length) } },
    })
    app.wsRoute(defineContract({ name: 'flat', url: '/flat', envelope: { data: null }, inbound: payload }), { on })
  }, free)
  const client = await server.open()
  const flat = await server.open({ path: '/flat' })
  for (const bad of ['\\u0000', '\\ud800', '\\uDFFF', `${'a'.repeat(30)}\\u0000`]) {
    const usual = [`{"type":"word","data":{"word":"${bad}"}}`, `{"type":"names","data":{"names":{"${bad}":null}}}`]
    for (const answer of await say(client, ...usual)) t.match(answer, 'invalid_message', bad)
    const beside = [`{"type":"word","word":"${bad}"}`, `{"type":"names","names":{"${bad}":null}}`]
    for (const answer of await say(flat, ...beside)) t.match(answer, 'invalid_message', bad)
  }
  t.same(handled, [])
  client.send(frame({ payload: '{"type":"word","data":{"word":"fine"}}' }))
  client.send(frame({ payload: Buffer.from('\0\\u0000'), opcode: 2 }))
  flat.send(frame({ payload: '{"type":"names","names":{"fine":null}}' }))
  await until(() => handled.length === 3)
  t.same(handled.filter(data => typeof data === 'object'), [{ word: 'fine' }, { names: { fine: null } }])
  t.ok(handled.includes(7), 'bytes are bytes')
})
