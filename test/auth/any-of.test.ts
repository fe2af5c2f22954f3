import cookie, { Signer } from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { WebSocket } from 'ws'
import guard, { anyOf, sessionAuth, ticketAuth, tokenAuth } from '../../lib/index.js'
import type { AuthStrategy } from '../../types/gate.js'
import { SECRET, sessionCookie } from '../helpers/bare.js'
import { guardedStack, userOf } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import { later } from '../helpers/tokens.js'

const byToken = tokenAuth({ verify: token => /^token-of-/.test(token) ? { id: token.slice(9), expires: later(3_600_000) } : null })
const bySession = sessionAuth(userOf)
const byKey: AuthStrategy = {
  name: 'api-key',
  needs: { credential: 'header', session: false },
  isPresent: ({ request }) => request.raw.headers['x-api-key'] !== undefined,
  authenticate: ({ request }) => request.raw.headers['x-api-key'] === 'good' ? { id: 'robot' } : null,
}

/** A site with cookie, token and API-key users; who connects is told as the first frame. */
async function site (t: Parameters<typeof guardedStack>[0], auth: AuthStrategy, allowMissingOrigin = true) {
  return await guardedStack(t, {
    as: 'site',
    guard: { auth, allowMissingOrigin, subprotocols: ['own'] },
    extend: app => {
      app.get('/who', { websocket: true }, (socket, request) => { socket.close(4000, String(request.wsIdentity?.id)) })
    },
  })
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

for (const [name, auth] of [
  ['in this order', anyOf(bySession, byToken, byKey)],
  ['nested', anyOf(bySession, anyOf(byToken, byKey))],
  ['nested twice', anyOf(anyOf(anyOf(bySession, byToken), byKey), ticketAuth({ issue: '/ws-ticket', auth: bySession }))],
] as const) {
  t.test(`the first whose credential is there decides, and it alone: ${name}`, async t => {
    const stack = await site(t, auth)
    const ada = await stack.login('ada')
    const forged = `sessionId=${encodeURIComponent(new Signer('another secret of at least thirty-two chars').sign('x'))}`
    const key = (value: string) => ({ headers: { 'x-api-key': value } })
    const rows: readonly (readonly [object, string])[] = [
      [{ cookie: ada }, '101'],
      [{ cookie: null, ...bearer('token-of-bob') }, '101'],
      [{ cookie: null, protocol: 'own, bearer.token-of-bob' }, '101'],
      [{ cookie: null, ...key('good') }, '101'],
      [{ cookie: 'theme=dark; x=sessionId', ...bearer('token-of-bob') }, '101'],
      // Present and bad: no fall-through to the next one, nor to nobody.
      [{ cookie: null }, 'WSG_ERR_UNAUTHENTICATED'],
      [{ cookie: forged }, 'WSG_ERR_UNAUTHENTICATED'],
      [{ cookie: forged, ...bearer('token-of-bob') }, 'WSG_ERR_UNAUTHENTICATED'],
      [{ cookie: 'sessionId=', ...bearer('token-of-bob') }, 'WSG_ERR_UNAUTHENTICATED'],
      [{ cookie: null, headers: { authorization: 'Bearer forged', 'x-api-key': 'good' } }, 'WSG_ERR_UNAUTHENTICATED'],
      [{ cookie: null, ...key('bad') }, 'WSG_ERR_UNAUTHENTICATED'],
    ]
    for (const [changes, expected] of rows) {
      const result = await stack.upgrade(stack.page(changes))
      t.equal(result.status === 101 ? '101' : codeOf(result), expected, JSON.stringify(changes))
      result.client.destroy()
    }
  })
}

t.test('the session comes first where it is listed first, and the token where that is', async t => {
  for (const [auth, who] of [[anyOf(bySession, byToken), 'ada'], [anyOf(byToken, bySession), 'bob']] as const) {
    const stack = await site(t, auth)
    const opened = await stack.upgrade(stack.page({ path: '/who', cookie: await stack.login('ada'), ...bearer('token-of-bob') }))
    t.match(String(await opened.closed().then(() => opened.rest())), who)
  }
})

t.test('the Origin rule follows the credential that is used', async t => {
  const stack = await site(t, anyOf(bySession, byToken))
  const ada = await stack.login('ada')
  const verdict = async (changes: object): Promise<string> => {
    const result = await stack.upgrade(stack.page(changes))
    result.client.destroy()
    return result.status === 101 ? '101' : codeOf(result)
  }
  t.equal(await verdict({ cookie: null, origin: null, ...bearer('token-of-bob') }), '101', 'a program with a token has no Origin')
  t.equal(await verdict({ cookie: ada, origin: null }), 'WSG_ERR_ORIGIN_MISSING')
  t.equal(await verdict({ cookie: ada, origin: null, ...bearer('token-of-bob') }), 'WSG_ERR_ORIGIN_MISSING', 'the cookie is what decides')
  t.equal(await verdict({ cookie: 'sessionId=x', origin: null, ...bearer('token-of-bob') }), 'WSG_ERR_ORIGIN_MISSING')
  t.equal(await verdict({ cookie: null, origin: 'https://evil.example', ...bearer('token-of-bob') }), 'WSG_ERR_ORIGIN_NOT_ALLOWED', 'a foreign one is foreign to both')
  t.equal(await verdict({ cookie: null, origin: null }), 'WSG_ERR_UNAUTHENTICATED')
  const strict = await site(t, anyOf(bySession, byToken), false)
  const refused = await strict.upgrade(strict.page({ cookie: null, origin: null, ...bearer('token-of-bob') }))
  t.equal(codeOf(refused), 'WSG_ERR_ORIGIN_MISSING', 'without allowMissingOrigin nobody comes without one')
})

t.test('the session\'s cookie has the name that the scope\'s plugin gave it', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true, auth: anyOf(bySession, byToken) })
  await app.register(cookie)
  await app.register(session, { secret: SECRET, cookieName: 'sid', cookiePrefix: 's:', saveUninitialized: false, cookie: { secure: false, path: '/', sameSite: 'lax' } })
  app.get('/ws', { websocket: true }, (socket: WebSocket) => { socket.close(4000) })
  app.get('/login', request => { Object.assign(request.session, { user: { id: 'ada' } }); return {} })
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  const ada = await sessionCookie(app, '/login')
  t.match(ada, /^sid=/)
  for (const [changes, status] of [
    [{ cookie: ada }, 101],
    [{ cookie: ada.replace('sid=', 'sessionId=') }, 401],
    [{ cookie: 'sessionId=x', ...bearer('token-of-bob') }, 101],
    [{ cookie: 'sid=x', ...bearer('token-of-bob') }, 401],
  ] as const) {
    const result = await upgrade(port, changes)
    t.equal(result.status, status, JSON.stringify(changes))
    result.client.destroy()
  }
})

t.test('what is needed of all of them is proven at boot', async t => {
  const boot = async (auth: AuthStrategy, options: object = {}): Promise<unknown> => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(guard, { allowedHosts: ['goodsite.com'], auth, ...options })
    app.get('/ws', { websocket: true }, () => {})
    return await app.ready()
  }
  await t.rejects(boot(anyOf(byToken, bySession)), { code: 'WSG_ERR_PLUGIN_ORDER', message: /route \/ws uses session authentication: expected @fastify\/cookie/ })
  await t.rejects(boot(anyOf(byToken, bySession), { origins: ['*'] }), { code: 'WSG_ERR_OPTION_UNSAFE', message: /beside cookie authentication/ })
  await t.rejects(boot(anyOf(byToken, bySession), { dangerouslyAllowNullOrigin: true }), { code: 'WSG_ERR_OPTION_UNSAFE' })
  await boot(anyOf(byToken, byKey), { origins: ['*'] })
})

t.test('what is no strategy, or can\'t say whether its credential is there, does not boot', async t => {
  const silent: AuthStrategy = { name: 'own', needs: { credential: 'header', session: false }, authenticate: () => null }
  for (const [strategies, message] of [
    [[], /anyOf: expected two strategies or more, got 0/],
    [[byToken], /two strategies or more, got 1/],
    [[[byToken, byKey]], /anyOf: expected two strategies or more, got a list; write anyOf\(a, b\)/],
    [[byToken, undefined], /anyOf: \[1\]: expected a strategy such as sessionAuth\(.*got undefined/],
    [[byToken, sessionAuth], /\[1\]: expected a strategy/],
    [[silent, byToken], /anyOf: strategy "own": expected isPresent\(\{ request \}\).*got undefined/],
    [[byToken, tokenAuth({ verify: () => null })], /anyOf: expected strategies that read different credentials, got "token in header" twice/],
    [[tokenAuth({ verify: () => null, carriers: ['header', 'message'] }), bySession, tokenAuth({ verify: () => null, carriers: ['subprotocol', 'message'] })], /got "token in message" twice/],
    [[anyOf(bySession, byKey), sessionAuth(userOf)], /got "session cookie" twice/],
    [[ticketAuth({ issue: '/t', auth: bySession }), ticketAuth({ issue: '/u', auth: byToken })], /got "ticket" twice/],
  ] as const) t.throws(() => anyOf(...strategies as readonly AuthStrategy[]), { code: 'WSG_ERR_OPTION', message }, String(message))
  // Each is asked for its own, and of an application's own nobody knows.
  t.doesNotThrow(() => anyOf(tokenAuth({ verify: () => null, carriers: ['header'] }), tokenAuth({ verify: () => null, carriers: ['subprotocol'] })))
  t.doesNotThrow(() => anyOf(byKey, { ...byKey }))
})

t.test('a strategy that can\'t tell whether its credential is there decides: nobody else is asked in its place', async t => {
  const broken: AuthStrategy = { ...byKey, isPresent: () => { throw new Error('no') }, authenticate: () => { throw new Error('no') } }
  const stack = await site(t, anyOf(broken, byToken))
  t.equal(codeOf(await stack.upgrade(stack.page({ cookie: null, ...bearer('token-of-bob') }))), 'WSG_ERR_AUTH_UNAVAILABLE')
})

t.test('without any credential the one is chosen that takes a first message, else one whose credential is a header', async t => {
  const nothing = { request: { raw: { headers: {}, rawHeaders: [] } } as unknown as FastifyRequest, sessionCookie: 'sessionId' }
  const byTicket = ticketAuth({ issue: '/ticket', auth: bySession })
  const quiet = tokenAuth({ verify: () => null, carriers: ['header'] })
  for (const [strategy, name] of [
    [anyOf(bySession, byTicket, byToken), 'token'], [anyOf(bySession, byTicket), 'ticket'], [anyOf(bySession, byTicket, quiet), 'ticket'], [anyOf(bySession, byKey), 'api-key'], [anyOf(bySession, { ...bySession, name: 'other' }), 'session'],
  ] as const) t.equal(strategy.choose?.(nothing).name, name)
})

t.test('one strategy can hand its question on', async t => {
  const audited: AuthStrategy = { ...anyOf(bySession, byToken), name: 'audited', authenticate: async context => await anyOf(bySession, byToken).authenticate(context) }
  const stack = await site(t, audited)
  t.equal((await stack.upgrade(stack.page({ cookie: null, ...bearer('token-of-bob') }))).status, 101)
})
