import t from 'tap'
import { drainingRefusal } from '../../lib/gate/draining.js'

t.test('a thousand clients that are turned away do not come back together', async t => {
  const times = new Map<number, number>()
  for (let n = 0; n < 1000; n++) {
    const { code, retryAfter = 0 } = drainingRefusal()
    t.equal(code, 'WSG_ERR_DRAINING')
    times.set(retryAfter, (times.get(retryAfter) ?? 0) + 1)
  }
  t.same([...times.keys()].sort((a, b) => a - b), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
  t.ok(Math.max(...times.values()) < 200)
})
