// One server of bench/messages.js: `bare`, `guarded`, `trpc`, `socketio`, `elysia`, or `elysiaOut`, which checks its answers as
// well. Each answers one message by one.
import { answerTo, isSay, LIMITS } from './lib/message.js'
import { announce } from './lib/process.js'

const SERVERS = { bare, guarded, trpc, socketio, elysia, elysiaOut: () => elysia(true) }
const HOST = '127.0.0.1'

await SERVERS[process.argv[2]]()

async function fastify () {
  const { default: Fastify } = await import('fastify')
  const { default: cookie } = await import('@fastify/cookie')
  const { default: session } = await import('@fastify/session')
  const app = Fastify()
  await app.register(cookie)
  await app.register(session, { secret: 's'.repeat(40), saveUninitialized: false, cookie: { secure: false, sameSite: 'lax' } })
  app.post('/login', (request, reply) => {
    request.session.user = { id: 'alice' }
    reply.send('ok')
  })
  return app
}

async function listen (app) {
  await app.listen({ port: 0, host: HOST })
  announce(app.server.address().port)
}

async function bare () {
  const app = await fastify()
  const { default: websocket } = await import('@fastify/websocket')
  await app.register(websocket)
  app.get('/ws', { websocket: true }, (socket, request) => {
    if (request.session.user === undefined) {
      socket.close(1008)
      return
    }
    socket.on('message', (raw, isBinary) => {
      if (isBinary) return
      let message
      try {
        message = JSON.parse(raw.toString())
      } catch {
        socket.send('{"error":"not JSON"}')
        return
      }
      if (typeof message !== 'object' || message === null || message.type !== 'say' || !isSay(message.data)) {
        socket.send('{"error":"not a message"}')
        return
      }
      socket.send(JSON.stringify({ type: 'said', data: answerTo(message.data) }))
    })
  })
  await listen(app)
}

async function guarded () {
  const { Type } = await import('@sinclair/typebox')
  const { default: guard, sessionAuth } = await import('../dist/esm/lib/index.js')
  const { defineContract, text } = await import('../dist/esm/lib/contract.js')
  const fields = {
    n: Type.Number({ minimum: 0, maximum: LIMITS.n }),
    flag: Type.Boolean(),
    tags: Type.Array(Type.String({ maxLength: LIMITS.tag }), { maxItems: LIMITS.tags }),
  }
  const contract = defineContract({
    name: 'bench',
    url: '/ws',
    inbound: { say: Type.Object({ id: Type.Integer({ minimum: 0 }), text: text({ maxLength: LIMITS.text }), ...fields }) },
    outbound: { said: Type.Object({ id: Type.Integer({ minimum: 0 }), from: Type.String({ maxLength: 64 }), text: Type.String({ maxLength: LIMITS.text }), ...fields }) },
  })
  const app = await fastify()
  await app.register(guard, {
    development: true,
    allowedHosts: ['bench.test', 'localhost', '127.0.0.1'],
    origins: ['https://bench.test'],
    auth: sessionAuth(session => session.user ?? null),
    upgradeRate: { max: 1_000_000, timeWindow: 60_000 },
    connections: { perAddress: 10_000, perIdentity: 10_000 },
    // On, as in production, but never reached: what is measured is its cost.
    messages: { rate: 1e9, burst: 1e9 },
  })
  app.wsRoute(contract, { on: { say (data, socket) { socket.send.said(answerTo(data)) } } })
  await listen(app)
}

async function trpc () {
  const { initTRPC } = await import('@trpc/server')
  const { applyWSSHandler } = await import('@trpc/server/adapters/ws')
  const { WebSocketServer } = await import('ws')
  const { z } = await import('zod')
  const t = initTRPC.create()
  const say = z.object({
    id: z.int().min(0),
    text: z.string().max(LIMITS.text),
    n: z.number().min(0).max(LIMITS.n),
    flag: z.boolean(),
    tags: z.array(z.string().max(LIMITS.tag)).max(LIMITS.tags),
  })
  const router = t.router({ say: t.procedure.input(say).mutation(({ input }) => answerTo(input)) })
  const wss = new WebSocketServer({ port: 0, host: HOST }, () => { announce(wss.address().port) })
  applyWSSHandler({ wss, router, createContext: () => ({ user: 'alice' }) })
}

async function socketio () {
  const { createServer } = await import('node:http')
  const { Server } = await import('socket.io')
  const http = createServer()
  new Server(http, { transports: ['websocket'] }).on('connection', socket => {
    socket.on('say', data => { if (isSay(data)) socket.emit('said', answerTo(data)) })
  })
  http.listen(0, HOST, () => { announce(http.address().port) })
}

async function elysia (checkAnswers = false) {
  const { Elysia, t } = await import('elysia')
  const fields = {
    id: t.Integer({ minimum: 0 }),
    text: t.String({ maxLength: LIMITS.text }),
    n: t.Number({ minimum: 0, maximum: LIMITS.n }),
    flag: t.Boolean(),
    tags: t.Array(t.String({ maxLength: LIMITS.tag }), { maxItems: LIMITS.tags }),
  }
  const response = t.Object({ type: t.Literal('said'), data: t.Object({ ...fields, from: t.String({ maxLength: 64 }) }) })
  const app = new Elysia().ws('/ws', {
    body: t.Object({ type: t.Literal('say'), data: t.Object(fields) }),
    ...(checkAnswers ? { response } : {}),
    message (ws, { data }) { ws.send({ type: 'said', data: answerTo(data) }) },
  })
  app.listen({ port: 0, hostname: HOST }, server => { announce(server.port) })
}
