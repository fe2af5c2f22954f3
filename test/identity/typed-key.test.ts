import t from 'tap'
import { keysOfText, typedKey } from '../../lib/identity/typed-key.js'

t.test('the same value has one key, and no two values have the same', async t => {
  t.equal(typedKey('ada'), typedKey('ada'))
  const values = [7, '7', '', 'number:7', ':7', 0.5, '__proto__', NaN, 'NaN']
  t.equal(new Set(values.map(typedKey)).size, values.length)
})

t.test('by its text a value is found whatever its type', async t => {
  for (const value of [7, '7', 0.5, 'ada', '']) t.ok(keysOfText(String(value)).includes(typedKey(value)), String(value))
  t.notOk(keysOfText('07').includes(typedKey(7)))
})
