import t from 'tap'
import { recordCrashes } from '../helpers/crashes.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { upgradeRequest } from '../helpers/handshake.js'
import { connect } from '../helpers/tcp.js'
import { until } from '../helpers/until.js'

t.test('an upgrade behind a request that is not answered yet gets no answer that is not its own', async t => {
  const crashes = recordCrashes(t)
  let release = (): void => {}
  const { app, port, page, counts, log, healthy } = await guardedStack(t, {
    as: 'site',
    guard: { handshakeTimeout: 400, authTimeout: 300 },
    extend: app => { app.get('/slow', () => new Promise(resolve => { release = () => { resolve('slow') } })) },
  })
  const client = await connect(port)
  client.send(`GET /slow HTTP/1.1\r\nHost: app.goodsite.com\r\n\r\n${upgradeRequest(page())}`)
  await client.waitClose()
  t.equal(client.received().length, 0, 'no 503 that reads as the answer of /slow')
  t.equal(log.where('code', 'WSG_ERR_HANDSHAKE_MALFORMED').length, 1)
  release()
  await until(() => app.wsGuard.sockets === 0 && app.wsGuard.pending === 0)
  t.equal(counts.opened, 0)
  t.equal(await healthy(), true)
  t.same(crashes, [])
})

t.test('an upgrade on a connection whose requests are answered is served', async t => {
  const { port, page } = await guardedStack(t, { as: 'site' })
  const client = await connect(port)
  client.send('GET /plain HTTP/1.1\r\nHost: app.goodsite.com\r\n\r\n')
  const first = await client.response()
  client.send(upgradeRequest(page()))
  t.equal((await client.response(first.length)).status, 101)
  client.destroy()
})
