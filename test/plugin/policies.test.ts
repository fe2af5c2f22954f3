import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import type { FastifyInstance, FastifyPluginAsync } from 'fastify'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import guard from '../../lib/index.js'
import type { AuthStrategy } from '../../types/gate.js'
import type { GuardOptions } from '../../types/options.js'
import { text } from '../helpers/frames.js'
import { closeFrame, echoes, upgrade } from '../helpers/handshake.js'
import type { Teardown } from '../helpers/teardown.js'
import { optional } from '../helpers/optional.js'

// Routes that other plugins declare: they can't carry a wsGuard, so they are told by URL or by scope.

const strategy = (name: string): AuthStrategy => ({
  name, needs: { credential: 'header', session: false }, authenticate: ({ request }) => request.headers.authorization === name ? { id: name } : null,
})
const [plugins, scopes, routes] = [strategy('plugin'), strategy('scope'), strategy('route')]

/** A plugin of somebody else's, with a WebSocket route and no word about who may connect. */
const theirs: FastifyPluginAsync = async scope => {
  scope.get('/yjs/:doc', { websocket: true }, socket => { socket.on('message', (data, isBinary) => { socket.send(data, { binary: isBinary }) }) })
}

async function listen (t: Teardown, options: GuardOptions, declare: (app: FastifyInstance) => unknown): Promise<number> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true, ...options })
  await declare(app)
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as { port: number }).port
}

async function statusOf (port: number, path: string, authorization: string | null, origin?: string): Promise<number> {
  const { status, client } = await upgrade(port, { path, ...origin === undefined ? {} : { origin }, headers: authorization === null ? {} : { authorization } })
  client.destroy()
  return status
}

t.test('a policy by URL says who may connect, from where, and how large a message is', async t => {
  const port = await listen(t, {
    policies: [{ url: '/yjs/*', auth: plugins, origins: ['http://partner.localhost:3000'], maxPayload: 100_000 }],
    websocket: { maxPayload: 1000 },
  }, async app => {
    await app.register(theirs)
    app.get('/other', { websocket: true, wsGuard: { public: true } }, () => {})
  })
  const origin = 'http://partner.localhost:3000'
  t.equal(await statusOf(port, '/yjs/a', null, origin), 401)
  t.equal(await statusOf(port, '/yjs/a', 'plugin'), 403, 'the plugin\'s origins are replaced')
  const opened = await upgrade(port, { path: '/yjs/a', origin, headers: { authorization: 'plugin' } })
  opened.client.send(text('x'.repeat(90_000)))
  await opened.client.waitFor(() => opened.rest().length > 90_000 ? true : undefined)
  opened.client.send(text('x'.repeat(100_001)))
  t.equal((await closeFrame(opened)).code, 1009)
  const other = await upgrade(port, { path: '/other' })
  other.client.send(text('x'.repeat(1001)))
  t.equal((await closeFrame(other)).code, 1009)
  for (const { client } of [opened, other]) client.destroy()
})

t.test('a scope has a policy as well, and what is nearer to the route wins', async t => {
  const port = await listen(t, { auth: plugins, policies: [{ url: '/a/pattern', public: true }, { url: '/a/*', auth: plugins }] }, async app => {
    await app.register(async scope => { scope.get('/before', { websocket: true }, () => {}) }, { prefix: '/a' })
    await app.register(async scope => {
      scope.wsPolicy({ auth: scopes })
      await scope.register(theirs)
      scope.get('/own', { websocket: true, wsGuard: { auth: routes } }, () => {})
      scope.get('/public', { websocket: true, wsGuard: { public: true } }, () => {})
      await scope.register(async inner => {
        inner.wsPolicy({ subprotocols: ['x'] })
        inner.get('/inner', { websocket: true }, () => {})
      })
    }, { prefix: '/a' })
    app.get('/a/pattern', { websocket: true }, () => {})
    app.get('/plain', { websocket: true }, () => {})
  })
  for (const [path, who] of [
    ['/a/before', 'plugin'], ['/a/yjs/1', 'scope'], ['/a/own', 'route'], ['/a/public', null], ['/a/inner', 'scope'], ['/a/pattern', null], ['/plain', 'plugin'],
  ] as const) {
    for (const name of ['plugin', 'scope', 'route', null] as const) {
      t.equal(await statusOf(port, path, name), who === null || who === name ? 101 : 401, `${path} as ${String(name)}`)
    }
  }
})

t.test('all routes that do not say who may connect are told in one error, with the lines to write; they admit nobody meanwhile', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  await app.register(theirs, { prefix: '/a' })
  app.get('/open', { websocket: true, wsGuard: { public: true } }, () => {})
  app.get('/ws', { websocket: true }, () => {})
  app.get('/ws', { websocket: true, constraints: { host: 'other.localhost' } }, () => {})
  app.wsRoute(defineContract({ name: 'chat', url: '/chat' }), {} as never)
  const lines = "policies: [\n    { url: '/a/yjs/:doc', auth },\n    { url: '/ws', auth },\n    { url: '/chat', auth },\n  ],"
  await t.rejects(app.listen({ port: 0, host: '127.0.0.1' }), {
    code: 'WSG_ERR_ROUTE_POLICY',
    message: new RegExp(`^routes /a/yjs/:doc, /ws, /chat: expected wsGuard\\.auth[^]*${lines.replace(/[[\]{}]/g, '\\$&')}$`),
  })
  await t.rejects(app.injectWS('/ws', { headers: { origin: 'http://localhost' } }))
  const contracted = Fastify()
  t.teardown(() => contracted.close())
  await contracted.register(guard, { development: true })
  contracted.wsRoute(defineContract({ name: 'chat', url: '/chat' }), {} as never)
  await t.rejects(async () => { await contracted.ready() }, { message: /^route \/chat: expected auth, a plugin-wide auth, or public: true, got none/ }, 'where wsRoute takes them')
})

t.test('the lines that the error gives are taken as they are', async t => {
  const policies = [{ url: '/a/yjs/:doc', auth: plugins }, { url: '/ws', auth: plugins }]
  const port = await listen(t, { policies }, async app => {
    await app.register(theirs, { prefix: '/a' })
    app.get('/ws', { websocket: true }, () => {})
  })
  for (const path of ['/a/yjs/1', '/ws']) {
    t.equal(await statusOf(port, path, null), 401, path)
    t.equal(await statusOf(port, path, 'plugin'), 101, path)
  }
})

t.test('what would do nothing does not boot', async t => {
  const declare = async (app: FastifyInstance): Promise<void> => { await app.register(theirs) }
  const rows: [GuardOptions, string, RegExp][] = [
    [{ policies: [{ url: '/yjs/:dok', public: true }] }, 'WSG_ERR_ROUTE_POLICY', /route \/yjs\/:doc: expected wsGuard\.auth/],
    [{ auth: plugins, policies: [{ url: '/yjs/:dok', public: true }] }, 'WSG_ERR_OPTION', /^options\.policies: expected the url of a WebSocket route, got "\/yjs\/:dok"; did you mean "\/yjs\/:doc"\?/],
    [{ auth: plugins, policies: [{ url: '/yjs/*', public: true, auth: plugins }] }, 'WSG_ERR_ROUTE_POLICY', /route \/yjs\/:doc: expected either auth or public: true, got both/],
    [{ auth: plugins, policies: [{ public: true } as never] }, 'WSG_ERR_OPTION', /^options\.policies\[0\]\.url/],
    [{ auth: plugins, policies: {} as never }, 'WSG_ERR_OPTION', /^options\.policies: expected array, got an object/],
  ]
  for (const [options, code, message] of rows) await t.rejects(listen(t, options, declare), { code, message })
  const cookie: AuthStrategy = { ...strategy('cookie'), needs: { credential: 'cookie', session: false } }
  await t.rejects(listen(t, { auth: cookie, allowMissingOrigin: true }, declare), { code: 'WSG_ERR_OPTION', message: /^options\.allowMissingOrigin: expected false, because .* is a cookie, .*, got true/ })
  t.ok(await listen(t, { auth: cookie, allowMissingOrigin: true }, async app => {
    await declare(app)
    app.get('/programs', { websocket: true, wsGuard: { auth: plugins } }, () => {})
  }), 'one route is enough')
  t.ok(await listen(t, { auth: cookie, allowMissingOrigin: true }, () => {}), 'no route yet')
  await t.rejects(listen(t, {}, app => { app.wsPolicy({ publik: true } as never) }), { code: 'WSG_ERR_OPTION', message: /^wsPolicy of the scope \/: .*did you mean "public"/ })
})

t.test('a contract\'s payload limit is derived from its schemas, whatever a policy says', async t => {
  const port = await listen(t, { policies: [{ url: '/small', public: true, maxPayload: 1_000_000 }] }, app => {
    app.wsRoute(defineContract({ name: 'small', url: '/small', inbound: { say: Type.Object({ text: Type.String({ maxLength: 10 }) }) } }), {
      on: { say () {} },
    } as never)
  })
  const opened = await upgrade(port, { path: '/small' })
  opened.client.send(text('x'.repeat(100_000)))
  t.equal((await closeFrame(opened)).code, 1009)
  opened.client.destroy()
})

interface GraphqlWs { makeHandler: (options: object) => (socket: unknown, request: unknown) => void }

t.test('graphql-ws beside other routes: each route\'s choice of subprotocol holds', async t => {
  const graphqlWs = await optional<GraphqlWs>('graphql-ws/use/@fastify/websocket')
  const graphql = await optional<{ buildSchema: (text: string) => unknown }>('graphql')
  if (graphqlWs === null || graphql === null) {
    t.comment('graphql-ws is not installed')
    return
  }
  const schema = graphql.buildSchema('type Query { hello: String }')
  const port = await listen(t, { policies: [{ url: '/graphql', public: true, subprotocols: ['graphql-transport-ws'] }] }, app => {
    app.get('/graphql', { websocket: true }, graphqlWs.makeHandler({ schema, roots: { query: { hello: () => 'world' } } }) as never)
    app.get('/chat', { websocket: true, wsGuard: { public: true, subprotocols: ['chat'] } }, socket => {
      socket.on('message', (data, isBinary) => { socket.send(data, { binary: isBinary }) })
    })
  })
  for (let visit = 0; visit < 2; visit++) {
    const client = await upgrade(port, { path: '/graphql', protocol: 'graphql-transport-ws' })
    t.equal(client.headers.get('sec-websocket-protocol'), 'graphql-transport-ws')
    client.client.send(text('{"type":"connection_init"}'))
    await client.client.waitFor(() => client.rest().includes('connection_ack') ? true : undefined)
    client.client.send(text('{"type":"subscribe","id":"1","payload":{"query":"{ hello }"}}'))
    await client.client.waitFor(() => client.rest().includes('"hello":"world"') ? true : undefined)
    client.client.destroy()
    // graphql-ws writes its own handleProtocols into the server at each connection.
    const chat = await upgrade(port, { path: '/chat', protocol: 'chat, graphql-transport-ws' })
    t.equal(chat.headers.get('sec-websocket-protocol'), 'chat')
    t.ok(await echoes(chat))
    const unlisted = await upgrade(port, { path: '/chat', protocol: 'graphql-transport-ws' })
    t.equal(unlisted.headers.get('sec-websocket-protocol'), undefined, 'what is not listed is not echoed')
    unlisted.client.destroy()
  }
})
