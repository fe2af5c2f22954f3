import rateLimit from '@fastify/rate-limit'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import { once } from 'node:events'
import t from 'tap'
import type { WebSocket } from 'ws'
import guard from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'
import { makeCertificate } from '../helpers/certs.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

interface Refused { readonly message: string, readonly statusCode?: number, readonly code?: string }

const token: NonNullable<GuardOptions['auth']> = {
  name: 'token',
  needs: { credential: 'header', session: false },
  authenticate: ({ request }) => request.headers.authorization === undefined ? null : { id: request.headers.authorization },
}

async function application (t: Teardown, options: GuardOptions, before?: (app: FastifyInstance) => unknown, server: FastifyServerOptions = {}): Promise<FastifyInstance> {
  const app = Fastify({ forceCloseConnections: false, ...server })
  t.teardown(() => app.close())
  await before?.(app)
  await app.register(guard, { allowMissingOrigin: true, auth: token, ...options })
  app.get('/ws', { websocket: true }, (socket, request) => {
    socket.on('message', data => { socket.send(`${String(data)} of ${request.ip} at ${request.host}`) })
  })
  app.get('/open', { websocket: true, wsGuard: { public: true } }, socket => { socket.send('at once') })
  return app
}

const failure = async (opening: Promise<WebSocket>): Promise<Refused | null> => await opening.then(() => null, (error: Refused) => error)
const headers = { authorization: 'ada' }

async function answer (socket: WebSocket, message: string): Promise<string> {
  socket.send(message)
  const [data] = await once(socket, 'message') as [Buffer]
  return data.toString()
}

t.test('an injected handshake has a host and an address, unless it says otherwise', async t => {
  const app = await application(t, { development: true })
  const socket = await app.injectWS('/ws', { headers })
  t.equal(await answer(socket, 'hello'), 'hello of 127.0.0.1 at localhost')
  const other = await app.injectWS('/ws', { headers: { ...headers, host: 'app.localhost' }, socket: { remoteAddress: '192.0.2.1' } as never })
  t.equal(await answer(other, 'hello'), 'hello of 192.0.2.1 at app.localhost')
  t.match(await failure(app.injectWS('/ws', { headers: { ...headers, host: undefined } })), { statusCode: 400, code: 'WSG_ERR_HOST_MALFORMED' })
  await t.rejects(app.injectWS('/ws', { header: headers } as never), { code: 'WSG_ERR_OPTION', message: /got "header"; did you mean "headers"/ })
})

t.test('in production its host is the first allowed one, and it counts as TLS', async t => {
  const app = await application(t, { allowedHosts: ['.goodsite.com', 'other.com'] })
  t.equal(await answer(await app.injectWS('/ws', { headers }), 'hello'), 'hello of 127.0.0.1 at goodsite.com')
  t.match(await failure(app.injectWS('/ws', { headers, socket: { encrypted: false } as never })), { statusCode: 403, code: 'WSG_ERR_TLS_REQUIRED' })
  const any = await application(t, { allowedHosts: ['*'], origins: ['https://goodsite.com'] })
  t.equal(await answer(await any.injectWS('/ws', { headers }), 'hello'), 'hello of 127.0.0.1 at localhost')
})

t.test('a rejection carries the status and the code, and nothing stays behind', async t => {
  const app = await application(t, { development: true })
  for (const [path, context, expected] of [
    ['/ws', {}, { statusCode: 401, code: 'WSG_ERR_UNAUTHENTICATED' }],
    ['/nowhere', {}, { statusCode: 404, code: 'WSG_ERR_ROUTE_NOT_FOUND' }],
    ['/ws', { headers: { ...headers, origin: 'https://evil.example' } }, { statusCode: 403, code: 'WSG_ERR_ORIGIN_NOT_ALLOWED' }],
  ] as const) {
    t.match(await failure(app.injectWS(path, context)), { message: `Unexpected server response: ${expected.statusCode}, ${expected.code}`, ...expected })
  }
  t.match((await failure(app.injectWS('/ws', { headers: { ...headers, origin: 'https://evil.example' } })))?.message, /403, WSG_ERR_ORIGIN_NOT_ALLOWED; pass \{ headers: \{ origin \} \} as the second argument; origins are derived from allowedHosts/, 'in development the reason as well')
  const silent = await application(t, { allowedHosts: ['goodsite.com'] })
  t.equal((await failure(silent.injectWS('/ws', { headers: { ...headers, origin: 'https://evil.example' } })))?.message, 'Unexpected server response: 403, WSG_ERR_ORIGIN_NOT_ALLOWED; pass { headers: { origin } } as the second argument')
  await until(() => app.wsGuard.sockets === 0 && app.wsGuard.pending === 0)
})

t.test('an answer that is not the gate\'s has a code all the same', async t => {
  const app = await application(t, { development: true }, app => { app.addHook('onRequest', async (_request, reply) => await reply.code(418).send('tea')) })
  t.match(await failure(app.injectWS('/ws', { headers })), { statusCode: 418, code: 'WSG_ERR_INJECT_REFUSED' })
})

t.test('behind an application-wide @fastify/rate-limit, over TLS and over HTTP/2 with HTTP/1.1', async t => {
  const { cert, key } = makeCertificate(t)
  const limited = (app: FastifyInstance): unknown => app.register(rateLimit, { max: 2, timeWindow: 60_000 })
  const app = await application(t, { development: true }, limited)
  for (let i = 0; i < 2; i++) t.equal((await app.injectWS('/ws', { headers })).readyState, 1)
  t.match(await failure(app.injectWS('/ws', { headers })), { statusCode: 429 })
  for (const server of [{ https: { cert, key } }, { http2: true, https: { cert, key, allowHTTP1: true } }]) {
    const tls = await application(t, { allowedHosts: ['goodsite.com'] }, undefined, server as FastifyServerOptions)
    t.equal(await answer(await tls.injectWS('/ws', { headers }), 'hello'), 'hello of 127.0.0.1 at goodsite.com', JSON.stringify(Object.keys(server)))
  }
})

t.test('a subprotocol is asked for as a client asks for it', async t => {
  const app = await application(t, { development: true, subprotocols: ['chat'] })
  const socket = await app.injectWS('/ws', { headers: { ...headers, 'sec-websocket-protocol': 'other, chat' } })
  t.equal(socket.protocol, 'chat')
})

t.test('what is sent at once is there, and the callbacks are called', async t => {
  const app = await application(t, { development: true })
  const calls: string[] = []
  const first = new Promise(resolve => {
    void app.injectWS('/open', {}, {
      onInit (socket) {
        calls.push('onInit')
        socket.once('message', resolve)
      },
      onOpen () { calls.push('onOpen') },
    })
  })
  t.equal(String(await first), 'at once')
  t.same(calls, ['onInit', 'onOpen'])
})

t.test('every way to close gives the slot back, and the application closes without a wait', async t => {
  const app = await application(t, { development: true, websocket: { closeTimeout: 60_000 } })
  for (const end of [(socket: WebSocket): void => { socket.close() }, (socket: WebSocket): void => { socket.terminate() }]) {
    const socket = await app.injectWS('/ws', { headers })
    t.equal(app.wsGuard.sockets, 1)
    end(socket)
    await until(() => app.wsGuard.sockets === 0)
  }
  const left = [await app.injectWS('/ws', { headers }), await app.injectWS('/open')]
  const closed = Promise.all(left.map(async socket => await once(socket, 'close') as [number]))
  // Were it to wait for closeTimeout, this test would be stopped.
  await app.close()
  t.same((await closed).map(([code]) => code), [1001, 1001])
})
