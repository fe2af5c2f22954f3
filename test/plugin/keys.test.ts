import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import sanitizeHtml from 'sanitize-html'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { sanitizeHtmlAdapter } from '../../lib/html.js'
import guard from '../../lib/index.js'
import { connect } from '../../lib/testing.js'
import { bootGuard } from '../helpers/boot.js'

// Nothing that a user hands in is silently ignored: a key nobody reads, and a key whose value a renamed import has lost.

const chat = defineContract({
  name: 'chat',
  url: '/chat',
  inbound: { say: Type.Object({ text: Type.String({ maxLength: 100 }) }), kick: Type.Object({}) },
  calls: { sum: { request: Type.Object({ a: Type.Number(), b: Type.Number() }), reply: Type.Number() } },
})
const on = { say () {}, kick () {} }
const calls = { sum: ({ a, b }: { a: number, b: number }) => a + b }
const whole = { public: true as const, on, calls }
const strategy = { name: 'own', needs: { credential: 'header', session: false }, authenticate: () => ({ id: 1 }) }
const declare = (handlers: object) => (app: FastifyInstance): void => { app.wsRoute(chat, handlers as typeof whole) }

t.test('wsRoute: a key that nobody reads does not boot', async t => {
  const rows: [object, string, RegExp][] = [
    [{ ...whole, authorise: () => false }, 'WSG_ERR_OPTION', /^route \/chat: expected only the keys .*got "authorise"; did you mean "authorize"\?/],
    [{ ...whole, orgins: [] }, 'WSG_ERR_OPTION', /got "orgins"; did you mean "origins"\?/],
    [{ ...whole, upgraderate: {} }, 'WSG_ERR_OPTION', /got "upgraderate"; did you mean "upgradeRate"\?/],
    [{ ...whole, onopen () {} }, 'WSG_ERR_OPTION', /got "onopen"; did you mean "onOpen"\?/],
    [{ ...whole, message: {} }, 'WSG_ERR_OPTION', /got "message"; did you mean "messages"\?/],
    [{ ...whole, messages: { brust: 1 } }, 'WSG_ERR_OPTION', /^route \/chat: messages: expected only the keys .*got "brust"; did you mean "burst"\?/],
    [{ ...whole, upgradeRate: { max: 1, timewindow: 1 } }, 'WSG_ERR_OPTION', /wsGuard\.upgradeRate: .*got "timewindow"; did you mean "timeWindow"\?/],
    [{ ...whole, [Symbol('x')]: 1 }, 'WSG_ERR_OPTION', /got Symbol\(x\)/],
    [{ ...whole, on: { ...on, sya () {} } }, 'WSG_ERR_HANDLER', /^contract chat: on: expected only the keys say, kick, got "sya"; did you mean "say"\?/],
    [{ ...whole, calls: { ...calls, smu () {} } }, 'WSG_ERR_HANDLER', /^contract chat: calls: expected only the keys sum, got "smu"; did you mean "sum"\?/],
    [{ ...whole, on: { ...on, kick: { authorise: () => true, handle () {} } } }, 'WSG_ERR_HANDLER', /^contract chat: on\.kick: expected only the keys authorize, handle, got "authorise"; did you mean "authorize"\?/],
    [{ ...whole, on: { ...on, kick: { authorize: () => true, handle () {}, roles: ['admin'] } } }, 'WSG_ERR_HANDLER', /got "roles"/],
    [[], 'WSG_ERR_OPTION', /^route \/chat: expected an object with handlers, got an array of 0/],
  ]
  for (const [handlers, code, message] of rows) {
    const failure = await bootGuard(declare(handlers))
    t.equal(failure?.code, code, String(message))
    t.match(failure?.message, message)
  }
  t.equal(await bootGuard(declare(whole)), null)
})

t.test('a key that is there without a value does not boot: a renamed import would switch its check off', async t => {
  const rows: [object, RegExp][] = [
    [{ ...whole, authorize: undefined }, /^route \/chat\.authorize: expected a value or no such key, got undefined/],
    [{ on, calls, auth: undefined }, /^route \/chat\.auth: expected a value/],
    [{ ...whole, origins: undefined }, /^route \/chat\.origins: expected a value/],
    [{ ...whole, onOpen: undefined }, /^route \/chat\.onOpen: expected a value/],
    [{ ...whole, preValidation: undefined }, /^route \/chat\.preValidation: expected a value/],
    [{ ...whole, messages: { rate: undefined } }, /^route \/chat: messages\.rate: expected a value/],
    [{ ...whole, on: { ...on, kick: undefined } }, /^contract chat: on\.kick: expected a value/],
    [{ ...whole, on: { ...on, kick: { handle () {}, authorize: undefined } } }, /^contract chat: on\.kick\.authorize: expected a value/],
  ]
  for (const [handlers, message] of rows) t.match((await bootGuard(declare(handlers)))?.message, message)
  for (const options of [{ auth: undefined }, { origins: undefined }, { connections: undefined }, { connections: { total: undefined } }, { upgradeRate: { redis: undefined } }]) {
    const failure = await bootGuard(() => {}, options)
    t.equal(failure?.code, 'WSG_ERR_OPTION')
    t.match(failure?.message, /^options.*expected a value or no such key, got undefined/, JSON.stringify(Object.keys(options)))
  }
})

t.test('options: unknown keys at any depth, with the nearest right name', async t => {
  const rows: [object, RegExp][] = [
    [{ orgins: [] }, /^options: expected only the keys .*got "orgins"; did you mean "origins"\?/],
    [{ upgraderate: false }, /got "upgraderate"; did you mean "upgradeRate"\?/],
    [{ messages: { rates: 1 } }, /^options\.messages: .*got "rates"; did you mean "rate"\?/],
    [{ websocket: { maxPayLoad: 1 } }, /^options\.websocket: .*got "maxPayLoad"; did you mean "maxPayload"\?/],
    [{ upgradeRate: { maximum: 1 } }, /^options\.upgradeRate: .*got "maximum"/],
    [{ auth: { ...strategy, credentials: 'cookie' } }, /^options\.auth: expected only the keys name, needs, challenge, authenticate, .*got "credentials"/],
    [{ auth: { ...strategy, needs: { ...strategy.needs, sesion: true } } }, /^options\.auth\.needs: .*got "sesion"; did you mean "session"\?/],
    [{ policies: [{ url: '/x', publik: true }] }, /^options\.policies\[0\]: .*got "publik"; did you mean "public"\?/],
  ]
  for (const [options, message] of rows) {
    const failure = await bootGuard(() => {}, options)
    t.equal(failure?.code, 'WSG_ERR_OPTION', String(message))
    t.match(failure?.message, message)
  }
})

t.test('a plain route that means to be guarded says so by the right names', async t => {
  const plain = (options: object) => (app: FastifyInstance): void => { app.get('/ws', options, () => {}) }
  const rows: [object, string, RegExp][] = [
    [{ websocket: true, wsguard: { public: true } }, 'WSG_ERR_ROUTE_POLICY', /^route \/ws: expected wsGuard, got "wsguard"; did you mean "wsGuard"\?/],
    [{ websocket: true, wsGaurd: { public: true } }, 'WSG_ERR_ROUTE_POLICY', /got "wsGaurd"; did you mean "wsGuard"\?/],
    [{ webSocket: true, config: {} }, 'WSG_ERR_ROUTE_POLICY', /expected websocket, got "webSocket"/],
    [{ wshandler () {} }, 'WSG_ERR_ROUTE_POLICY', /expected wsHandler, got "wshandler"/],
    [{ websocket: 1, wsGuard: { public: true } }, 'WSG_ERR_ROUTE_POLICY', /^route \/ws: websocket: expected true or false, got 1/],
    [{ websocket: true, wsGuard: undefined }, 'WSG_ERR_ROUTE_POLICY', /^route \/ws: wsGuard: expected a value or no such key, got undefined/],
    [{ websocket: true, wsGuard: { public: true, authorize: undefined } }, 'WSG_ERR_OPTION', /^route \/ws: wsGuard\.authorize: expected a value/],
  ]
  for (const [options, code, message] of rows) {
    const failure = await bootGuard(plain(options))
    t.equal(failure?.code, code, String(message))
    t.match(failure?.message, message)
  }
  t.equal(await bootGuard(plain({ websocket: true, wsGuard: { public: true }, handlerTimeout: 100 })), null)
  const beside = (options: object) => plain({ websocket: true, wsGuard: { public: true }, ...options })
  for (const [key, name] of [
    ['authorise', 'wsGuard.authorize'], ['orgins', 'wsGuard.origins'], ['upgraderate', 'wsGuard.upgradeRate'], ['onrequest', 'onRequest'],
    ['preValidaton', 'preValidation'], ['prehandler', 'preHandler'], ['constraint', 'constraints'],
  ] as const) {
    t.match(await bootGuard(beside({ [key]: () => false })), { code: 'WSG_ERR_ROUTE_POLICY', message: `route /ws: expected ${name}, got "${key}"; did you mean "${name}"?` })
  }
  t.equal(await bootGuard(beside({ onRequest: [], preValidation: [], constraints: {}, rateLimit: {}, publish: true, oauth: true, socket: 1 })), null, 'keys of other plugins are theirs')
  t.equal(await bootGuard(app => { app.get('/x', { prehandler: 1, authorise: 1 } as never, () => 'x') }), null, 'so are those of routes that are no WebSocket')
  t.equal(await bootGuard(app => { app.route({ method: 'GET', url: '/x', handler: () => 'x', rateLimit: {}, socket: 1 } as never) }), null, 'keys of other plugins are theirs')
})

t.test('wsRoute takes what makes sense of Fastify\'s own route options, and says why not for the others', async t => {
  const rows: [string, unknown, RegExp][] = [
    ['schema', {}, /the contract says what params, query and messages are/],
    ['bodyLimit', 1, /a handshake has no body/],
    ['onSend', () => {}, /refusals only/],
    ['errorHandler', () => {}, /refusals only/],
    ['handler', () => {}, /wsRoute writes it itself/],
    ['url', '/x', /the contract has the url/],
    ['wsGuard', { public: true }, /stand beside the handlers: auth, public/],
    ['maxPayload', 1000, /derived from the contract's schemas/],
    ['exposeHeadRoute', true, /HEAD/],
    ['handlerTimeout', 1, /no HTTP timeout applies/],
  ]
  for (const [key, value, why] of rows) {
    const failure = await bootGuard(declare({ ...whole, [key]: value }))
    t.equal(failure?.code, 'WSG_ERR_OPTION', key)
    t.match(failure?.message, new RegExp(`^route /chat: expected no "${key}", got .*${why.source}`))
  }
})

t.test('the route options of Fastify that wsRoute takes do what they do elsewhere', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  const seen: string[] = []
  app.wsRoute(chat, {
    ...whole,
    constraints: { host: /^localhost:/ },
    config: { mine: 'kept' } as object,
    logLevel: 'warn',
    onRequest: async request => { seen.push(`onRequest ${String(Reflect.get(request.routeOptions.config, 'mine'))}`) },
    preValidation: [async () => { seen.push('preValidation') }],
    preHandler: (_request, _reply, done) => {
      seen.push('preHandler')
      done()
    },
  })
  await connect(app, chat, { headers: { host: 'localhost:3000' } })
  t.same(seen, ['onRequest kept', 'preValidation', 'preHandler'])
})

t.test('a route\'s messages limits stand over the plugin\'s, key by key', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true, messages: { rate: 0.01, burst: 3 } })
  let handled = 0
  const count = { on: { say () { handled++ }, kick () {} }, calls, public: true as const }
  const busy = defineContract({ ...chat, name: 'busy', url: '/busy' })
  app.wsRoute(chat, count)
  app.wsRoute(busy, { ...count, messages: { burst: 20 } })
  for (const [contract, expected] of [[chat, 3], [busy, 20]] as const) {
    handled = 0
    const client = await connect(app, contract)
    for (let i = 0; i < expected + 2; i++) client.send.say({ text: 'x' })
    for (let i = 0; i < 2; i++) t.match(await client.error(), { code: 'rate_limited' })
    t.equal(handled, expected, contract.name)
  }
})

t.test('sanitizeHtmlAdapter', async t => {
  t.throws(() => sanitizeHtmlAdapter(sanitizeHtml, { tag: ['b'] } as never), { code: 'WSG_ERR_OPTION', message: /got "tag"; did you mean "tags"\?/ })
  t.throws(() => sanitizeHtmlAdapter(sanitizeHtml, { tags: undefined } as never), { code: 'WSG_ERR_OPTION', message: /\.tags: expected a value or no such key, got undefined/ })
})

t.test('handlers, rules and options that inherit do not boot: part of them would be passed over', async t => {
  class Chat {
    on = { say (): void {} }
    calls = { add: (): number => 1 }
    authorize (): boolean { return false }
  }
  const refused = async (build: (app: FastifyInstance) => unknown, options: object = {}): Promise<void> => {
    t.match(await bootGuard(build, options), { message: /expected a plain object, got one that inherits/ })
  }
  await refused(app => app.wsRoute(chat, new Chat() as never))
  await refused(app => app.wsRoute(chat, Object.create({ authorize: () => false }, { on: { value: {}, enumerable: true } }) as never))
  await refused(app => app.get('/ws', { websocket: true, wsGuard: new Chat() as never }, () => {}))
  await refused(() => {}, { connections: Object.create({ perIdentity: 1 }) as object })
})

t.test('the guard\'s options beside wsGuard, on a plain route, do not boot', async t => {
  const route = (options: object) => (app: FastifyInstance) => app.get('/ws', { websocket: true, wsGuard: { public: true }, ...options } as never, () => {})
  t.equal(await bootGuard(route({})), null)
  for (const options of [{ authorize: () => false }, { auth: null }, { guard: {} }, { wsPolicy: {} }, { config: { wsGuard: {} } }]) {
    t.match(await bootGuard(route(options)), { code: 'WSG_ERR_ROUTE_POLICY', message: /expected the guard's options in wsGuard, got "/ }, Object.keys(options).join())
  }
  for (const [key, value] of Object.entries({ messages: { rate: 1 }, on: {}, calls: {}, onOpen () {}, onClose () {} })) {
    t.match(await bootGuard(route({ [key]: value })), { code: 'WSG_ERR_ROUTE_POLICY', message: new RegExp(`^route /ws: expected no "${key}" on a route without a contract, .*app\\.wsRoute`) }, key)
  }
})

t.test('a cap that can not be reached does not boot', async t => {
  const auth = { name: 'x', needs: { credential: 'header', session: false }, authenticate: () => null }
  const route = (wsGuard: object) => (app: FastifyInstance) => app.get('/ws', { websocket: true, wsGuard } as never, () => {})
  t.equal(await bootGuard(route({ public: true, connections: { anonymous: 5 } })), null)
  t.equal(await bootGuard(route({ auth, connections: { perIdentity: 5 } })), null)
  t.match(await bootGuard(route({ public: true, connections: { perIdentity: 5 } })), { code: 'WSG_ERR_OPTION', message: /expected no perIdentity/ })
  t.match(await bootGuard(route({ auth, connections: { anonymous: 5 } })), { code: 'WSG_ERR_OPTION', message: /expected no anonymous/ })
})

t.test('wsPolicy comes before the routes of its scope, and has a value', async t => {
  const plain = (app: FastifyInstance): void => { app.get('/late', { websocket: true, wsGuard: { public: true } }, () => {}) }
  t.match(await bootGuard(app => { plain(app); app.wsPolicy({ authorize: () => false }) }), { code: 'WSG_ERR_PLUGIN_ORDER', message: /got it after route \/late/ })
  t.match(await bootGuard(async app => { await app.register(async scope => { plain(scope) }); app.wsPolicy({ authorize: () => false }) }), { code: 'WSG_ERR_PLUGIN_ORDER' })
  t.match(await bootGuard(app => { app.wsPolicy(undefined as never) }), { code: 'WSG_ERR_OPTION', message: /got undefined/ })
  t.equal(await bootGuard(app => { app.wsPolicy({ authorize: () => true }); plain(app) }), null)
})
