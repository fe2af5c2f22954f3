import t from 'tap'
import { readThrown } from '../../lib/callbacks/read-thrown.js'

t.test('what can be read, and what throws again', async t => {
  t.equal(readThrown(() => String(new Error('down')), 'unreadable'), 'Error: down')
  const hostile = { toString () { throw new Error('again') } }
  t.equal(readThrown(() => String(hostile), 'unreadable'), 'unreadable')
  t.equal(readThrown(() => new Proxy({}, { getPrototypeOf () { throw new Error('again') } }) instanceof Error, null), null)
})
