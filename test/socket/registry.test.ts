import t from 'tap'
import type { WebSocket } from 'ws'
import { Registry } from '../../lib/socket/registry.js'
import type { RegisteredSocket } from '../../lib/socket/registry.js'

interface Fake extends RegisteredSocket { readonly calls: string[] }

function fake (registry: Registry, leaves: 'drain' | 'terminate' | 'never' = 'drain'): Fake {
  const calls: string[] = []
  const socket: Fake = {
    calls,
    socket: {} as WebSocket,
    stopReceiving () { calls.push('stopReceiving') },
    drain () {
      calls.push('drain')
      if (leaves === 'drain') registry.delete(socket)
    },
    terminate () {
      calls.push('terminate')
      if (leaves !== 'never') registry.delete(socket)
    },
  }
  return socket
}

t.test('sockets are counted once each', async t => {
  const registry = new Registry()
  const [one, two] = [fake(registry), fake(registry)]
  registry.add(one)
  registry.add(two)
  registry.delete(one)
  registry.delete(one)
  t.equal(registry.size, 1)
  t.same([...registry], [two])
  t.match(registry.counters, { opened: 2, closed: 1 })
})

t.test('a drain asks each to stop and to close, and ends when the last has gone', async t => {
  const registry = new Registry()
  const sockets = [fake(registry), fake(registry)]
  for (const socket of sockets) registry.add(socket)
  await registry.drain({ deadline: 60_000 })
  for (const socket of sockets) t.same(socket.calls, ['stopReceiving', 'drain'])
  t.equal(registry.size, 0)
  t.ok(registry.draining)
  const late = fake(registry)
  registry.add(late)
  t.same(late.calls, ['drain'], 'who comes later is sent away')
})

t.test('what is left at the deadline is terminated', async t => {
  const registry = new Registry()
  const [polite, stuck] = [fake(registry), fake(registry, 'terminate')]
  registry.add(polite)
  registry.add(stuck)
  await registry.drain({ deadline: 20 })
  t.same(polite.calls, ['stopReceiving', 'drain'])
  t.same(stuck.calls, ['stopReceiving', 'drain', 'terminate'])
})

t.test('with jitter they close one after the other, before the deadline', async t => {
  const registry = new Registry()
  const sockets = Array.from({ length: 20 }, () => fake(registry))
  for (const socket of sockets) registry.add(socket)
  const drained = registry.drain({ deadline: 60_000, jitter: 20 })
  t.ok(sockets.every(({ calls }) => calls.length === 1), 'none at once, and none receives')
  await drained
  for (const socket of sockets) t.same(socket.calls, ['stopReceiving', 'drain'])
})

t.test('a drain of nobody is over at once', async t => {
  const registry = new Registry()
  await registry.drain({ deadline: 60_000, jitter: 1000 })
  t.equal(registry.size, 0)
})
