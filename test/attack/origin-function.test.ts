import t, { type Test } from 'tap'
import cors from '@fastify/cors'
import type { FastifyInstance } from 'fastify'
import type { GuardOptions } from '../../types/options.js'
import { bySession, guardedStack } from '../helpers/guarded-stack.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import type { UpgradeOptions } from '../helpers/handshake.js'

const SECRET = 'postgres://hunter2'
const byHeader = { name: 'device', needs: { credential: 'header', session: false }, authenticate: () => ({ id: 'device' }) } as const

/** A stack whose tenants' origins are looked up; `asked` is what the function was given. */
async function tenants (t: Test, options: GuardOptions = {}, extend: (app: FastifyInstance) => Promise<void> = async () => {}) {
  const asked: string[] = []
  const stack = await guardedStack(t, {
    as: 'site',
    extend,
    guard: {
      ...options,
      origins: async (origin, { route, signal }) => {
        asked.push(`${origin} ${route ?? 'cors'} ${signal.aborted}`)
        if (origin === 'https://down.test') throw new Error(SECRET)
        if (origin === 'https://slow.test') return await new Promise<boolean>(() => {})
        if (origin === 'https://truthy.test') return 'yes' as unknown as boolean
        return origin === 'https://tenant.test'
      },
    },
  })
  const ask = async (changes: UpgradeOptions): Promise<string> => {
    const answer = await upgrade(stack.port, stack.page(changes))
    const verdict = answer.status === 101 ? '101' : `${answer.status} ${codeOf(answer)}`
    t.notMatch(answer.body, /hunter2/)
    answer.client.destroy()
    return verdict
  }
  return { ...stack, asked, ask }
}

t.test('a function decides about proven origins', async t => {
  const { ask, asked, store } = await tenants(t, { authTimeout: 300 })
  t.equal(await ask({ origin: 'https://tenant.test' }), '101')
  t.same(asked, ['https://tenant.test /ws false'])
  const gets = store.gets
  t.equal(await ask({ origin: 'https://evil.test' }), '403 WSG_ERR_ORIGIN_NOT_ALLOWED')
  t.equal(await ask({ origin: 'https://truthy.test' }), '403 WSG_ERR_ORIGIN_NOT_ALLOWED', 'only true admits')
  t.equal(await ask({ origin: 'https://down.test' }), '503 WSG_ERR_AUTH_UNAVAILABLE')
  t.equal(await ask({ origin: 'https://slow.test' }), '503 WSG_ERR_AUTH_TIMEOUT')
  t.equal(store.gets, gets, 'no session was read')
})

t.test('what is no serialised origin never reaches the function', async t => {
  const { ask, asked } = await tenants(t)
  for (const origin of ['null', 'https://tenant.test/', 'HTTPS://tenant.test', 'https://tenant.test:443', 'https://user@tenant.test', 'tenant.test', 'file://', 'javascript:1', 'https://tenant.test.', '*', 'https://*.test', 'x'.repeat(4000)]) {
    t.match(await ask({ origin }), /^403/, origin.slice(0, 40))
  }
  t.match(await ask({ origin: ['https://tenant.test', 'https://tenant.test'] }), /^400/)
  t.match(await ask({ origin: null }), /^403 WSG_ERR_ORIGIN_MISSING/)
  t.same(asked, [])
})

t.test('the function is asked for what caps and rates let through', async t => {
  const { ask, asked } = await tenants(t, { upgradeRate: { max: 3, timeWindow: 60_000 } })
  for (let i = 0; i < 10; i++) await ask({ origin: 'https://evil.test' })
  t.equal(asked.length, 3)
})

t.test('a route has a function of its own', async t => {
  const { port, page } = await guardedStack(t, {
    as: 'site',
    extend: app => { app.get('/partner', { websocket: true, wsGuard: { origins: origin => origin === 'https://partner.test' } }, () => {}) },
  })
  for (const [changes, status] of [[{ path: '/partner', origin: 'https://partner.test' }, 101], [{ path: '/partner' }, 403], [{ origin: 'https://partner.test' }, 403], [{}, 101]] as const) {
    const answer = await upgrade(port, page(changes))
    t.equal(answer.status, status, JSON.stringify(changes))
    answer.client.destroy()
  }
})

t.test('CORS asks the same function', async t => {
  const { app, asked } = await tenants(t, {}, async app => { await app.register(cors, { origin: app.wsGuard.corsOrigin }) })
  for (const [origin, expected] of [['https://tenant.test', 'https://tenant.test'], ['https://evil.test', undefined], ['https://down.test', undefined], ['null', undefined]] as const) {
    const { headers, statusCode } = await app.inject({ url: '/plain', headers: { origin } })
    t.equal(statusCode, 200)
    t.equal(headers['access-control-allow-origin'], expected, origin)
  }
  t.match(asked[0], /^https:\/\/tenant\.test cors false$/)
})

t.test('an empty list admits no browser', async t => {
  const { port, page } = await guardedStack(t, { as: 'site', guard: { origins: [], allowMissingOrigin: true, auth: byHeader } })
  for (const [origin, status] of [[null, 101], ['https://goodsite.com', 403], ['https://app.goodsite.com', 403], ['null', 403]] as const) {
    const answer = await upgrade(port, page({ origin }))
    t.equal(answer.status, status, String(origin))
    answer.client.destroy()
  }
  for (const options of [{ origins: [] }, { origins: [], auth: byHeader }, { origins: [], allowMissingOrigin: true, auth: bySession }] as GuardOptions[]) {
    await t.rejects(guardedStack(t, { as: 'site', guard: options }), { code: 'WSG_ERR_ORIGIN_PATTERN', message: /allowMissingOrigin/ }, 'nobody could connect')
  }
})
