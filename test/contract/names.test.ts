import t from 'tap'
import { isSafeName } from '../../lib/contract/names.js'

t.test('names that every object seems to have are not safe', async t => {
  for (const name of [...Object.getOwnPropertyNames(Object.prototype), 'prototype']) t.notOk(isSafeName(name), name)
  for (const name of ['say', 'tostring', '__proto', 'length', '']) t.ok(isSafeName(name), name)
})
