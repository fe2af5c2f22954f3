import t from 'tap'
import { recordCrashes } from '../helpers/crashes.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { codeOf, upgradeRequest } from '../helpers/handshake.js'
import type { UpgradeResult } from '../helpers/handshake.js'
import { connect, parseResponse } from '../helpers/tcp.js'
import type { TcpClient } from '../helpers/tcp.js'

/** Sends a handshake on a connection that is open already: the server takes no new ones while it closes. */
async function handshake (client: TcpClient, request: string): Promise<Pick<UpgradeResult, 'status' | 'headers' | 'body'>> {
  client.send(request)
  await client.waitClose()
  const response = parseResponse(client.received(), true)
  if (response === undefined) throw new Error('no answer')
  t.equal(client.received().length, response.length, 'one answer, and nothing after it')
  return response
}

for (const first of ['session', 'guard'] as const) {
  t.test(`handshakes while the application closes are told so, ${first} registered first`, async t => {
    const crashes = recordCrashes(t)
    let release = (): void => {}
    const { app, port, page, store, log } = await guardedStack(t, {
      as: 'site',
      first,
      // An application's own hook, registered before the guard, that takes its time.
      before: app => { app.addHook('preClose', () => new Promise<void>(resolve => { release = resolve })) },
    })
    const clients = await Promise.all(Array.from({ length: 4 }, () => connect(port)))
    const closing = app.close()
    for (const [client, changes] of [[clients[0], {}], [clients[1], { path: '/open' }], [clients[2], { path: '/nowhere' }]] as const) {
      const answer = await handshake(client!, upgradeRequest(page(changes)))
      t.equal(answer.status, 503)
      t.equal(codeOf(answer as UpgradeResult), 'WSG_ERR_DRAINING')
      t.match(answer.headers.get('retry-after'), /^\d+$/)
      t.equal(answer.headers.get('connection'), 'close')
    }
    t.equal(store.gets, 0)
    release()
    clients[3]!.destroy()
    await closing
    t.ok(log.where('code', 'WSG_ERR_DRAINING').length >= 1)
    t.same(crashes, [])
  })
}
