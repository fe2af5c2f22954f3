import { connect as connectHttp2 } from 'node:http2'
import type { ClientHttp2Session, IncomingHttpHeaders, OutgoingHttpHeaders } from 'node:http2'
import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import type { WebSocket } from 'ws'
import guard, { sessionAuth } from '../../lib/index.js'
import { SECRET } from '../helpers/bare.js'
import { skipWithout } from '../helpers/binaries.js'
import { makeCertificate } from '../helpers/certs.js'
import { recordCrashes } from '../helpers/crashes.js'
import { parseFrames, text } from '../helpers/frames.js'
import { upgrade } from '../helpers/handshake.js'
import { LogCollector } from '../helpers/log.js'
import { TestStore } from '../helpers/store.js'
import type { Teardown } from '../helpers/teardown.js'

const SERVERS = ['h2c', 'h2', 'h2 + http/1.1'] as const

interface Http2Stack {
  readonly app: FastifyInstance
  readonly port: number
  readonly secure: boolean
  readonly ca: string
  readonly log: LogCollector
  readonly store: TestStore
  readonly counts: { opened: number, plain: number }
  readonly client: ClientHttp2Session
}

/** An application that speaks HTTP/2, with a guarded `/ws`, `/both` (also plain HTTP), `/hooked` and `/plain`. */
async function http2Stack (t: Teardown, kind: typeof SERVERS[number]): Promise<Http2Stack> {
  const secure = kind !== 'h2c'
  const { key, cert } = makeCertificate(t)
  const log = new LogCollector()
  const store = new TestStore()
  const counts = { opened: 0, plain: 0 }
  const logger = { level: 'info', stream: log }
  const app = (secure
    ? Fastify({ http2: true, https: { allowHTTP1: kind !== 'h2', key, cert }, logger })
    : Fastify({ http2: true, logger })) as unknown as FastifyInstance
  await app.register(cookie)
  await app.register(session, { secret: SECRET, store, saveUninitialized: false, cookie: { secure: false, sameSite: 'lax' } })
  await app.register(guard, {
    development: true,
    upgradeRate: false,
    auth: sessionAuth(session => (session as { user?: { id: string } }).user ?? null),
  })
  const open = (socket: WebSocket): void => {
    counts.opened++
    socket.on('message', (data, isBinary) => { socket.send(data, { binary: isBinary }) })
  }
  app.get('/ws', { websocket: true }, open)
  app.get('/open', { websocket: true, wsGuard: { public: true } }, open)
  app.route({ method: 'GET', url: '/both', wsGuard: { public: true }, wsHandler: open, handler: () => ({ both: true }) })
  app.get('/plain', () => {
    counts.plain++
    return { plain: true }
  })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const port = Number(new URL(url).port)
  const client = connectHttp2(`${secure ? 'https' : 'http'}://localhost:${port}`, secure ? { ca: cert } : {})
  client.on('error', () => {})
  t.teardown(async () => {
    client.destroy()
    await app.close()
  })
  return { app, port, secure, ca: cert, log, store, counts, client }
}

/** One HTTP/2 request; rejects when its stream is reset without an answer. */
function ask (client: ClientHttp2Session, headers: OutgoingHttpHeaders): Promise<{ status: number, headers: IncomingHttpHeaders, body: string }> {
  return new Promise((resolve, reject) => {
    const stream = client.request(headers, { endStream: headers[':method'] !== 'CONNECT' })
    let body = ''
    let answer: IncomingHttpHeaders & { ':status'?: number } = {}
    stream.setEncoding('utf8')
    stream.on('response', got => { answer = got })
    stream.on('data', chunk => { body += chunk })
    stream.on('error', reject)
    stream.on('close', () => {
      if (answer[':status'] === undefined) reject(new Error(`no answer, code ${stream.rstCode}`))
      else resolve({ status: answer[':status'], headers: answer, body })
    })
    if (headers[':method'] === 'CONNECT') stream.end()
  })
}

/** Fields that RFC 9113 section 8.2.2 forbids in a response. */
const CONNECTION_SPECIFIC = ['connection', 'upgrade', 'keep-alive', 'proxy-connection', 'transfer-encoding']

for (const kind of SERVERS) {
  t.test(`an HTTP/2 request to a WebSocket URL is told 426, over ${kind}`, { skip: kind !== 'h2c' && skipWithout('openssl') }, async t => {
    const crashes = recordCrashes(t)
    const { client, counts, log, store } = await http2Stack(t, kind)
    for (const path of ['/ws', '/open', '/ws?token=secret']) {
      const { status, headers, body } = await ask(client, { ':path': path })
      t.equal(status, 426, path)
      t.equal((JSON.parse(body) as { code: string }).code, 'WSG_ERR_UPGRADE_REQUIRED')
      for (const name of CONNECTION_SPECIFIC) t.equal(headers[name], undefined, `${path}: ${name}`)
    }
    t.notMatch(log.text, /secret/)
    t.equal((await ask(client, { ':path': '/both' })).status, 200, 'a URL that also answers plain HTTP does so')
    t.equal((await ask(client, { ':path': '/plain' })).status, 200)
    t.equal((await ask(client, { ':path': '/nowhere' })).status, 404)
    t.same({ ...counts }, { opened: 0, plain: 1 })
    t.equal(store.gets, 0)
    t.same(crashes, [])
  })

  t.test(`nothing but HTTP/1.1 opens a WebSocket, over ${kind}`, { skip: kind !== 'h2c' && skipWithout('openssl') }, async t => {
    const crashes = recordCrashes(t)
    const { app, client, counts } = await http2Stack(t, kind)
    const handshake = { ':path': '/open', origin: 'http://localhost', 'sec-websocket-version': '13', 'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==' }
    // RFC 8441: not offered in our SETTINGS, so a client that sends it is out of order; it must get no socket for it.
    const extended = await ask(client, { ...handshake, ':method': 'CONNECT', ':protocol': 'websocket', ':scheme': 'https', ':authority': 'localhost' }).then(({ status }) => status, () => 0)
    t.ok(extended === 0 || extended >= 400, `extended CONNECT: ${extended}`)
    const plain = await ask(client, { ':method': 'CONNECT', ':authority': 'localhost:443' }).then(({ status }) => status, () => 0)
    t.ok(plain === 0 || plain >= 400, `CONNECT: ${plain}`)
    // Node refuses to send connection-specific fields; the WebSocket ones alone are a plain GET.
    t.equal((await ask(client, handshake)).status, 426)
    for (const method of ['POST', 'HEAD', 'OPTIONS']) {
      const { status } = await ask(client, { ':path': '/open', ':method': method })
      t.ok(status >= 400, `${method}: ${status}`)
    }
    t.equal((await ask(client, { ':path': '/plain' })).status, 200, 'the connection still serves')
    t.same({ ...counts }, { opened: 0, plain: 1 })
    t.equal(app.wsGuard.sockets, 0)
    t.same(crashes, [])
  })
}

t.test('an HTTP/1.1 client of an HTTP/2 server passes the gate', { skip: skipWithout('openssl') }, async t => {
  const crashes = recordCrashes(t)
  const { port, ca, counts, app, store, client: http2 } = await http2Stack(t, 'h2 + http/1.1')
  const tls = { ca, servername: 'localhost' }
  for (const [changes, expected] of [
    [{ path: '/ws' }, 401], [{ path: '/open', origin: 'https://evil.test' }, 403], [{ path: '/open', host: 'evil.test' }, 421],
    [{ path: '/plain' }, 404], [{ path: '/open', version: '8' }, 426], [{ path: '/open', method: 'POST' }, 405],
  ] as const) {
    const { status, headers, closed } = await upgrade(port, { ...changes, tcp: { tls } })
    t.equal(status, expected, JSON.stringify(changes))
    t.match(headers.get('connection'), /close/)
    await closed(2000)
  }
  t.equal(store.gets, 0)
  const opened = await upgrade(port, { path: '/open', after: text('early'), tcp: { tls } })
  t.equal(opened.status, 101)
  const frame = await opened.client.waitFor(() => parseFrames(opened.rest()).frames[0])
  t.equal(frame.payload.toString(), 'early')
  t.equal((await ask(http2, { ':path': '/plain' })).status, 200)
  opened.client.destroy()
  t.same({ ...counts }, { opened: 1, plain: 1 })
  http2.destroy()
  await t.resolves(app.close())
  t.same(crashes, [])
})
