import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import t from 'tap'
import { CHANNELS, Events } from '../../lib/events/events.js'

t.test('nothing is built that nobody listens to', async t => {
  const app = {}
  const events = new Events(app)
  let built = 0
  const publish = (): void => { events.publish('drained', () => { built++; return { app, sockets: 1, cut: 0, duration: 0 } }) }
  t.notOk(events.wanted('drained'))
  publish()
  t.equal(built, 0)
  const end = events.listen('drained', () => {})
  t.ok(events.wanted('drained'))
  publish()
  t.equal(built, 1)
  end()
  publish()
  t.equal(built, 1)
})

t.test('a listener hears its own instance; a subscriber of the channel hears all', async t => {
  const [one, two] = [new Events({ name: 'one' }), new Events({ name: 'two' })]
  const heard: string[] = []
  t.teardown(one.listen('drained', ({ sockets }) => { heard.push(`one ${sockets}`) }))
  const all = (event: unknown): void => { heard.push(`all ${(event as { sockets: number }).sockets}`) }
  subscribe('fastify-ws-guard:drained', all)
  t.teardown(() => { unsubscribe('fastify-ws-guard:drained', all) })
  one.publish('drained', () => ({ app: one.app, sockets: 1, cut: 0, duration: 0 }))
  two.publish('drained', () => ({ app: two.app, sockets: 2, cut: 0, duration: 0 }))
  t.same(heard, ['one 1', 'all 1', 'all 2'])
})

t.test('channels have one prefix', async t => {
  for (const [name, { name: full }] of Object.entries(CHANNELS)) t.equal(full, `fastify-ws-guard:${name}`)
})
