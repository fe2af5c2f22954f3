import t from 'tap'
import { checkTransport } from '../../lib/gate/transport.js'

t.test('https and wss in any case are TLS, where TLS is asked for', async t => {
  for (const protocol of ['https', 'wss', 'HTTPS', 'WSS', 'Https', 'wSS']) t.equal(checkTransport(protocol, true), null, protocol)
  for (const protocol of ['http', 'ws', '', 'httpss', 'https:', ' https', 'https,http', undefined]) {
    t.equal(checkTransport(protocol, true)?.code, 'WSG_ERR_TLS_REQUIRED', String(protocol))
    t.equal(checkTransport(protocol, false), null, String(protocol))
  }
})
