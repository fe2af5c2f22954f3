import t from 'tap'
import { createServer } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { FastifyInstance } from 'fastify'
import { resolveOptions } from '../../lib/plugin/options.js'
import { warnOfPolicies, warnOfTransport } from '../../lib/plugin/warnings.js'

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

t.test('a pattern that matches too much', async t => {
  const lines = (url: string, more: object): string[] => {
    const found: string[] = []
    const log = { warn: (...args: unknown[]) => { found.push(String(args.at(-1))) } }
    warnOfPolicies(resolveOptions({ development: true, policies: [{ url, ...more }] }), log as never)
    return found
  }
  t.match(lines('/*', { public: true }), [/^policies: "\/\*" with public: true opens each WebSocket route/])
  t.same(lines('/yjs/*', { public: true }), [])
  t.same(lines('/*', { maxPayload: 1000 }), [])
})
