import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { checkSession } from '../../lib/foreign/session-cookie.js'

const context = { url: '/ws', development: false, hasOriginList: false }
/** A scope whose session plugin sets such a cookie; null: it can't be read. */
const scope = (attributes: object | null, decorators = ['cookies', 'session']): FastifyInstance => ({
  hasRequestDecorator: (name: string) => decorators.includes(name),
  ...(attributes === null ? {} : { decryptSession: (_cookie: string, request: { session?: object }) => { request.session = { cookie: attributes } } }),
} as unknown as FastifyInstance)

t.test('both plugins are there', async t => {
  const good = { secure: true, httpOnly: true, sameSite: 'lax' }
  t.equal(checkSession(scope(good), context), true)
  t.throws(() => checkSession(scope(good, ['session']), context), { code: 'WSG_ERR_PLUGIN_ORDER', message: /route \/ws.*@fastify\/cookie in its scope, got none/ })
  t.throws(() => checkSession(scope(good, ['cookies']), context), { code: 'WSG_ERR_PLUGIN_ORDER', message: /@fastify\/session in its scope, got none/ })
  t.throws(() => checkSession(scope(good, []), { ...context, development: true }), { code: 'WSG_ERR_PLUGIN_ORDER' }, 'in development too')
})

t.test('C01 the cookie\'s attributes', async t => {
  const good = { secure: true, httpOnly: true, sameSite: 'lax' }
  for (const sameSite of ['lax', 'Strict', 'strict', true]) t.equal(checkSession(scope({ ...good, sameSite }), context), true, String(sameSite))
  const rows: [object, RegExp][] = [
    [{ secure: false }, /cookie\.secure: expected true, got false \(route \/ws; development: true lifts this\)/],
    [{ secure: 'auto' }, /cookie\.secure: expected true, got "auto"/],
    [{ secure: undefined }, /cookie\.secure: expected true, got undefined/],
    [{ httpOnly: false }, /cookie\.httpOnly: expected true, got false/],
    [{ sameSite: 'none' }, /cookie\.sameSite: .*origins are not listed, got "none"/],
    [{ sameSite: undefined }, /cookie\.sameSite: .*got undefined/],
    [{ sameSite: false }, /cookie\.sameSite: .*got false/],
  ]
  for (const [attributes, message] of rows) {
    t.throws(() => checkSession(scope({ ...good, ...attributes }), context), { code: 'WSG_ERR_OPTION_UNSAFE', message }, JSON.stringify(attributes))
    t.equal(checkSession(scope({ ...good, ...attributes }), { ...context, development: true }), true)
  }
  t.equal(checkSession(scope({ ...good, sameSite: 'none' }), { ...context, hasOriginList: true }), true, 'cross-site on purpose, with its origins listed')
})

t.test('what can\'t be read is said, not guessed', async t => {
  t.equal(checkSession(scope(null), context), false)
  const throwing = { ...scope({}), decryptSession: () => { throw new Error('no') } } as unknown as FastifyInstance
  t.equal(checkSession(throwing, context), false)
})
