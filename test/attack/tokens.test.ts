import jwt from '@fastify/jwt'
import { createHash } from 'node:crypto'
import { createLocalJWKSet, jwtVerify } from 'jose'
import t from 'tap'
import { tokenAuth } from '../../lib/index.js'
import type { TokenClaims } from '../../types/auth.js'
import type { AuthStrategy } from '../../types/gate.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import type { GuardedStack } from '../helpers/guarded-stack.js'
import { codeOf } from '../helpers/handshake.js'
import { forge, forgeries, inSeconds, later } from '../helpers/tokens.js'

type Test = Parameters<typeof guardedStack>[0]

const forged = forge()
const issuer = 'https://issuer.example'

/** A site whose WebSocket asks for a token; programs need no Origin. */
const site = (t: Test, auth: AuthStrategy, before?: (app: GuardedStack['app']) => Promise<void>): Promise<GuardedStack> =>
  guardedStack(t, { as: 'site', guard: { auth, allowMissingOrigin: true, subprotocols: ['own'] }, ...(before === undefined ? {} : { before }) })

async function verdict (stack: GuardedStack, changes: object): Promise<string> {
  const result = await stack.upgrade(stack.page({ cookie: null, ...changes }))
  result.client.destroy()
  return result.status === 101 ? '101' : `${result.status} ${codeOf(result)}`
}

const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })
const offered = (token: string) => ({ protocol: `own, bearer.${token}` })
const REFUSED = '401 WSG_ERR_UNAUTHENTICATED'

/** Servers that verify with @fastify/jwt, and with jose, each with the tolerance of 30 s. */
const VERIFIERS: { readonly [name: string]: (t: Test) => Promise<GuardedStack> } = {
  async '@fastify/jwt' (t) {
    let verify: (token: string) => TokenClaims
    const auth = tokenAuth({ verify: token => verify(token), clockTolerance: 30_000 })
    return await site(t, auth, async app => {
      await app.register(jwt, {
        secret: { private: forged.privatePem, public: forged.publicPem },
        sign: { algorithm: 'RS256' },
        verify: { algorithms: ['RS256'], allowedIss: issuer, clockTolerance: 30_000 },
      })
      verify = token => app.jwt.verify<TokenClaims>(token)
    })
  },
  async jose (t) {
    const keys = createLocalJWKSet({ keys: [forged.publicJwk] })
    return await site(t, tokenAuth({
      verify: async token => (await jwtVerify(token, keys, { algorithms: ['RS256'], issuer, clockTolerance: 30 })).payload,
      clockTolerance: 30_000,
    }))
  },
}

for (const [name, open] of Object.entries(VERIFIERS)) {
  t.test(`C13 C14 forged tokens are 401, in a header and as a subprotocol: ${name}`, async t => {
    const stack = await open(t)
    for (const [what, token] of Object.entries(forgeries(forged))) {
      t.equal(await verdict(stack, bearer(token)), REFUSED, what)
      t.equal(await verdict(stack, offered(token)), REFUSED, `${what}, offered`)
    }
    t.equal(stack.counts.opened, 0)
    for (const carry of [bearer, offered]) {
      t.equal(await verdict(stack, carry(forged.token())), '101')
      t.equal(await verdict(stack, carry(forged.token({ exp: inSeconds(-28) }))), '101', 'exp 28 s ago is within the tolerance')
      t.equal(await verdict(stack, carry(forged.token({ nbf: inSeconds(29) }))), '101', 'nbf in 29 s is within it')
      t.equal(await verdict(stack, { ...carry(forged.token()), origin: null }), '101', 'a program without Origin')
    }
  })
}

t.test('an opaque token is looked up; a store that is down is 503 and never anonymous', async t => {
  const hash = (token: string): string => createHash('sha256').update(token).digest('hex')
  const rows = new Map([[hash('opaque-1'), { id: 'ada', expires: later(3_600_000) }]])
  let isDown = false
  const stack = await site(t, tokenAuth({
    async verify (token) {
      if (isDown) throw new Error('connect ECONNREFUSED 10.0.0.5:6379')
      return rows.get(hash(token)) ?? null
    },
  }))
  t.equal(await verdict(stack, bearer('opaque-1')), '101')
  t.equal(await verdict(stack, bearer('opaque-2')), REFUSED)
  isDown = true
  t.equal(await verdict(stack, bearer('opaque-1')), '503 WSG_ERR_AUTH_UNAVAILABLE')
  isDown = false
  rows.clear()
  t.equal(await verdict(stack, bearer('opaque-1')), REFUSED, 'revoked')
})

t.test('C15 who somebody is comes from the token, and from nothing beside it', async t => {
  const seen: unknown[] = []
  const stack = await guardedStack(t, {
    as: 'site',
    guard: { auth: tokenAuth({ verify: token => token === 'good' ? { id: 'ada', expires: later(60_000) } : null }), subprotocols: ['own'] },
    extend: app => { app.get('/who', { websocket: true }, (socket, request) => { seen.push(request.wsIdentity); socket.close() }) },
  })
  for (const header of [['x-user', 'root'], ['x-scopes', 'admin'], ['x-roles', 'admin'], ['x-forwarded-user', 'root']] as const) {
    const opened = await stack.upgrade(stack.page({ cookie: null, path: '/who?id=root&roles=admin&access_token=other', headers: [['authorization', 'Bearer good'], header] }))
    t.equal(opened.status, 101)
    await opened.closed()
  }
  t.same([...new Set(seen.map(identity => (identity as { id: string }).id))], ['ada'])
  for (const identity of seen) t.same(Object.keys(identity as object), ['id', 'expires'])
})

t.test('C10 a token in the URL is none, and no token stands in the log or in an answer', async t => {
  const stack = await guardedStack(t, {
    as: 'site',
    level: 'trace',
    guard: { auth: tokenAuth({ verify: token => { if (token.startsWith('BAD')) throw new Error(`no ${token}`); return token === 'GOODSECRET' ? { id: 'ada', expires: later(60_000) } : null } }), subprotocols: ['own'] },
  })
  for (const name of ['token', 'access_token', 'bearer', 'authorization', 'ticket']) t.equal(await verdict(stack, { path: `/ws?${name}=GOODSECRET` }), REFUSED, name)
  for (const token of ['GOODSECRET', 'WRONGSECRET', 'BADSECRET']) {
    for (const changes of [bearer(token), offered(token), { protocol: `own, bearer.${token}`, headers: { authorization: `Bearer ${token}x` } }]) {
      const result = await stack.upgrade(stack.page({ cookie: null, ...changes }))
      t.notMatch([...result.headers].join('\n') + result.body, token)
      if (result.status === 101 && 'protocol' in changes) t.equal(result.headers.get('sec-websocket-protocol'), 'own')
      result.client.destroy()
    }
  }
  t.ok(stack.log.lines.length > 5)
  t.notMatch(stack.log.lines.map(line => JSON.stringify(line)).join('\n'), /SECRET/)
})

t.test('two tokens that differ are refused, and so are two Authorization lines', async t => {
  const stack = await site(t, tokenAuth({ verify: token => ({ id: token, expires: later(60_000) }) }))
  t.equal(await verdict(stack, { ...bearer('ada'), ...offered('ada') }), '101')
  t.equal(await verdict(stack, { ...bearer('ada'), ...offered('bob') }), REFUSED)
  t.equal(await verdict(stack, { headers: [['Authorization', 'Bearer ada'], ['authorization', 'Bearer bob']] }), REFUSED)
  t.equal(await verdict(stack, { protocol: 'own, bearer.ada, bearer.bob' }), REFUSED)
  t.equal(await verdict(stack, { headers: { authorization: 'Basic YWRhOng=' } }), REFUSED)
})

t.test('a 401 names the scheme, and says the same of every token', async t => {
  const stack = await site(t, tokenAuth({ verify: token => { if (token === 'a') throw Object.assign(new Error('user ada is banned'), { statusCode: 401 }); return null } }))
  const answers = await Promise.all([{}, bearer('a'), bearer('b'), bearer('%')].map(async changes => await stack.upgrade(stack.page({ cookie: null, ...changes }))))
  t.same([...new Set(answers.map(({ status, body, headers }) => `${status} ${body} ${headers.get('www-authenticate')}`))].length, 1)
  t.equal(answers[0]?.headers.get('www-authenticate'), 'Bearer')
})
