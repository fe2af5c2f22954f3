import websocket from '@fastify/websocket'
import Fastify from 'fastify'
import t from 'tap'
import { authenticate } from '../../lib/auth/authenticate.js'
import { authorize } from '../../lib/auth/authorize.js'
import { guardServer } from '../../lib/foreign/websocket-server.js'
import { ClientAddresses } from '../../lib/gate/client-address.js'
import { Events } from '../../lib/events/events.js'
import { Gate } from '../../lib/gate/gate.js'
import { compileHosts } from '../../lib/gate/host.js'
import { Policies } from '../../lib/gate/policies.js'
import { POLICY } from '../../lib/gate/policy.js'
import type { MakeRoom } from '../../lib/gate/room.js'
import type { AuthStrategy, Identity } from '../../types/gate.js'
import { codeOf, upgrade } from '../helpers/handshake.js'
import type { UpgradeResult } from '../helpers/handshake.js'
import { policyDefaults } from '../helpers/policy.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

/** The gate in Fastify with nothing else of the plugin: `/open` for everybody, `/ws` for ada. */
async function bareGate (t: Teardown, makeRoom: MakeRoom | null, caps: { perAddress?: number, anonymous?: number, perIdentity?: number, pending?: number } = {}, authTimeout = 2000) {
  const app = Fastify()
  const gate = new Gate({
    policies: () => [],
    advise: null,
    events: new Events({}),
    host: compileHosts([], { optionName: 'allowedHosts', development: true }),
    requireTls: false,
    caps: { total: 100, perAddress: 100, anonymous: 100, perIdentity: 100, pending: 50, pendingPerAddress: 50, ...caps },
    unauthenticated: 10,
    addresses: new ClientAddresses(64, null, app.log),
    authTimeout,
    handshakeTimeout: 10_000,
    judges: { authenticate, authorize, comesLater: () => false },
    hasEnded: () => false,
    makeRoom,
  })
  const ada: AuthStrategy = { name: 'ada', needs: { credential: 'header', session: false }, authenticate: (): Identity => ({ id: 'ada' }) }
  const policies = new Policies(policyDefaults(ada), () => ({ take: async () => null, punish: () => {} }))
  app.server.prependListener('upgrade', gate.onUpgrade)
  app.addHook('onRequest', gate.onRequest)
  app.addHook('onSend', gate.onSend)
  app.addHook('onResponse', gate.onResponse)
  await app.register(websocket)
  guardServer(app.websocketServer, gate.judge, { maxPayload: 1024, maxFragments: 4, closeTimeout: 100 }, gate.payloadLimitOf, app.log)
  for (const [url, own] of [['/open', { public: true }], ['/ws', {}]] as const) {
    const policy = policies.compile(own, { url, hasHttpHandler: false, contract: null })
    app.get(url, { websocket: true, config: { [POLICY]: policy } as object, onRequest: gate.admit }, () => {})
  }
  const port = Number(new URL(await app.listen({ port: 0, host: '127.0.0.1' })).port)
  t.teardown(async () => {
    gate.stop()
    for (const client of app.websocketServer.clients) client.terminate()
    await app.close()
  })
  return { app, gate, port }
}

for (const [kind, path, caps, key] of [
  ['address', '/open', { perAddress: 2 }, '127.0.0.1'], ['identity', '/ws', { perIdentity: 2 }, 'string:ada'],
] as const) {
  t.test(`at the cap per ${kind} room is made before a handshake is refused`, async t => {
    const asked: string[] = []
    const idle: UpgradeResult[] = []
    let fresh = false
    const { gate, port, app } = await bareGate(t, async ({ kind, key }) => {
      asked.push(`${kind} ${key}`)
      if (!fresh) return false
      idle.shift()?.client.destroy()
      await until(() => gate.connections.total - gate.pending < 2)
      return true
    }, caps)
    idle.push(await upgrade(port, { path }), await upgrade(port, { path }))
    t.same(idle.map(({ status }) => status), [101, 101])
    t.same(asked, [], 'below the cap nobody is asked')
    const refused = await upgrade(port, { path })
    t.equal(refused.status, 429, 'no room, as before')
    t.equal(refused.headers.get('retry-after'), '5')
    fresh = true
    let third = await upgrade(port, { path })
    t.equal(third.status, 429, 'a no holds for a while')
    await until(async () => (third = await upgrade(port, { path })).status === 101)
    t.same(asked, [`${kind} ${key}`, `${kind} ${key}`], 'in the place of one that was gone')
    const [raw] = [...app.websocketServer.clients]
    t.ok(raw)
    third.client.destroy()
    for (const { client } of idle) client.destroy()
    await until(() => gate.connections.total === 0)
    t.equal(gate.connections.addresses + gate.connections.identities, 0)
  })

  t.test(`who waits for room per ${kind} is answered at the deadline, bounded in number`, async t => {
    let questions = 0
    const { gate, port } = await bareGate(t, () => {
      questions++
      return new Promise<boolean>(() => {})
    }, { ...caps, pending: 10 }, 4000)
    const held = [await upgrade(port, { path }), await upgrade(port, { path })]
    const waiting = Promise.all(Array.from({ length: 30 }, () => upgrade(port, { path })))
    const answers = await waiting
    t.equal(questions, 1, 'one question for all of them')
    const codes = answers.map(codeOf)
    t.equal(codes.filter(code => code === 'WSG_ERR_AUTH_TIMEOUT').length, 2, 'a quarter of those that may be under way')
    t.notOk(codes.includes('WSG_ERR_HANDSHAKE_TIMEOUT'))
    for (const { client } of [...answers, ...held]) client.destroy()
    await until(() => gate.connections.total === 0 && gate.pending === 0)
  })
}

t.test('who waits for room shuts nobody else out', async t => {
  const { gate, port } = await bareGate(t, () => new Promise<boolean>(() => {}), { anonymous: 1, pending: 8 }, 4000)
  const held = await upgrade(port, { path: '/open' })
  const crowd: UpgradeResult[] = []
  const waiting = Array.from({ length: 4 }, async () => { crowd.push(await upgrade(port, { path: '/open' })) })
  await until(() => crowd.length === 2)
  t.same(crowd.map(({ status }) => status), [429, 429], 'at once')
  for (let n = 0; n < 8; n++) waiting.push((async () => { crowd.push(await upgrade(port, { path: '/open' })) })())
  await until(() => crowd.length === 10)
  t.equal(gate.pending, 2)
  const honest = await upgrade(port, { path: '/ws' })
  t.equal(honest.status, 101)
  await Promise.all(waiting)
  for (const { client } of [...crowd, held, honest]) client.destroy()
})
