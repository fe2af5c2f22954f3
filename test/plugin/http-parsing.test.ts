import Fastify from 'fastify'
import type { FastifyServerOptions } from 'fastify'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import t from 'tap'
import guard from '../../lib/index.js'
import { limitHeaderPhase, refuseLenientParser } from '../../lib/plugin/http-parsing.js'
import { secondaryServers } from '../../lib/foreign/server-bindings.js'
import { connect } from '../helpers/tcp.js'

const timeouts = (headersTimeout: number, requestTimeout: number): Server => ({ headersTimeout, requestTimeout }) as Server

t.test('no timeout of plain HTTP gets longer, whatever the application has set', async t => {
  for (const [headers, request, deadline, expected] of [
    [60_000, 300_000, 10_000, 10_000], [60_000, 2000, 10_000, 2000], [500, 2000, 10_000, 500], [0, 0, 10_000, 10_000],
    [0, 2000, 10_000, 2000], [60_000, 0, 10_000, 10_000],
  ] as const) {
    const server = timeouts(headers, request)
    limitHeaderPhase(server, deadline)
    t.equal(server.headersTimeout, expected)
    t.equal(server.requestTimeout, request, 'requestTimeout is the application\'s')
  }
})

t.test('an unfinished header block is cut at the application\'s requestTimeout, on every address of localhost', async t => {
  const app = Fastify({ requestTimeout: 200, http: { connectionsCheckingInterval: 50 } } as FastifyServerOptions)
  t.teardown(() => app.close())
  await app.register(guard, { development: true })
  await app.listen({ port: 0, host: 'localhost' })
  for (const { address, port } of app.addresses() as AddressInfo[]) {
    const client = await connect(port, { host: address })
    client.send('GET / HTTP/1.1\r\nHost: loc')
    // The guard's own deadline, 10 s, is longer than the client waits.
    await client.waitClose(5000)
    t.match(client.received().toString(), /^HTTP\/1\.1 408 /, address)
  }
  const first = app.server
  for (const server of secondaryServers(app)) {
    t.same([server.headersTimeout, server.requestTimeout], [first.headersTimeout, first.requestTimeout])
  }
})

t.test('a parser that forgives what the RFC forbids does not boot', async t => {
  const app = Fastify({ http: { insecureHTTPParser: true } })
  t.teardown(() => app.close())
  await t.rejects(async () => { await app.register(guard, { development: true }) }, { code: 'WSG_ERR_OPTION_UNSAFE', message: /^insecureHTTPParser: expected false, got true/ })
  process.execArgv.push('--insecure-http-parser')
  t.throws(() => refuseLenientParser({} as Server), { code: 'WSG_ERR_OPTION_UNSAFE' }, 'for the whole process')
  t.equal(refuseLenientParser({ insecureHTTPParser: false } as unknown as Server), undefined, 'but not for this server')
  process.execArgv.pop()
  t.equal(refuseLenientParser({} as Server), undefined)
})
