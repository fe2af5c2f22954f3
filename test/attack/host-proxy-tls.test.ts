import { readFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import t from 'tap'
import type { FastifyServerOptions } from 'fastify'
import { addressKey } from '../../lib/gate/address.js'
import { bareStack } from '../helpers/bare.js'
import { guardedStack } from '../helpers/guarded-stack.js'
import { upgrade } from '../helpers/handshake.js'
import { until } from '../helpers/until.js'

interface Row {
  readonly id: string
  readonly list: string
  readonly host: string | readonly string[] | null
  readonly forwardedHost?: string
  readonly trustProxy?: boolean
  readonly expect: 'accept' | 'reject'
  readonly cat: string
}

const corpus = JSON.parse(readFileSync(`${process.cwd()}/test/corpus/hosts.json`, 'utf8')) as { allowHosts: Record<string, string[]>, rows: Row[] }
const bytes = (host: string): string => Buffer.from(host, 'utf8').toString('latin1')
const onWire = ({ host }: Row): string | string[] | null => typeof host === 'string' ? bytes(host) : host === null ? null : host.map(bytes)
const LOOPBACK = '127.0.0.1'
const hasIPv6 = Object.values(networkInterfaces()).some(all => all?.some(one => one.address === '::1'))

const matrix: Readonly<Record<string, string>> = { B01: 'dns-rebinding ip-encodings suffix', B02: 'duplicate missing', B03: 'syntax port', B05: 'x-forwarded-host' }
const idOf = (cat: string): string => Object.keys(matrix).find(id => matrix[id]!.split(' ').includes(cat)) ?? 'B01'

for (const list of Object.keys(corpus.allowHosts)) {
  const direct = corpus.rows.filter(row => row.list === list && row.forwardedHost === undefined)
  const ids = [...new Set(direct.map(row => idOf(row.cat)))].sort().join(' ')
  t.test(`${ids} the Host of an upgrade (list ${list})`, async t => {
    const { port, page, store, healthy, log, counts } = await guardedStack(t, { as: 'site', guard: { allowedHosts: corpus.allowHosts[list]! } })
    for (const row of direct) {
      store.gets = 0
      const { status, client, body, closed } = await upgrade(port, page({ host: onWire(row) }))
      if (row.expect === 'accept') {
        t.equal(status, 101, `${row.id} ${JSON.stringify(row.host)}`)
        client.destroy()
        continue
      }
      t.ok(status === 400 || status === 421, `${row.id} ${row.cat} ${JSON.stringify(row.host)?.slice(0, 80)}: ${status}`)
      if (Array.isArray(row.host) || row.host === null) t.equal(status, 400)
      t.equal(store.gets, 0, row.id)
      t.notMatch(body, /evil|goodsite/, row.id)
      await closed(1000)
    }
    t.same(counts.messages, [])
    t.same(log.lines.filter(line => line.level >= 50), [])
    t.equal(await healthy({ host: direct.find(row => row.expect === 'accept')?.host as string ?? corpus.allowHosts[list]![0]! }), true)
  })
}

t.test('B01 B02 B03 the bare stack serves any Host', async t => {
  const { port } = await bareStack(t)
  for (const host of ['evil.test', null, ['app.goodsite.com', 'evil.test'], 'user@evil.test:99999', '2130706433']) {
    const { status, client } = await upgrade(port, { host })
    t.equal(status, 101, String(host))
    client.destroy()
  }
})

t.test('B01 Host is judged before Origin, and for every upgrade', async t => {
  const { port, page, healthy } = await guardedStack(t, { as: 'site' })
  for (const path of ['/ws', '/ws?x', '/%77s']) {
    const { status, body, client } = await upgrade(port, page({ path, host: 'evil.test', origin: 'https://evil.test' }))
    t.equal(status, 421)
    t.match(body, /WSG_ERR_HOST_NOT_ALLOWED/)
    client.destroy()
  }
  t.equal(await healthy(), true)
})

t.test('B04 Origin equal to Host proves nothing', async t => {
  const { port, page, healthy } = await guardedStack(t, { as: 'site' })
  const { status, client } = await upgrade(port, page({ host: 'evil.test', origin: 'https://evil.test' }))
  t.equal(status, 421)
  client.destroy()
  t.equal(await healthy(), true)
})

// `trustProxy: true` believes the client itself, and says so at boot. Fastify trusts nobody by a hop count, and its types no longer take one.
const proxies: readonly [string, FastifyServerOptions['trustProxy'], boolean][] = [
  ['none', false, false], ['another address', '192.0.2.1', false], ['a hop count', 1 as never, false], ['the peer\'s address', LOOPBACK, true], ['a range with the peer', '127.0.0.0/8', true], ['everyone', true, true],
]

t.test('B05 X-Forwarded-Host counts only from a listed proxy', async t => {
  for (const [name, trustProxy, trusted] of proxies) {
    const { port, page, log, healthy } = await guardedStack(t, { as: 'site', fastify: trustProxy === undefined ? {} : { trustProxy } })
    for (const row of corpus.rows.filter(row => row.forwardedHost !== undefined)) {
      // A row without the field holds for whoever is not trusted.
      if (row.trustProxy === undefined ? trusted : row.trustProxy !== trusted) continue
      const { status, client } = await upgrade(port, page({ host: onWire(row), headers: { 'X-Forwarded-Host': row.forwardedHost! } }))
      t.equal(status, row.expect === 'accept' ? 101 : 421, `${row.id}, trusting ${name}`)
      client.destroy()
    }
    for (const header of [['Forwarded', 'host=app.goodsite.com'], ['X-Host', 'app.goodsite.com'], ['X-Original-Host', 'app.goodsite.com'], ['X-Forwarded-Server', 'app.goodsite.com']] as const) {
      const { status, client } = await upgrade(port, page({ host: 'evil.test', headers: [header] }))
      t.equal(status, 421, `${header[0]} is not a Host, trusting ${name}`)
      client.destroy()
    }
    t.equal(log.lines.some(line => line.level === 40 && /trustProxy: true/.test(line.msg ?? '')), trustProxy === true, `boot warning, trusting ${name}`)
    t.equal(await healthy(), true)
  }
})

t.test('B05 with trustProxy: true the bare stack lets a client choose its Host', async t => {
  const { default: Fastify } = await import('fastify')
  const { default: websocket } = await import('@fastify/websocket')
  const app = Fastify({ trustProxy: true })
  await app.register(websocket)
  let seen = ''
  app.get('/ws', { websocket: true }, (_socket, request) => { seen = `${request.protocol} ${request.host} ${request.ip}` })
  const url = await app.listen({ port: 0, host: LOOPBACK })
  const { client } = await upgrade(Number(new URL(url).port), { headers: { 'X-Forwarded-Host': 'evil.test', 'X-Forwarded-Proto': 'https', 'X-Forwarded-For': '10.9.8.7' } })
  t.equal(seen, 'https evil.test 10.9.8.7')
  client.destroy()
  await app.close()
})

t.test('B06 an address from X-Forwarded-For counts only from a listed proxy', async t => {
  for (const [name, trustProxy, trusted] of proxies) {
    if (trustProxy === true) continue
    const { port, page } = await guardedStack(t, { as: 'site', fastify: { trustProxy: trustProxy! }, guard: { upgradeRate: { max: 3, timeWindow: 60_000 } } })
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) {
      const { status, client } = await upgrade(port, page({ headers: { 'X-Forwarded-For': `198.51.100.${i}` } }))
      statuses.push(status)
      client.destroy()
    }
    t.same(statuses, trusted ? [101, 101, 101, 101, 101, 101] : [101, 101, 101, 429, 429, 429], `trusting ${name}`)
    const { status, client } = await upgrade(port, { ...page({ headers: { 'X-Forwarded-For': '203.0.113.1' } }), tcp: { localAddress: '127.0.0.2' } })
    t.equal(status, 101, 'another client')
    client.destroy()
  }
})

t.test('B07 B08 requireTls, and who may say that TLS was there', async t => {
  for (const [name, trustProxy, trusted] of proxies) {
    const { port, page, log, app } = await guardedStack(t, { as: 'site', fastify: { trustProxy: trustProxy! }, guard: { requireTls: true } })
    const plain = await upgrade(port, page())
    t.equal(plain.status, 403, `plain, trusting ${name}`)
    t.match(plain.body, /WSG_ERR_TLS_REQUIRED/)
    t.equal(plain.headers.get('location'), undefined, 'no redirect: WebSocket clients do not follow one')
    await plain.closed(1000)
    const claimed = await upgrade(port, page({ headers: { 'X-Forwarded-Proto': 'https' } }))
    t.equal(claimed.status, trusted ? 101 : 403, `X-Forwarded-Proto, trusting ${name}`)
    claimed.client.destroy()
    // Traefik says wss of an upgrade; schemes have no case (RFC 3986 section 3.1).
    for (const proto of ['wss', 'HTTPS', 'Wss', 'http, wss']) {
      const { status, client } = await upgrade(port, page({ headers: { 'X-Forwarded-Proto': proto } }))
      t.equal(status, trusted ? 101 : 403, `X-Forwarded-Proto: ${proto}, trusting ${name}`)
      client.destroy()
    }
    const refused = ['http', 'ws', 'WS', 'httpss', 'https:', 'https, http', 'wss, ws', '"https"'].map(proto => ['X-Forwarded-Proto', proto])
    for (const header of [...refused, ['Forwarded', 'proto=https'], ['X-Forwarded-Ssl', 'on']] as [string, string][]) {
      const { status, client } = await upgrade(port, page({ headers: [header] }))
      t.equal(status, 403, `${header.join(': ')}, trusting ${name}`)
      client.destroy()
    }
    const warned = log.lines.some(line => line.level === 40 && /neither TLS nor a trusted proxy/.test(line.msg ?? ''))
    t.equal(warned, trustProxy === false || typeof trustProxy === 'number', `boot warning, trusting ${name}`)
    await until(() => app.wsGuard.sockets === 0)
  }
})

t.test('B08 the bare stack knows no requireTls; without it ours says so at boot', async t => {
  const { log, healthy } = await guardedStack(t, { as: 'site' })
  t.ok(log.lines.some(line => line.level === 40 && /requireTls is off/.test(line.msg ?? '')))
  t.equal(await healthy(), true)
})

t.test('B09 127.0.0.1 and ::ffff:127.0.0.1 are one client', async t => {
  t.equal(addressKey('::ffff:127.0.0.1', 64), addressKey('127.0.0.1', 64))
  t.equal(addressKey('::ffff:7f00:1', 64), addressKey('127.0.0.1', 64))
  if (!hasIPv6) {
    t.comment('no IPv6 here: only the key is compared')
    return
  }
  // A dual-stack socket sees an IPv4 client as ::ffff:127.0.0.1.
  const { port, page } = await guardedStack(t, { as: 'site', host: '::', fastify: { trustProxy: '::1' }, guard: { connections: { perAddress: 2, perIdentity: 100 } } })
  const open = [
    await upgrade(port, page()),
    await upgrade(port, { ...page({ headers: { 'X-Forwarded-For': '127.0.0.1' } }), tcp: { host: '::1' } }),
  ]
  t.same(open.map(one => one.status), [101, 101])
  const third = await upgrade(port, page())
  t.equal(third.status, 429)
  const other = await upgrade(port, { ...page(), tcp: { host: '::1' } })
  t.equal(other.status, 101, 'another client')
  for (const { client } of [...open, third, other]) client.destroy()
})
