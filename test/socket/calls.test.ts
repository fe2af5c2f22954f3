import { setImmediate as immediate, setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { anyPayload } from '../helpers/hand-contract.js'
import { NO_RATE, socketServer } from '../helpers/socket-server.js'
import { until } from '../helpers/until.js'

// docs/protocol.md section 4.

interface Context { readonly signal: AbortSignal, readonly fail: { readonly [code: string]: (data: unknown) => Error } }
const ANY = { accept: anyPayload }

t.test('8.2 reply, declared error, undeclared error', async t => {
  const server = await socketServer(t, {
    calls: { history: ANY, join: { ...ANY, errors: ['full'] } },
    handlers: {
      calls: {
        history: async ({ limit }: { limit: number }) => Array.from({ length: limit }, (_, n) => n),
        join: ({ room }: { room: string }, _socket: never, { fail }: Context) => { throw room === 'attic' ? fail['full']!({ max: 50 }) : new Error('db password is hunter2') },
      },
    },
  })
  const client = await server.open()
  client.json({ type: 'history', id: 1, data: { limit: 3 } })
  t.same(await client.waitMessages(1), [{ id: 1, data: [0, 1, 2] }])
  client.json({ type: 'join', id: 'two', data: { room: 'attic' } }, { type: 'join', id: 'three', data: { room: 'cellar' } })
  t.same((await client.waitMessages(3)).slice(1), [
    { id: 'two', error: { code: 'full', message: 'full', data: { max: 50 } } },
    { id: 'three', error: { code: 'internal', message: 'Internal error' } },
  ])
  t.equal(server.events('handler:failed').length, 1, 'a declared error is no failure')
  t.ok(await server.answers())
})

t.test('H01 handlers that throw or reject: internal, and everything goes on', async t => {
  const boom = (): never => { throw new Error('SECRET') }
  const server = await socketServer(t, {
    inbound: { sync: ANY, async: ANY, late: ANY, string: ANY, then: ANY },
    calls: { sync2: ANY, async2: ANY },
    handlers: {
      on: {
        sync: boom,
        async: async () => { boom() },
        late: async () => { await delay(5); boom() },
        // eslint-disable-next-line prefer-promise-reject-errors
        string: () => Promise.reject('text'),
        then: () => ({ then () { throw new Error('hostile thenable') } }),
      },
      calls: { sync2: boom, async2: async () => { await delay(5); boom() } },
      onClose: boom,
    },
  })
  const client = await server.open()
  for (const type of ['sync', 'async', 'late', 'string', 'then']) client.json({ type, data: {} })
  client.json({ type: 'sync2', id: 1, data: {} }, { type: 'async2', id: 2, data: {} })
  const messages = await client.waitMessages(7)
  t.equal(messages.filter(message => message.type === '$error' && message.error?.code === 'internal').length, 5)
  t.same(messages.filter(message => message.id !== undefined).map(message => [message.id, message.error?.code]), [[1, 'internal'], [2, 'internal']])
  t.notMatch(client.texts().join(), /SECRET|hostile|stack/)
  t.equal(server.sockets[0]?.running, 0)
  client.client.destroy()
  await until(() => server.events('handler:failed').some(({ type }) => type === 'onClose'))
  t.equal(server.events('handler:failed').length, 8)
  t.ok(await server.answers())
})

t.test('thenables: one reply, whatever they do besides', async t => {
  const server = await socketServer(t, {
    calls: { twice: ANY, callable: ANY },
    handlers: {
      calls: {
        twice: () => ({ then (resolve: (value: string) => void) { resolve('first'); throw new Error('second') } }),
        callable: () => Object.assign(() => {}, { then (resolve: (value: string) => void) { resolve('waited for') } }),
      },
    },
  })
  const client = await server.open()
  client.json({ type: 'twice', id: 1, data: {} }, { type: 'callable', id: 2, data: {} }, { type: 'ping', id: 3, data: { text: '' } })
  t.same(await client.waitMessages(3), [{ id: 1, data: 'first' }, { id: 2, data: 'waited for' }, { id: 3, data: 'pong' }])
  t.equal(server.sockets[0]?.running, 0)
})

t.test('H01 roles that throw when they are read: internal, and the process lives', async t => {
  const server = await socketServer(t, {
    calls: { kick: { ...ANY, roles: ['admin'] } },
    identity: () => ({ id: 'ann', get roles () { throw new Error('SECRET') } }),
    handlers: { calls: { kick: () => 'kicked' } },
  })
  const client = await server.open()
  client.json({ type: 'kick', id: 1, data: {} })
  t.same(await client.waitMessages(1), [{ id: 1, error: { code: 'internal', message: 'Internal error' } }])
  t.ok(await server.answers())
})

t.test('H01 the close listener may be asynchronous and reject', async t => {
  const server = await socketServer(t, { handlers: { onClose: async () => { await delay(1); throw new Error('late') } } })
  const client = await server.open()
  client.client.destroy()
  await until(() => server.events('handler:failed').some(({ type }) => type === 'onClose'))
  t.ok(await server.answers())
})

t.test('H02 a handler that never settles: timeout, the signal, and its slot back', async t => {
  let aborted = 0
  const server = await socketServer(t, {
    inbound: { hang: { ...ANY, deadline: 30 } },
    calls: { wait: { ...ANY, deadline: 40 } },
    limits: { inFlight: 2 },
    handlers: {
      on: { hang: () => new Promise(() => {}) },
      calls: { wait: (_: never, _socket: never, { signal }: Context) => new Promise(() => { signal.addEventListener('abort', () => { aborted++ }) }) },
    },
  })
  const client = await server.open()
  client.json({ type: 'hang', data: {} }, { type: 'wait', id: 1, data: {} }, { type: 'ping', id: 2, data: { text: '' } })
  const messages = await client.waitMessages(3)
  t.match(messages[0], { type: '$error', error: { code: 'timeout' } })
  t.same(messages.slice(1).map(message => [message.id, message.error?.code ?? message.data]).sort(), [[1, 'timeout'], [2, 'pong']])
  t.equal(aborted, 1)
  t.ok(await server.answers())
})

t.test('H02 a late result is dropped, and handlers that ignore their deadline are bounded', async t => {
  let running = 0
  let most = 0
  const release: (() => void)[] = []
  const server = await socketServer(t, {
    calls: { stuck: { ...ANY, deadline: 5 } },
    limits: { ...NO_RATE, inFlight: 2, errors: 100 },
    handlers: {
      calls: {
        stuck: () => new Promise<string>(resolve => {
          most = Math.max(most, ++running)
          release.push(() => { running--; resolve('late') })
        }),
      },
    },
  })
  const client = await server.open()
  for (let id = 0; id < 30; id++) client.json({ type: 'stuck', id, data: {} })
  const messages = await client.waitMessages(30)
  t.equal(messages.filter(message => message.error?.code === 'too_many_calls').length > 10, true)
  t.equal(messages.every(message => message.error !== undefined), true)
  t.equal(most <= 2 * 5, true, `${most} ran at once`)
  for (const go of release) go()
  client.json({ type: 'ping', id: 'after', data: { text: '' } })
  await client.waitMessage(message => message.id === 'after')
  t.equal(client.messages().length, 31, 'nothing late was sent')
  client.json({ type: 'stuck', id: 'again', data: {} })
  t.match(await client.waitMessage(message => message.id === 'again'), { error: { code: 'timeout' } })
})

t.test('H03 replies and messages that can\'t be encoded', async t => {
  const circular: { self?: unknown } = {}
  circular.self = circular
  const bad = [circular, 1n, { toJSON () { throw new Error('SECRET') } }, { get text () { throw new Error('SECRET') } }, undefined]
  let thrown = 0
  const server = await socketServer(t, {
    inbound: { send: ANY },
    calls: { get: ANY },
    outbound: ['said'],
    handlers: {
      on: {
        send: (data: { n: number }, socket: { send: object }) => {
          try { (socket.send as { said: (data: unknown) => boolean }).said(bad[data.n]) } catch { thrown++ }
        },
      },
      calls: { get: ({ n }: { n: number }) => bad[n] },
    },
  })
  const client = await server.open()
  for (let n = 0; n < bad.length; n++) client.json({ type: 'get', id: n, data: { n } }, { type: 'send', data: { n } })
  t.same((await client.waitMessages(bad.length)).map(message => [message.id, message.error?.code]), bad.map((_, n) => [n, 'internal']))
  t.equal(thrown, bad.length, 'our caller is told')
  t.equal(client.frames().length, bad.length, 'nothing partial')
  t.ok(await server.answers())
})

t.test('H04 ids', async t => {
  const release: (() => void)[] = []
  const server = await socketServer(t, {
    calls: { wait: ANY },
    limits: { ...NO_RATE, errors: 100 },
    handlers: { calls: { wait: () => new Promise(resolve => { release.push(() => { resolve('done') }) }) } },
  })
  const client = await server.open()
  const good = [0, -1, 1, '1', '__proto__', 'constructor', 'x'.repeat(64), Number.MAX_SAFE_INTEGER]
  const bad = [null, '', 'x'.repeat(65), 1.5, 2 ** 53, true, {}, ['a'], undefined]
  for (const id of good) client.json({ type: 'wait', id, data: {} })
  for (const id of bad) client.json({ type: 'wait', id, data: {} })
  t.match(await client.waitMessages(bad.length), bad.map(() => ({ type: '$error', error: { code: 'invalid_message' } })))
  t.equal(release.length, good.length, '1 and "1" are two calls')
  client.json({ type: 'wait', id: '__proto__', data: {} }, { type: 'ping', id: 1, data: { text: '' } })
  t.match((await client.waitMessages(bad.length + 2)).slice(bad.length), [{ id: '__proto__', error: { code: 'duplicate_id' } }, { id: 1, error: { code: 'duplicate_id' } }])
  for (const go of release) go()
  const replies = (await client.waitMessages(bad.length + 2 + good.length)).slice(bad.length + 2)
  t.same(replies, good.map(id => ({ id, data: 'done' })))
  client.json({ type: 'ping', id: 1, data: { text: '' } })
  await client.waitMessage(message => message.data === 'pong')
  t.ok(await server.answers())
})

t.test('H04 ids that keep colliding are closed 4409', async t => {
  const server = await socketServer(t, { calls: { wait: ANY }, handlers: { calls: { wait: () => new Promise(() => {}) } } })
  const client = await server.open()
  for (let n = 0; n < 8; n++) client.json({ type: 'wait', id: 1, data: {} })
  t.same(await client.waitClose(), { code: 4409, reason: 'duplicate_id' })
  t.equal(client.messages().length, 5)
})

t.test('H05 H06 ids belong to one socket: replies and cancels don\'t cross', async t => {
  const waiting: { who: string, go: () => void, signal: AbortSignal }[] = []
  const server = await socketServer(t, {
    calls: { wait: ANY },
    handlers: {
      calls: {
        wait: (_: never, socket: { identity: { id: string } }, { signal }: Context) => new Promise(resolve => {
          waiting.push({ who: socket.identity.id, go: () => { resolve(socket.identity.id) }, signal })
        }),
      },
    },
  })
  const ann = await server.open({ path: '/?id=ann' })
  const bob = await server.open({ path: '/?id=bob' })
  for (const client of [ann, bob]) client.json({ type: 'wait', id: 1, data: {} }, { type: 'wait', id: 2, data: {} })
  await until(() => waiting.length === 4)
  ann.json({ type: '$cancel', id: 1 })
  t.same(await ann.waitMessages(1), [{ id: 1, error: { code: 'cancelled', message: 'Cancelled' } }])
  for (const one of waiting.toReversed()) one.go()
  t.same((await bob.waitMessages(2)).map(message => [message.id, message.data]), [[2, 'bob'], [1, 'bob']])
  t.same((await ann.waitMessages(2)).map(message => [message.id, message.data]), [[1, undefined], [2, 'ann']])
  t.same(waiting.map(one => [one.who, one.signal.aborted]).sort(), [['ann', false], ['ann', true], ['bob', false], ['bob', false]])
  t.ok(await server.answers())
})

t.test('8.3 cancel: answered once, unknown ids are ignored, a bad one is refused', async t => {
  const server = await socketServer(t, {
    calls: { wait: ANY },
    handlers: { calls: { wait: (_: never, _socket: never, { signal }: Context) => new Promise((_resolve, reject) => { signal.addEventListener('abort', () => { reject(signal.reason) }) }) } },
  })
  const client = await server.open()
  client.json({ type: 'wait', id: 4, data: {} }, { type: '$cancel', id: 4 }, { type: '$cancel', id: 4 }, { type: '$cancel', id: 'never' }, { type: '$cancel' })
  const messages = await client.waitMessages(2)
  t.match(messages, [{ id: 4, error: { code: 'cancelled' } }, { type: '$error', error: { code: 'invalid_message' } }])
  t.ok(await server.answers())
  t.equal(client.messages().length, 2)
  t.equal(server.events('handler:failed').length, 0, 'the rejection of a cancelled handler is no failure')
})

t.test('D23 10,000 calls with a cancel behind each: handlers stay within the cap', async t => {
  let running = 0
  let most = 0
  const server = await socketServer(t, {
    calls: { watch: ANY },
    limits: { ...NO_RATE, inFlight: 8 },
    handlers: {
      calls: {
        watch: async () => {
          most = Math.max(most, ++running)
          await immediate()
          running--
          return null
        },
      },
    },
  })
  const client = await server.open()
  const batch: unknown[] = []
  for (let id = 0; id < 10_000; id++) batch.push({ type: 'watch', id, data: {} }, { type: '$cancel', id })
  client.json(...batch)
  await client.waitMessages(10_000)
  t.equal(most <= 8, true, `${most} ran at once`)
  t.equal(server.registry.size, 1)
  t.ok(await server.answers())
})

t.test('boot: a handler that is missing, misspelt or no function', async t => {
  const make = (handlers: object): Promise<unknown> => socketServer(t, { inbound: { say: {} }, handlers })
  await t.rejects(make({}), { code: 'WSG_ERR_HANDLER', message: /on\.say/ })
  await t.rejects(make({ on: { say: 1 } }), { code: 'WSG_ERR_HANDLER', message: /on\.say.*got \d/ })
  await t.rejects(make({ on: { say: { handle () {} } } }), { code: 'WSG_ERR_HANDLER', message: /authorize/ })
  await t.rejects(make({ on: { say () {}, sya () {} } }), { code: 'WSG_ERR_HANDLER', message: / on: .*got "sya"; did you mean "say"\?/ })
  await t.rejects(make({ on: { say () {}, ping () {} } }), { code: 'WSG_ERR_HANDLER', message: / on: .*got "ping"/ })
})
