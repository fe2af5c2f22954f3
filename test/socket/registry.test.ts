import t from 'tap'
import type { DrainedEvent } from '../../types/events.js'
import { Events } from '../../lib/events/events.js'
import type { OpenSocket } from '../../lib/socket/open-socket.js'
import { Registry } from '../../lib/socket/registry.js'
import type { Teardown } from '../helpers/teardown.js'

type Fake = OpenSocket & { readonly calls: string[] }

/** A socket that leaves when it is first asked by this. */
function fake (registry: Registry, leaves: 'drain' | 'closeAs' | 'cutOff' = 'drain'): Fake {
  const calls: string[] = []
  const note = (call: string) => (): void => {
    calls.push(call)
    if (call === leaves) registry.delete(socket)
  }
  const double = { calls, running: leaves === 'closeAs' ? 1 : 0, drain: note('drain'), closeAs: note('closeAs'), cutOff: note('cutOff') }
  const socket = double as unknown as Fake
  return socket
}

function registryOf (t: Teardown): { registry: Registry, drained: DrainedEvent[] } {
  const events = new Events({})
  const drained: DrainedEvent[] = []
  t.teardown(events.listen('drained', event => { drained.push(event) }))
  return { registry: new Registry(events), drained }
}

t.test('sockets are known once each', async t => {
  const { registry } = registryOf(t)
  const [one, two] = [fake(registry), fake(registry)]
  registry.add(one)
  registry.add(two)
  registry.delete(one)
  registry.delete(one)
  t.equal(registry.size, 1)
  t.notOk(registry.has(one))
  t.equal([...registry][0], two)
})

t.test('the longest timeouts that options may have are waited for', async t => {
  const { registry } = registryOf(t)
  const { setTimeout } = globalThis
  const waits: number[] = []
  globalThis.setTimeout = ((what: () => void, wait: number) => {
    waits.push(wait)
    return setTimeout(what, wait)
  }) as never
  t.teardown(() => { globalThis.setTimeout = setTimeout })
  fake(registry)
  await registry.drain({ timeout: 2 ** 31 - 1, closeTimeout: 2 ** 31 - 1 })
  t.ok(Math.max(...waits) < 2 ** 31, `${Math.max(...waits)}`)
})

t.test('a drain asks each to close, and ends when the last has gone', async t => {
  const { registry, drained } = registryOf(t)
  const sockets = [fake(registry), fake(registry)]
  for (const socket of sockets) registry.add(socket)
  await registry.drain({ timeout: 60_000, closeTimeout: 60_000 })
  for (const socket of sockets) t.same(socket.calls, ['drain'])
  t.equal(registry.size, 0)
  t.match(drained, [{ sockets: 2, cut: 0 }])
  const late = fake(registry)
  registry.add(late)
  t.same(late.calls, ['drain'], 'who comes later is sent away')
})

t.test('whose handlers are still at work at the deadline is closed all the same and counted; what is left is cut off', async t => {
  const { registry, drained } = registryOf(t)
  const [polite, busy, stuck] = [fake(registry), fake(registry, 'closeAs'), fake(registry, 'cutOff')]
  for (const socket of [polite, busy, stuck]) registry.add(socket)
  await registry.drain({ timeout: 20, closeTimeout: 20 })
  t.same(polite.calls, ['drain'])
  t.same(busy.calls, ['drain', 'closeAs'])
  t.same(stuck.calls, ['drain', 'cutOff'])
  t.match(drained, [{ sockets: 3, cut: 1 }])
})

t.test('many have their turns one after another, and until then are served as ever', async t => {
  const { registry, drained } = registryOf(t)
  const sockets = Array.from({ length: 200 }, () => fake(registry))
  for (const socket of sockets) registry.add(socket)
  const ended = registry.drain({ timeout: 60_000, closeTimeout: 60_000 })
  t.equal(sockets.filter(({ calls }) => calls.length === 0).length, 150)
  await ended
  for (const socket of sockets) t.same(socket.calls, ['drain'])
  t.match(drained, [{ sockets: 200, cut: 0 }])
})

t.test('a drain of nobody is over at once', async t => {
  const { registry, drained } = registryOf(t)
  await registry.drain({ timeout: 60_000, closeTimeout: 60_000 })
  t.match(drained, [{ sockets: 0, cut: 0 }])
})
