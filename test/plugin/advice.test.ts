import { Type, type TSchema } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { defineContract, text } from '../../lib/contract.js'
import { anyOf, sessionAuth, ticketAuth, tokenAuth } from '../../lib/index.js'
import type { AuthStrategy } from '../../types/gate.js'
import { optionsSchema } from '../../lib/plugin/schema.js'
import { bootGuard } from '../helpers/boot.js'

// A boot error says what to write. Each row is what somebody wrote at their first try.

const chat = defineContract({
  name: 'chat',
  url: '/chat',
  inbound: { say: Type.Object({ text: Type.String({ maxLength: 100 }) }) },
  calls: { sum: { request: Type.Object({}), reply: Type.Number() } },
})
const whole = { public: true as const, on: { say () {} }, calls: { sum: () => 1 } }
const strategy = { name: 'own', needs: { credential: 'header', session: false }, authenticate: () => ({ id: 1 }) }
const own: AuthStrategy = { name: 'own', needs: { credential: 'header', session: false }, isPresent: () => true, authenticate: () => ({ id: 1 }) }

/** Every option in milliseconds but heartbeat.interval, which is at least a second. */
const TIMES = [
  'authTimeout', 'handshakeTimeout', 'upgradeRate.timeWindow', 'messages.handlerTimeout', 'sessions.recheck', 'sessions.grace',
  'drainTimeout', 'websocket.fragmentTimeout', 'websocket.closeTimeout',
]
const at = (path: string, value: number): object => path.split('.').reduceRight<unknown>((inner, name) => ({ [name]: inner }), value) as object

t.test('a tenth of a second is a time; each time of the options has that minimum', async t => {
  for (const path of TIMES) t.equal(await bootGuard(() => {}, at(path, 100)), null, path)
  const inMilliseconds = (schema: TSchema, path: string): string[] => [
    ...(schema['unit'] === 'milliseconds' ? [path] : []),
    ...(schema['anyOf'] as TSchema[] | undefined ?? []).flatMap(one => inMilliseconds(one, path)),
    ...Object.entries(schema['properties'] as { [name: string]: TSchema } | undefined ?? {}).flatMap(([name, inner]) => inMilliseconds(inner, path === '' ? name : `${path}.${name}`)),
  ]
  t.same(inMilliseconds(optionsSchema, '').sort(), [...TIMES, 'heartbeat.interval'].sort())
})

t.test('options', async t => {
  const rows: [object, RegExp][] = [
    // An environment variable that is not set.
    [{ allowedHosts: [undefined] }, /^options\.allowedHosts\[0\]: expected string, got undefined; is an environment variable unset\?/],
    [{ allowedHosts: ''.split(',') }, /^options\.allowedHosts\[0\]: .*got ""; is an environment variable unset\?/],
    [{ origins: [undefined] }, /^options\.origins: .*got an array of 1 whose \[0\] is undefined; is an environment variable unset\?/],
    [{ auth: undefined }, /got undefined; is an environment variable unset, or an import renamed\?/],
    // The shape around it.
    [{ allowedHosts: 'a.example' }, /^options\.allowedHosts: expected array, got "a\.example"; write \["a\.example"\]/],
    [{ allowedHosts: 'a.example, b.example' }, /; write \["a\.example", "b\.example"\]/],
    [{ heartbeat: 30_000 }, /^options\.heartbeat: expected object, got 30000; write \{ interval: 30000 \}/],
    // Somebody means seconds.
    [{ heartbeat: { interval: 25 } }, /^options\.heartbeat\.interval: expected integer to be greater or equal to 1000, got 25; it is in milliseconds: write 25000 for 25 s /],
    ...TIMES.map(path => [at(path, 5), new RegExp(`^options\\.${path.replace('.', '\\.')}: expected integer to be greater or equal to 100, got 5; it is in milliseconds: write 5000 for 5 s `)] as [object, RegExp]),
    [{ authTimeout: '30s' }, /^options\.authTimeout: expected integer, got "30s"; write a number of milliseconds/],
    [{ messages: { inFlight: '3' } }, /^options\.messages\.inFlight: expected integer, got "3"; write a number, without quotes/],
    // What is missing.
    [{ messages: { budgets: [{ name: 'tenant', key: () => 1, rate: 5 }] } }, /^options\.messages\.budgets\[0\]\.burst: expected a number above 0, or a function .*, got nothing/],
    // Names.
    [{ heartbeatInterval: 1 }, /got "heartbeatInterval"; did you mean "heartbeat\.interval"\?/],
    [{ maxPayload: 1 }, /got "maxPayload"; did you mean "websocket\.maxPayload"\?/],
    [{ perIdentity: 1 }, /got "perIdentity"; did you mean "connections\.perIdentity"\?/],
    [{ connections: { perUser: 1 } }, /got "perUser"; did you mean "perIdentity"\?/],
    [{ connections: { perIp: 1 } }, /got "perIp"; did you mean "perAddress"\?/],
    [{ websocket: { options: { maxPayload: 1000 } } }, /got "options"; did you mean "maxPayload"\?/],
    // Strategies.
    [{ auth: { ...strategy, needs: { credential: 'token', session: false } } }, /^options\.auth\.needs\.credential: expected 'cookie' or 'header', got "token"/],
    [{ auth: { name: 'own', authenticate () {} } }, /^options\.auth: expected a strategy such as .*, got an object without needs/],
    [{ auth: { ...strategy, needs: { credential: 'cookie' } } }, /^options\.auth\.needs\.session: expected a value, got nothing/],
    // Those that others are made of: a credential whose name is not known would be held to no rule of Origin.
    [{ auth: anyOf(own, { ...own, needs: { credential: 'cookee', session: false } } as never) }, /^options\.auth\.alternatives\[1\]\.needs\.credential: expected 'cookie' or 'header', got "cookee"/],
    [{ auth: anyOf(own, { ...own, needs: { credential: 'cookie' } } as never) }, /^options\.auth\.alternatives\[1\]\.needs\.session: expected a value, got nothing/],
    [{ auth: ticketAuth({ issue: '/t', auth: { ...own, needs: { credential: 'cookee', session: false } } as never }) }, /^options\.auth\.issues\.auth\.needs\.credential: .*got "cookee"/],
    [{ auth: anyOf(own, ticketAuth({ issue: '/t', auth: anyOf(own, { ...own, isPresnt () {} } as never) })) }, /^options\.auth\.alternatives\[1\]\.issues\.auth\.alternatives\[1\]: .*got "isPresnt"; did you mean "isPresent"\?/],
    // Who may wait for a token needs somebody to judge it.
    [{ auth: { ...own, firstMessage: true } }, /^options\.auth\.verifyToken: expected a function \(token, signal\) => identity beside firstMessage: true, got nothing/],
    [{ auth: anyOf(own, { ...own, firstMessage: true }) }, /^options\.auth\.alternatives\[1\]\.verifyToken: /],
    [{ policies: [{ url: '/x', auth: { ...own, firstMessage: true } }] }, /^options\.policies\[0\]\.auth\.verifyToken: /],
    // Patterns.
    [{ otherUpgrades: ['socket.io/'] }, /^options\.otherUpgrades\[0\]: expected a path such as "\/socket\.io\/" or "\/hmr\/\*", got "socket\.io\/"; write "\/socket\.io\/"/],
    [{ policies: [{ url: 'admin/*' }] }, /^options\.policies\[0\]\.url: expected a path such as "\/admin" or "\/admin\/\*", got "admin\/\*"; write "\/admin\/\*"/],
    [{ policies: [{ url: '/a/**' }] }, /^options\.policies\[0\]\.url: .*got "\/a\/\*\*"; write "\/a\/\*"/],
    [{ policies: { '/a': { public: true } } }, /^options\.policies: expected array, got an object; write \[\{ … \}\]/],
    [{ policies: [{ url: '/yjs', public: true }] }, /^options\.policies: expected the url of a WebSocket route, got "\/yjs"; there is none/],
    [{ otherUpgrades: ['/*'] }, /^options\.otherUpgrades\[0\]: .*got "\/\*"; that would leave nothing to guard/],
    [{ allowedHosts: [] }, /^options\.allowedHosts: expected one entry or more, got an array of 0/],
    [{ origins: [/goodsite/] }, /^options\.origins: .*got an array of 1 whose \[0\] is an object; a pattern is text, such as "\.example\.com"/],
    [{ development: 'true' }, /^options\.development: expected boolean, got "true"; write true, without quotes/],
    // What other packages have.
    [{ messages: { ratePerSecond: 5 } }, /got "ratePerSecond"; did you mean "rate"\?/],
    [{ websocket: { verifyClient: () => true } }, /got "verifyClient"; write auth, authorize, or origins as a function/],
    [{ websocket: { handleProtocols: () => 'a' } }, /got "handleProtocols"; write subprotocols/],
    [{ websocket: { perMessageDeflate: true } }, /got "perMessageDeflate"; register @fastify\/websocket with it yourself, before the guard/],
    [{ auth: () => ({ id: 1 }) }, /^options\.auth: .*got a function; a strategy of your own is { name, needs, authenticate }/],
    [{ auth: sessionAuth }, /^options\.auth: .*got a function; call it: sessionAuth\(…\)/],
    [{ subprotocols: ['a b'] }, /^options\.subprotocols\[0\]: expected a name without spaces and separators, .*got "a b"/],
  ]
  for (const [options, message] of rows) {
    const failure = await bootGuard(() => {}, options)
    t.equal(failure?.code, 'WSG_ERR_OPTION', String(message))
    t.match(failure?.message, message)
  }
  t.equal(await bootGuard(() => {}, { heartbeat: { interval: 1000 }, otherUpgrades: ['/socket.io/'], auth: strategy }), null)
  for (const more of [{ firstMessage: true, verifyToken: () => null }, { verifyToken: () => null }, { firstMessage: false }]) t.equal(await bootGuard(() => {}, { auth: { ...own, ...more } }), null)
  t.equal(await bootGuard(() => {}, { auth: anyOf(own, ticketAuth({ issue: '/t', auth: anyOf(own, own) })) }), null)
})

t.test('what a pattern of policies does not fit, and what there is', async t => {
  const route = (app: FastifyInstance): unknown => app.get('/rooms/:room', { websocket: true, wsGuard: { public: true } }, () => {})
  const failure = async (url: string): Promise<string | undefined> => (await bootGuard(route, { policies: [{ url, public: true }] }))?.message
  t.match(await failure('/rooms'), /got "\/rooms"; did you mean "\/rooms\/:room"\?/)
  t.match(await failure('/feed'), /got "\/feed"; there is \/rooms\/:room/)
})

t.test('each error names the page that says what to do', async t => {
  const help = (build: () => unknown): string => {
    try { build() } catch (error) { return String((error as { help?: string }).help).replace(/^.*\/docs\//, '') }
    return 'no error'
  }
  t.equal(help(() => sessionAuth('user' as never)), 'sessions.md')
  t.equal(help(() => tokenAuth({ verifyToken: () => null } as never)), 'tokens.md')
  t.equal(help(() => ticketAuth({} as never)), 'tokens.md#tickets')
  t.equal(help(() => anyOf(own)), 'authentication.md#several-on-one-route')
  t.match(await bootGuard(() => {}, { auth: true }), { help: /docs\/authentication\.md$/ })
  t.match(await bootGuard(() => {}, { policies: [{ url: 'x' }] }), { help: /docs\/options\.md#routes-that-others-declare$/ })
  t.match(await bootGuard(() => {}, { authTimeout: '5' }), { help: /docs\/options\.md$/ })
})

t.test('routes', async t => {
  const rows: [(app: FastifyInstance) => unknown, RegExp][] = [
    [app => app.wsRoute(chat, { on: whole.on, calls: whole.calls, auth: { ...own, firstMessage: true } }), /auth\.verifyToken: expected a function/],
    [app => app.wsRoute(chat, { ...whole, say () {} } as never), /got "say"; did you mean "on\.say"\?/],
    [app => app.wsRoute(chat, { ...whole, sum () {} } as never), /got "sum"; did you mean "calls\.sum"\?/],
    [app => app.wsRoute('/chat' as never, chat as never), /^wsRoute: expected wsRoute\(contract, handlers\), got "\/chat"; the contract has the url/],
    [app => app.wsRoute(undefined as never, whole), /^wsRoute: expected wsRoute\(contract, handlers\), got undefined/],
    [app => app.get('/x', { websocket: true, wsGuard: { public: true, messages: { rate: 1 } } as never }, () => {}), /^route \/x: wsGuard: .*got "messages"; only wsRoute has message limits/],
  ]
  for (const [build, message] of rows) {
    const failure = await bootGuard(build)
    t.match(failure?.code, /^WSG_ERR_(OPTION|HANDLER)$/, String(message))
    t.match(failure?.message, message)
  }
})

t.test('builders', async t => {
  for (const [identify, came] of [[undefined, 'undefined'], [{ id: 1 }, 'an object'], ['user', '"user"']] as const) {
    t.throws(() => sessionAuth(identify as never), {
      code: 'WSG_ERR_OPTION', message: `sessionAuth: expected a function such as session => session.user, got ${came}`,
    })
  }
  for (const [options, came] of [[undefined, 'undefined'], [500, '500'], [null, 'null']] as const) {
    t.throws(() => text(options as never), {
      code: 'WSG_ERR_CONTRACT', message: `text(): expected options such as { maxLength: 500 }, got ${came}`,
    })
  }
})
