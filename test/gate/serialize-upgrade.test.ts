import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { serializeUpgrade } from '../../lib/gate/serialize-upgrade.js'

t.test('a request line without its query', async t => {
  const serialize = (url: string): unknown => serializeUpgrade({ url, method: 'GET', host: 'good\u202esite.com', raw: {} } as unknown as FastifyRequest)['url']
  t.equal(serialize('/ws?ticket=SECRET'), '/ws?[redacted]')
  t.equal(serialize('/ws'), '/ws')
  t.equal(serialize('//ada:SECRET@good.example/ws?x=SECRET'), '//[redacted]@good.example/ws?[redacted]')
  t.equal(serialize('http://ada:a@SECRET@good.example/ws'), 'http://[redacted]@good.example/ws')
  t.equal(serialize('/@ada/ws'), '/@ada/ws')
  t.equal(serializeUpgrade({ raw: {} } as unknown as FastifyRequest)['url'], '')
  const addressOf = (ip: string): unknown => serializeUpgrade({ ip, url: '/', raw: { socket: { remoteAddress: '127.0.0.1' } } } as unknown as FastifyRequest)['remoteAddress']
  t.equal(addressOf('192.0.2.7'), '192.0.2.7', 'the client, not the proxy')
  t.equal(addressOf('\u202e\r\n'), '\\u202e\\u000d\\u000a', 'a proxy may pass on what its client wrote')
  t.equal(String(addressOf('x'.repeat(10_000))).length, 257)
})
