import t from 'tap'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import type { ClientOptions as Handshake } from 'ws'
import type { clock } from '../../examples/behind-nginx/server.js'
import type { poll } from '../../examples/minimal/poll.contract.js'
import { createClient, eventsOf } from '../../lib/client.js'
import type { AnyContract, Client } from '../../lib/client.js'
import { skipWithout } from '../helpers/binaries.js'
import { makeCertificate } from '../helpers/certs.js'
import { startExample } from '../helpers/example.js'
import { upgrade } from '../helpers/handshake.js'
import { startNginx } from '../helpers/nginx.js'
import { freePort } from '../helpers/ports.js'
import { ROOT } from '../helpers/sources.js'
import type { Teardown } from '../helpers/teardown.js'

// The examples beside the chat, run as processes of their own.

/** A client of a page: `options` are those of its handshake. */
function clientOf<C extends AnyContract> (t: Teardown, url: string, options: Handshake): Client<C> {
  class Page extends WebSocket {
    constructor (address: string, protocols: string[]) {
      super(address, protocols, options)
    }
  }
  const client = createClient<C>({ url, WebSocket: Page })
  t.teardown(() => { client.close() })
  return client
}

t.test('examples/minimal: everyone on this machine votes, a foreign page does not', async t => {
  const { port } = await startExample(t, 'minimal')
  const [one, two] = [1, 2].map(() => clientOf<typeof poll>(t, `ws://localhost:${port}/poll`, { origin: `http://localhost:${port}` })) as [Client<typeof poll>, Client<typeof poll>]
  const results = [one, two].map(client => eventsOf(client).result())
  const told = async (result: object): Promise<void> => {
    for (const each of results) t.same((await each.next()).value, result)
  }
  await told({ tea: 0, coffee: 0 })
  two.send.vote({ choice: 'tea' })
  await told({ tea: 1, coffee: 0 })
  const refused = new Promise(resolve => { two.listen('error', resolve) })
  two.send.vote({ choice: 'cocoa' as never })
  t.match(await refused, { code: 'invalid_message', type: 'vote' })
  const { status, client } = await upgrade(port, { path: '/poll', origin: 'https://evil.example' })
  client.destroy()
  t.equal(status, 403)
  two.send.vote({ choice: 'coffee' })
  await told({ tea: 1, coffee: 1 })
})

t.test('examples/behind-nginx', { skip: skipWithout('nginx', 'openssl') }, async t => {
  const [tlsPort, plainPort] = [await freePort(), await freePort()]
  const origin = `https://localhost:${tlsPort}`
  const app = await startExample(t, 'behind-nginx', { PUBLIC_ORIGIN: origin })
  const certificate = makeCertificate(t)
  // The file as it stands, save ports and paths.
  const replace = (text: string, what: string, by: string): string => {
    if (!text.includes(what)) throw new Error(`nginx.conf has no ${what}`)
    return text.replaceAll(what, by)
  }
  let config = readFileSync(join(ROOT, 'examples/behind-nginx/nginx.conf'), 'utf8')
  config = replace(config, 'server 127.0.0.1:3000', `server 127.0.0.1:${app.port}`)
  config = replace(config, 'listen 443', `listen 127.0.0.1:${tlsPort}`)
  config = replace(config, 'listen 80;', `listen 127.0.0.1:${plainPort};`)
  config = replace(config, 'app.example.com', 'localhost')
  config = replace(config, '/etc/nginx/tls/cert.pem', certificate.certFile)
  config = replace(config, '/etc/nginx/tls/key.pem', certificate.keyFile)
  await startNginx(t, { upstream: app.port, http: replace(config, '$connection_upgrade', '$example_connection') })
  const tls = { ca: certificate.cert, servername: 'localhost' }
  const request = { path: '/clock', host: `localhost:${tlsPort}`, origin }

  await t.test('a page of the site gets its ticks over wss', async t => {
    const client = clientOf<typeof clock>(t, `wss://localhost:${tlsPort}/clock`, { origin, ca: certificate.cert, headers: { 'x-forwarded-proto': 'http' } })
    const ticks = eventsOf(client).tick()
    for (let i = 0; i < 2; i++) t.match((await ticks.next()).value, { at: Number })
  })

  await t.test('the headers of the answer come through', async t => {
    const { status, headers, client } = await upgrade(tlsPort, { ...request, protocol: 'wsg.v1', tcp: { tls } })
    t.same([status, headers.get('sec-websocket-protocol'), headers.get('connection'), headers.get('upgrade')], [101, 'wsg.v1', 'upgrade', 'websocket'])
    client.destroy()
  })

  await t.test('a foreign origin is refused, and logged with the address that nginx saw', async t => {
    const { status, body } = await upgrade(tlsPort, {
      ...request, origin: 'https://evil.example', headers: { 'X-Forwarded-For': '203.0.113.7' }, tcp: { tls, localAddress: '127.0.0.3' },
    })
    t.equal(status, 403)
    t.equal((JSON.parse(body) as { code: string }).code, 'WSG_ERR_ORIGIN_NOT_ALLOWED')
    const line = await app.log.waitFor(line => line['code'] === 'WSG_ERR_ORIGIN_NOT_ALLOWED')
    t.same([line['ip'], line['value'], line['route']], ['127.0.0.3', 'https://evil.example', '/clock'])
  })

  await t.test('a foreign Host is refused', async t => {
    const { status } = await upgrade(tlsPort, { ...request, host: 'evil.example', tcp: { tls } })
    t.equal(status, 421)
  })

  await t.test('around nginx, a claim to have come over TLS is not believed', async t => {
    const headers = { 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '127.0.0.1', 'X-Forwarded-Host': request.host }
    const { status, body, client } = await upgrade(app.port, { ...request, headers, tcp: { localAddress: '127.0.0.2' } })
    t.same([status, (JSON.parse(body) as { code: string }).code], [403, 'WSG_ERR_TLS_REQUIRED'])
    client.destroy()
    const plain = await upgrade(app.port, request)
    t.equal(plain.status, 403, 'nor does the trusted address without the header')
  })

  await t.test('without TLS nginx sends to the address with it', async t => {
    const { status, headers } = await upgrade(plainPort, { ...request, headers: { 'X-Forwarded-Proto': 'https' } })
    t.equal(status, 301)
    t.match(headers.get('location'), /^https:\/\/localhost\//)
  })

  await t.test('and a legitimate page is still answered', async t => {
    const { status, client } = await upgrade(tlsPort, { ...request, tcp: { tls } })
    t.equal(status, 101)
    client.destroy()
  })
})
