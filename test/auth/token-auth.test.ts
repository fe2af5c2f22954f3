import type { FastifyRequest } from 'fastify'
import { inspect } from 'node:util'
import t from 'tap'
import { authenticate } from '../../lib/auth/authenticate.js'
import { tokenAuth } from '../../lib/auth/token-auth.js'
import type { TokenAuthOptions } from '../../types/auth.js'
import { inSeconds, later } from '../helpers/tokens.js'
import type { Authentication, AuthenticateContext, Credential } from '../../types/gate.js'

const HOUR = 3_600_000

interface Asked extends AuthenticateContext { readonly proven: Credential[] }

/** A handshake with such header lines. */
function ask (...lines: readonly (readonly [name: string, value: string])[]): Asked {
  const proven: Credential[] = []
  const headers: Record<string, string> = {}
  // As Node: of Authorization the first line counts, others are joined.
  for (const [name, value] of lines) headers[name] = name === 'authorization' ? headers[name] ?? value : [headers[name], value].filter(Boolean).join(', ')
  const request = { raw: { headers, rawHeaders: lines.flat() } } as unknown as FastifyRequest
  return { request, signal: new AbortController().signal, sessionCookie: 'sessionId', proven, provenBy: one => { proven.push(one) } }
}

const bearer = (token: string): readonly [string, string] => ['authorization', `Bearer ${token}`]
const offers = (list: string): readonly [string, string] => ['sec-websocket-protocol', list]

/** Tokens of a store, opaque to everybody else. */
const TOKENS = new Map([['ada-1', { id: 'ada', expires: later(HOUR) }], ['YWRh+/==', { id: 'ada', expires: later(HOUR) }]])
const byStore = (more: Partial<TokenAuthOptions> = {}) => tokenAuth({ verify: token => TOKENS.get(token) ?? null, ...more })
const codeOf = ({ refusal }: Authentication): string => refusal?.code ?? 'admitted'
const judge = async (strategy: ReturnType<typeof tokenAuth>, context: AuthenticateContext): Promise<string> => codeOf(await authenticate(strategy, context))

t.test('a token is found in the Authorization header and among the subprotocols', async t => {
  const strategy = byStore()
  for (const lines of [[bearer('ada-1')], [['authorization', 'bearer  ada-1']], [['authorization', 'BEARER ada-1']], [bearer('YWRh+/==')], [offers('bearer.ada-1')], [offers('wsg.v1, bearer.ada-1')], [bearer('ada-1'), offers('wsg.v1, bearer.ada-1')]] as const) {
    const context = ask(...lines)
    t.ok(strategy.isPresent?.(context), String(lines))
    t.equal(await judge(strategy, context), 'admitted', String(lines))
    t.match(context.proven, [{ kind: 'token', sentBy: 'header', renew: Function }])
  }
})

t.test('no token is no credential: another scheme, a cookie, a subprotocol of another name', async t => {
  const strategy = byStore()
  for (const lines of [[], [['authorization', 'Basic YWRhOng=']], [['authorization', 'Bearerx y']], [['cookie', 'token=ada-1']], [offers('wsg.v1')], [offers('xbearer.ada-1')]] as const) {
    t.notOk(strategy.isPresent?.(ask(...lines)), String(lines))
    t.equal(await judge(strategy, ask(...lines)), 'WSG_ERR_UNAUTHENTICATED', String(lines))
  }
})

t.test('a credential that is there and can\'t be one is present and refused; verify is not asked', async t => {
  const asked: string[] = []
  const strategy = tokenAuth({ verify: token => { asked.push(token); return TOKENS.get('ada-1') } })
  const long = 'x'.repeat(8193)
  for (const lines of [
    [['authorization', 'Bearer']], [['authorization', 'Bearer ']], [['authorization', 'Bearer a b']], [['authorization', 'Bearer a,b']], [['authorization', 'Bearer "ada-1"']], [['authorization', 'Bearer caf\u00e9']],
    [bearer('ada-1'), bearer('ada-1')], [['authorization', 'Basic x'], bearer('ada-1')].reverse(), [offers('bearer.')], [offers('bearer.a, bearer.b')], [offers('bearer.a!b')],
    [bearer('ada-1'), offers('bearer.bob-1')], [bearer('ada-1'), offers('bearer.')], [bearer(long)], [offers(`bearer.${long}`)],
  ] as (readonly [string, string])[][]) {
    t.ok(strategy.isPresent?.(ask(...lines)), String(lines).slice(0, 60))
    t.equal(await judge(strategy, ask(...lines)), 'WSG_ERR_UNAUTHENTICATED', String(lines).slice(0, 60))
  }
  t.same(asked, [])
  t.equal(await judge(strategy, ask(bearer(long.slice(1)))), 'admitted', '8192 characters')
})

t.test('only the carriers that were chosen are looked at', async t => {
  const header = byStore({ carriers: ['header'] })
  t.equal(await judge(header, ask(bearer('ada-1'), offers('bearer.bob-1'))), 'admitted')
  t.notOk(header.isPresent?.(ask(offers('bearer.ada-1'))))
  t.equal(header.firstMessage, false)
  t.equal(byStore().firstMessage, true)
})

t.test('an identity as it is, and the claims of a JWT', async t => {
  const found = async (verified: object): Promise<unknown> => (await authenticate(tokenAuth({ verify: () => verified as { id: string } }), ask(bearer('x')))).identity
  const exp = inSeconds(60)
  t.same(await found({ sub: 'ada', exp, roles: ['admin'] }), { sub: 'ada', exp, roles: ['admin'], id: 'ada', expires: exp * 1000 })
  const expires = new Date(exp * 1000)
  t.same(await found({ id: 7, sub: 'ada', expires }), { id: 7, sub: 'ada', expires }, 'who says id means it')
  t.same(await found({ sub: 'ada', exp, expires: exp * 1000 + 1 }), { sub: 'ada', exp, id: 'ada', expires: exp * 1000 + 1 })
})

t.test('C14 a token without an end is refused, unless that is asked for by its name; so is one that has ended', async t => {
  const verify = (found: object) => (): { id: string } => found as { id: string }
  for (const none of [{ id: 'ada' }, { sub: 'ada' }, { id: 'ada', expires: null }]) {
    t.equal(await judge(tokenAuth({ verify: verify(none) }), ask(bearer('x'))), 'WSG_ERR_UNAUTHENTICATED', JSON.stringify(none))
  }
  t.equal(await judge(tokenAuth({ verify: verify({ sub: 'ada' }), dangerouslyAllowNoExpiry: true }), ask(bearer('x'))), 'admitted')
  for (const nonsense of [NaN, 'soon', Infinity, 1.7e9]) {
    const code = await judge(tokenAuth({ verify: verify({ id: 'ada', expires: nonsense }) }), ask(bearer('x')))
    t.equal(code, nonsense === Infinity ? 'WSG_ERR_UNAUTHENTICATED' : 'WSG_ERR_AUTH_UNAVAILABLE', String(nonsense))
  }
  t.equal(await judge(tokenAuth({ verify: verify({ id: 'ada', expires: later(-1) }) }), ask(bearer('x'))), 'WSG_ERR_UNAUTHENTICATED')
})

t.test('exp counts beside an id as well; an expires is the identity\'s own word', async t => {
  const found = async (verified: object): Promise<unknown> => (await authenticate(tokenAuth({ verify: () => verified as { id: string } }), ask(bearer('x')))).identity
  const exp = inSeconds(60)
  t.same(await found({ id: 7, name: 'Ada', exp }), { id: 7, name: 'Ada', exp, expires: exp * 1000 })
  t.same(await found({ sub: 'ada', id: 7, exp }), { sub: 'ada', id: 7, exp, expires: exp * 1000 }, 'who says id means it')
  t.same(await found({ id: 7, exp, expires: exp * 1000 + 1 }), { id: 7, exp, expires: exp * 1000 + 1 })
  t.equal(await found({ id: 7, exp: inSeconds(-1) }), null)
})

t.test('an exp that is no time in seconds is 401, and the log says what to write', async t => {
  const refusedFor = async (exp: unknown, more: object): Promise<readonly unknown[]> => {
    const { refusal } = await authenticate(tokenAuth({ verify: () => ({ exp, ...more }) as never, dangerouslyAllowNoExpiry: true }), ask(bearer('x')))
    return [refusal?.code, (refusal?.cause as Error | undefined)?.message]
  }
  for (const who of [{ sub: 'ada' }, { id: 7 }]) {
    t.match(await refusedFor(later(60_000), who), ['WSG_ERR_UNAUTHENTICATED', /^Token: exp is in milliseconds, .*seconds.*: sign Math\.floor\(.* \/ 1000\), or return expires$/])
    for (const none of ['never', '1900000000', NaN, Infinity, {}]) {
      t.match(await refusedFor(none, who), ['WSG_ERR_UNAUTHENTICATED', /^Token: exp is no number of seconds, got /], String(none))
    }
    t.same(await refusedFor(null, who), [undefined, undefined], 'none at all')
    t.same(await refusedFor(inSeconds(60), who), [undefined, undefined])
  }
  const { refusal } = await authenticate(tokenAuth({ verify: () => ({ id: 'ada' }) }), ask(bearer('x')))
  t.match((refusal?.cause as Error).message, /has no expires and no exp/)
})

t.test('C14 the tolerance for clocks that differ: 29 s are within 30, 31 s are not, and without it 1 ms is too late', async t => {
  const ended = (seconds: number, clockTolerance?: number) =>
    judge(tokenAuth({ verify: () => ({ id: 'ada', expires: later(-seconds * 1000) }), ...(clockTolerance === undefined ? {} : { clockTolerance }) }), ask(bearer('x')))
  t.equal(await ended(29, 30_000), 'admitted')
  t.equal(await ended(31, 30_000), 'WSG_ERR_UNAUTHENTICATED')
  t.equal(await ended(29), 'WSG_ERR_UNAUTHENTICATED')
  const end = later(HOUR)
  t.same(await tokenAuth({ verify: () => ({ id: 'ada', expires: new Date(end) }), clockTolerance: 5000 }).authenticate(ask(bearer('x'))), { id: 'ada', expires: end + 5000 }, 'and the socket lives as long')
})

t.test('what verify throws: 401 of a bad token, 403, and 503 where nobody can tell', async t => {
  const thrown = async (error: unknown): Promise<string> => await judge(tokenAuth({ verify: () => { throw error } }), ask(bearer('x')))
  const withCode = (code: string): Error => Object.assign(new Error('no'), { code })
  for (const code of ['FAST_JWT_EXPIRED', 'FAST_JWT_INVALID_SIGNATURE', 'FAST_JWT_MALFORMED', 'ERR_JWT_EXPIRED', 'ERR_JWS_INVALID', 'ERR_JOSE_ALG_NOT_ALLOWED', 'ERR_JWKS_NO_MATCHING_KEY']) t.equal(await thrown(withCode(code)), 'WSG_ERR_UNAUTHENTICATED', code)
  for (const name of ['JsonWebTokenError', 'TokenExpiredError', 'NotBeforeError']) t.equal(await thrown(Object.assign(new Error('no'), { name })), 'WSG_ERR_UNAUTHENTICATED', name)
  t.equal(await thrown(Object.assign(new Error('no'), { statusCode: 401 })), 'WSG_ERR_UNAUTHENTICATED')
  t.equal(await thrown(Object.assign(new Error('no'), { statusCode: 403 })), 'WSG_ERR_FORBIDDEN')
  const unreadable = Object.defineProperty({}, 'code', { get () { throw new Error('trap') } })
  for (const error of [new Error('no'), withCode('ERR_JWKS_TIMEOUT'), withCode('FAST_JWT_KEY_FETCHING_ERROR'), withCode('FAST_JWT_INVALID_OPTION'), withCode('ECONNREFUSED'), 'text', null, undefined, 7, unreadable, Object.assign(new Error('no'), { statusCode: 500 })]) {
    t.equal(await thrown(error), 'WSG_ERR_AUTH_UNAVAILABLE', String((error as Error | undefined)?.message ?? error))
  }
  t.equal(await judge(tokenAuth({ verify: async () => await Promise.reject(withCode('FAST_JWT_EXPIRED')) }), ask(bearer('x'))), 'WSG_ERR_UNAUTHENTICATED')
})

t.test('C10 what goes to the log never has the token in it, wherever and however the error has it', async t => {
  const secret = 'c2VjcmV0+dG9rZW4/bGl2ZQ=='
  const basic = Buffer.from(`${secret}:`).toString('base64')
  const base = (more: object): Error => Object.assign(new Error('down'), more)
  const nested = Array.from({ length: 10 }).reduce<object>(inner => ({ inner }), { secret })
  const thrown: readonly unknown[] = [
    base({ message: `bad token ${secret}`, statusCode: 401 }), base({ message: `bad token ${secret}`, statusCode: 403 }), base({ name: secret }), base({ code: secret }),
    new Error(`lookup of ${secret} failed`), new Error(`POST token=${encodeURIComponent(secret)}`), new Error(`Authorization: Basic ${basic}`), new Error(`no such\n    at ${secret}`),
    base({ config: { headers: { authorization: `Bearer ${secret}` } } }), base({ config: { data: new URLSearchParams({ token: secret }).toString() } }), base({ config: { auth: basic } }),
    base({ nested }), base({ rawHeaders: [...Array<string>(120).fill('x'), secret] }), base({ chunks: [secret.slice(0, 10), secret.slice(10)] }), base({ stack: `Error: ${secret}\n    at ${secret}` }),
    new Error('down', { cause: new Error(secret) }), new AggregateError([new Error(secret)], 'down'), `no ${secret}`, { message: secret, toJSON: () => secret }, { message: { secret } }, [secret],
    new SyntaxError(`Unexpected token 'c', "${secret.slice(0, 10)}"... is not valid JSON`),
  ]
  for (const error of thrown) {
    const { refusal } = await authenticate(tokenAuth({ verify: () => { throw error } }), ask(bearer(secret)))
    const cause = refusal?.cause as Error
    const told = `${refusal?.value} ${inspect(cause, { depth: 30, maxArrayLength: null, showHidden: true })} ${JSON.stringify(cause)}`
    for (const form of [secret.slice(0, 10), secret.slice(10), encodeURIComponent(secret).slice(-10), basic.slice(0, 12), basic.slice(12)]) t.notOk(told.includes(form), told)
  }
})

t.test('what goes to the log of a verifier that is down says what, and where', async t => {
  const cause = async (thrown: unknown): Promise<Error> => (await authenticate(tokenAuth({ verify: () => { throw thrown } }), ask(bearer('x-y-z')))).refusal?.cause as Error
  const down = Object.assign(new TypeError('connect ECONNREFUSED 10.0.0.5:443'), { code: 'ECONNREFUSED', config: {} })
  const found = await cause(down)
  t.match(found, { code: 'WSG_ERR_TOKEN', statusCode: 503, message: 'Token: TypeError ECONNREFUSED: connect ECONNREFUSED 10.0.0.5:443' })
  t.match(found.stack, /^FastifyError: Token: TypeError ECONNREFUSED: connect ECONNREFUSED 10\.0\.0\.5:443\n {4}at .*token-auth\.test/)
  t.same(Object.keys(found).filter(key => !['code', 'name', 'message', 'statusCode'].includes(key)), [])
  t.match(await cause('text'), { message: 'Token: string: text' })
  t.match(await cause(undefined), { message: 'Token: undefined' })
  t.match(await cause(Object.assign(new Error(`a\u202eb\n${'long'.repeat(100)}`))), { message: /^Token: Error: a\\u202eb\\u000along[^]{200,260}…$/ })
  t.match(await cause(Object.defineProperty({}, 'message', { get () { throw new Error('trap') } })), { message: 'Token: what verify threw can\'t be read' })
})

t.test('verify is told where the token came from, and when nobody waits any more', async t => {
  const seen: unknown[] = []
  const strategy = tokenAuth({ verify: (token, { carrier, signal }) => { seen.push([token, carrier, signal]); return null } })
  const [header, offer] = [ask(bearer('a')), ask(offers('bearer.b'))]
  await strategy.authenticate(header)
  await strategy.authenticate(offer)
  const { signal } = new AbortController()
  t.equal(await strategy.verifyToken?.('c', signal), null)
  t.same(seen, [['a', 'header', header.signal], ['b', 'subprotocol', offer.signal], ['c', 'message', signal]])
  await t.rejects(Promise.resolve(strategy.verifyToken?.('no token', signal)), { code: 'WSG_ERR_TOKEN' })
})

t.test('options that are none do not boot, and say what was meant', async t => {
  const rows: [unknown, RegExp][] = [
    [undefined, /tokenAuth: expected options such as \{ verify \}, got undefined/],
    [{}, /tokenAuth\.verify: expected a function/],
    [{ verify: 'secret' }, /tokenAuth\.verify: expected a function.*got "secret"/],
    [{ verify () {}, carrier: ['header'] }, /got "carrier"; did you mean "carriers"\?/],
    [{ verify () {}, carriers: [] }, /tokenAuth\.carriers: expected some of header, subprotocol, message/],
    [{ verify () {}, carriers: ['headers'] }, /got "headers"; did you mean "header"\?/],
    [{ verify () {}, carriers: ['query'] }, /got "query"/],
    [{ verify () {}, carriers: ['header', 'message', 'header'] }, /tokenAuth\.carriers: expected each carrier once, got "header" twice/],
    [{ verify () {}, clockTolerance: 31_000 }, /tokenAuth\.clockTolerance: expected 0, or 100 to 30000 milliseconds, got 31000/],
    [{ verify () {}, clockTolerance: 5 }, /clockTolerance: expected 0, or 100 to 30000 milliseconds, got 5/],
    [{ verify () {}, clockTolerance: NaN }, /clockTolerance/],
    [{ verify () {}, dangerouslyAllowNoExpiry: 'yes' }, /dangerouslyAllowNoExpiry: expected true or false/],
  ]
  for (const [options, message] of rows) t.throws(() => tokenAuth(options as TokenAuthOptions), { code: 'WSG_ERR_OPTION', message }, String(message))
})
