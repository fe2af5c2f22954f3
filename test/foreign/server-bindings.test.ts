import Fastify from 'fastify'
import t from 'tap'
import { secondaryServers } from '../../lib/foreign/server-bindings.js'
import { changedInsides, fakeInstance } from '../helpers/foreign.js'

t.test('the servers for further addresses of localhost', async t => {
  const app = Fastify()
  t.teardown(() => app.close())
  await app.listen({ port: 0, host: 'localhost' })
  const [first, ...others] = app.addresses()
  t.not(first, undefined)
  t.same(secondaryServers(app).map(server => server.address()), others)
})

t.test('a Fastify that keeps them elsewhere is warned of', async t => {
  const { instance, log } = fakeInstance({})
  t.same(secondaryServers(instance), [])
  t.same(changedInsides(log), ['server-bindings'])
})
