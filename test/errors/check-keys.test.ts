import { runInNewContext } from 'node:vm'
import t from 'tap'
import { checkKeys } from '../../lib/errors/check-keys.js'
import { WSG_ERR_OPTION } from '../../lib/errors/coded.js'

const check = (given: object): void => { checkKeys(given, ['auth', 'origins'], 'route /x: wsGuard', WSG_ERR_OPTION) }

t.test('known keys with values pass', async t => {
  t.doesNotThrow(() => { check({}) })
  t.doesNotThrow(() => { check({ auth: null, origins: false }) })
})

t.test('an unknown key, a symbol and a key without a value are refused', async t => {
  t.throws(() => { check({ orgins: [] }) }, { code: 'WSG_ERR_OPTION', message: 'route /x: wsGuard: expected only the keys auth, origins, got "orgins"; did you mean "origins"?' })
  t.throws(() => { check({ [Symbol('x')]: 1 }) }, { message: /got Symbol\(x\)$/ })
  t.throws(() => { check(Object.defineProperty({}, 'hidden', { value: 1, enumerable: false })) }, { message: /got "hidden"$/ })
  t.throws(() => { check({ auth: undefined }) }, { message: 'route /x: wsGuard.auth: expected a value or no such key, got undefined; is an environment variable unset, or an import renamed?' })
})

t.test('what inherits is refused: one reader would see more of it than another', async t => {
  class Options { get origins (): string[] { return [] } }
  t.throws(() => { check(new Options()) }, { message: /^route \/x: wsGuard: expected a plain object, got one that inherits/ })
  t.throws(() => { check(Object.create({ auth: null }) as object) }, { message: /inherits/ })
  t.doesNotThrow(() => { check(Object.assign(Object.create(null) as object, { auth: null })) })
  const foreign = runInNewContext('({ auth: null })') as object
  t.doesNotThrow(() => { check(foreign) }, 'an object of another realm')
})

t.test('the namespace of a module is no mistake', async t => {
  t.doesNotThrow(() => { check(Object.defineProperty({ auth: null }, Symbol.toStringTag, { value: 'Module' })) })
})
