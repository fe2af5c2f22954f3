import t from 'tap'
import type { FastifyRequest } from 'fastify'
import { authenticate, authorize } from '../../lib/gate/authenticate.js'
import type { AuthenticateContext, AuthStrategy, Identity } from '../../types/gate.js'

const context = {} as AuthenticateContext
const strategy = (result: () => unknown): AuthStrategy => ({ name: 'test', ambient: false, authenticate: result as () => Identity }) as unknown as AuthStrategy

t.test('an identity with an id is one', async t => {
  for (const id of ['ada', 7, 0, '']) {
    t.same(await authenticate(strategy(() => ({ id })), context), { identity: { id }, refusal: null })
    t.same(await authenticate(strategy(async () => ({ id })), context), { identity: { id }, refusal: null })
  }
})

t.test('nobody is 401', async t => {
  for (const nobody of [null, undefined]) {
    t.match(await authenticate(strategy(() => nobody), context), { identity: null, refusal: { code: 'WSG_ERR_UNAUTHENTICATED', value: 'test' } })
  }
})

t.test('what can not be judged is 503, never nobody', async t => {
  for (const odd of [true, 'ada', {}, { id: null }, { id: {} }, { get id (): never { throw new Error('boom') } }]) {
    t.match(await authenticate(strategy(() => odd), context), { identity: null, refusal: { code: 'WSG_ERR_AUTH_UNAVAILABLE' } })
  }
  const boom = new Error('boom')
  for (const fails of [() => { throw boom }, async () => { throw boom }]) {
    t.match(await authenticate(strategy(fails), context), { refusal: { code: 'WSG_ERR_AUTH_UNAVAILABLE', value: 'test', cause: boom } })
  }
})

t.test('only true admits', async t => {
  const ask = (decide: () => unknown) => authorize(decide as () => boolean, { id: 1 }, {}, {}, {} as FastifyRequest)
  t.equal(await ask(() => true), null)
  t.equal(await ask(async () => true), null)
  for (const other of [false, 1, 'true', {}, undefined, null]) t.same(await ask(() => other), { code: 'WSG_ERR_FORBIDDEN' })
  t.match(await ask(() => { throw new Error('boom') }), { code: 'WSG_ERR_AUTH_UNAVAILABLE' })
})
