import t from 'tap'
import { got } from '../../lib/errors/got.js'

t.test('short, escaped, and of objects the kind only', async t => {
  for (const [value, text] of [
    [null, 'null'], [undefined, 'undefined'], [1, '1'], [true, 'true'], ['a"\n', '"a\\"\\n"'], ['x'.repeat(100), `"${'x'.repeat(60)}…"`],
    [[1, 2], 'an array of 2'], [{ secret: 1 }, 'an object'], [() => {}, 'a function'], [Symbol('s'), 'Symbol(s)'], [10n, '10'],
  ] as const) t.equal(got(value), text)
  t.equal(got(new Proxy({}, { get () { throw new TypeError('read') } })), 'an object', 'a proxy is not read')
})
