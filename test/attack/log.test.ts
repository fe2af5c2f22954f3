import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Type } from '@sinclair/typebox'
import { spawn } from 'node:child_process'
import { type IncomingMessage, request } from 'node:http'
import { once } from 'node:events'
import { defineContract } from '../../lib/contract.js'
import { bareStack } from '../helpers/bare.js'
import { contractStack } from '../helpers/contract-stack.js'
import { text } from '../helpers/frames.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { closeFrame, codeOf, exchange, upgrade, upgradeRequest } from '../helpers/handshake.js'
import type { AuthStrategy, RefusedEvent } from '../../types/gate.js'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { until } from '../helpers/until.js'

const SECRET_TEXT = 'SECRET123'

t.test('C10 a token in the query string is in no log line', async t => {
  const stack = await guardedStack(t, {
    level: 'trace',
    extend: app => {
      app.get('/boom', { websocket: true, wsGuard: { public: true }, preHandler: async () => { throw new Error('hook') } }, () => {})
      app.get('/throws', { websocket: true, wsGuard: { public: true } }, () => { throw new Error('handler') })
      app.get('/rooms/:room', { websocket: true, wsGuard: { public: true } }, () => {})
    },
  })
  const cookie = await stack.login()
  const query = `?token=${SECRET_TEXT}`
  const seen: Record<string, number> = {}
  for (const [name, path, options] of [
    ['accepted', `/ws${query}`, { cookie }],
    ['refused by origin', `/ws${query}`, { cookie, origin: 'https://evil.example' }],
    ['refused by host', `/ws${query}`, { host: 'evil.example' }],
    ['refused by auth', `/ws${query}`, {}],
    ['not found', `/nowhere${query}`, {}],
    ['a plain route', `/plain${query}`, {}],
    ['hook fails', `/boom${query}`, {}],
    ['handler fails', `/throws${query}`, {}],
    ['bad version', `/ws${query}`, { version: '8' }],
    ['absolute form', `http://localhost/ws${query}`, {}],
    ['semicolon', `/ws;token=${SECRET_TEXT}`, {}],
    ['fragment', `/ws#token=${SECRET_TEXT}`, {}],
    ['plain request', `/ws${query}`, { upgrade: null, connection: 'close' }],
    ['malformed url', `/%zz${query}`, {}],
    ['long parameter', `/rooms/${'a'.repeat(150)}${query}`, {}],
  ] as const) {
    const result = await stack.upgrade({ path, ...options })
    seen[name] = result.status
    result.client.destroy()
  }
  t.equal(seen['accepted'], 101)
  t.equal(seen['handler fails'], 101)
  t.equal(seen['not found'], 404)
  t.equal(seen['plain request'], 426)
  t.equal(seen['hook fails'], 500)
  await stack.log.waitFor(line => line['event'] === 'ws.handler.error')
  t.notMatch(stack.log.text, SECRET_TEXT)
  t.match(stack.log.text, '?[redacted]')
  t.ok(await stack.serves())
})

t.test('C10 nor is one that comes with another method, in a line, a message or as a password; other paths are as they were', async t => {
  const stack = await guardedStack(t, { level: 'trace', extend: app => { app.get('/rooms/:room', { websocket: true, wsGuard: { public: true } }, () => {}) } })
  const ask = async (method: string, path: string): Promise<number> => {
    const asked = request({ port: stack.port, host: '127.0.0.1', method, path, headers: { host: 'localhost', connection: 'close' } }).end()
    const [answer] = await once(asked, 'response') as [IncomingMessage]
    answer.resume()
    await once(answer, 'end')
    return answer.statusCode ?? 0
  }
  const targets = [`/rooms/1?token=${SECRET_TEXT}`, `//ada:${SECRET_TEXT}@localhost/rooms/1`, `http://ada:${SECRET_TEXT}@localhost/rooms/1?token=${SECRET_TEXT}`]
  for (const method of ['GET', 'HEAD', 'OPTIONS', 'POST', 'DELETE']) {
    for (const target of targets) {
      t.ok(await ask(method, target) >= 400, `${method} ${target}`)
    }
  }
  for (const target of targets) (await stack.upgrade({ path: target })).client.destroy()
  t.ok(stack.log.text.includes('Route OPTIONS:/rooms/1?[redacted] not found'))
  t.notMatch(stack.log.text, SECRET_TEXT)
  t.same([await ask('GET', '/plain?page=2'), await ask('GET', '/nowhere?page=3')], [200, 404])
  t.match(stack.log.text, '/plain?page=2')
  t.match(stack.log.text, 'Route GET:/nowhere?page=3 not found')
  t.ok(await stack.serves())
})

t.test('C10 the bare stack logs it', async t => {
  const bare = await bareStack(t)
  const opened = await upgrade(bare.port, { path: `/ws?token=${SECRET_TEXT}` })
  t.equal(opened.status, 101)
  opened.client.destroy()
  t.match(bare.log.text, SECRET_TEXT)
})

t.test('C10 cookies and tickets in headers are in no log line either', async t => {
  const stack = await guardedStack(t, { level: 'trace' })
  const cookie = await stack.login()
  for (const options of [{ cookie }, { cookie: `sessionId=${SECRET_TEXT}` }, { origin: 'https://evil.example', cookie, headers: { Authorization: `Bearer ${SECRET_TEXT}` } }]) {
    const result = await stack.upgrade(options)
    result.client.destroy()
  }
  t.notMatch(stack.log.text, SECRET_TEXT)
  t.notOk(stack.log.text.includes(cookie.slice('sessionId='.length, 40)))
  t.ok(await stack.serves())
})

// eslint-disable-next-line no-control-regex
const DANGEROUS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/

t.test('G10 what a peer sends can\'t forge, colour or reorder a log line', async t => {
  const stack = await guardedStack(t)
  // Header bytes reach Node as latin1: UTF-8 of U+202E (E2 80 AE) and raw C1 controls are what the wire can carry.
  const nasty = [
    'https://evil.example\u00e2\u0080\u00ae', 'https://evil\u0085{"level":60}.example', 'https://\u009b31mred.example',
    'https://evil.example/\u00e2\u0080\u00a8{"level":60}', `https://${'x'.repeat(5000)}.example`, 'https://a\tb.example',
  ]
  for (const origin of nasty) {
    t.equal((await stack.upgrade({ origin })).status, 403)
    t.equal((await stack.upgrade({ host: origin.slice(8) })).status >= 400, true)
    await stack.upgrade({ protocol: origin })
    await stack.upgrade({ path: `/${origin}` })
    await stack.upgrade({ version: origin })
    await stack.upgrade({ headers: { 'User-Agent': origin, 'X-Request-Id': origin } })
  }
  await stack.upgrade({ path: '/%0d%0a{"level":60}%e2%80%ae' })
  await stack.upgrade({ path: '/%zz%e2%80%ae' })
  // A raw ESC is refused by Node's own parser.
  await exchange(stack.port, upgradeRequest({ origin: 'https://evil\u001b[31m.example' })).catch(() => {})

  t.notMatch(stack.log.text, DANGEROUS)
  const lines = stack.log.text.split('\n').filter(line => line !== '')
  for (const line of lines) t.equal(typeof JSON.parse(line), 'object')
  t.equal(stack.log.where('level', 60).length, 0)
  for (const line of stack.log.lines) {
    if (typeof line['value'] === 'string') t.ok(line['value'].length <= 257 * 6, 'cut')
  }
  t.ok(await stack.serves())
})

t.test('G10 refusals are one line per kind and address, with a count of the rest', async t => {
  // Who develops gets a line for each reason.
  const stack = await guardedStack(t, { as: 'site' })
  for (let i = 0; i < 30; i++) await stack.upgrade(stack.page({ origin: `https://evil${i}.example` }))
  t.equal(stack.log.where('event', 'ws.origin.rejected').length, 1)
  t.ok(await stack.serves())
  await stack.app.close()
  t.equal(stack.log.where('event', 'ws.origin.rejected').map(line => line['count']).join(), '1,29')
})

const LEAK = 'postgres://admin:hunter2@10.0.0.5:5432'
const header = (authenticate: AuthStrategy['authenticate']): AuthStrategy => ({ name: 'test', needs: { credential: 'header', session: false }, authenticate })
const leaks = (): never => { throw new Error(LEAK) }

/** Routes that throw, at every place that user code runs before a 101. */
const THROWING = {
  'auth throws': { auth: header(leaks) },
  'auth rejects': { auth: header(async () => leaks()) },
  'auth throws no error': { auth: header(() => { throw LEAK }) },
  'auth gives no identity': { auth: header(() => ({ name: LEAK }) as never) },
  'authorize throws': { auth: header(() => ({ id: 1 })), authorize: leaks },
  'authorize rejects': { auth: header(() => ({ id: 1 })), authorize: async () => leaks() },
} as const

t.test('G11 an error tells the peer a code and nothing else', async t => {
  const stack = await guardedStack(t, {
    extend: app => {
      for (const [index, wsGuard] of Object.values(THROWING).entries()) app.get(`/throws/${index}`, { websocket: true, wsGuard }, () => {})
      const open = { websocket: true, wsGuard: { public: true } } as const
      app.get('/hook/onRequest', { ...open, onRequest: async () => leaks() }, () => {})
      app.get('/hook/preHandler', { ...open, preHandler: async () => leaks() }, () => {})
      app.get('/hook/preValidation', { ...open, preValidation: (_request, _reply, done) => done(new Error(LEAK)) }, () => {})
    },
  })
  for (const [index, name] of Object.keys(THROWING).entries()) {
    const refused = await stack.upgrade({ path: `/throws/${index}` })
    t.equal(refused.status, 503, name)
    leaksNothing(t, refused.response, LEAK, name)
    t.equal(codeOf(refused), 'WSG_ERR_AUTH_UNAVAILABLE', name)
    t.notMatch(refused.body, /stack|\.ts|\.js/, name)
  }
  for (const place of ['onRequest', 'preHandler', 'preValidation']) {
    const failed = await stack.upgrade({ path: `/hook/${place}` })
    t.ok(failed.status >= 500, place)
    leaksNothing(t, failed.response, LEAK, place)
    await failed.closed()
  }
  t.match(stack.log.text, LEAK, 'the log has the reason')
  const line = stack.log.lines.find(one => one['event'] === 'ws.backend.unavailable' && one['err'] !== undefined)
  t.equal(typeof line?.['reqId'], 'string', 'beside the request it belongs to')
  t.ok(await stack.serves())

  const bare = await bareStack(t)
  bare.store.mode = 'down'
  t.match((await upgrade(bare.port, { cookie: await stack.login() })).body, /session store is down/, 'the bare stack tells it')
})

function leaksNothing (t: { notMatch: (a: unknown, b: unknown, name: string) => unknown }, response: { body: string, headers: ReadonlyMap<string, string> }, leak: string, name: string): void {
  t.notMatch(response.body + JSON.stringify([...response.headers]), leak, `${name}: nothing of it goes out`)
}

t.test('G12 nothing a peer sent comes back in a refusal or a close reason', async t => {
  const marker = 'reflect<script>me'
  const stack = await guardedStack(t, {
    extend: app => {
      app.get('/throws', { websocket: true, wsGuard: { public: true } }, (_socket, request) => { throw new Error(String(request.headers['x-marker'])) })
    },
  })
  for (const options of [
    { origin: `https://${marker}.example` }, { host: marker }, { protocol: marker }, { version: marker }, { upgrade: marker },
    { path: `/${marker}` }, { path: `/ws?${marker}` }, { cookie: `sessionId=${marker}` }, { headers: { 'x-marker': marker } }, { key: marker },
    { path: `/plain?${marker}` },
  ]) {
    const refused = await stack.upgrade(options)
    t.ok(refused.status >= 400, JSON.stringify(options))
    t.notMatch(refused.client.received().toString('latin1'), 'script', JSON.stringify(options))
  }
  const opened = await stack.upgrade({ path: '/throws', headers: { 'x-marker': marker } })
  t.same(await closeFrame(opened), { code: 1011, reason: 'internal' })
  t.notMatch(opened.rest().toString('latin1'), 'script')
  opened.client.destroy()
  t.ok(await stack.serves())

  const bare = await bareStack(t)
  const notFound = await upgrade(bare.port, { path: `/${marker}` })
  t.match(notFound.body, 'script', 'the bare stack repeats the URL')
})

t.test('H01 a plain route whose handler throws or rejects closes 1011 and is logged', async t => {
  const open = { websocket: true, wsGuard: { public: true } } as const
  const stack = await guardedStack(t, {
    extend: app => {
      app.get('/sync', open, () => { throw new Error('from sync') })
      app.get('/async', open, async () => { throw new Error('from async') })
      app.get('/later', open, async () => {
        await new Promise(resolve => setTimeout(resolve, 20))
        throw new Error('from later')
      })
      app.get('/nothing', open, async () => await Promise.reject(new Error('from nothing')))
    },
  })
  for (const name of ['sync', 'async', 'later', 'nothing']) {
    const opened = await stack.upgrade({ path: `/${name}` })
    t.equal(opened.status, 101)
    t.same(await closeFrame(opened), { code: 1011, reason: 'internal' }, name)
    t.notMatch(opened.rest().toString('latin1'), name)
    opened.client.destroy()
    await stack.log.waitFor(line => line['event'] === 'ws.handler.error' && JSON.stringify(line).includes(`from ${name}`))
  }
  t.ok(await stack.serves())
})

// A listener of a plain route is called by ws itself, and what it throws is nobody's: the process ends, with this plugin
// as without it. `wsRoute` owns its listeners and answers `internal` instead: test/socket/.
t.test('H01 what a listener of a plain route throws still ends the process', async t => {
  for (const [listener, name] of [['() => { throw new Error("sync") }', 'sync'], ['async () => { throw new Error("async") }', 'async']] as const) {
    t.not(await exitCodeOf(listener), 0, name)
  }
  t.equal(await exitCodeOf('() => { process.exit(0) }'), 0)
})

/** Exit code of a process whose plain guarded route has this `message` listener and gets one message. */
async function exitCodeOf (listener: string): Promise<number | null> {
  const library = new URL('../../lib/index.js', import.meta.url).href
  const script = `
    import Fastify from 'fastify'
    import guard from ${JSON.stringify(library)}
    const app = Fastify()
    await app.register(guard, { development: true })
    app.get('/ws', { websocket: true, wsGuard: { public: true } }, socket => { socket.on('message', ${listener}) })
    await app.listen({ port: 0, host: '127.0.0.1' })
    console.log('port ' + app.server.address().port)
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  const exited = once(child, 'exit') as Promise<[number | null]>
  const limit = setTimeout(() => child.kill('SIGKILL'), 20_000)
  try {
    const port = Number(/port (\d+)/.exec(String(await once(child.stdout, 'data')))?.[1])
    const opened = await upgrade(port)
    opened.client.send(text('x'))
    const [code] = await exited
    opened.client.destroy()
    return code
  } finally {
    clearTimeout(limit)
    child.kill('SIGKILL')
  }
}

t.test('a forwarded address that is none is cut and escaped, in the log and in the events', async t => {
  const { port, page, log, healthy } = await guardedStack(t, { as: 'site', fastify: { trustProxy: '127.0.0.1' } })
  const events: RefusedEvent[] = []
  const note = (message: unknown): void => { events.push(message as RefusedEvent) }
  subscribe('fastify-ws-guard:refused', note)
  t.teardown(() => { unsubscribe('fastify-ws-guard:refused', note) })
  // What is no address is one client: a line for each kind of refusal.
  for (const [said, changes, expected] of [
    ['x'.repeat(5000), { origin: 'https://evil.test' }, 403], ['\u009b31m red', { host: 'evil.test' }, 421], ['\u0085next line', { origin: 'null' }, 403],
  ] as const) {
    const { status, client } = await upgrade(port, page({ ...changes, headers: { 'X-Forwarded-For': said } }))
    t.equal(status, expected)
    client.destroy()
  }
  const lines = log.lines.filter(({ code }) => String(code).startsWith('WSG_ERR_'))
  t.equal(lines.length, 3)
  t.equal(events.length, 3)
  for (const { ip } of [...lines, ...events]) {
    t.ok(String(ip).length <= 257, `${String(ip).length} characters`)
    // eslint-disable-next-line no-control-regex
    t.notMatch(String(ip), /[\u0000-\u001f\u007f-\u009f]/)
  }
  t.equal(await healthy({ headers: { 'X-Forwarded-For': '203.0.113.1' } }), true)
})

t.test('a refusal says who it was, where that is known', async t => {
  const { port, page, log } = await guardedStack(t, {
    as: 'site',
    guard: { connections: { perIdentity: 1 } },
    extend: app => { app.get('/admin', { websocket: true, wsGuard: { authorize: () => false } }, () => {}) },
  })
  const first = await upgrade(port, page())
  const answers = [await upgrade(port, page()), await upgrade(port, page({ path: '/ws', cookie: null }))]
  first.client.destroy()
  for (const { client } of answers) client.destroy()
  t.match(log.where('code', 'WSG_ERR_CONNECTIONS_PER_IDENTITY'), [{ identity: 'ada', route: '/ws', ip: '127.0.0.1' }])
  t.equal(log.where('code', 'WSG_ERR_UNAUTHENTICATED')[0]?.['identity'], undefined)
  await until(async () => {
    const { client, status } = await upgrade(port, page({ path: '/admin' }))
    client.destroy()
    return status === 403
  })
  t.match(log.where('code', 'WSG_ERR_FORBIDDEN'), [{ identity: 'ada', route: '/admin' }])
})

t.test('a limiter that fails by itself is in the log with its cause', async t => {
  const { port, page, log } = await guardedStack(t, {
    as: 'site',
    guard: { upgradeRate: { max: 5, timeWindow: 60_000, allowList: () => { throw new Error('list of addresses is gone') } } },
  })
  const refused = await upgrade(port, page())
  t.equal(refused.status, 503)
  t.equal(codeOf(refused), 'WSG_ERR_AUTH_UNAVAILABLE')
  t.notMatch(refused.body, /gone/)
  const [line] = log.where('code', 'WSG_ERR_AUTH_UNAVAILABLE')
  t.match(line, { value: 'upgrade rate all', err: { message: 'list of addresses is gone' } })
  await refused.closed()
})

t.test('G16 whoever fills the log can not hide that a handler fails', async t => {
  const contract = defineContract({ name: 'blind', url: '/test', inbound: { say: Type.Null() } })
  const boom = (): never => { throw new Error('the database is on fire') }
  const { stack, open } = await contractStack(t, app => { app.wsRoute(contract, { public: true, on: { say: boom } }) }, { fastify: { trustProxy: '127.0.0.1' } })
  const from = async (ip: string) => await open({ cookie: null, headers: { 'X-Forwarded-For': ip } })
  const honest = await from('203.0.113.9')
  const bad = ['{', '{"type":"zz","data":null}', '{"type":"say","data":{"__proto__":1}}', `${'['.repeat(30)}${']'.repeat(30)}`, '{"type":"say","data":1}', '{']
  for (let n = 1; n < 100; n++) {
    const client = await from(`2001:db8:0:1::${n.toString(16)}`)
    client.send(Buffer.concat(bad.map(payload => text(payload))))
  }
  await until(() => stack.app.wsGuard.sockets === 1)
  honest.json({ type: 'say', data: null })
  await stack.log.waitFor(line => line['event'] === 'ws.handler.error')
  t.match(stack.log.where('event', 'ws.handler.error'), [{ err: { message: 'the database is on fire' }, type: 'say', ip: '203.0.113.9' }])
  t.ok(stack.log.where('event', 'ws.message.refused').length <= bad.length, 'those of one network are one client')
})

t.test('G10 what a handler throws with a peer\'s text in it can\'t forge, colour or reorder a line, in the log and on the console', async t => {
  const contract = defineContract({ name: 'thrown', url: '/test', inbound: { say: Type.Object({ t: Type.String({ maxLength: 80 }) }) } })
  const nasty = JSON.stringify({ type: 'say', data: { t: '\u001b[2J\u202e\u009b31m\nFAKE log line' } })
  const routes = (app: FastifyInstance): void => { app.wsRoute(contract, { public: true, on: { say ({ t }) { throw new Error(`no such room ${t}`) } } }) }

  const { stack, open } = await contractStack(t, routes)
  const client = await open()
  client.send(text(nasty))
  await stack.log.waitFor(line => line['event'] === 'ws.handler.error')
  t.notMatch(stack.log.text, DANGEROUS)
  const [{ err } = {}] = stack.log.where('event', 'ws.handler.error') as unknown as { err?: { stack: string } }[]
  t.match(err?.stack, /^Error: no such room .*\n {4}\| FAKE log line\n {4}at .*log\.test/)

  const written: string[] = []
  const { error } = console
  t.teardown(() => { console.error = error })
  console.error = (line: string) => { written.push(line) }
  const mute = await contractStack(t, routes, { as: 'development', fastify: { logger: false } })
  const other = await mute.open()
  other.send(text(nasty))
  await until(() => written.length > 0)
  console.error = error
  t.notMatch(written.join('\n').replaceAll('\n', ''), DANGEROUS)
  t.notMatch(written.join('\n'), /^FAKE/m)
})
