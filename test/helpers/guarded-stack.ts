import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyHttpOptions, FastifyInstance } from 'fastify'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import guard, { sessionAuth } from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'
import { SECRET, sessionCookie } from './bare.js'
import { echoes, upgrade } from './handshake.js'
import type { UpgradeOptions, UpgradeResult } from './handshake.js'
import { LogCollector } from './log.js'
import { TestStore } from './store.js'
import type { TcpOptions } from './tcp.js'
import type { Teardown } from './teardown.js'
import { until } from './until.js'

type Handshake = UpgradeOptions & { readonly tcp?: TcpOptions }

export interface GuardedSettings {
  /**
   * `development`, the default: `development: true` and cookies over plain HTTP. `site`: production without TLS, at
   * `app.goodsite.com` for pages of `https://goodsite.com`, with Secure cookies and wide connection limits.
   */
  readonly as?: 'development' | 'site'
  /** Over the helper's own: what `as` says, session authentication and no upgrade rate. */
  readonly guard?: GuardOptions
  readonly fastify?: FastifyHttpOptions<Server>
  /** Of the log. Default `info`. */
  readonly level?: string
  /** Which of session and guard is registered first. Default `session`. */
  readonly first?: 'session' | 'guard'
  /** Milliseconds a session lives. */
  readonly maxAge?: number
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string
  /** Runs before cookie, session and guard are registered. */
  readonly before?: (app: FastifyInstance) => void | Promise<void>
  /** Runs after all plugins, before the helper's own routes. */
  readonly extend?: (app: FastifyInstance, stack: GuardedStack) => void | Promise<void>
}

/** fastify + cookie + session + this plugin, listening, with the routes of `bareStack`. */
export interface GuardedStack {
  readonly app: FastifyInstance
  readonly port: number
  readonly store: TestStore
  readonly log: LogCollector
  /** What routes have done: sockets `opened`, `messages` handled, `plain` calls of the HTTP route. */
  readonly counts: { opened: number, messages: string[], plain: number }
  /** Server sides of TCP connections that are open. */
  readonly connections: ReadonlySet<Socket>
  /** Cookie header of a stored session that is logged in as ada; there from the start with `as: 'site'`. */
  readonly cookie: string
  /** The handshake of a legitimate page with the session of `cookie`, with what is to be different. */
  page (changes?: Handshake): Handshake
  /** The Cookie header of a new session. */
  login (user?: string): Promise<string>
  upgrade (handshake?: Handshake): Promise<UpgradeResult>
  /** True when a fresh client, logged in, is let in and has its message echoed. */
  serves (changes?: Handshake): Promise<boolean>
  /** True when no socket is left, and then `serves`. */
  healthy (changes?: Handshake): Promise<boolean>
}

/** The user in a session, as `/login/:user` and `storeSession` put it there. */
export const userOf = (session: object): { id: string } | null => (Reflect.get(session, 'user') as { id: string } | undefined) ?? null

export const bySession = sessionAuth(userOf)

/** Puts a session into the store and returns its Cookie header: over plain TCP no login can set a Secure cookie. */
export function storeSession (store: TestStore, user: string, id = `session-of-${user}`): string {
  const expires = new Date(Date.now() + 3_600_000).toISOString()
  store.sessions.set(id, JSON.stringify({ cookie: { path: '/', httpOnly: true, secure: true, sameSite: 'lax', originalMaxAge: 3_600_000, expires }, user: { id: user } }))
  return `sessionId=${encodeURIComponent(new cookie.Signer(SECRET).sign(id))}`
}

const OPTIONS: { readonly [as in 'development' | 'site']: GuardOptions } = {
  development: { development: true },
  site: {
    allowedHosts: ['app.goodsite.com'],
    origins: ['https://goodsite.com'],
    requireTls: false,
    connections: { perAddress: 1000, perIdentity: 1000 },
  },
}

/** Listens on a free port with `/ws` (echo, session), `/open` (echo, public), `/plain` and `/login/:user`; closed with the test. */
export async function guardedStack (t: Teardown, settings: GuardedSettings = {}): Promise<GuardedStack> {
  const { as = 'development', first = 'session' } = settings
  const site = as === 'site'
  const store = new TestStore()
  const log = new LogCollector()
  const counts: GuardedStack['counts'] = { opened: 0, messages: [], plain: 0 }
  const app = Fastify({ logger: { level: settings.level ?? 'info', stream: log }, ...settings.fastify })
  const connections = new Set<Socket>()
  app.server.on('connection', (socket: Socket) => {
    connections.add(socket)
    socket.once('close', () => connections.delete(socket))
  })
  let port = 0
  let ada = site ? storeSession(store, 'ada') : undefined
  const idle = (): boolean => app.wsGuard.sockets === 0 && app.wsGuard.pending === 0
  const stack: GuardedStack = {
    app,
    get port () { return port },
    store,
    log,
    counts,
    connections,
    get cookie () {
      ada ??= storeSession(store, 'ada')
      return ada
    },
    page: changes => ({ ...(site ? { host: 'app.goodsite.com', origin: 'https://goodsite.com' } : {}), cookie: stack.cookie, ...changes }),
    login: async (user = 'ada') => site ? storeSession(store, user) : await sessionCookie(app, `/login/${user}`),
    upgrade: handshake => upgrade(port, handshake),
    serves: async changes => await echoes(await upgrade(port, stack.page({ cookie: await stack.login('fresh'), ...changes }))),
    async healthy (changes) {
      await until(idle)
      const served = await stack.serves(changes)
      await until(idle)
      return served
    },
  }
  const sessions = async (): Promise<void> => {
    await app.register(cookie)
    const life = settings.maxAge === undefined ? {} : { maxAge: settings.maxAge }
    await app.register(session, { secret: SECRET, store, saveUninitialized: false, cookie: { secure: site, httpOnly: true, sameSite: 'lax', ...life } })
  }

  await settings.before?.(app)
  if (first === 'session') await sessions()
  await app.register(guard, { ...OPTIONS[as], auth: bySession, upgradeRate: false, ...settings.guard })
  if (first === 'guard') await sessions()
  await settings.extend?.(app, stack)
  const echo = (socket: WebSocket): void => {
    counts.opened++
    socket.on('message', (data, isBinary) => {
      counts.messages.push(String(data))
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
  const url = await app.listen({ port: 0, host: settings.host ?? '127.0.0.1' })
  port = Number(new URL(url).port)
  t.teardown(async () => {
    // Clients that answer no close frame would hold the end up.
    for (const socket of connections) socket.destroy()
    await app.close()
  })
  return stack
}
