import cookiePlugin, { Signer } from '@fastify/cookie'
import session from '@fastify/session'
import Fastify from 'fastify'
import t from 'tap'
import guard, { sessionAuth } from '../../lib/index.js'
import { bareStack, SECRET, sessionCookie } from '../helpers/bare.js'
import { guardedStack, userOf } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

const NAME = 'sessionId'
const signer = new Signer(SECRET)

/** The value of the session cookie in a Cookie header. */
const valueOf = (header: string): string => decodeURIComponent(header.slice(NAME.length + 1))

t.test('C01 the session cookie that reaches a browser is HttpOnly and SameSite', async t => {
  const { app, serves } = await guardedStack(t)
  const response = await app.inject({ url: '/login/ada' })
  const attributes = String(response.headers['set-cookie'])
  t.match(attributes, /; HttpOnly/)
  t.match(attributes, /; SameSite=Lax/)
  // Outside development an unsafe cookie is a boot error: test/plugin/boot.test.ts.
  t.ok(await serves())
})

t.test('C01 outside development nothing listens with a cookie that any page or any wire can carry', async t => {
  for (const [cookie, expected] of [
    [{ secure: false, sameSite: 'lax' }, /cookie\.secure/],
    [{ secure: true, httpOnly: false, sameSite: 'lax' }, /cookie\.httpOnly/],
    [{ secure: true }, /cookie\.sameSite/],
    [{ secure: true, sameSite: 'none' }, /cookie\.sameSite/],
  ] as const) {
    await t.rejects(productionApp(t, cookie), { code: 'WSG_ERR_OPTION_UNSAFE', message: expected }, JSON.stringify(cookie))
  }
  await productionApp(t, { secure: true, sameSite: 'lax' })
})

t.test('C02 a planted session cookie is not the user\'s after a login that regenerates', async t => {
  const stack = await guardedStack(t, {
    extend: app => {
      app.get('/safe-login', async request => {
        await request.session.regenerate()
        Object.assign(request.session, { user: { id: 'alice' } })
        return {}
      })
      app.get('/touch', request => {
        Object.assign(request.session, { seen: true })
        return {}
      })
    },
  })
  // The attacker's own anonymous session, tossed into the victim's browser.
  const planted = await sessionCookie(stack.app, '/touch')
  const victim = await stack.app.inject({ url: '/safe-login', headers: { cookie: planted } })
  const fresh = `${NAME}=${encodeURIComponent(victim.cookies[0]!.value)}`
  t.not(fresh, planted)
  t.equal((await stack.upgrade({ cookie: planted })).status, 401)
  t.equal((await stack.upgrade({ cookie: fresh })).status, 101)

  // Without regenerate no gate can tell the two apart: both carry one id.
  const careless = await sessionCookie(stack.app, '/touch')
  await stack.app.inject({ url: '/login/alice', headers: { cookie: careless } })
  t.equal((await stack.upgrade({ cookie: careless })).status, 101, 'a login that keeps the id is fixed on')
  const bare = await bareStack(t)
  const tossed = await bare.login('attacker')
  await bare.app.inject({ url: '/login/alice', headers: { cookie: tossed } })
  t.match([...bare.store.sessions.values()].map(stored => JSON.parse(stored) as object), [{ user: { id: 'alice' } }], 'as on the bare stack: one session, under the id that the attacker knows')
  t.ok(await stack.serves())
})

t.test('C03 forged and broken session cookies are anonymous: 401, nothing written, no 500', async t => {
  const { login, store, upgrade, serves, log } = await guardedStack(t)
  const good = valueOf(await login())
  const [id = '', signature = ''] = good.split('.')
  const variants: { readonly [name: string]: string } = {
    'tampered signature': `${id}.${signature.slice(0, -2)}xx`,
    'empty signature': `${id}.`,
    'no signature': id,
    'another secret': new Signer('another secret of at least thirty-two chars').sign(id),
    'unknown id, signed': signer.sign('nobody-has-this-id'),
    prototype: '__proto__.x',
    'signed prototype': signer.sign('__proto__'),
    NUL: `${id}\u0000.${signature}`,
    '10 KB': 'a'.repeat(10_000),
    empty: '',
    'broken percent escape': '%E0%A4%A',
  }
  const [sets, destroys] = [store.sets, store.destroys]
  for (const [name, value] of Object.entries(variants)) {
    const raw = name.startsWith('broken') ? value : encodeURIComponent(value)
    const refused = await upgrade({ cookie: `${NAME}=${raw}` })
    t.equal(refused.status, 401, name)
    t.equal(codeOf(refused), 'WSG_ERR_UNAUTHENTICATED', name)
  }
  t.equal(store.sets, sets)
  t.equal(store.destroys, destroys)
  t.equal(log.lines.filter(line => line.level >= 50).length, 0)
  t.ok(await serves())
})

t.test('C03 the bare stack opens a socket for every one of them', async t => {
  const bare = await bareStack(t)
  const opened = await upgrade(bare.port, { cookie: `${NAME}=__proto__.x` })
  t.equal(opened.status, 101)
  opened.client.destroy()
})

t.test('C04 two session cookies are refused in both orders', async t => {
  const { login, upgrade, serves, log, counts } = await guardedStack(t)
  const good = await login()
  const other = await login('mallory')
  for (const cookie of [
    `${good}; ${other}`,
    `${other}; ${good}`,
    `${good}; ${NAME}=garbage`,
    `${NAME}=garbage; ${good}`,
    `${good};${NAME}=`,
    `${good}; ${NAME} =garbage`,
    `theme=dark; ${good}; ${good}`,
  ]) t.equal((await upgrade({ cookie })).status, 401, cookie)
  t.equal((await upgrade({ cookie: good, headers: [['Cookie', other]] })).status, 401, 'on two lines')
  t.equal(counts.opened, 0)
  t.equal(log.where('event', 'ws.auth.rejected').filter(({ err }) => (err as { code?: unknown } | undefined)?.code === 'WSG_ERR_SESSION_COOKIE').length, 1, 'and one line says why')
  const beside = await upgrade({ cookie: `theme=dark; ${good}; x${NAME}=1` })
  t.equal(beside.status, 101, 'other cookies don\'t disturb')
  beside.client.destroy()
  t.ok(await serves())

  const bare = await bareStack(t)
  const opened = await upgradeBare(bare.port, `${await bare.login()}; ${await bare.login('mallory')}`)
  t.equal(opened, 101, 'bare stack: the first wins')
})

t.test('C05 an expired session opens nothing', async t => {
  const stack = await guardedStack(t, { maxAge: 2000 })
  const cookie = await stack.login()
  const before = await stack.upgrade({ cookie })
  t.equal(before.status, 101)
  before.client.destroy()
  await new Promise(resolve => setTimeout(resolve, 2050))
  const refused = await stack.upgrade({ cookie })
  t.equal(refused.status, 401)
  t.equal(stack.counts.opened, 1)
  t.ok(await stack.serves())
  // The bare stack opens it too, as anonymous: the handler is left to notice.
})

for (const first of ['session', 'guard'] as const) {
  t.test(`C22 the session store fails, ${first} registered first`, async t => {
    const stack = await guardedStack(t, { first, guard: { authTimeout: 150 } })
    const cookie = await stack.login()
    stack.store.delay = 400
    const sets = stack.store.sets
    for (const mode of ['down', 'hang', 'slow'] as const) {
      stack.store.mode = mode
      const refused = await stack.upgrade({ cookie })
      t.equal(refused.status, 503, mode)
      t.match(codeOf(refused), /^WSG_ERR_AUTH_(UNAVAILABLE|TIMEOUT)$/, mode)
      t.notMatch(refused.body, /store|down|session/i, `${mode}: generic body`)
      t.equal(refused.headers.get('set-cookie'), undefined, mode)
      t.equal(refused.headers.get('connection'), 'close', mode)
      t.match(refused.headers.get('retry-after'), /^\d+$/, mode)
      await refused.closed()

      const open = await stack.upgrade({ cookie, path: '/open' })
      t.equal(open.status, 503, `${mode}: not anonymous on a public route either`)
      const without = await stack.upgrade()
      t.equal(without.status, 401, `${mode}: without a cookie the store is not needed, and no one is let in`)
    }
    // A slow answer comes after the refusal.
    await new Promise(resolve => setTimeout(resolve, 2050))
    t.equal(stack.store.sets, sets, 'nothing written')
    t.equal(stack.store.destroys, 0)
    t.equal(stack.counts.opened, 0)
    stack.store.mode = 'ok'
    await until(() => stack.app.wsGuard.sockets === 0)
    t.equal(stack.app.wsGuard.pending, 0)
    t.ok(await stack.serves())
  })
}

t.test('C22 the bare stack: 500 with the store\'s message, and an anonymous socket without a cookie', async t => {
  const bare = await bareStack(t)
  const cookie = await bare.login()
  bare.store.mode = 'down'
  const failed = await upgrade(bare.port, { cookie })
  t.equal(failed.status, 500)
  t.match(failed.body, /session store is down/)
  t.equal(await upgradeBare(bare.port, null), 101)
})

async function upgradeBare (port: number, cookie: string | null): Promise<number> {
  const { status, client } = await upgrade(port, { cookie })
  client.destroy()
  return status
}

/** Boots, without `development`, an application whose session cookie has these attributes. */
async function productionApp (t: Teardown, cookie: { secure: boolean, httpOnly?: boolean, sameSite?: 'lax' | 'none' }): Promise<void> {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(cookiePlugin)
  await app.register(session, { secret: SECRET, cookie, saveUninitialized: false })
  await app.register(guard, { allowedHosts: ['goodsite.com'], auth: sessionAuth(userOf) })
  app.get('/ws', { websocket: true }, () => {})
  await app.ready()
}
