import t from 'tap'
import { anyOf, tokenAuth } from '../../lib/index.js'
import { type Refused, createAdviser } from '../../lib/gate/advice.js'
import { Policies, type PolicyDefaults } from '../../lib/gate/policies.js'
import type { RoutePolicy } from '../../lib/gate/policy.js'
import { REFUSALS } from '../../lib/gate/refusals.js'
import type { RouteGuardOptions } from '../../types/options.js'
import type { AuthStrategy, RefusalCode } from '../../types/gate.js'
import { policyDefaults } from '../helpers/policy.js'

const session: AuthStrategy = { name: 'session', needs: { credential: 'cookie', session: false }, authenticate: () => null }

function policyOf (defaults: Partial<PolicyDefaults> = {}, route: RouteGuardOptions = {}): RoutePolicy {
  const policies = new Policies(policyDefaults(session, defaults), () => { throw new Error('no limiter') })
  return policies.compile(route, { url: '/ws', hasHttpHandler: false, contract: null })!
}

const advise = createAdviser(() => ['/rooms/:room', '/feed'])
const on = (code: RefusalCode, about: Partial<Refused> = {}): string => advise({ code, policy: policyOf(), path: '/ws', ...about })

t.test('a parameter that the client has not filled in is named', async t => {
  const policy = { ...policyOf(), url: '/rooms/:room/seats/:seat' }
  const told = (path: string): string => on('WSG_ERR_PARAMS_INVALID', { policy, path })
  t.equal(told('/rooms/lobby/seats/:seat'), 'the client asked for /rooms/:room/seats/:seat with :seat in it: give it a value there, by urlOf for example')
  for (const path of ['/rooms/lobby/seats/no%20seat', '/rooms/:evil/seats/1']) {
    t.equal(told(path), 'path parameters or query do not fit params or query of the contract of /rooms/:room/seats/:seat')
  }
})

t.test('an origin: the line to write, where it is to be written', async t => {
  const value = 'http://127.0.0.1:3000'
  const listed = policyOf({ origins: ['http://localhost:3000'] })
  t.equal(on('WSG_ERR_ORIGIN_NOT_ALLOWED', { value, policy: listed }), "add 'http://127.0.0.1:3000' to origins")
  const own = policyOf({}, { origins: ['http://localhost:3000'] })
  t.equal(on('WSG_ERR_ORIGIN_NOT_ALLOWED', { value, policy: own }), "add 'http://127.0.0.1:3000' to route /ws: wsGuard.origins")
  const derived = policyOf({ allowedHosts: ['.goodsite.com'], development: false })
  t.match(on('WSG_ERR_ORIGIN_NOT_ALLOWED', { value, policy: derived }), /derived from allowedHosts.*write origins: \['https:\/\/\.goodsite\.com', 'http:\/\/127\.0\.0\.1:3000'\]/)
  const decided = policyOf({ origins: async () => false })
  t.match(on('WSG_ERR_ORIGIN_NOT_ALLOWED', { value, policy: decided }), /^the function in origins did not return true for/)
  t.notMatch(on('WSG_ERR_ORIGIN_NOT_ALLOWED', { value: "http://x' , evil", policy: listed }), /add/, 'what is no origin is not to be added')
})

t.test('a list with what is advised admits', async t => {
  const value = 'http://192.168.1.5:3000'
  const [, list = ''] = /write origins: \[(.*)\]/.exec(on('WSG_ERR_ORIGIN_NOT_ALLOWED', { value })) ?? []
  const origins = list.split(', ').map(entry => entry.slice(1, -1))
  const policy = policyOf({ origins })
  for (const origin of [value, 'http://localhost:8080', 'http://127.0.0.1:1']) t.equal(policy.origin.check(origin), null, origin)
})

t.test('a missing Origin: what to do follows the credential that came', async t => {
  const token = tokenAuth({ verify: () => null })
  const policy = policyOf({ auth: anyOf({ ...session, isPresent: () => false }, token) })
  const told = (strategy: AuthStrategy | null): string => on('WSG_ERR_ORIGIN_MISSING', { policy, strategy })
  t.match(told(session), /^send the Origin header of your page: beside a cookie .*; a program that has a token sends no cookie$/)
  t.notMatch(told(session), /allowMissingOrigin/)
  t.match(told(token), /set allowMissingOrigin: true/)
  t.notMatch(on('WSG_ERR_ORIGIN_MISSING', { strategy: session }), /token/)
})

t.test('hosts, routes, credentials', async t => {
  t.equal(on('WSG_ERR_HOST_NOT_ALLOWED', { value: 'app.test:3000' }), "add 'app.test' to allowedHosts")
  t.equal(on('WSG_ERR_HOST_NOT_ALLOWED', { value: '[fd00::1]:3000' }), "add '[fd00::1]' to allowedHosts")
  t.match(on('WSG_ERR_ROUTE_NOT_FOUND', { path: '/fed' }), /'\/fed': there are \/rooms\/:room, \/feed; did you mean "\/feed"\?/)
  t.match(createAdviser(() => [])({ code: 'WSG_ERR_ROUTE_NOT_FOUND', policy: null, path: '/' }), /there are none yet/)
  t.match(on('WSG_ERR_UNAUTHENTICATED', { value: 'session' }), /the strategy session found nobody: log in first.*localhost/)
  t.match(on('WSG_ERR_UNAUTHENTICATED', { value: 'authorize' }), /authorize threw/)
  t.match(on('WSG_ERR_ORIGIN_MISSING'), /send the Origin header of your page/)
  t.match(on('WSG_ERR_ORIGIN_MISSING', { policy: policyOf({}, { public: true }) }), /allowMissingOrigin: true/)
  t.match(on('WSG_ERR_CONNECTIONS_PER_ADDRESS', { value: '::1: without an identity' }), /connections\.anonymous/)
  t.match(on('WSG_ERR_CONNECTIONS_PER_ADDRESS', { value: '::1' }), /connections\.perAddress/)
})

t.test('a credential: each strategy has advice of its own', async t => {
  const token = tokenAuth({ verify: () => null })
  const both = policyOf({ auth: anyOf({ ...session, isPresent: () => false }, token) })
  const about = (value: string, cause?: unknown): string => on('WSG_ERR_UNAUTHENTICATED', { value, cause, policy: both })
  t.match(about('session'), /^the strategy session found nobody: log in first/)
  t.match(about('token'), /^the strategy token found nobody: no token came.*docs\/tokens\.md/)
  t.match(about('token', new Error('Invalid Compact JWS')), /^the strategy token refused the credential; .*err$/)
  t.match(about('a message before a token was accepted'), /^a message before a token was accepted; .*\$auth.*section 10/)
  t.notMatch(about('a message before a token was accepted'), /strategy|cookie|log in/)
  t.match(on('WSG_ERR_AUTH_TIMEOUT', { policy: both }), /\$auth/)
  t.notMatch(on('WSG_ERR_AUTH_TIMEOUT'), /\$auth/, 'where no message is waited for')
})

t.test('each refusal has advice, and nothing that was sent stands in it unescaped', async t => {
  for (const code of Object.keys(REFUSALS) as RefusalCode[]) {
    const advice = on(code, { value: 'a\n\u001b[2J\u202e', path: '/\n\u2028' })
    t.ok(advice.length > 5, code)
    // eslint-disable-next-line no-control-regex
    t.notMatch(advice, /[\u0000-\u001f\u2028\u202e]/, code)
  }
})

t.test('what is no identity is said, and what to return', async t => {
  const value = 'session: expected an identity, got an object without an id, which is a string or a number'
  t.equal(on('WSG_ERR_AUTH_UNAVAILABLE', { value }), `${value}; return an object such as { id: 'ada' }`)
  t.equal(on('WSG_ERR_AUTH_UNAVAILABLE', { value: 'session', cause: new Error('down') }), 'session failed; the error is in the log line')
})
