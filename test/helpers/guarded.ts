import cookie from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyServerOptions } from 'fastify'
import type { WebSocket } from 'ws'
import guard, { sessionAuth } from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'
import { SECRET } from './bare.js'
import { parseFrames, text } from './frames.js'
import { upgrade } from './handshake.js'
import type { UpgradeOptions } from './handshake.js'
import { LogCollector } from './log.js'
import { TestStore } from './store.js'
import type { Teardown } from './teardown.js'

export interface GuardedSettings {
  /** Over the helper's own: production settings without TLS, `app.goodsite.com`, `https://goodsite.com`, sessions, no rate limit. */
  readonly guard?: GuardOptions
  /** Is @fastify/session registered before the guard? Default true. */
  readonly sessionFirst?: boolean
  readonly server?: FastifyServerOptions
  /** Called after all plugins, before the helper's own routes. */
  readonly extend?: (app: FastifyInstance, stack: GuardedStack) => void | Promise<void>
  /** Address to listen on. Default 127.0.0.1. */
  readonly host?: string
}

/** The whole stack with this plugin, listening, with `/ws` (echo) and `/http` (plain). */
export interface GuardedStack {
  readonly app: FastifyInstance
  readonly port: number
  readonly store: TestStore
  readonly log: LogCollector
  /** What routes have done: sockets `opened`, `messages` handled, `plain` calls of the HTTP route. */
  readonly counts: { opened: number, messages: string[], plain: number }
  /** Cookie header of a stored session that is logged in as ada. */
  readonly cookie: string
  /** The handshake of a legitimate page, with what is to be different. */
  page (changes?: UpgradeOptions): UpgradeOptions
  /** True when no socket is left within a second and a fresh legitimate client is admitted and answered. */
  healthy (changes?: UpgradeOptions): Promise<boolean>
}

/** Puts a session into the store and returns its Cookie header: over plain TCP no login can set a Secure cookie. */
export function storeSession (store: TestStore, user: string, id = `session-of-${user}`): string {
  const expires = new Date(Date.now() + 3_600_000).toISOString()
  store.sessions.set(id, JSON.stringify({ cookie: { path: '/', httpOnly: true, secure: true, sameSite: 'lax', originalMaxAge: 3_600_000, expires }, user: { id: user } }))
  return `sessionId=${encodeURIComponent(new cookie.Signer(SECRET).sign(id))}`
}

/** Resolves with whether `probe` became true within `limit` milliseconds. */
export async function within (limit: number, probe: () => boolean): Promise<boolean> {
  const deadline = Date.now() + limit
  while (!probe()) {
    if (Date.now() > deadline) return false
    await new Promise(resolve => setTimeout(resolve, 3))
  }
  return true
}

/** Reads the user that a session holds. */
export const bySession = sessionAuth(session => (session as { user?: { id: string } }).user ?? null)

/** Builds the stack and listens on a free port; closed with the test. */
export async function guardedStack (t: Teardown, settings: GuardedSettings = {}): Promise<GuardedStack> {
  const store = new TestStore()
  const log = new LogCollector()
  const counts: GuardedStack['counts'] = { opened: 0, messages: [], plain: 0 }
  const app = Fastify({ ...settings.server, logger: { level: 'info', stream: log } })
  const cookieHeader = storeSession(store, 'ada')
  const loadSession = async (): Promise<void> => {
    await app.register(cookie)
    await app.register(session, { secret: SECRET, store, saveUninitialized: false, cookie: { secure: true, httpOnly: true, sameSite: 'lax' } })
  }
  let port = 0
  const stack: GuardedStack = {
    app,
    get port () { return port },
    store,
    log,
    counts,
    cookie: cookieHeader,
    page: changes => ({ host: 'app.goodsite.com', origin: 'https://goodsite.com', cookie: cookieHeader, ...changes }),
    async healthy (changes) {
      if (!await within(1000, () => app.wsGuard.sockets === 0 && app.wsGuard.pending === 0)) return false
      const { status, client, rest } = await upgrade(port, { ...stack.page(changes), after: text('are you there') })
      if (status !== 101) {
        client.destroy()
        return false
      }
      const answer = await client.waitFor(() => parseFrames(rest()).frames[0])
      client.destroy()
      return answer.payload.toString() === 'are you there' && await within(1000, () => app.wsGuard.sockets === 0)
    },
  }
  if (settings.sessionFirst !== false) await loadSession()
  await app.register(guard, {
    allowedHosts: ['app.goodsite.com'],
    origins: ['https://goodsite.com'],
    auth: bySession,
    requireTls: false,
    upgradeRate: false,
    connections: { perAddress: 1000, perIdentity: 1000 },
    ...settings.guard,
  })
  if (settings.sessionFirst === false) await loadSession()
  await settings.extend?.(app, stack)
  app.get('/ws', { websocket: true }, (socket: WebSocket) => {
    counts.opened++
    socket.on('message', (data, isBinary) => {
      counts.messages.push(String(data))
      socket.send(data, { binary: isBinary })
    })
  })
  app.get('/http', () => {
    counts.plain++
    return { plain: true }
  })
  const url = await app.listen({ port: 0, host: settings.host ?? '127.0.0.1' })
  port = Number(new URL(url).port)
  t.teardown(() => app.close())
  return stack
}
