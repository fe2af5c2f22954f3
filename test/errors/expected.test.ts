import t from 'tap'
import { BOOLEAN, checkMembers, COUNT, isObject, OBJECT, oneOf, STRING, WHOLE, type Expected } from '../../lib/errors/expected.js'

t.test('what a value is expected to be: what fits, and what does not', async t => {
  const rows: [Expected, unknown[], unknown[]][] = [
    [STRING, ['', 'a'], [1, null, undefined, Object('a')]],
    [BOOLEAN, [true, false], [0, 'true', null]],
    [COUNT, [0, 1, Number.MAX_SAFE_INTEGER], [-1, 0.5, '1', NaN, Infinity, 2 ** 53, null, 1n]],
    [WHOLE, [1, 7], [0, -1, 1.5, '1', Infinity]],
    [OBJECT, [{}, Object.create(null), new Map()], [null, [], 'a', () => 1]],
    [oneOf('a', 1), ['a', 1], ['b', '1', undefined]],
  ]
  for (const [[words, test], fit, other] of rows) {
    for (const value of fit) t.ok(test(value), words)
    for (const value of other) t.notOk(test(value), words)
  }
  t.equal(oneOf('a', 1)[0], '"a" or 1')
  t.equal(isObject([]), false)
})

t.test('members: known, there where they are required, and as expected', async t => {
  const check = (given: object) => () => { checkMembers(given, { size: WHOLE, name: STRING }, 'box', TypeError, ['size']) }
  t.doesNotThrow(check({ size: 1 }))
  t.doesNotThrow(check({ size: 1, name: 'a' }))
  t.throws(check({}), { message: 'box.size: expected a whole number above 0, got nothing' })
  t.throws(check({ size: 0 }), { message: 'box.size: expected a whole number above 0, got 0' })
  t.throws(check({ size: 1, nam: 'a' }), { message: 'box: expected only the keys size, name, got "nam"; did you mean "name"?' })
  t.throws(check({ size: 1, name: undefined }), { message: /box\.name: expected a value or no such key, got undefined/ })
})
