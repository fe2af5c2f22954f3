import t from 'tap'
import type { AuthStrategy } from '../../types/gate.js'
import { recordCrashes } from '../helpers/crashes.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { closeFrame, codeOf } from '../helpers/handshake.js'

const boom = (): never => { throw new Error('from a trap') }

/** What code can throw, be it no error at all, or nothing that a log can read. */
const THROWN: { readonly [name: string]: () => unknown } = {
  undefined: () => undefined,
  null: () => null,
  'a text': () => 'text',
  'a symbol': () => Symbol('s'),
  'an object without a prototype': () => Object.create(null),
  'a proxy': () => new Proxy({}, { get: boom, getPrototypeOf: boom, ownKeys: boom }),
  'an error with a getter': () => Object.defineProperty(new Error('x'), 'message', { get: boom }),
  'an error with a code that is a number': () => Object.assign(new Error('x'), { code: 7 }),
}

t.test('H01 G11 whatever application code throws: a refusal or 1011, and the process lives', async t => {
  const seen = recordCrashes(t)
  const open = { websocket: true, wsGuard: { public: true } } as const
  const entries = Object.values(THROWN)
  const stack = await guardedStack(t, {
    extend: app => {
      for (const [n, build] of entries.entries()) {
        const throws = (): never => { throw build() }
        const auth: AuthStrategy = { name: 'throws', needs: { session: false, credential: 'header' }, authenticate: throws }
        app.get(`/auth/${n}`, { websocket: true, wsGuard: { auth } }, () => {})
        app.get(`/authorize/${n}`, { websocket: true, wsGuard: { public: true, authorize: async () => throws() } }, () => {})
        app.get(`/sync/${n}`, open, throws)
        app.get(`/async/${n}`, open, async () => throws())
      }
    },
  })
  for (const [n, name] of Object.keys(THROWN).entries()) {
    for (const [at, place] of ['auth', 'authorize'].entries()) {
      // An address each, or the second one would not be logged.
      const refused = await stack.upgrade({ path: `/${place}/${n}`, tcp: { localAddress: `127.0.${at + 1}.${n + 1}` } })
      t.equal(refused.status, 503, `${place}: ${name}`)
      t.equal(codeOf(refused), 'WSG_ERR_AUTH_UNAVAILABLE')
      t.notMatch(refused.body, 'trap')
    }
    for (const place of ['sync', 'async']) {
      const opened = await stack.upgrade({ path: `/${place}/${n}` })
      t.equal(opened.status, 101)
      t.same(await closeFrame(opened), { code: 1011, reason: 'internal' }, `${place}: ${name}`)
      opened.client.destroy()
    }
  }
  t.equal(stack.log.where('event', 'ws.handler.error').length, 2 * entries.length)
  t.equal(stack.log.where('code', 'WSG_ERR_AUTH_UNAVAILABLE').length, 2 * entries.length)
  t.same(seen, [])
  t.ok(await stack.serves())
})
