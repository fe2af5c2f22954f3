import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { Events } from '../../lib/events/events.js'
import { anyOf, sessionAuth, ticketAuth, tokenAuth } from '../../lib/index.js'
import type { TicketAuthOptions } from '../../types/auth.js'
import type { AuthStrategy, Identity } from '../../types/gate.js'
import type { GuardOptions } from '../../types/options.js'
import type { Whom } from '../../types/revoke-refresh.js'
import { closeFrame, codeOf } from '../helpers/handshake.js'
import type { UpgradeOptions } from '../helpers/handshake.js'
import { guardedStack, userOf } from '../helpers/guarded-stack.js'
import type { GuardedStack } from '../helpers/guarded-stack.js'
import { connect } from '../helpers/tcp.js'
import { later } from '../helpers/tokens.js'
import { until } from '../helpers/until.js'

type Test = Parameters<typeof guardedStack>[0]

const bySession = sessionAuth(userOf)

interface Bench {
  readonly stack: GuardedStack
  /** Asks for a ticket as the site's own page does. */
  ask (changes?: { readonly headers?: object, readonly payload?: unknown, readonly path?: string, readonly cookie?: string | null }): Promise<{ readonly status: number, readonly ticket: string, readonly code: string, readonly headers: Record<string, unknown> }>
  /** The status of a handshake with a ticket, or its refusal's code. */
  use (ticket: string, changes?: UpgradeOptions): Promise<string>
}

/** Without those that are left out. */
const given = (headers: object): Record<string, string> => Object.fromEntries(Object.entries(headers).filter(([, value]) => typeof value === 'string'))

async function bench (t: Test, { auth, guard, options, extend }: { auth?: AuthStrategy, guard?: GuardOptions, options?: Partial<TicketAuthOptions>, extend?: (app: FastifyInstance) => void } = {}): Promise<Bench> {
  const stack = await guardedStack(t, {
    as: 'site',
    guard: { auth: auth ?? ticketAuth({ issue: '/ws-ticket', auth: bySession, ...options }), subprotocols: ['own'], ...guard },
    extend: app => {
      app.get('/who', { websocket: true }, (socket, request) => { socket.close(4000, String(request.wsIdentity?.id)) })
      extend?.(app)
    },
  })
  return {
    stack,
    async ask ({ headers = {}, payload, path = '/ws', cookie = stack.cookie } = {}) {
      const response = await stack.app.inject({
        method: 'POST',
        url: '/ws-ticket',
        headers: given({ host: 'app.goodsite.com', origin: 'https://goodsite.com', 'content-type': 'application/json', cookie, ...headers }),
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload ?? { path }),
      })
      const { ticket = '', code = '' } = JSON.parse(response.body) as { ticket?: string, code?: string }
      return { status: response.statusCode, ticket, code, headers: response.headers }
    },
    async use (ticket, changes) {
      const result = await stack.upgrade(stack.page({ cookie: null, protocol: `own, ticket.${ticket}`, ...changes }))
      result.client.destroy()
      return result.status === 101 ? '101' : codeOf(result)
    },
  }
}

const REFUSED = 'WSG_ERR_UNAUTHENTICATED'

t.test('C11 a ticket opens one socket, of who asked for it, and is never echoed, logged or kept as it is', async t => {
  const { stack, ask, use } = await bench(t)
  const { status, ticket, headers } = await ask()
  t.equal(status, 200)
  t.equal(headers['cache-control'], 'no-store')
  t.match(ticket, /^[\w-]{43}$/, '256 bits')
  const opened = await stack.upgrade(stack.page({ cookie: null, protocol: `own, ticket.${ticket}` }))
  t.same([opened.status, opened.headers.get('sec-websocket-protocol')], [101, 'own'])
  t.equal(await use(ticket), REFUSED, 'once')
  const who = await ask({ path: '/who' })
  const told = await stack.upgrade(stack.page({ cookie: null, path: '/who', protocol: `own, ticket.${who.ticket}` }))
  t.same(await closeFrame(told), { code: 4000, reason: 'ada' })
  const log = stack.log.lines.map(line => JSON.stringify(line)).join('\n')
  for (const one of [ticket, who.ticket]) t.notOk(log.includes(one))
})

t.test('C11 of many who use one ticket at once exactly one gets in', async t => {
  const { ask, use } = await bench(t)
  const { ticket } = await ask()
  const results = await Promise.all(Array.from({ length: 20 }, () => use(ticket)))
  t.same(results.filter(result => result === '101').length, 1)
  t.same([...new Set(results)].sort(), ['101', REFUSED])
})

t.test('C11 a ticket is for one page, one path and half a minute; what is refused for that does not spend it', async t => {
  const { ask, use } = await bench(t, { guard: { origins: ['https://goodsite.com', 'https://other.goodsite.com'], allowMissingOrigin: true } })
  const { ticket } = await ask()
  t.equal(await use(ticket, { origin: 'https://other.goodsite.com' }), REFUSED)
  t.equal(await use(ticket, { origin: null }), REFUSED)
  t.equal(await use(ticket, { origin: 'https://evil.example' }), 'WSG_ERR_ORIGIN_NOT_ALLOWED')
  for (const path of ['/who', '/open/..', '/ws/', '/%77s']) t.not(await use(ticket, { path }), '101', path)
  t.equal(await use(ticket, { path: '/ws?ticket=x' }), '101', 'a query is not part of the path')
  for (const wrong of ['', 'x', `${ticket}x`, '__proto__', 'x'.repeat(4000)]) t.equal(await use(wrong), REFUSED, wrong.slice(0, 20))
  const second = await ask()
  t.equal(await use(second.ticket, { protocol: `own, ticket.${second.ticket}, ticket.x` }), REFUSED, 'two are none')
  t.equal(await use(second.ticket, { protocol: null, path: `/ws?ticket=${second.ticket}` }), REFUSED, 'never in a URL')
  t.equal(await use(second.ticket), '101')
})

t.test('C11 a handshake that is refused for another reason, or never finished, gives the ticket back', async t => {
  let isOpen = false
  const { ask, use, stack } = await bench(t, {
    guard: { connections: { perAddress: 1000, perIdentity: 1 } },
    extend: app => {
      app.get('/late', { websocket: true, wsGuard: { authorize: () => isOpen } }, socket => { socket.close(4000) })
      app.get('/hook', { websocket: true, preHandler: (_, reply, done) => { if (isOpen) done(); else reply.code(503).send('later') } }, socket => { socket.close(4000) })
    },
  })
  for (const path of ['/late', '/hook']) {
    isOpen = false
    const { ticket } = await ask({ path })
    t.not(await use(ticket, { path }), '101')
    await until(() => stack.app.wsGuard.sockets === 0)
    isOpen = true
    t.equal(await use(ticket, { path }), '101', path)
    await until(() => stack.app.wsGuard.sockets === 0)
    t.equal(await use(ticket, { path }), REFUSED)
  }
  const [one, two] = [await ask(), await ask()]
  const open = await stack.upgrade(stack.page({ cookie: null, protocol: `own, ticket.${one.ticket}` }))
  t.equal(await use(two.ticket), 'WSG_ERR_CONNECTIONS_PER_IDENTITY')
  open.client.destroy()
  await until(() => stack.app.wsGuard.sockets === 0)
  t.equal(await use(two.ticket), '101')
})

t.test('a ticket dies with its session, and is its user\'s of that moment; so is the socket', async t => {
  const { ask, use, stack } = await bench(t)
  const id = 'session-of-ada'
  const { ticket } = await ask()
  const stored = stack.store.sessions.get(id)!
  stack.store.sessions.delete(id)
  t.equal(await use(ticket), REFUSED, 'logged out')
  stack.store.sessions.set(id, stored.replace('"id":"ada"', '"id":"bob"'))
  t.equal(await use(ticket), REFUSED, 'another user')
  stack.store.sessions.set(id, stored)
  stack.store.mode = 'down'
  t.equal(await use(ticket), 'WSG_ERR_AUTH_UNAVAILABLE', 'nobody can tell')
  stack.store.mode = 'ok'
  await until(() => stack.app.wsGuard.sockets === 0)
  const opened = await stack.upgrade(stack.page({ cookie: null, protocol: `own, ticket.${ticket}` }))
  t.equal(opened.status, 101, 'none of that has spent it')
  t.equal(stack.app.wsGuard.revoke({ session: id }), 1)
  t.match(await closeFrame(opened), { code: 4401 })
})

t.test('C21 the route hands tickets to pages of its own site only, and to requests that no form can make', async t => {
  const { ask, stack } = await bench(t, { guard: { allowMissingOrigin: false } })
  const rows: readonly (readonly [string, Parameters<Bench['ask']>[0], string])[] = [
    ['another site', { headers: { origin: 'https://evil.example' } }, '403 WSG_ERR_ORIGIN_NOT_ALLOWED'],
    ['a sandboxed frame', { headers: { origin: 'null' } }, '403 WSG_ERR_ORIGIN_NULL'],
    ['no Origin', { headers: { origin: undefined } }, '403 WSG_ERR_ORIGIN_MISSING'],
    ['another host', { headers: { host: 'evil.example' } }, '421 WSG_ERR_HOST_NOT_ALLOWED'],
    ['a form', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'path=/ws' }, '400 WSG_ERR_TICKET_REQUEST'],
    ['text', { headers: { 'content-type': 'text/plain' } }, '400 WSG_ERR_TICKET_REQUEST'],
    ['no type', { headers: { 'content-type': undefined } }, '400 WSG_ERR_TICKET_REQUEST'],
    ['nobody', { cookie: null }, '401 WSG_ERR_UNAUTHENTICATED'],
    ['a forged cookie', { cookie: 'sessionId=forged' }, '401 WSG_ERR_UNAUTHENTICATED'],
    ['no path', { payload: {} }, '400 WSG_ERR_TICKET_REQUEST'],
    ['a path that is none', { payload: { path: 'ws' } }, '400 WSG_ERR_TICKET_REQUEST'],
    ['a path with a query', { payload: { path: '/ws?x' } }, '400 WSG_ERR_TICKET_REQUEST'],
    ['a list', { payload: ['/ws'] }, '400 WSG_ERR_TICKET_REQUEST'],
    ['a path that is no text', { payload: { path: { toString: '/ws' } } }, '400 WSG_ERR_TICKET_REQUEST'],
  ]
  for (const [what, changes, expected] of rows) {
    const { status, code, ticket } = await ask(changes)
    t.equal(`${status} ${code}`, expected, what)
    t.equal(ticket, '')
  }
  t.equal((await ask({ payload: '{"path":' })).status, 400)
  t.equal((await ask({ payload: { path: '/ws', more: 'x'.repeat(4000) } })).status, 413)
  for (const method of ['GET', 'PUT'] as const) t.equal((await stack.app.inject({ method, url: '/ws-ticket' })).statusCode, 404, method)
  t.equal((await ask({ headers: { 'content-type': 'Application/JSON; charset=utf-8' } })).status, 200)
})

t.test('one session has so many unused tickets at once; the rate of handshakes counts for them', async t => {
  const { ask, use } = await bench(t, { options: { perOwner: 2 } })
  const first = await ask()
  await ask()
  const { status, code, headers } = await ask()
  t.same([status, code, headers['retry-after']], [429, 'WSG_ERR_TICKETS_WAITING', '30'])
  t.equal(await use(first.ticket), '101')
  t.equal((await ask()).status, 200)
  const limited = await bench(t, { guard: { upgradeRate: { max: 2 } } })
  t.same([(await limited.ask()).status, (await limited.ask()).status, (await limited.ask()).code], [200, 200, 'WSG_ERR_UPGRADE_RATE'])
})

t.test('A28 a request for a ticket that the application has no answer to is answered 503 at the deadline', async t => {
  let fired = 0
  const hangs = async (signal: AbortSignal): Promise<never> => await new Promise(() => { signal.addEventListener('abort', () => { fired++ }) })
  const good = { id: 'robot', expires: later(60_000) }
  const byToken = (verify: Parameters<typeof tokenAuth>[0]['verify']): AuthStrategy => ticketAuth({ issue: '/ws-ticket', auth: tokenAuth({ verify, carriers: ['header'] }) })
  const guards: Readonly<Record<string, GuardOptions>> = {
    verify: { auth: byToken((_token, { signal }) => hangs(signal)) },
    origins: { auth: byToken(() => good), origins: async (_origin, { signal }) => await hangs(signal) },
    allowList: { auth: byToken(() => good), upgradeRate: { max: 100, timeWindow: 60_000, allowList: async () => await new Promise<boolean>(() => {}) } },
  }
  const headers = { authorization: 'Bearer good', origin: 'https://tenant.test' }
  for (const [name, { auth, ...guard }] of Object.entries(guards)) {
    const { ask } = await bench(t, { auth: auth as AuthStrategy, guard: { authTimeout: 100, ...guard } })
    const { status, code, headers: answer } = await ask({ cookie: null, headers: name === 'origins' ? headers : { ...headers, origin: 'https://goodsite.com' } })
    t.same([status, code, answer['retry-after']], [503, 'WSG_ERR_AUTH_TIMEOUT', '5'], name)
  }
  t.equal(fired, 2, 'who was asked is told')
})

t.test('A28 of requests for tickets that wait for the application there are few, in all and of one address', async t => {
  const waiting: (() => void)[] = []
  const auth = ticketAuth({ issue: '/ws-ticket', auth: tokenAuth({ verify: async () => await new Promise<Identity>(resolve => { waiting.push(() => { resolve({ id: 'robot', expires: later(60_000) }) }) }), carriers: ['header'] }) })
  const { ask } = await bench(t, { auth, guard: { connections: { pending: 8 }, upgradeRate: false } })
  const post = (): ReturnType<typeof ask> => ask({ cookie: null, headers: { authorization: 'Bearer good' } })
  const first = [post(), post()]
  await until(() => waiting.length === 2)
  const { status, code, headers } = await post()
  t.same([status, code, headers['retry-after']], [429, 'WSG_ERR_CONNECTIONS_PER_ADDRESS', '5'])
  for (const answer of waiting.splice(0)) answer()
  t.same((await Promise.all(first)).map(({ status }) => status), [200, 200])
  const next = post()
  await until(() => waiting.length === 1)
  waiting[0]!()
  t.equal((await next).status, 200, 'and each gives its place back')
})

t.test('with a token in the place of the cookie, and beside others on one route', async t => {
  const robots = tokenAuth({ verify: token => token === 'good' ? { id: 'robot', expires: later(60_000) } : null })
  const { ask, use } = await bench(t, { auth: anyOf(bySession, ticketAuth({ issue: '/ws-ticket', auth: robots })), guard: { allowMissingOrigin: true } })
  const { ticket } = await ask({ cookie: null, headers: { authorization: 'Bearer good', origin: undefined } })
  t.equal(await use(ticket), REFUSED, 'who asked without an Origin comes without one')
  t.equal(await use(ticket, { cookie: 'sessionId=x', origin: null }), 'WSG_ERR_ORIGIN_MISSING', 'the cookie decides where it is there')
  t.equal(await use(ticket, { origin: null }), '101')
  t.equal((await ask({ cookie: null, headers: { authorization: 'Bearer bad' } })).code, REFUSED)
})

t.test('the Origin rule of the ticket route follows the credential that asks: a token needs none where that is allowed, a cookie always', async t => {
  const robots = tokenAuth({ verify: token => token === 'good' ? { id: 'robot', expires: later(60_000) } : null })
  const auth = ticketAuth({ issue: '/ws-ticket', auth: anyOf(bySession, robots) })
  const bearer = { authorization: 'Bearer good', origin: undefined }
  const { ask, use } = await bench(t, { auth, guard: { allowMissingOrigin: true } })
  const { status, ticket } = await ask({ cookie: null, headers: bearer })
  t.equal(status, 200)
  t.equal(await use(ticket, { origin: null }), '101')
  t.equal((await ask({ headers: bearer })).code, 'WSG_ERR_ORIGIN_MISSING', 'the cookie decides where it is there')
  t.equal((await ask({ headers: { origin: undefined } })).code, 'WSG_ERR_ORIGIN_MISSING')
  t.equal((await ask({ cookie: null, headers: { ...bearer, origin: 'https://evil.example' } })).code, 'WSG_ERR_ORIGIN_NOT_ALLOWED')
  t.equal((await ask({ cookie: null, headers: { authorization: 'Bearer bad', origin: undefined } })).code, REFUSED)
  const strict = await bench(t, { auth, guard: { allowMissingOrigin: false } })
  t.equal((await strict.ask({ cookie: null, headers: bearer })).code, 'WSG_ERR_ORIGIN_MISSING')
})

t.test('what is chosen by its header fields judges a request for a ticket, whatever a hook makes of them', async t => {
  const robots = tokenAuth({ verify: () => ({ id: 'robot', expires: later(60_000) }) })
  const auth = ticketAuth({ issue: '/ws-ticket', auth: anyOf(robots, bySession) })
  const { ask } = await bench(t, {
    auth,
    guard: { allowMissingOrigin: true },
    extend: app => { app.addHook('preValidation', async request => { delete request.raw.headers.authorization }) },
  })
  t.equal((await ask({ headers: { authorization: 'Bearer good', origin: undefined } })).code, REFUSED, 'it was no cookie that needed no Origin')
})

t.test('why a ticket was refused is for the log: the peer is told the same of each', async t => {
  const { ask, use, stack } = await bench(t, { guard: { origins: ['https://goodsite.com', 'https://other.goodsite.com'], allowMissingOrigin: true } })
  const reasons: unknown[] = []
  t.teardown(new Events(stack.app).listen('refused', ({ error }) => { reasons.push((error as Error | undefined)?.message) }))
  const { ticket } = await ask()
  for (const [changes, reason] of [
    [{ origin: 'https://other.goodsite.com' }, 'Token: the ticket was asked for by a page of "https://goodsite.com", and came from a page of "https://other.goodsite.com"'],
    [{ origin: null }, 'Token: the ticket was asked for by a page of "https://goodsite.com", and came from no page'],
    [{ path: '/who' }, 'Token: the ticket is for the path "/ws", and came to "/who"'],
  ] as const) {
    const { client, status, body } = await stack.upgrade(stack.page({ cookie: null, protocol: `own, ticket.${ticket}`, ...changes }))
    client.destroy()
    t.same([status, JSON.parse(body)], [401, { statusCode: 401, code: REFUSED, error: 'Unauthorized', message: 'Authentication required' }])
    t.equal(reasons.at(-1), reason)
  }
  t.equal(await use(ticket), '101')
  await use(ticket)
  t.match(reasons.at(-1), /^Token: no such ticket waits here: it was used, it has run out/)
  const second = await ask()
  const stored = stack.store.sessions.get('session-of-ada')!
  stack.store.sessions.delete('session-of-ada')
  await use(second.ticket)
  t.equal(reasons.at(-1), 'Token: the session that the ticket was asked for with has ended')
  stack.store.sessions.set('session-of-ada', stored.replace('"id":"ada"', '"id":"bob"'))
  await use(second.ticket)
  t.equal(reasons.at(-1), 'Token: the session that the ticket was asked for with is another user\'s by now')
})

/** Tickets for tokens; `verify` waits while it is held. */
async function byToken (t: Test) {
  const gate = { isHeld: false, waiting: [] as (() => void)[] }
  const verify = async (token: string): Promise<Identity> => {
    if (gate.isHeld) await new Promise<void>(resolve => { gate.waiting.push(resolve) })
    return { id: token, roles: ['admin'], expires: later(60_000) }
  }
  const made = await bench(t, {
    auth: ticketAuth({ issue: '/ws-ticket', auth: tokenAuth({ verify }) }),
    extend: app => {
      app.get('/roles', { websocket: true, wsGuard: { authorize: ({ identity }) => identity.roles?.includes('banned') !== true } }, (socket, request) => {
        socket.close(4000, String(request.wsIdentity?.roles))
      })
    },
  })
  const { ask, use, stack } = made
  const { wsGuard } = stack.app
  return {
    use,
    gate,
    wsGuard,
    async ask (user: string, path = '/ws') { return await ask({ cookie: null, path, headers: { authorization: `Bearer ${user}` } }) },
    async rolesOf (ticket: string) {
      return await closeFrame(await stack.upgrade(stack.page({ cookie: null, path: '/roles', protocol: `own, ticket.${ticket}` })))
    },
  }
}

t.test('C11 a ticket for a token dies with a revocation of its user, and nobody else\'s does', async t => {
  for (const end of [{ identity: 'ada' }, { where: ({ identity }: Whom) => identity?.id === 'ada' }]) {
    const { ask, use, wsGuard, gate } = await byToken(t)
    const [ada, bob] = [await ask('ada'), await ask('bob')]
    gate.isHeld = true
    const late = ask('ada')
    await until(() => gate.waiting.length === 1)
    t.equal(wsGuard.revoke(end), 0)
    gate.isHeld = false
    gate.waiting[0]!()
    for (const { ticket } of [ada, await late]) {
      t.equal(await use(ticket), REFUSED)
      t.equal(await use(ticket), REFUSED, 'not at the second try either')
    }
    t.equal(await use(bob.ticket), '101')
    t.equal(await use((await ask('ada')).ticket), '101', 'who proves again who it is gets a new one')
  }
})

t.test('C11 a ticket for a session dies with a revocation of that session or its user, though the session lives on', async t => {
  for (const end of [{ session: 'session-of-ada' }, { identity: 'ada' }]) {
    const { ask, use, stack } = await bench(t)
    const { ticket } = await ask()
    stack.app.wsGuard.revoke(end)
    t.equal(await use(ticket), REFUSED)
    t.equal(await use((await ask()).ticket), '101')
  }
})

t.test('C08 a refresh reaches tickets that wait: their sockets have the new roles, and authorize is asked of these', async t => {
  const { ask, rolesOf, wsGuard, gate } = await byToken(t)
  const before = await ask('ada', '/roles')
  gate.isHeld = true
  const during = ask('ada', '/roles')
  await until(() => gate.waiting.length === 1)
  wsGuard.refresh({ id: 'ada', roles: ['user'] })
  gate.isHeld = false
  gate.waiting[0]!()
  const [bob, after] = [await ask('bob', '/roles'), await ask('ada', '/roles')]
  for (const [{ ticket }, roles] of [[before, 'user'], [await during, 'user'], [bob, 'admin'], [after, 'admin']] as const) {
    t.same(await rolesOf(ticket), { code: 4000, reason: roles })
  }
  const banned = await ask('ada', '/roles')
  wsGuard.refresh({ id: 'ada', roles: ['banned'] })
  t.same(await rolesOf(banned.ticket), { code: 4403, reason: 'forbidden' })
})

t.test('C12 of fifty who use a ticket while it is revoked none is left, and each other ticket opens one socket', async t => {
  const { ask, use, wsGuard } = await byToken(t)
  for (let round = 0; round < 5; round++) {
    const [ada, bob] = [await ask('ada'), await ask('bob')]
    const uses = [ada, bob].map(({ ticket }) => Array.from({ length: 50 }, () => use(ticket)))
    if (round > 0) await new Promise<void>(resolve => { setTimeout(resolve, round) })
    wsGuard.revoke({ identity: 'ada' })
    const [hers, his] = await Promise.all(uses.map(async all => (await Promise.all(all)).filter(result => result === '101').length))
    t.ok(hers! <= Math.min(1, round), `${hers}`)
    t.equal(his, 1)
    t.equal(await use(ada.ticket), REFUSED)
    t.equal(wsGuard.revoke({ identity: 'ada' }), 0, 'and none is open')
  }
})

t.test('its route is where the first route is that takes tickets, and what it needs is proven at boot', async t => {
  const guard = (await import('../../lib/index.js')).default
  const Fastify = (await import('fastify')).default
  const boot = async (auth: AuthStrategy, options: object = {}): Promise<FastifyInstance> => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(guard, { allowedHosts: ['goodsite.com'], ...options })
    await app.register(async scope => { scope.get('/ws', { websocket: true, wsGuard: { auth } }, () => {}) }, { prefix: '/api' })
    await app.ready()
    return app
  }
  const none = tokenAuth({ verify: () => null })
  const app = await boot(ticketAuth({ issue: '/ws-ticket', auth: none }))
  t.ok(app.hasRoute({ method: 'POST', url: '/api/ws-ticket' }))
  await t.rejects(boot(ticketAuth({ issue: '/ws-ticket', auth: bySession })), { code: 'WSG_ERR_PLUGIN_ORDER', message: /session authentication: expected @fastify\/cookie/ })
  await t.rejects(boot(ticketAuth({ issue: '/ws-ticket', auth: bySession }), { origins: ['*'] }), { code: 'WSG_ERR_OPTION_UNSAFE' })
  for (const [options, message] of [
    [undefined, /ticketAuth: expected options such as \{ issue, auth \}, got undefined/],
    [{ issue: 'ws-ticket', auth: bySession }, /ticketAuth\.issue: expected the path of the route.*got "ws-ticket"/],
    [{ issue: '/t', auth: sessionAuth }, /ticketAuth\.auth: expected a strategy/],
    [{ issue: '/t', auth: ticketAuth({ issue: '/u', auth: bySession }) }, /a strategy that takes no tickets itself/],
    [{ issue: '/t', auth: anyOf(bySession, ticketAuth({ issue: '/u', auth: bySession })) }, /a strategy that takes no tickets itself/],
    [{ issue: '/t', auth: tokenAuth({ verify: () => null, carriers: ['message'] }) }, /ticketAuth\.auth: expected a strategy whose credential a POST can carry.*got one that waits for a message/],
    [{ issue: '/t', auth: { authenticate () {} } }, /ticketAuth\.auth: expected a strategy/],
    [{ issue: '/t', auth: bySession, lifetime: 90_000 }, /ticketAuth\.lifetime: expected 1000 to 60000 milliseconds, got 90000/],
    [{ issue: '/t', auth: bySession, perOwner: 0 }, /ticketAuth\.perOwner: expected 1 to 1000, got 0/],
    [{ issue: '/t', auth: bySession, ttl: 1 }, /got "ttl"/],
  ] as const) t.throws(() => ticketAuth(options as TicketAuthOptions), { code: 'WSG_ERR_OPTION', message }, String(message))
  t.doesNotThrow(() => ticketAuth({ issue: '/t', auth: tokenAuth({ verify: () => null, carriers: ['message', 'header'] }) }))
  t.doesNotThrow(() => ticketAuth({ issue: '/t', auth: anyOf(bySession, tokenAuth({ verify: () => null, carriers: ['message'] })) }))
})

t.test('a request for a ticket whose body comes after the logout does not bring the session back', async t => {
  const stack = await guardedStack(t, {
    guard: { auth: ticketAuth({ issue: '/ws-ticket', auth: bySession }) },
    extend: app => { app.post('/logout', async request => { await request.session.destroy(); return {} }) },
  })
  const { store, app, port } = stack
  const body = JSON.stringify({ path: '/ws' })
  for (const [payload, status] of [[body, 200], ['{', 400], ['{"pat":"/ws"}', 400]] as const) {
    const cookie = await stack.login()
    const { gets } = store
    const client = await connect(port)
    client.send(`POST /ws-ticket HTTP/1.1\r\nHost: localhost:${port}\r\nOrigin: http://localhost:${port}\r\nContent-Type: application/json\r\n` +
      `Cookie: ${cookie}\r\nContent-Length: ${body.length}\r\n\r\n`)
    await until(() => store.gets > gets)
    await app.inject({ method: 'POST', url: '/logout', headers: { cookie } })
    t.equal(store.sessions.size, 0)
    client.send(payload.padEnd(body.length))
    t.equal((await client.response()).status, status)
    t.equal(store.sessions.size, 0, `${status}: it is still gone`)
    client.destroy()
  }
})
