import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { authenticate } from '../../lib/auth/authenticate.js'
import type { AuthStrategy, Identity } from '../../types/gate.js'

const context = { request: {} as FastifyRequest, signal: new AbortController().signal, sessionCookie: 'sessionId', provenBy () {} }
const strategy = (judge: () => unknown, challenge?: string): AuthStrategy => ({
  name: 'test',
  needs: { credential: 'header', session: false },
  ...(challenge === undefined ? {} : { challenge }),
  authenticate: judge as () => Identity,
})
const fail = (error: unknown) => (): never => { throw error }
const withStatus = (statusCode: unknown): Error => Object.assign(new Error('secret'), { statusCode })

t.test('an identity admits, null is 401, what is no identity is 503', async t => {
  t.same(await authenticate(strategy(() => ({ id: 0 })), context), { identity: { id: 0 }, refusal: null })
  t.same(await authenticate(strategy(async () => ({ id: 'ada' })), context), { identity: { id: 'ada' }, refusal: null })
  t.equal((await authenticate(strategy(() => ({ id: 1, roles: ['admin'] })), context)).refusal, null)
  t.equal((await authenticate(strategy(() => ({ id: 1, roles: 'admin' })), context)).refusal?.value, 'test: expected an identity, got one whose roles are no list of strings')
  for (const nobody of [null, undefined]) t.equal((await authenticate(strategy(() => nobody), context)).refusal?.code, 'WSG_ERR_UNAUTHENTICATED')
  for (const wrong of [true, 'ada', 7, {}, { id: null }, { id: {} }, [], { id: 1, roles: 'admin' }, { id: 1, roles: [7] }]) t.equal((await authenticate(strategy(() => wrong), context)).refusal?.code, 'WSG_ERR_AUTH_UNAVAILABLE', JSON.stringify(wrong))
})

t.test('an error that says 401 or 403 is that, every other is 503', async t => {
  const error = withStatus(401)
  t.same((await authenticate(strategy(fail(error)), context)).refusal, { code: 'WSG_ERR_UNAUTHENTICATED', value: 'test', cause: error })
  t.equal((await authenticate(strategy(async () => fail(withStatus(403))()), context)).refusal?.code, 'WSG_ERR_FORBIDDEN')
  const throwing = Object.defineProperty({}, 'statusCode', { get () { throw new Error('no') } })
  for (const other of [withStatus(500), withStatus(400), withStatus('401'), withStatus(undefined), null, undefined, 'text', throwing]) {
    const { refusal } = await authenticate(strategy(fail(other)), context)
    t.equal(refusal?.code, 'WSG_ERR_AUTH_UNAVAILABLE')
    t.equal(refusal?.cause, other)
  }
})

t.test('a 401 carries the challenge of its scheme, where there is one', async t => {
  t.equal((await authenticate(strategy(() => null, 'Bearer'), context)).refusal?.challenge, 'Bearer')
  t.equal((await authenticate(strategy(fail(withStatus(401)), 'Bearer'), context)).refusal?.challenge, 'Bearer')
  t.equal((await authenticate(strategy(fail(new Error('down')), 'Bearer'), context)).refusal?.challenge, undefined)
  t.equal((await authenticate(strategy(() => null), context)).refusal?.challenge, undefined)
})

t.test('an id that is nobody\'s is no identity: Number("alice") would be the same one for everybody', async t => {
  const ask = async (id: unknown): Promise<unknown> => (await authenticate({
    name: 'x', needs: { credential: 'header', session: false }, authenticate: () => ({ id } as never),
  }, {} as never)).refusal?.code
  for (const id of [NaN, Infinity, '', null, undefined, {}]) t.equal(await ask(id), 'WSG_ERR_AUTH_UNAVAILABLE', String(id))
  for (const id of [0, -1, 'alice']) t.equal(await ask(id), undefined, String(id))
})

t.test('an identity that has ended is nobody, and one whose end is no time is none', async t => {
  const ask = async (expires: unknown): Promise<unknown> =>
    (await authenticate(strategy(() => ({ id: 1, expires })), context)).refusal?.code
  for (const past of [Date.UTC(2020, 0), new Date(Date.now() - 1)]) t.equal(await ask(past), 'WSG_ERR_UNAUTHENTICATED', String(past))
  for (const none of [NaN, new Date(NaN), 'soon', '2100-01-01', {}, Date.UTC(2100, 0) / 1000]) t.equal(await ask(none), 'WSG_ERR_AUTH_UNAVAILABLE', String(none))
  for (const later of [Date.UTC(2100, 0), new Date(Date.now() + 60_000), Infinity, undefined]) t.equal(await ask(later), undefined, String(later))
})
