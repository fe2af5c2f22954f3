import t from 'tap'
import { Connections, type Slots } from '../../lib/gate/connections.js'

const caps = { total: 3, perAddress: 2, perIdentity: 1, pending: 2 }
const slots = (): Slots => ({ address: null, identity: null })

t.test('pending and total', async t => {
  const connections = new Connections(caps)
  t.equal(connections.enter(), null)
  t.equal(connections.enter(), null)
  t.same(connections.enter(), { code: 'WSG_ERR_CONNECTIONS_PENDING', retryAfter: 5 })
  for (let i = 0; i < 3; i++) connections.settle()
  t.same([connections.total, connections.pending], [3, 0], 'what was refused is counted until its socket closes')
  t.same(connections.enter(), { code: 'WSG_ERR_CONNECTIONS_TOTAL', retryAfter: 5 })
  connections.settle()
  connections.leave(slots())
  connections.leave(slots())
  t.equal(connections.enter(), null)
})

t.test('per address and identity; a slot comes back once', async t => {
  const connections = new Connections({ ...caps, total: 100, pending: 100 })
  const [first, second, third] = [slots(), slots(), slots()]
  for (let i = 0; i < 3; i++) connections.enter()
  t.equal(connections.claimAddress(first, '192.0.2.1'), null)
  t.equal(connections.claimAddress(second, '192.0.2.1'), null)
  t.same(connections.claimAddress(third, '192.0.2.1'), { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value: '192.0.2.1', retryAfter: 5 })
  t.equal(third.address, null)
  t.equal(connections.claimAddress(third, '192.0.2.2'), null, 'another address')
  t.equal(connections.claimIdentity(first, 'string:ada'), null)
  t.equal(connections.claimIdentity(second, 'string:ada')?.code, 'WSG_ERR_CONNECTIONS_PER_IDENTITY')
  t.equal(connections.claimIdentity(second, 'string:ada')?.value, undefined, 'who it is stays out of the log')
  connections.leave(first)
  connections.leave({ ...first })
  t.equal(connections.claimIdentity(second, 'string:ada'), null)
  t.equal(connections.claimAddress(slots(), '192.0.2.1'), null)
  t.equal(connections.claimAddress(slots(), '192.0.2.1')?.code, 'WSG_ERR_CONNECTIONS_PER_ADDRESS', 'one slot came back, not two')
})

t.test('nothing stays behind; names of Object.prototype are keys like others', async t => {
  const connections = new Connections({ ...caps, total: 100, pending: 100 })
  for (const key of ['__proto__', 'constructor', 'toString', 'local']) {
    const held = slots()
    connections.enter()
    t.equal(connections.claimAddress(held, key), null)
    t.equal(connections.claimIdentity(held, key), null)
    connections.settle()
    connections.leave(held)
  }
  t.same([connections.total, connections.pending, connections.addresses, connections.identities], [0, 0, 0, 0])
})
