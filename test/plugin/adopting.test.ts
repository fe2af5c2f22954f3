import cookie from '@fastify/cookie'
import session from '@fastify/session'
import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import { once } from 'node:events'
import t from 'tap'
import type { WebSocket } from 'ws'
import guard from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'
import { bySession, userOf } from '../helpers/guarded-stack.js'

// An application with @fastify/websocket and tests of its own, to which the guard is added as docs/moving-from-fastify-websocket.md has it:
// what comes up, in which order, and that the tests then pass.

/** Cookie, session and the routes. */
async function routes (app: FastifyInstance): Promise<void> {
  await app.register(cookie)
  await app.register(session, { secret: 'a secret of at least thirty-two characters', cookie: { secure: false, sameSite: 'lax' } })
  await app.register(async app => {
    app.post('/login/:name', async request => { Object.assign(request.session, { user: { id: (request.params as { name: string }).name } }) })
    app.get('/feed', { websocket: true }, socket => { socket.send('tick') })
    app.get('/chat', { websocket: true }, (socket, request) => {
      socket.on('message', data => { socket.send(`${userOf(request.session)?.id}: ${String(data)}`) })
    })
    app.get('/admin', {
      websocket: true,
      preValidation: async (request, reply) => request.headers.authorization === 'Bearer x' ? undefined : await reply.code(401).send('no'),
    }, socket => { socket.send('secret') })
    app.get('/', () => 'hello')
  })
}

/** The application, with the line that an adopter adds; null: as it was. */
async function build (options: GuardOptions | null): Promise<FastifyInstance> {
  const app = Fastify({ logger: { level: 'silent' } })
  await app.register(websocket, { options: { maxPayload: 1_048_576 } })
  if (options !== null) await app.register(guard, options)
  await routes(app)
  return app
}

const first = async (ws: WebSocket): Promise<string> => String((await once(ws, 'message'))[0])

type Own = (app: FastifyInstance, page: { headers?: Record<string, string> }) => Promise<unknown>

/** The tests that the application has: what each looks at, and what it is to be. */
const OWN: { readonly [name: string]: readonly [Own, unknown] } = {
  'plain HTTP': [async app => (await app.inject('/')).body, 'hello'],
  feed: [async (app, { headers }) => {
    let said: Promise<string> | undefined
    const ws = await app.injectWS('/feed', { headers: { ...headers } }, { onInit: ws => { said = first(ws) } })
    const text = await said
    ws.terminate()
    return text
  }, 'tick'],
  chat: [async (app, { headers }) => {
    const login = await app.inject({ method: 'POST', url: '/login/ada' })
    const ws = await app.injectWS('/chat', { headers: { ...headers, cookie: String(login.headers['set-cookie']).split(';')[0] ?? '' } })
    ws.send('hi')
    const text = await first(ws)
    ws.terminate()
    return text
  }, 'ada: hi'],
  'refused by a hook': [async (app, { headers }) => await app.injectWS('/admin', { headers: { ...headers } }).then(() => 'opened', (error: Error) => error.message), 'Unexpected server response: 401'],
}

async function run (options: GuardOptions | null, page: { headers?: Record<string, string> }): Promise<Record<string, unknown>> {
  const results: Record<string, unknown> = {}
  for (const [name, [own]] of Object.entries(OWN)) {
    const app = await build(options)
    await app.ready()
    results[name] = await own(app, page).catch((error: Error & { code?: string }) => error.code)
    await app.close()
  }
  return results
}

const PASSED = Object.fromEntries(Object.entries(OWN).map(([name, [, result]]) => [name, result]))
const POLICIES: GuardOptions['policies'] = [{ url: '/feed', public: true }, { url: '/chat', auth: bySession }, { url: '/admin', public: true }]

t.test('before', async t => {
  t.same(await run(null, {}), PASSED)
})

t.test('first, one error has all routes; with its lines the application boots', async t => {
  const app = await build({ development: true })
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.ready() }, { code: 'WSG_ERR_ROUTE_POLICY', message: /^routes \/feed, \/chat, \/admin: expected wsGuard\.auth/ })
  const said = await build({ development: true, policies: POLICIES })
  t.teardown(() => said.close())
  await t.resolves(async () => { await said.ready() })
})

t.test('then tests lack the Origin that a page sends, and say so; with it all pass as they were', async t => {
  const options = { development: true, policies: POLICIES }
  t.same(await run(options, {}), {
    ...PASSED, feed: 'WSG_ERR_ORIGIN_MISSING', chat: 'WSG_ERR_ORIGIN_MISSING', 'refused by a hook': 'Unexpected server response: 403, WSG_ERR_ORIGIN_MISSING; pass { headers: { origin } } as the second argument; a browser always sends an Origin; for other clients set allowMissingOrigin: true, or have them send one',
  })
  t.same(await run(options, { headers: { origin: 'http://localhost' } }), PASSED)
})

t.test('without a cookie allowMissingOrigin does it as well; with one a page has to be named', async t => {
  const options = { development: true, policies: POLICIES, allowMissingOrigin: true }
  t.same(await run(options, {}), { ...PASSED, chat: 'WSG_ERR_ORIGIN_MISSING' })
})
