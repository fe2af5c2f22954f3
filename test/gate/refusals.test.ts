import t from 'tap'
import * as errors from '../../lib/errors/coded.js'
import { REFUSALS } from '../../lib/gate/refusals.js'

t.test('each code makes its own error, fresh and generic', async t => {
  for (const [code, kind] of Object.entries(REFUSALS)) {
    const error = kind.error()
    t.equal(error.code, code)
    t.ok(error instanceof errors[code as keyof typeof errors], code)
    t.not(kind.error(), error, 'a hook may write on its error')
    t.equal(kind.statusCode, error.statusCode)
    t.ok(kind.statusCode >= 400 && kind.statusCode < 600, `${code}: ${kind.statusCode}`)
    t.notMatch(kind.message, /%s|undefined/, code)
    t.match(kind.event, /^ws\.[a-z_.]+$/)
  }
})

t.test('what a mistaken client does is no warning; what an attack looks like is one', async t => {
  t.equal(REFUSALS.WSG_ERR_ROUTE_NOT_FOUND.level, 'info')
  t.equal(REFUSALS.WSG_ERR_ORIGIN_NOT_ALLOWED.level, 'warn')
})
