import { Type } from '@sinclair/typebox'
import t from 'tap'
import { checkOptions, fillOptions } from '../../lib/plugin/check-options.js'

const schema = Type.Object({
  count: Type.Optional(Type.Integer({ minimum: 1, default: 5, description: 'How many' })),
  names: Type.Optional(Type.Array(Type.String({ minLength: 1 }))),
  inner: Type.Optional(Type.Union([Type.Literal(false), Type.Object({ on: Type.Optional(Type.Boolean({ default: true })) }, { closed: true })])),
  client: Type.Optional(Type.Object({ send: Type.Function([], Type.Any()) }, { expected: 'a client' })),
}, { closed: true })

t.test('the first option that does not fit is told: where, what was expected, what it got, the nearest name', async t => {
  for (const [given, message] of [
    [{ cuont: 1 }, /^options: expected only the keys count, names, inner, client, got "cuont"; did you mean "count"\?$/],
    [{ count: undefined }, /^options\.count: expected a value or no such key, got undefined; is an environment variable unset, or an import renamed\?$/],
    [{ count: 0 }, /^options\.count: expected integer to be greater or equal to 1, got 0 \(How many\)$/],
    [{ names: ['a', ''] }, /^options\.names\[1\]: expected string length greater or equal to 1, got ""; is an environment variable unset\?$/],
    [{ inner: { no: 1 } }, /^options\.inner: expected only the keys on, got "no"/],
    [{ inner: { on: 1 } }, /^options\.inner\.on: expected boolean, got 1$/],
    [{ inner: true }, /^options\.inner: expected false or an object of options, got true$/],
    [{ client: 'redis://secret' }, /^options\.client: expected a client, got "redis:\/\/secret"$/],
    [{ client: { sent () {} } }, /^options\.client: expected a client, got an object without send$/],
    [[], /^options: expected object, got an array of 0$/],
  ] as const) t.throws(() => checkOptions(schema, given, 'options'), { code: 'WSG_ERR_OPTION', message }, String(message))
})

t.test('what fits, instances of classes and their inherited methods included', async t => {
  class Client {
    state = 1
    send (): number { return this.state }
  }
  for (const given of [{}, { count: 1, names: [] }, { inner: false }, { inner: {} }, { client: new Client() }, Object.assign(Object.create(null), { count: 2 })]) {
    t.equal(checkOptions(schema, given, 'options'), undefined)
  }
})

t.test('defaults are filled in, and all is copied and frozen but what is handed over as it is', async t => {
  const client = { send () {} }
  const names = ['a']
  const filled = fillOptions(schema, { names, client }) as { names: string[], client: object, inner: object }
  t.same(filled, { count: 5, names: ['a'], inner: { on: true }, client })
  t.equal(filled.client, client)
  t.not(filled.names, names)
  t.ok([filled, filled.names, filled.inner].every(part => Object.isFrozen(part)))
  t.notOk(Object.isFrozen(client))
  t.equal((fillOptions(schema, { inner: false }) as { inner: unknown }).inner, false)
})
