import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { authorize } from '../../lib/auth/authorize.js'
import type { AuthorizeContext } from '../../types/gate.js'

const request = { headers: {} } as FastifyRequest
const fail = (error: unknown) => (): never => { throw error }
const withStatus = (statusCode: unknown): Error => Object.assign(new Error('secret'), { statusCode })

t.test('authorize admits with true only', async t => {
  const ask = (decide: () => unknown) => authorize(decide as () => boolean, null, { params: {}, query: {} }, request, { keptRequest: null })
  t.equal(await ask(() => true), null)
  t.equal(await ask(async () => true), null)
  for (const other of [false, 1, 'yes', {}, undefined, null]) t.equal((await ask(() => other))?.code, 'WSG_ERR_FORBIDDEN', String(other))
  for (const [other, kind] of [['yes', 'string'], [undefined, 'undefined'], [null, 'null'], [1, 'number']] as const) {
    t.equal((await ask(() => other))?.value, `authorize returned ${kind}; only true admits`)
  }
  t.equal((await ask(() => false))?.value, undefined)
  t.equal((await ask(fail(withStatus(403))))?.code, 'WSG_ERR_FORBIDDEN')
  t.equal((await ask(fail(withStatus(401))))?.code, 'WSG_ERR_UNAUTHENTICATED')
  t.equal((await ask(fail(new Error('store'))))?.code, 'WSG_ERR_AUTH_UNAVAILABLE')
})

t.test('the request is kept for later where authorize looks at it, and only there', async t => {
  const input = { params: { room: 'a' }, query: {} }
  const keeper: { keptRequest: FastifyRequest | null } = { keptRequest: null }
  t.equal(authorize(({ identity, params }) => identity.id === 7 && params['room'] === 'a', { id: 7 }, input, request, keeper), null)
  t.equal(keeper.keptRequest, null)
  const looking = (context: AuthorizeContext): boolean => context.request.headers !== undefined
  const gone = await authorize(looking, { id: 7 }, input, keeper.keptRequest, keeper)
  t.match(gone, { code: 'WSG_ERR_AUTH_UNAVAILABLE', cause: { code: 'WSG_ERR_REQUEST_GONE' } })
  t.equal(authorize(looking, { id: 7 }, input, request, keeper), null)
  t.equal(keeper.keptRequest, request)
  t.equal(authorize(looking, { id: 7 }, input, keeper.keptRequest, keeper), null)
})
