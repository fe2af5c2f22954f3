import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { Type } from '@sinclair/typebox'
import t from 'tap'
import { defineContract } from '../../lib/contract.js'
import { bareStack } from '../helpers/bare.js'
import { skipWithout } from '../helpers/binaries.js'
import { contractStack } from '../helpers/contract-stack.js'
import { text } from '../helpers/frames.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { startNginx } from '../helpers/nginx.js'
import { openRaw } from '../helpers/raw-client.js'
import type { RawClient } from '../helpers/raw-client.js'
import type { Teardown } from '../helpers/teardown.js'
import { until } from '../helpers/until.js'

const contract = defineContract({
  name: 'alive',
  url: '/test',
  calls: { ping: { request: Type.Object({ n: Type.Integer() }), reply: Type.Integer() } },
})

/** A proxy that, from `swallow` on, passes nothing on in either direction: no byte, no FIN, no RST. */
async function swallowingProxy (t: Teardown, port: number): Promise<{ port: number, swallow: () => void }> {
  const sockets = new Set<Socket>()
  const state = { swallows: false }
  const proxy = createServer({ allowHalfOpen: true }, client => {
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    for (const [from, to] of [[client, server], [server, client]] as const) {
      sockets.add(from)
      from.on('data', chunk => { if (!state.swallows) to.write(chunk) })
      from.on('end', () => { if (!state.swallows) to.end() })
      from.on('error', () => {})
      from.on('close', () => { if (!state.swallows) to.destroy() })
    }
  })
  await new Promise<void>(resolve => { proxy.listen(0, '127.0.0.1', resolve) })
  t.teardown(() => {
    for (const socket of sockets) socket.destroy()
    proxy.close()
  })
  return { port: (proxy.address() as AddressInfo).port, swallow: () => { state.swallows = true } }
}

t.test('D09 peers behind a network that swallows everything are found, on every route; their slots are free', async t => {
  const closes: number[] = []
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { calls: { ping: ({ n }) => n }, onClose: (_socket, code) => { closes.push(code) } })
  }, { guard: { heartbeat: { interval: 1000 }, connections: { perIdentity: 12, perAddress: 100 } } })
  const { stack } = server
  const proxy = await swallowingProxy(t, stack.port)
  const behind: RawClient[] = []
  for (let n = 0; n < 10; n++) behind.push(await openRaw(proxy.port, stack.page({ path: n % 2 === 0 ? '/test' : '/ws' })))
  const silent = [await server.open(), await server.open({ path: '/ws' })]
  t.equal(stack.app.wsGuard.sockets, 12)
  proxy.swallow()
  for (const { client } of behind) client.end()
  await until(() => stack.app.wsGuard.sockets === 2)
  t.same(closes, new Array(5).fill(1006))
  t.ok(silent.every(({ client }) => !client.closed), 'who is silent but there stays')
  const again = await Promise.all(Array.from({ length: 10 }, async () => await server.open()))
  t.equal(again.length, 10, 'the user may come back')
  silent[0]!.json({ type: 'ping', id: 1, data: { n: 3 } })
  t.match(await silent[0]!.waitMessage(({ id }) => id === 1), { data: 3 })
})

t.test('tabs that come back together all get in while their user\'s vanished sockets hold the cap', async t => {
  const server = await contractStack(t, app => {
    app.wsRoute(contract, { calls: { ping: ({ n }) => n } })
  }, { guard: { connections: { perIdentity: 20 } } })
  const { stack } = server
  const proxy = await swallowingProxy(t, stack.port)
  for (let n = 0; n < 20; n++) await openRaw(proxy.port, stack.page({ path: '/test' }))
  proxy.swallow()
  const tabs = await Promise.all(Array.from({ length: 12 }, async () => await stack.upgrade(stack.page({ path: '/test' }))))
  t.same(tabs.map(({ status }) => status), new Array(12).fill(101))
  for (const { client } of tabs) client.destroy()
})

t.test('without a heartbeat they stay', async t => {
  const bare = await bareStack(t)
  const proxy = await swallowingProxy(t, bare.port)
  const client = await openRaw(proxy.port)
  proxy.swallow()
  client.client.end()
  await new Promise(resolve => setTimeout(resolve, 1000))
  t.equal(bare.app.websocketServer.clients.size, 1)
})

t.test('an idle socket lives behind nginx whose read timeout is longer than the beat', { skip: skipWithout('nginx', 'openssl') }, async t => {
  const stack = await guardedStack(t, { as: 'site', guard: { heartbeat: { interval: 1000 } } })
  const nginx = await startNginx(t, { upstream: stack.port, server: 'proxy_read_timeout 2s; proxy_send_timeout 2s;' })
  const client = await openRaw(nginx.httpPort, stack.page({ path: '/ws' }))
  await new Promise(resolve => setTimeout(resolve, 5000))
  t.notOk(client.client.closed, 'the pings alone keep it open')
  client.send(text('are you there'))
  await until(() => client.texts().includes('are you there'))
})
