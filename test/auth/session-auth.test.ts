import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { sessionAuth } from '../../lib/auth/session-auth.js'

const strategy = sessionAuth(() => ({ id: 'ada' }))

const judge = (cookie: object | undefined): unknown => strategy.authenticate({
  request: { raw: { headers: {} }, session: { sessionId: 'one', cookie } } as unknown as FastifyRequest,
  signal: new AbortController().signal,
})

t.test('a session counts until it expires, and not when nobody can tell', async t => {
  const at = (milliseconds: number): Date => new Date(Date.now() + milliseconds)
  for (const cookie of [undefined, {}, { originalExpires: null }, { originalExpires: at(60_000) }, { originalExpires: at(60_000).toISOString() }, { expires: at(60_000) }]) {
    t.same(judge(cookie), { id: 'ada' }, JSON.stringify(cookie))
  }
  for (const cookie of [{ originalExpires: at(-1000) }, { originalExpires: at(-1000).toISOString(), expires: at(60_000) }, { originalExpires: 'soon' }, { expires: new Date(NaN) }]) {
    t.equal(judge(cookie), null, JSON.stringify(cookie))
  }
})
