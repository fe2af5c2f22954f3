import cookie from '@fastify/cookie'
import session from '@fastify/session'
import { Type } from '@sinclair/typebox'
import Fastify from 'fastify'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { WebSocket } from 'ws'
import { type ClientError, attempt, createClient } from '../../lib/client.js'
import { defineContract } from '../../lib/contract.js'
import guard, { anyOf, sessionAuth, ticketAuth, tokenAuth } from '../../lib/index.js'
import type { GuardOptions } from '../../types/options.js'
import { boot } from '../helpers/boot.js'
import { text } from '../helpers/frames.js'
import { upgrade } from '../helpers/handshake.js'
import type { UpgradeOptions } from '../helpers/handshake.js'
import { LogCollector } from '../helpers/log.js'
import type { Teardown } from '../helpers/teardown.js'

// In development nothing is silent; in production nothing of it leaves.

const chat = defineContract({
  name: 'chat',
  url: '/chat',
  inbound: { say: Type.Object({ text: Type.String({ maxLength: 5 }) }) },
  calls: { fail: { request: Type.Object({}), reply: Type.Null() } },
})

const PRODUCTION: GuardOptions = { allowedHosts: ['localhost'], origins: ['http://localhost:3000'], requireTls: false }
const DEVELOPMENT: GuardOptions = { development: true, origins: ['http://localhost:3000'] }
const SECRET = 'postgres://admin:hunter2@db'

async function listen (t: Teardown, options: GuardOptions, log?: LogCollector): Promise<number> {
  const app: FastifyInstance = log === undefined ? Fastify() : Fastify({ logger: { stream: log, level: 'info' } })
  t.teardown(() => app.close())
  await app.register(guard, options)
  app.wsRoute(chat, { public: true, on: { say () {} }, calls: { fail () { throw new Error(SECRET) } } } as never)
  app.get('/denied', { websocket: true, wsGuard: { public: true, authorize: () => false } }, () => {})
  await app.listen({ port: 0, host: '127.0.0.1' })
  return (app.server.address() as { port: number }).port
}

/** Lines of the console while `work` is done. */
async function consoleDuring (work: () => Promise<unknown>): Promise<string[]> {
  const lines: string[] = []
  const { error } = console
  console.error = (line: unknown) => { lines.push(String(line)) }
  try {
    await work()
  } finally {
    console.error = error
  }
  return lines
}

async function refused (port: number, options: UpgradeOptions): Promise<{ body: Record<string, unknown>, frames: string }> {
  const answer = await upgrade(port, { origin: 'http://localhost:3000', ...options })
  if (answer.status !== 101) await answer.closed()
  else await answer.client.waitFor(() => answer.rest().includes('$error') ? true : undefined)
  answer.client.destroy()
  return { body: answer.status === 101 ? {} : JSON.parse(answer.body), frames: answer.rest().toString('latin1') }
}

class Page extends WebSocket {
  constructor (url: string, protocols: string[]) {
    super(url, protocols, { origin: 'http://localhost:3000' })
  }
}

const FOREIGN: UpgradeOptions = { path: '/chat', origin: 'http://127.0.0.1:3000' }

t.test('development without a logger: the console has the reason and the line to write', async t => {
  const port = await listen(t, DEVELOPMENT)
  const lines = await consoleDuring(async () => {
    await refused(port, FOREIGN)
    await refused(port, FOREIGN)
    await refused(port, { ...FOREIGN, origin: 'http://127.0.0.1:4000' })
    await refused(port, { path: '/caht' })
    await refused(port, { path: '/denied' })
  })
  t.equal(lines.length, 4, 'each reason once')
  t.match(lines[0], /^fastify-ws-guard: WebSocket handshake refused \(403, WSG_ERR_ORIGIN_NOT_ALLOWED, \/chat, .*: add 'http:\/\/127\.0\.0\.1:3000' to origins$/)
  t.match(lines[1], /add 'http:\/\/127\.0\.0\.1:4000' to origins$/)
  t.match(lines[2], /no WebSocket route has the URL '\/caht': there are \/chat, \/denied; did you mean "\/chat"\?$/)
  t.match(lines[3], /authorize returned false$/)
})

t.test('production without a logger: nothing is written', async t => {
  const port = await listen(t, PRODUCTION)
  t.same(await consoleDuring(async () => {
    await refused(port, FOREIGN)
    await refused(port, { path: '/caht' })
  }), [])
})

t.test('with a logger the advice stands in its lines, in development only', async t => {
  for (const [options, advice] of [[DEVELOPMENT, "add 'http://127.0.0.1:3000' to origins"], [PRODUCTION, undefined]] as const) {
    const log = new LogCollector()
    const port = await listen(t, options, log)
    const lines = await consoleDuring(() => refused(port, FOREIGN))
    t.same(lines, [], 'the console is the logger\'s')
    const [line] = log.where('code', 'WSG_ERR_ORIGIN_NOT_ALLOWED')
    t.equal(line?.['advice'], advice)
    t.ok(line?.['reqId'], 'it is the request\'s line')
  }
})

t.test('the answer of a refused handshake has a detail, in development only', async t => {
  const [development, production] = [await listen(t, DEVELOPMENT, new LogCollector()), await listen(t, PRODUCTION)]
  const rows: [string, UpgradeOptions, RegExp][] = [
    ['a foreign origin', FOREIGN, /^add 'http:\/\/127\.0\.0\.1:3000' to origins$/],
    ['authorize', { path: '/denied' }, /^authorize returned false$/],
    ['no route', { path: '/caht' }, /did you mean "\/chat"/],
  ]
  for (const [name, options, detail] of rows) {
    const said = await refused(development, options)
    t.match(said.body['detail'], detail, name)
    const { body } = await refused(production, options)
    t.same(Object.keys(body).sort(), ['code', 'error', 'message', 'statusCode'], `${name}, production`)
    t.equal(body['code'], said.body['code'], name)
  }
  const plain = async (port: number): Promise<object> => await (await fetch(`http://127.0.0.1:${port}/chat`)).json() as object
  t.match(await plain(development), { statusCode: 426, detail: /new WebSocket/ })
  t.same(Object.keys(await plain(production)).sort(), ['code', 'error', 'message', 'statusCode'])
})

t.test('an answer of the application\'s own error handler keeps its form', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(guard, DEVELOPMENT)
  app.setErrorHandler((error: Error & { code: string }, _request, reply) => { reply.type('text/plain').send(`no: ${error.code}`) })
  app.get('/ws', { websocket: true, wsGuard: { public: true } }, () => {})
  await app.listen({ port: 0, host: '127.0.0.1' })
  const { port } = app.server.address() as { port: number }
  await consoleDuring(async () => {
    const answer = await upgrade(port, { origin: 'http://evil.example' })
    await answer.closed()
    t.equal(answer.body, 'no: WSG_ERR_ORIGIN_NOT_ALLOWED')
  })
})

t.test('who is told by a close code is told the detail, in development only', async t => {
  const told = { path: '/chat?x=1', protocol: ['wsg.v1, wsg.v1.contract.none'] }
  for (const [options, expected] of [[DEVELOPMENT, true], [PRODUCTION, false]] as const) {
    const port = await listen(t, { ...options, connections: { anonymous: 1 } })
    await consoleDuring(async () => {
      const first = await upgrade(port, { path: '/chat', origin: 'http://localhost:3000', protocol: 'wsg.v1' })
      t.equal(first.status, 101)
      const second = await refused(port, { ...told, protocol: 'wsg.v1' })
      t.match(second.frames, /"code":"too_many"/)
      t.equal(/"detail":"[^"]*connections\.anonymous/.test(second.frames), expected)
      first.client.destroy()
    })
  }
})

t.test('error replies of messages have a detail, in development only', async t => {
  for (const [options, expected] of [[DEVELOPMENT, true], [PRODUCTION, false]] as const) {
    const port = await listen(t, options)
    const lines = await consoleDuring(async () => {
      const { client, rest, status } = await upgrade(port, { path: '/chat', origin: 'http://localhost:3000', protocol: 'wsg.v1' })
      t.equal(status, 101)
      const exchange = async (sent: string, answer: RegExp): Promise<string> => {
        const before = rest().length
        client.send(text(sent))
        return await client.waitFor(() => answer.exec(rest().subarray(before).toString())?.input)
      }
      const unknown = await exchange('{"type":"sya","data":{}}', /unknown_type.*\}\}$/)
      t.equal(unknown.includes('did you mean'), expected)
      const invalid = await exchange('{"type":"say","data":{"text":"too long"}}', /invalid_message.*\}$/)
      t.match(invalid, /"issues":\[\{"path":"\/text"/)
      const failed = await exchange('{"type":"fail","id":1,"data":{}}', /internal.*\}\}$/)
      t.equal(failed.includes('hunter2'), expected)
      client.destroy()
    })
    const all = lines.join('\n')
    t.equal(/a WebSocket message was refused \(unknown_type, \/chat, .*\): the contract chat has no message 'sya'/.test(all), expected)
    t.equal(/a WebSocket message was refused \(invalid_message, \/chat, say, .*\): \/text /.test(all), expected)
    t.equal(/a WebSocket handler failed .*\nError: postgres:/.test(all), expected)
  }
})

t.test('the client has it as detail, in development only', async t => {
  for (const [options, expected] of [[DEVELOPMENT, `the handler of fail threw Error: ${SECRET}`], [PRODUCTION, undefined]] as const) {
    const port = await listen(t, options)
    await consoleDuring(async () => {
      const client = createClient<typeof chat>({ url: `ws://localhost:${port}/chat`, WebSocket: Page as never })
      const answer = await attempt(client).fail({})
      t.match(answer, { ok: false, error: { code: 'internal' } })
      t.equal((answer as { error: ClientError }).error.detail, expected)
      client.close()
    })
  }
})

t.test('errors of boot name the page that helps', async t => {
  const rows: [string, (app: FastifyInstance) => unknown, RegExp][] = [
    ['WSG_ERR_OPTION', app => app.register(guard, { development: true, allowedHost: [] } as never), /\/docs\/options\.md$/],
    ['WSG_ERR_HOST_PATTERN', app => app.register(guard, { allowedHosts: ['.com'] }), /\/docs\/channels\.md#forms-of-a-pattern$/],
    ['WSG_ERR_PLUGIN_ORDER', app => app.register(async scope => { await scope.register(guard, { development: true }) }), /\/docs\/fastify-cli\.md$/],
    ['WSG_ERR_PLUGIN_ORDER', async app => {
      await app.register(guard, { development: true })
      await app.register(guard, { development: true })
    }, /\/docs\/gate\.md#order-of-registration$/],
    ['WSG_ERR_ROUTE_POLICY', async app => {
      await app.register(guard, { development: true })
      app.get('/ws', { websocket: true }, () => {})
    }, /\/docs\/options\.md#route-options$/],
    ['WSG_ERR_CONTRACT', async app => {
      await app.register(guard, { development: true })
      app.wsRoute(defineContract({ name: 'x', url: '/x', inbound: { say: Type.String() } }), { public: true, on: { say () {} } } as never)
    }, /\/docs\/contract\.md$/],
  ]
  for (const [code, build, help] of rows) t.match(await boot(build), { code, help }, code)
})

t.test('the detail of a refused request for a ticket follows the credential that it carries', async t => {
  const detailOf = async (allowMissingOrigin: boolean, headers: Record<string, string>): Promise<unknown> => {
    const app = Fastify()
    t.teardown(() => app.close())
    await app.register(cookie)
    await app.register(session, { secret: 'x'.repeat(40), cookie: { secure: false, sameSite: 'lax' } })
    const auth = ticketAuth({ issue: '/ws-ticket', auth: anyOf(sessionAuth(() => ({ id: 'ada' })), tokenAuth({ verify: () => null })) })
    await app.register(guard, { ...DEVELOPMENT, allowMissingOrigin, auth })
    app.wsRoute(chat, { on: { say () {} }, calls: { fail: () => null } })
    const answer = await app.inject({ method: 'POST', url: '/ws-ticket', headers: { host: 'localhost', ...headers }, payload: { path: '/chat' } })
    return answer.json<{ detail?: unknown }>().detail
  }
  const bearer = { authorization: 'Bearer x' }
  t.match(await detailOf(false, bearer), /for other clients set allowMissingOrigin: true/)
  t.match(await detailOf(true, bearer), /^the strategy token found nobody: no token came/, 'and then that is no matter any more')
  t.match(await detailOf(true, { ...bearer, cookie: 'sessionId=x' }), /^send the Origin header of your page: beside a cookie/)
})
