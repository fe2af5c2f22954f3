import t from 'tap'
import { once } from 'node:events'
import type { WebSocket } from 'ws'
import { bareStack } from '../helpers/bare.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { until } from '../helpers/until.js'

/** What `app.injectWS` gives a test, and would give an attacker who reached it. */
type Inject = (path: string, context: { headers?: Record<string, string | undefined>, [key: string]: unknown }) => Promise<WebSocket>

const HOST = { host: 'localhost', origin: 'http://localhost' }

t.test('I11 injectWS goes through the same gate', async t => {
  const { app, login, store, counts, serves, log } = await guardedStack(t, { guard: { handshakeTimeout: 500 } })
  const inject: Inject = (path, context) => app.injectWS(path, context)
  const cookie = await login()
  const gets = store.gets
  for (const [name, path, headers, status] of [
    ['a foreign origin', '/ws', { ...HOST, cookie, origin: 'https://evil.example' }, 403],
    ['no origin', '/ws', { host: 'localhost', cookie }, 403],
    ['a null origin', '/ws', { ...HOST, cookie, origin: 'null' }, 403],
    ['a foreign host', '/ws', { ...HOST, cookie, host: 'evil.example' }, 421],
    ['no host', '/ws', { origin: 'http://localhost', cookie, host: undefined }, 400],
    ['a malformed host', '/ws', { ...HOST, cookie, host: 'user@localhost' }, 400],
  ] as const) {
    await t.rejects(inject(path, { headers }), { message: `Unexpected server response: ${status}` }, name)
  }
  t.equal(store.gets, gets, 'the session store was not asked')
  await t.rejects(inject('/plain', { headers: { ...HOST, cookie } }), { message: 'Unexpected server response: 404' })
  await t.rejects(inject('/nowhere', { headers: { ...HOST, cookie } }), { message: 'Unexpected server response: 404' })
  await t.rejects(inject('/ws', { headers: HOST }), { message: 'Unexpected server response: 401' })
  t.equal(counts.opened, 0)
  t.equal(counts.plain, 0)
  t.equal(log.lines.filter(line => line.level >= 50).length, 0, 'a request without a socket breaks nothing')

  const socket = await inject('/ws', { headers: { ...HOST, cookie } })
  socket.send('hello')
  const [reply] = await once(socket, 'message') as [Buffer]
  t.equal(reply.toString(), 'hello')
  socket.terminate()
  // The stream of a refused injection is kept by whoever injected it, until the handshake's deadline.
  await until(() => app.wsGuard.pending === 0 && app.wsGuard.sockets === 0)
  t.ok(await serves())
})

t.test('I11 an injected address counts in the caps', async t => {
  const { app, login, serves } = await guardedStack(t, { guard: { connections: { perAddress: 2 } } })
  const inject: Inject = (path, context) => app.injectWS(path, context)
  const headers = { ...HOST, cookie: await login() }
  const from = (remoteAddress: string): Promise<WebSocket> => inject('/ws', { headers, socket: { remoteAddress } })
  const opened = [await from('192.0.2.1'), await from('192.0.2.1')]
  await t.rejects(from('192.0.2.1'), { message: 'Unexpected server response: 429' })
  opened.push(await from('192.0.2.2'))
  for (const socket of opened) socket.terminate()
  t.ok(await serves())
})

t.test('I11 the bare stack opens for any origin', async t => {
  const { app, login } = await bareStack(t)
  const socket = await app.injectWS('/ws', { headers: { cookie: await login(), origin: 'https://evil.example' } })
  t.equal(socket.readyState, socket.OPEN)
  socket.terminate()
})
