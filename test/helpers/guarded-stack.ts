import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyHttpOptions, FastifyInstance } from 'fastify'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import type { GuardOptions } from '../../types/options.js'
import guard, { sessionAuth } from '../../lib/index.js'
import { SECRET, sessionCookie } from './bare.js'
import { close, closeOf, OPCODES, parseFrames, text } from './frames.js'
import type { Frame } from './frames.js'
import { upgrade } from './handshake.js'
import type { UpgradeOptions, UpgradeResult } from './handshake.js'
import { LogCollector } from './log.js'
import { TestStore } from './store.js'
import type { TcpOptions } from './tcp.js'
import type { Teardown } from './teardown.js'

export interface GuardedOptions {
  /** Beside `development: true`, session authentication and no upgrade rate. */
  readonly guard?: GuardOptions
  readonly fastify?: FastifyHttpOptions<Server>
  /** Of the log. Default `info`. */
  readonly level?: string
  /** Which of session and guard is registered first. Default `session`. */
  readonly first?: 'session' | 'guard'
  /** Milliseconds a session lives. */
  readonly maxAge?: number
  /** Runs before cookie, session and guard are registered. */
  readonly before?: (app: FastifyInstance) => void | Promise<void>
  /** Declares further routes. */
  readonly routes?: (app: FastifyInstance) => void | Promise<void>
}

/** fastify + cookie + session + this plugin, listening, with the routes of `bareStack`. */
export interface GuardedStack {
  readonly app: FastifyInstance
  readonly port: number
  readonly store: TestStore
  readonly log: LogCollector
  /** What routes have done: `calls` of WebSocket handlers, `messages` handled, `plain` calls of the HTTP route. */
  readonly counts: { calls: number, messages: number, plain: number }
  /** Server sides of TCP connections that are open. */
  readonly connections: ReadonlySet<Socket>
  login (user?: string): Promise<string>
  upgrade (options?: UpgradeOptions & { readonly tcp?: TcpOptions }): Promise<UpgradeResult>
  /** True when a fresh client, logged in, is let in and has its message echoed. */
  serves (options?: UpgradeOptions & { readonly tcp?: TcpOptions }): Promise<boolean>
}

/** The user in a session, as `/login/:user` has put it there. */
export const userOf = (session: object): { id: string } | null => (Reflect.get(session, 'user') as { id: string } | undefined) ?? null

/** Listens on a free port with `/ws` (echo, session), `/open` (echo, public), `/plain` and `/login/:user`; closed with the test. */
export async function guardedStack (t: Teardown, options: GuardedOptions = {}): Promise<GuardedStack> {
  const store = new TestStore()
  const log = new LogCollector()
  const counts = { calls: 0, messages: 0, plain: 0 }
  const app = Fastify({ logger: { level: options.level ?? 'info', stream: log }, ...options.fastify })
  const connections = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  await options.before?.(app)
  const sessions = async (): Promise<void> => {
    await app.register(cookie)
    const life = options.maxAge === undefined ? {} : { maxAge: options.maxAge }
    await app.register(session, { secret: SECRET, store, cookie: { secure: false, sameSite: 'lax', ...life }, saveUninitialized: false })
  }
  if (options.first !== 'guard') await sessions()
  await app.register(guard, { development: true, upgradeRate: false, auth: sessionAuth(userOf), ...options.guard })
  if (options.first === 'guard') await sessions()

  const echo = (socket: WebSocket): void => {
    counts.calls++
    socket.on('message', (data, isBinary) => {
      counts.messages++
      socket.send(data, { binary: isBinary })
    })
  }
  app.get('/ws', { websocket: true }, echo)
  app.get('/open', { websocket: true, wsGuard: { public: true } }, echo)
  app.get('/plain', () => {
    counts.plain++
    return { plain: true }
  })
  app.get<{ Params: { user: string } }>('/login/:user', request => {
    Object.assign(request.session, { user: { id: request.params.user } })
    return { user: request.params.user }
  })
  await options.routes?.(app)
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const port = Number(new URL(url).port)
  t.teardown(async () => {
    for (const socket of connections) socket.destroy()
    await app.close()
  })
  const login = (user = 'ada'): Promise<string> => sessionCookie(app, `/login/${user}`)
  return {
    app,
    port,
    store,
    log,
    counts,
    connections,
    login,
    upgrade: (handshake = {}) => upgrade(port, handshake),
    serves: async (handshake = {}) => echoes(await upgrade(port, { cookie: await login('fresh'), ...handshake })),
  }
}

/** True when `opened` is a WebSocket that echoes; closes it. */
export async function echoes (opened: UpgradeResult): Promise<boolean> {
  try {
    if (opened.status !== 101) return false
    opened.client.send(text('are you there'))
    const [reply] = await framesOf(opened, 1)
    opened.client.send(close(1000))
    await opened.closed()
    return reply?.opcode === OPCODES.text && reply.payload.toString() === 'are you there'
  } finally {
    opened.client.destroy()
  }
}

/** The first `count` frames after a 101. */
export function framesOf (opened: UpgradeResult, count: number): Promise<Frame[]> {
  return opened.client.waitFor(() => {
    const { frames } = parseFrames(opened.rest())
    return frames.length >= count ? frames : undefined
  }, `${count} frames`)
}

/** Code and reason of the close frame that comes. */
export function closeFrame (opened: UpgradeResult): Promise<{ code: number, reason: string }> {
  return opened.client.waitFor(() => {
    const found = parseFrames(opened.rest()).frames.find(one => one.opcode === OPCODES.close)
    return found === undefined ? undefined : closeOf(found)
  }, 'a close frame')
}

/** The code in a refusal's body. */
export function codeOf (refused: UpgradeResult): string {
  return (JSON.parse(refused.body) as { code: string }).code
}

/** Resolves once `condition` holds; rejects after `limit` milliseconds. */
export async function until (condition: () => boolean, limit = 5000): Promise<void> {
  const end = Date.now() + limit
  while (!condition()) {
    if (Date.now() > end) throw new Error(`still not so after ${limit} ms: ${condition}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
