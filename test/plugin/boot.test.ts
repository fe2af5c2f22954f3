import cookie from '@fastify/cookie'
import session from '@fastify/session'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import guard, { sessionAuth } from '../../lib/index.js'
import { resolveOptions, resolveRouteOptions } from '../../lib/plugin/options.js'
import type { GuardOptions } from '../../types/options.js'
import { SECRET } from '../helpers/bare.js'
import { boot } from '../helpers/boot.js'
import { LogCollector } from '../helpers/log.js'

const user = sessionAuth(session => (session as { user?: { id: string } }).user)
const base: GuardOptions = { allowedHosts: ['goodsite.com'], auth: user }
const open = { websocket: true, wsGuard: { public: true } } as const
const handler = (): void => {}

const sessions = async (app: FastifyInstance, cookieOptions: object = { secure: true, sameSite: 'lax' }): Promise<void> => {
  await app.register(cookie)
  await app.register(session, { secret: SECRET, cookie: cookieOptions })
}

t.test('I10 orders that work', async t => {
  const rows: Record<string, (app: FastifyInstance) => unknown> = {
    'sessions, guard, route': async app => { await sessions(app); await app.register(guard, base); app.get('/ws', { websocket: true }, handler) },
    'guard, sessions, route': async app => { await app.register(guard, base); await sessions(app); app.get('/ws', { websocket: true }, handler) },
    'guard, route, sessions': async app => { await app.register(guard, base); app.get('/ws', { websocket: true }, handler); await sessions(app) },
    'nothing awaited, routes in a plugin': app => {
      app.register(guard, base)
      app.register(cookie)
      app.register(session, { secret: SECRET, cookie: { secure: true, sameSite: 'lax' } })
      app.register(async scope => { scope.get('/ws', { websocket: true }, handler) })
    },
    'route in a child scope': async app => { await app.register(guard, base); await sessions(app); await app.register(async scope => { scope.get('/ws', open, handler) }, { prefix: '/a' }) },
    '@fastify/websocket before': async app => { await app.register(websocket); await app.register(guard, base); app.get('/ws', open, handler) },
    '@fastify/websocket before, not awaited': app => { app.register(websocket); app.register(guard, base); app.register(async scope => { scope.get('/ws', open, handler) }) },
    '@fastify/websocket after, with websocket: false': async app => { await app.register(guard, { ...base, websocket: false }); await app.register(websocket); app.get('/ws', open, handler) },
    'the same, not awaited': app => { app.register(guard, { ...base, websocket: false }); app.register(websocket); app.register(async scope => { scope.get('/ws', open, handler) }) },
  }
  for (const [name, build] of Object.entries(rows)) t.equal(await boot(build), null, name)
})

t.test('I10 orders that would leave a route unguarded', async t => {
  const rows: [string, string, RegExp, (app: FastifyInstance) => unknown][] = [
    ['route before the guard', 'WSG_ERR_PLUGIN_ORDER', /route \/early: declared before/, async app => {
      await app.register(websocket)
      app.get('/early', { websocket: true }, handler)
      await app.register(guard, base)
    }],
    ['route behind a guard that was not awaited', 'WSG_ERR_PLUGIN_ORDER', /route \/early: declared before.*await app\.register/, app => {
      app.register(guard, base)
      app.get('/early', { websocket: true }, handler)
    }],
    ['route in a scope before the guard', 'WSG_ERR_PLUGIN_ORDER', /route \/a\/early: declared before/, app => {
      app.register(async scope => {
        await scope.register(websocket)
        scope.get('/early', { websocket: true }, handler)
      }, { prefix: '/a' })
      app.register(guard, base)
    }],
    ['guard in a child scope', 'WSG_ERR_PLUGIN_ORDER', /root instance/, async app => { await app.register(async scope => { await scope.register(guard, base) }) }],
    ['guard in a sibling scope', 'WSG_ERR_PLUGIN_ORDER', /root instance/, app => {
      app.register(async scope => { await scope.register(guard, base) })
      app.register(async scope => { scope.get('/ws', { websocket: true }, handler) })
    }],
    ['guard twice', 'WSG_ERR_PLUGIN_ORDER', /expected one registration, got a second/, async app => { await app.register(guard, base); await app.register(guard, base) }],
    ['guard twice, not awaited', 'WSG_ERR_PLUGIN_ORDER', /expected one registration, got a second/, app => { app.register(guard, base); app.register(guard, base) }],
    ['websocket: false and none registered', 'WSG_ERR_PLUGIN_ORDER', /websocket: false, so @fastify\/websocket was expected/, async app => { await app.register(guard, { ...base, websocket: false }) }],
    ['websocket: false and one in a child scope only', 'WSG_ERR_PLUGIN_ORDER', /websocket: false, so @fastify\/websocket was expected/, async app => {
      await app.register(guard, { ...base, websocket: false })
      await app.register(async scope => { await scope.register(websocket) })
    }],
  ]
  for (const [name, code, message, build] of rows) {
    const failure = await boot(build)
    t.equal(failure?.code, code, name)
    t.match(failure?.message, message, name)
  }
})

t.test('I10 a second @fastify/websocket is a coded boot error, not an uncaught exception', async t => {
  const second = /@fastify\/websocket: expected one registration, got a second.*websocket: false/
  const rows: Record<string, (app: FastifyInstance) => unknown> = {
    awaited: async app => { await app.register(guard, base); await app.register(websocket) },
    'not awaited': app => { app.register(guard, base); app.register(websocket) },
    'not awaited, among others': app => { app.register(guard, base); app.register(async () => {}); app.register(websocket); app.register(async scope => { scope.get('/ws', open, handler) }) },
    'in a child scope': async app => { await app.register(guard, base); await app.register(async scope => { await scope.register(websocket) }) },
    'in a scope of a scope, not awaited': app => { app.register(guard, base); app.register(async scope => { scope.register(async inner => { inner.register(websocket) }) }) },
    'before and after': async app => { await app.register(websocket); await app.register(guard, base); await app.register(websocket) },
    'twice after websocket: false': async app => { await app.register(guard, { ...base, websocket: false }); await app.register(websocket); await app.register(websocket) },
  }
  for (const [name, build] of Object.entries(rows)) {
    const failure = await boot(build)
    t.equal(failure?.code, 'WSG_ERR_PLUGIN_ORDER', name)
    t.match(failure?.message, second, name)
  }
  t.equal(await boot(async app => { await app.register(guard, base); await app.register(cookie); app.get('/ws', open, handler) }), null, 'other plugins load as before')
  const app = Fastify()
  await app.register(guard, base)
  await app.register(cookie)
  t.equal(app.hasPlugin('@fastify/cookie'), true)
  await app.close()
})

t.test('a route must say who may connect, and say it once', async t => {
  const rows: [string, string, RegExp, GuardOptions, object][] = [
    ['nobody said it', 'WSG_ERR_ROUTE_POLICY', /route \/ws: expected wsGuard\.auth.*got none/, { allowedHosts: ['goodsite.com'] }, { websocket: true }],
    ['both', 'WSG_ERR_ROUTE_POLICY', /route \/ws: expected either auth or public: true, got both/, base, { websocket: true, wsGuard: { public: true, auth: user } }],
    ['wsGuard on a plain route', 'WSG_ERR_ROUTE_POLICY', /route \/ws: wsGuard on a route that is no WebSocket/, base, { wsGuard: { public: true } }],
    ['a misspelt option', 'WSG_ERR_OPTION', /route \/ws: wsGuard: expected only the keys auth, public.*got "publik"; did you mean "public"\?/, base, { websocket: true, wsGuard: { publik: true } }],
    ['authorize', 'WSG_ERR_OPTION', /route \/ws: wsGuard\.authorize: expected a function, got "yes"/, base, { websocket: true, wsGuard: { public: true, authorize: 'yes' } }],
    ['auth', 'WSG_ERR_OPTION', /route \/ws: wsGuard\.auth: expected a strategy/, base, { websocket: true, wsGuard: { auth: () => null } }],
    ['origins', 'WSG_ERR_ORIGIN_PATTERN', /route \/ws: wsGuard\.origins\[0\]/, base, { websocket: true, wsGuard: { public: true, origins: ['.com'] } }],
  ]
  for (const [name, code, message, options, route] of rows) {
    const failure = await boot(async app => { await app.register(guard, options); app.get('/ws', route, handler) })
    t.equal(failure?.code, code, name)
    t.match(failure?.message, message, name)
  }
})

t.test('options: the message names the option, what was expected and what came', async t => {
  const rows: [object, string, RegExp][] = [
    [{}, 'WSG_ERR_OPTION', /allowedHosts: required unless development is true; expected .*got undefined/],
    [{ allowedHosts: [] }, 'WSG_ERR_OPTION', /allowedHosts: expected one entry or more, got an array of 0/],
    [{ allowedHosts: 'goodsite.com' }, 'WSG_ERR_OPTION', /allowedHosts: expected array, got "goodsite\.com"/],
    [{ ...base, authTimeout: '5s' }, 'WSG_ERR_OPTION', /authTimeout: expected integer, got "5s"/],
    [{ ...base, authTimeout: 0 }, 'WSG_ERR_OPTION', /authTimeout: expected integer.*got 0/],
    [{ ...base, allowedHost: ['x'] }, 'WSG_ERR_OPTION', /options: expected only the keys allowedHosts, .*got "allowedHost"; did you mean "allowedHosts"\?/],
    [{ ...base, connections: { perIp: 3 } }, 'WSG_ERR_OPTION', /options\.connections: expected only the keys total, .*got "perIp"/],
    [{ ...base, websocket: { maxPayload: 1 } }, 'WSG_ERR_OPTION', /websocket\.maxPayload: expected.*got 1/],
    [{ ...base, websocket: true }, 'WSG_ERR_OPTION', /websocket: expected.*got true/],
    [{ ...base, auth: async () => null }, 'WSG_ERR_OPTION', /auth: expected a strategy such as sessionAuth.*got a function/],
    [{ ...base, allowedHosts: ['https://goodsite.com'] }, 'WSG_ERR_HOST_PATTERN', /allowedHosts\[0\]: "https:\/\/goodsite\.com" has a scheme/],
    [{ ...base, origins: ['https://goodsite.com/'] }, 'WSG_ERR_ORIGIN_PATTERN', /origins\[0\]: "https:\/\/goodsite\.com\/"/],
  ]
  for (const [options, code, message] of rows) {
    const failure = await boot(async app => { await app.register(guard, options as GuardOptions) })
    t.equal(failure?.code, code, JSON.stringify(options))
    t.match(failure?.message, message)
  }
})

t.test('A11 "*" beside cookies is refused at boot, unless it is asked for by its name', async t => {
  const build = (options: GuardOptions, route: object = { websocket: true }) => async (app: FastifyInstance): Promise<void> => {
    await app.register(guard, { ...base, ...options })
    await sessions(app)
    app.get('/ws', route, handler)
  }
  for (const options of [{ origins: ['*'] }, { origins: ['https://goodsite.com', '*'] }]) {
    const failure = await boot(build(options))
    t.equal(failure?.code, 'WSG_ERR_OPTION_UNSAFE')
    t.match(failure?.message, /route \/ws: origins holds '\*' beside cookie authentication.*dangerouslyAllowAnyOrigin/)
  }
  t.equal((await boot(build({}, { websocket: true, wsGuard: { origins: ['*'] } })))?.code, 'WSG_ERR_OPTION_UNSAFE', 'by route')
  t.equal((await boot(build({ dangerouslyAllowNullOrigin: true })))?.code, 'WSG_ERR_OPTION_UNSAFE', 'null')
  t.equal((await boot(build({ allowedHosts: ['*'] })))?.code, 'WSG_ERR_ORIGIN_PATTERN', 'no origin can be derived of any host')
  t.equal(await boot(build({ origins: ['*'], dangerouslyAllowAnyOrigin: true })), null)
  t.equal(await boot(build({ origins: ['*'] }, open)), null, 'a public route has no cookie to lose')
  t.equal(await boot(build({ origins: ['https://*.goodsite.com'] })), null, 'subdomains only')
})

t.test('A12 a whole domain beside cookies is warned of', async t => {
  for (const [origins, expected] of [[['https://*.goodsite.com'], 1], [['.goodsite.com'], 1], [['https://app.goodsite.com'], 0]] as const) {
    const log = new LogCollector()
    t.equal(await boot(async app => {
      await app.register(guard, { ...base, origins })
      await sessions(app)
      app.get('/ws', { websocket: true }, handler)
    }, Fastify({ logger: { level: 'warn', stream: log } })), null)
    t.equal(log.lines.filter(line => /whole domains are allowed beside cookie/.test(line.msg ?? '')).length, expected, String(origins))
  }
})

t.test('session authentication without its plugins', async t => {
  const route = (app: FastifyInstance): void => { app.get('/ws', { websocket: true }, handler) }
  const rows: [string, RegExp, (app: FastifyInstance) => unknown][] = [
    ['neither', /route \/ws uses session authentication: expected @fastify\/cookie in its scope, got none/, async app => { await app.register(guard, base); route(app) }],
    ['no session', /expected @fastify\/session in its scope, got none/, async app => { await app.register(guard, base); await app.register(cookie); route(app) }],
    ['in another scope', /expected @fastify\/cookie in its scope, got none/, async app => {
      await app.register(guard, base)
      await app.register(async scope => { await sessions(scope) })
      await app.register(async scope => { route(scope) })
    }],
  ]
  for (const [name, message, build] of rows) {
    const failure = await boot(build)
    t.equal(failure?.code, 'WSG_ERR_PLUGIN_ORDER', name)
    t.match(failure?.message, message, name)
  }
  t.equal(await boot(async app => {
    await app.register(guard, base)
    await app.register(async scope => { await sessions(scope); route(scope) })
  }), null, 'in the route\'s own scope')
})

t.test('C01 a session cookie that leaks is refused at boot', async t => {
  const build = (attributes: object, options: object = {}) => async (app: FastifyInstance): Promise<void> => {
    await app.register(guard, { ...base, ...options })
    await sessions(app, attributes)
    app.get('/ws', { websocket: true }, handler)
  }
  const rows: [object, object, RegExp | null][] = [
    [{ secure: true, sameSite: 'lax' }, {}, null],
    [{ secure: true, sameSite: 'strict' }, {}, null],
    [{ secure: false, sameSite: 'lax' }, {}, /cookie\.secure: expected true, got false/],
    [{ secure: 'auto', sameSite: 'lax' }, {}, /cookie\.secure: expected true \(a login over plain http.*got "auto"/],
    [{ secure: 'auto', sameSite: 'none' }, { origins: ['https://goodsite.com'] }, /cookie\.secure: expected true.*got "auto"/],
    [{ secure: true, httpOnly: false, sameSite: 'lax' }, {}, /cookie\.httpOnly: expected true, got false/],
    [{ secure: true }, {}, /cookie\.sameSite: expected 'lax' or 'strict'/],
    [{ secure: true, sameSite: 'none' }, {}, /cookie\.sameSite: .*got "none"/],
    [{ secure: true, sameSite: 'none' }, { origins: ['https://goodsite.com'] }, null],
    [{ secure: false }, { development: true }, null],
  ]
  for (const [attributes, options, message] of rows) {
    const failure = await boot(build(attributes, options))
    t.equal(failure?.code, message === null ? undefined : 'WSG_ERR_OPTION_UNSAFE', `${JSON.stringify(attributes)} ${failure?.message ?? ''}`)
    if (message !== null) t.match(failure?.message, message)
  }
})

t.test('C01 with constraints every route of one URL is proven, not only the last', async t => {
  const routes = (secure: boolean) => async (app: FastifyInstance): Promise<void> => {
    await sessions(app, { secure, sameSite: 'lax' })
    await app.register(guard, base)
    app.get('/ws', { websocket: true, constraints: { host: 'goodsite.com' } }, handler)
    app.get('/ws', { ...open, constraints: { host: 'other.goodsite.com' } }, handler)
  }
  t.equal((await boot(routes(false)))?.code, 'WSG_ERR_OPTION_UNSAFE')
  t.equal(await boot(routes(true)), null)
})

t.test('sameSite "none" asks for a written list of origins, the plugin\'s or the route\'s', async t => {
  const route = (wsGuard: object, options: object = {}) => async (app: FastifyInstance): Promise<void> => {
    await sessions(app, { secure: true, sameSite: 'none' })
    await app.register(guard, { ...base, ...options })
    app.get('/ws', { websocket: true, wsGuard }, handler)
  }
  t.equal((await boot(route({})))?.code, 'WSG_ERR_OPTION_UNSAFE')
  t.equal(await boot(route({ origins: ['https://partner.com'] })), null)
  t.equal(await boot(route({}, { origins: ['https://partner.com'] })), null)
})

t.test('what the application hands over is not frozen; what is copied is', async t => {
  const allowList = ['192.0.2.1']
  // An instance of a class may keep what it likes; an object that was written down may not.
  class Strategy {
    readonly name = 'own'
    readonly needs = { credential: 'header', session: false } as const
    readonly self = this
    asked = 0
    authenticate (): { id: number } { return { id: 1 } }
  }
  const strategy = new Strategy()
  t.equal(await boot(async app => { await app.register(guard, { allowedHosts: ['goodsite.com'], auth: strategy, upgradeRate: { max: 1, timeWindow: 1000, allowList } }) }), null)
  t.not(Object.isFrozen(strategy), true)
  t.not(Object.isFrozen(allowList), true)
  const resolved = resolveOptions({ allowedHosts: ['goodsite.com'], upgradeRate: { max: 1, timeWindow: 1000, allowList } })
  t.ok([resolved, resolved.allowedHosts, resolved.connections, resolved.upgradeRate, resolved.upgradeRate?.allowList].every(part => Object.isFrozen(part)))
  allowList.push('192.0.2.2')
  t.same(resolved.upgradeRate?.allowList, ['192.0.2.1'])
})

t.test('an allow-list or a client that would fail at the first handshake fails at boot', async t => {
  const rate = { max: 1, timeWindow: 1000 }
  for (const [given, name] of [[{ allowList: '127.0.0.1' }, 'allowList'], [{ allowList: {} }, 'allowList'], [{ allowList: [1] }, 'allowList'], [{ redis: 'redis://127.0.0.1' }, 'redis'], [{ redis: null }, 'redis']] as const) {
    t.throws(() => resolveOptions({ development: true, upgradeRate: { ...rate, ...given } }), { code: 'WSG_ERR_OPTION', message: new RegExp(`^options\\.upgradeRate\\.${name}: expected`) })
  }
  t.throws(() => resolveRouteOptions({ upgradeRate: { ...rate, allowList: '127.0.0.1' } }, 'route /ws: wsGuard'), { code: 'WSG_ERR_OPTION', message: /^route \/ws: wsGuard\.upgradeRate\.allowList: expected/ })
  t.ok(resolveOptions({ development: true, upgradeRate: { ...rate, allowList: () => true, redis: { defineCommand () {} } } }))
})
