import type { FastifyInstance } from 'fastify'
import t from 'tap'
import { checkSession } from '../../lib/foreign/session-cookie.js'
import { changedInsides, fakeInstance, type WarningLog } from '../helpers/foreign.js'

const context = { url: '/ws', development: false, hasOriginList: false }
// As @fastify/session reads `auto`.
const sessionOf = (attributes: object) => (_cookie: string, request: { protocol: string, session?: object }): void => {
  const isAuto = Reflect.get(attributes, 'secure') === 'auto'
  const auto = request.protocol === 'https' ? { secure: true } : { secure: false, sameSite: 'lax' }
  request.session = { cookie: isAuto ? { ...attributes, ...auto } : attributes }
}

/** A scope whose session plugin sets such a cookie; null: it can't be read. */
const scope = (attributes: object | null, decorators = ['cookies', 'session'], members: object = {}): FastifyInstance => scopeAndLog(attributes, decorators, members).instance
const scopeAndLog = (attributes: object | null, decorators = ['cookies', 'session'], members: object = {}): { instance: FastifyInstance, log: WarningLog } => fakeInstance({
  hasRequestDecorator: (name: string) => decorators.includes(name),
  hasDecorator: (name: string) => Object.hasOwn(members, name),
  ...members,
  ...(attributes === null ? {} : { decryptSession: sessionOf(attributes) }),
})

t.test('both plugins are there', async t => {
  const good = { secure: true, httpOnly: true, sameSite: 'lax' }
  t.equal(checkSession(scope(good), context), undefined)
  t.throws(() => checkSession(scope(good, ['session']), context), { code: 'WSG_ERR_PLUGIN_ORDER', message: /route \/ws.*@fastify\/cookie in its scope, got none/ })
  t.throws(() => checkSession(scope(good, ['cookies']), context), { code: 'WSG_ERR_PLUGIN_ORDER', message: /@fastify\/session in its scope, got none/ })
  t.throws(() => checkSession(scope(good, []), { ...context, development: true }), { code: 'WSG_ERR_PLUGIN_ORDER' }, 'in development too')
})

t.test('C01 the cookie\'s attributes', async t => {
  const good = { secure: true, httpOnly: true, sameSite: 'lax' }
  for (const sameSite of ['lax', 'Strict', 'strict', true]) t.equal(checkSession(scope({ ...good, sameSite }), context), undefined, String(sameSite))
  const rows: [object, RegExp][] = [
    [{ secure: false }, /cookie\.secure: expected true, got false \(route \/ws; development: true lifts this\)/],
    [{ secure: 'auto' }, /cookie\.secure: expected true \(a login over plain http would get a cookie without Secure.*got "auto"/],
    [{ secure: 'auto', sameSite: 'none' }, /cookie\.secure: expected true .*got "auto"/],
    [{ secure: undefined }, /cookie\.secure: expected true, got undefined/],
    [{ httpOnly: false }, /cookie\.httpOnly: expected true, got false/],
    [{ sameSite: 'none' }, /cookie\.sameSite: .*origins are not listed, got "none"/],
    [{ sameSite: undefined }, /cookie\.sameSite: .*got undefined/],
    [{ sameSite: false }, /cookie\.sameSite: .*got false/],
  ]
  for (const [attributes, message] of rows) {
    t.throws(() => checkSession(scope({ ...good, ...attributes }), context), { code: 'WSG_ERR_OPTION_UNSAFE', message }, JSON.stringify(attributes))
    t.equal(checkSession(scope({ ...good, ...attributes }), { ...context, development: true }), undefined)
  }
  t.equal(checkSession(scope({ ...good, sameSite: 'none' }), { ...context, hasOriginList: true }), undefined, 'cross-site on purpose, with its origins listed')
})

t.test('what can\'t be read is said, not guessed', async t => {
  for (const members of [{}, { decryptSession: () => { throw new Error('no') } }, { decryptSession: () => {} }]) {
    const { instance, log } = scopeAndLog(null, ['cookies', 'session'], members)
    t.equal(checkSession(instance, context), undefined)
    t.same(changedInsides(log), ['session-cookie'])
  }
})

t.test('@fastify/secure-session in the place of @fastify/session does not boot: everybody would be 401', async t => {
  const members = { decodeSecureSession () {}, createSecureSession () {} }
  for (const decorators of [['session'], ['cookies', 'session']]) {
    for (const development of [false, true]) {
      t.throws(() => checkSession(scope(null, decorators, members), { ...context, development }), {
        code: 'WSG_ERR_PLUGIN_ORDER', message: /route \/ws .*expected @fastify\/session in its scope, got @fastify\/secure-session/,
      })
    }
  }
  const good = { secure: true, httpOnly: true, sameSite: 'lax' }
  t.equal(checkSession(scope(good, ['cookies', 'session'], { decodeSecureSession () {} }), context), undefined, 'both are there: @fastify/session is read')
})
