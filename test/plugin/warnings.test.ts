import t from 'tap'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { FastifyInstance } from 'fastify'
import { resolveOptions } from '../../lib/plugin/options.js'
import { warnOfTransport } from '../../lib/plugin/warnings.js'

/** What is said at boot with these options behind such a server. */
function said (given: object, trustProxy: unknown, server: object = createServer()): string {
  const lines: string[] = []
  const fastify = { server, log: { warn: (...args: unknown[]) => { lines.push(String(args.at(-1))) } } } as unknown as FastifyInstance
  warnOfTransport(fastify, resolveOptions({ allowedHosts: ['goodsite.com'], ...given }), trustProxy)
  return lines.join('\n')
}

t.test('handshakes that will all be refused', async t => {
  for (const trustProxy of [undefined, false, 1]) t.match(said({}, trustProxy), /neither TLS nor a trusted proxy/, String(trustProxy))
  t.equal(said({}, '10.0.0.1'), '')
  t.equal(said({}, undefined, createTlsServer()), '')
})

t.test('what is dangerous', async t => {
  t.match(said({}, true), /trustProxy: true believes every client/)
  t.match(said({ development: true }, false), /development: true/)
  t.match(said({ requireTls: false }, false), /can be read on the way/)
})
