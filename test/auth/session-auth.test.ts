import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { sessionAuth } from '../../lib/auth/session-auth.js'
import type { Credential } from '../../types/gate.js'

const strategy = sessionAuth(() => ({ id: 'ada' }))

const proven: Credential[] = []
const store = { get () {} }
const request = (cookie?: object, more = {}): FastifyRequest =>
  ({ raw: { headers: {} }, sessionStore: store, session: { sessionId: 'one', cookie, ...more } }) as never
const judge = (cookie?: object): unknown => strategy.authenticate({
  request: request(cookie), signal: new AbortController().signal, sessionCookie: 'sessionId', provenBy: credential => { proven.push(credential) },
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

t.test('what is proven is the session, by its true expiry', async t => {
  proven.length = 0
  const stored = new Date(Date.now() + 60_000)
  judge({ originalExpires: stored.toISOString(), expires: new Date(Date.now() + 90_000) })
  judge({ expires: null })
  t.match(proven, [
    { kind: 'session', session: { id: 'one', store, expires: stored.getTime() } },
    { kind: 'session', session: { id: 'one', store, expires: null } },
  ])
  proven.length = 0
  judge({ originalExpires: new Date(0) })
  t.same(proven, [], 'nothing, when it has expired')
})

t.test('a session is read again as it is stored', async t => {
  proven.length = 0
  const seen: unknown[] = []
  const auth = sessionAuth(session => {
    const { sessionId, user } = session as { sessionId?: string, user?: { id: string } }
    seen.push(sessionId)
    return user === undefined ? null : { ...user, again: (session as { get: (key: string) => unknown }).get('user') }
  })
  void auth.authenticate({
    request: request({}, { get () {}, user: { id: 'ada' } }),
    signal: new AbortController().signal,
    sessionCookie: 'sessionId',
    provenBy: credential => { proven.push(credential) },
  })
  const { source } = proven[0]!.session!
  t.same(source.identify('one', { user: { id: 'bob' } }), { id: 'bob', again: { id: 'bob' } })
  t.equal(source.identify('one', {}), null)
  t.equal(source.identify('one', JSON.parse('{"__proto__":{"user":{"id":"eve"}}}') as object), null)
  t.same(seen, ['one', 'one', 'one', 'one'])
  t.equal(source.expiryOf({ cookie: { expires: '2030-01-01T00:00:00Z', originalExpires: '2029-01-01T00:00:00Z' } }), Date.UTC(2030, 0))
  t.equal(source.expiryOf({ cookie: { expires: null } }), null)
  t.equal(source.expiryOf({}), null)
})

t.test('an identity is a copy of what the store holds, but for what can not be copied', async t => {
  class Team { names = ['a'] }
  const team = new Team()
  const stored = { id: 'ada', roles: ['user'], seat: { row: 1 }, since: new Date(0), team, greet: () => 'hi' }
  const find = (user: unknown): unknown => {
    const auth = sessionAuth(() => user as { id: string })
    return auth.authenticate({ request: request(), signal: new AbortController().signal, sessionCookie: 'sessionId', provenBy () {} })
  }
  const found = find(stored) as typeof stored
  t.same(found, { ...stored })
  stored.roles.push('admin')
  stored.seat.row = 2
  stored.since.setTime(1)
  t.match(found, { roles: ['user'], seat: { row: 1 } })
  t.equal(found.roles.length, 1)
  t.equal(found.since.getTime(), 0)
  t.equal(found.team, team, 'an instance stays itself')
  t.equal(found.greet, stored.greet)
  const poisoned = find(JSON.parse('{"id":"eve","__proto__":{"admin":true}}')) as { admin?: boolean }
  t.equal(poisoned.admin, undefined)
  const circle: { id: string, self?: unknown } = { id: 'ada' }
  circle.self = circle
  t.equal(find(circle), circle, 'what holds itself stays itself')
  const failing = { id: 'ada', get roles (): string[] { throw new Error('gone') } }
  t.equal(find(failing), failing)
})
