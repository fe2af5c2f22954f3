import t from 'tap'
import { isThenable } from '../../lib/callbacks/thenable.js'

t.test('what await would wait for, and nothing else', t => {
  const callable = Object.assign(() => {}, { then () {} })
  for (const value of [Promise.resolve(), { then () {} }, callable, Object.create({ then () {} })]) t.equal(isThenable(value), true)
  for (const value of [undefined, null, true, 0, '', {}, { then: true }, [], () => {}, { await () {} }]) t.equal(isThenable(value), false)
  t.end()
})
