// The server of bench/soak.js: sessions, tokens, a contract with calls and a group, everything on. Tells what it still holds when it is
// asked. Needs --expose-gc.
import v8 from 'node:v8'
import { announce } from './lib/process.js'

/* ---- before anything else is loaded: every Map and Set there will be ---- */

const collections = new Set()
for (const name of ['Map', 'Set']) {
  const Plain = globalThis[name]
  globalThis[name] = class extends Plain {
    constructor (entries) {
      super(entries)
      collections.add(new WeakRef(this))
    }
  }
  Object.defineProperty(globalThis[name], 'name', { value: name })
}

const { default: cookie } = await import('@fastify/cookie')
const { default: session } = await import('@fastify/session')
const { Type } = await import('@sinclair/typebox')
const { default: Fastify } = await import('fastify')
const { WebSocket } = await import('ws')
const { IncomingMessage } = await import('node:http')
const { Socket } = await import('node:net')
const { default: guard, anyOf, sessionAuth, tokenAuth } = await import('../dist/esm/lib/index.js')
const { defineContract } = await import('../dist/esm/lib/contract.js')
const { OpenSocket } = await import('../dist/esm/lib/socket/open-socket.js')
const { Operation } = await import('../dist/esm/lib/socket/calls.js')
const { TokenBucket } = await import('../dist/esm/lib/socket/token-bucket.js')
const { Line } = await import('../dist/esm/lib/life/line.js')
const { SessionWatch } = await import('../dist/esm/lib/life/session-watch.js')

/* ---- the application ---- */

const SESSION = 600_000
/** Of those that are to run out. */
const SHORT = 3000
/** Forgets what has run out, as Redis does. */
const stored = new Map()
const store = {
  get (id, callback) { setImmediate(() => { callback(null, stored.has(id) ? JSON.parse(stored.get(id)) : null) }) },
  set (id, value, callback) {
    stored.set(id, JSON.stringify(value))
    setImmediate(callback)
  },
  destroy (id, callback) {
    stored.delete(id)
    setImmediate(callback)
  },
}
setInterval(() => {
  for (const [id, text] of stored) if (Date.parse(JSON.parse(text).cookie.expires) < Date.now()) stored.delete(id)
}, 500).unref()

// Lines are written, and go nowhere.
const app = Fastify({ logger: { level: 'info', stream: { write () {} } } })
await app.register(cookie)
await app.register(session, { secret: 's'.repeat(40), store, saveUninitialized: false, cookie: { secure: false, sameSite: 'lax', maxAge: SESSION } })
await app.register(guard, {
  development: true,
  allowedHosts: ['127.0.0.1'],
  origins: ['https://soak.test'],
  auth: anyOf(
    sessionAuth(({ user }) => user ?? null),
    tokenAuth({ verify: token => ({ id: token, expires: Date.now() + 60_000 }) })
  ),
  allowMissingOrigin: true,
  upgradeRate: { max: 1_000_000 },
  sessions: { recheck: 500 },
})
const N = Type.Object({ n: Type.Integer() })
const contract = defineContract({
  name: 'soak',
  url: '/soak',
  inbound: { say: N },
  outbound: { said: { payload: N, whenSlow: 'drop' } },
  calls: { echo: { request: N, reply: Type.Integer() }, hang: { request: N, reply: Type.Integer() } },
})
app.wsRoute(contract, {
  onOpen (socket) {
    socket.join('all')
    socket.join(['user', String(socket.identity.id)])
  },
  on: { say ({ n }, socket) { socket.group('all').send.said({ n }) } },
  calls: {
    echo: ({ n }) => n,
    hang: (_data, _socket, { signal }) => new Promise(resolve => { signal.addEventListener('abort', () => { resolve(0) }) }),
  },
})
const log = request => { request.session.user = { id: request.params.user } }
app.post('/login/:user', async request => {
  log(request)
  return 'ok'
})
app.post('/short/:user', async request => {
  log(request)
  request.session.options({ maxAge: SHORT })
  return 'ok'
})
app.post('/again/:user', async request => {
  await request.session.regenerate()
  log(request)
  return 'ok'
})
app.post('/logout', async request => {
  await request.session.destroy()
  return 'ok'
})
app.post('/refresh/:user', async ({ params }) => ({ sockets: app.wsGuard.refresh({ id: params.user, roles: ['user'] }) }))
app.post('/revoke/:user', async ({ params }) => ({ sockets: app.wsGuard.revoke({ identity: params.user }) }))
await app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 })

/* ---- what it holds ---- */

const Timeout = setTimeout(() => {}, 0).constructor
const CLASSES = { OpenSocket, Operation, TokenBucket, Line, SessionWatch, WebSocket, Socket, IncomingMessage, Timeout, AbortController }

announce(app.server.address().port, {
  held () {
    globalThis.gc()
    const held = { sockets: app.wsGuard.sockets, pending: app.wsGuard.pending }
    for (const [name, Class] of Object.entries(CLASSES)) held[name] = v8.queryObjects(Class, { format: 'count' })
    const all = { Map: 0, Set: 0, entries: 0 }
    for (const ref of collections) {
      const one = ref.deref()
      if (one === undefined) collections.delete(ref)
      else {
        all[one.constructor.name]++
        all.entries += one.size
      }
    }
    // Without those that count the others.
    Object.assign(held, { maps: all.Map, sets: all.Set, entries: all.entries })
    const handles = process.getActiveResourcesInfo().filter(name => name !== 'Timeout' && name !== 'Immediate')
    held.handles = handles.length
    return { held, memory: process.memoryUsage().heapUsed }
  },
})
