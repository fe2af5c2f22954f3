import t from 'tap'
import { Connections, noSlots as slots } from '../../lib/gate/connections.js'

const caps = { total: 3, perAddress: 2, anonymous: 2, perIdentity: 1, pending: 2, pendingPerAddress: 2 }

t.test('pending and total', async t => {
  const connections = new Connections(caps)
  t.equal(connections.enter(), null)
  t.equal(connections.enter(), null)
  t.same(connections.enter(), { code: 'WSG_ERR_CONNECTIONS_PENDING', retryAfter: 5 })
  for (let i = 0; i < 3; i++) connections.settle(slots())
  t.same([connections.total, connections.pending], [3, 0], 'what was refused is counted until its socket closes')
  t.same(connections.enter(), { code: 'WSG_ERR_CONNECTIONS_TOTAL', retryAfter: 5 })
  connections.settle(slots())
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
  t.same(connections.claimAddress(third, '192.0.2.1'), {
    code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value: '192.0.2.1', retryAfter: 5, full: { kind: 'address', key: '192.0.2.1', route: null },
  })
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
    connections.settle(held)
    connections.leave(held)
  }
  t.same([connections.total, connections.pending, connections.addresses, connections.identities], [0, 0, 0, 0])
})

t.test('a claim that is held is not counted again', async t => {
  const connections = new Connections({ ...caps, total: 100, pending: 100 })
  const held = slots()
  for (let i = 0; i < 5; i++) {
    t.equal(connections.claimPending(held, '192.0.2.1'), null)
    t.equal(connections.claimAnonymous(held, '192.0.2.1'), null)
    t.equal(connections.claimIdentity(held, 'string:ada'), null)
  }
  t.equal(connections.claimAnonymous(slots(), '192.0.2.1'), null, 'there is room for one more')
})

t.test('a socket that turns out to be somebody else is counted once', async t => {
  const connections = new Connections({ ...caps, total: 100, pending: 100, perIdentity: 1 })
  const held = slots()
  connections.enter()
  t.equal(connections.claimIdentity(held, 'string:ada'), null)
  t.equal(connections.claimIdentity(held, 'string:bob'), null)
  t.equal(connections.claimIdentity(slots(), 'string:bob')?.code, 'WSG_ERR_CONNECTIONS_PER_IDENTITY')
  t.equal(connections.claimIdentity(slots(), 'string:ada'), null)
  connections.leave(held)
  t.equal(connections.identities, 1)
})

t.test('sockets without an identity have a cap of their own below that of all', async t => {
  const connections = new Connections({ ...caps, total: 100, pending: 100, perAddress: 5, anonymous: 2 })
  const anonymous = Array.from({ length: 4 }, slots)
  t.same(anonymous.map(one => connections.claimAnonymous(one, '192.0.2.1')?.value ?? 'in'), ['in', 'in', '192.0.2.1: without an identity', '192.0.2.1: without an identity'])
  const known = Array.from({ length: 4 }, slots)
  t.same(known.map(one => connections.claimAddress(one, '192.0.2.1')?.value ?? 'in'), ['in', 'in', 'in', '192.0.2.1'])
  const elsewhere = slots()
  t.equal(connections.claimAnonymous(elsewhere, '192.0.2.2'), null, 'another address')
  connections.leave(known[0]!)
  connections.leave(anonymous[0]!)
  t.equal(connections.claimAnonymous(anonymous[2]!, '192.0.2.1'), null)
  for (const one of [...anonymous, ...known, elsewhere]) connections.leave(one)
  t.equal(connections.addresses, 0)
})

t.test('handshakes under way are capped by address, and their slots come back when they settle', async t => {
  const connections = new Connections({ ...caps, pendingPerAddress: 2 })
  const [first, second, third] = [slots(), slots(), slots()]
  t.equal(connections.claimPending(first, '192.0.2.1'), null)
  t.equal(connections.claimPending(second, '192.0.2.1'), null)
  t.match(connections.claimPending(third, '192.0.2.1'), { code: 'WSG_ERR_CONNECTIONS_PER_ADDRESS', value: '192.0.2.1: handshakes under way' })
  t.equal(connections.claimPending(third, '192.0.2.2'), null)
  connections.settle(first)
  connections.settle(first)
  t.equal(connections.claimPending(slots(), '192.0.2.1'), null)
  t.equal(connections.claimPending(slots(), '192.0.2.1')?.code, 'WSG_ERR_CONNECTIONS_PER_ADDRESS', 'one slot came back, not two')
})

t.test('a refusal names the cap that is full, and whose it is', async t => {
  const connections = new Connections({ ...caps, total: 100, pending: 100, anonymous: 1 }, '/chat')
  connections.claimAnonymous(slots(), '192.0.2.1')
  t.same(connections.claimAnonymous(slots(), '192.0.2.1')?.full, { kind: 'anonymous', key: '192.0.2.1', route: '/chat' })
  connections.claimAddress(slots(), '192.0.2.1')
  t.same(connections.claimAddress(slots(), '192.0.2.1')?.full, { kind: 'address', key: '192.0.2.1', route: '/chat' })
  connections.claimIdentity(slots(), 'string:ada')
  t.same(connections.claimIdentity(slots(), 'string:ada')?.full, { kind: 'identity', key: 'string:ada', route: '/chat' })
})
