import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import t from 'tap'
import { ClientAddresses, clientAddress, compileAddresses } from '../../lib/gate/client-address.js'

const make = (list: readonly string[] | null = null) => {
  const warnings: string[] = []
  const log = { warn: (record: object, message: string) => { warnings.push(`${JSON.stringify(record)} ${message}`) } } as unknown as FastifyBaseLogger
  return { warnings, addresses: new ClientAddresses(64, list === null ? null : compileAddresses(list, 'allowList'), log) }
}
const request = (ip: string | undefined, peer: string | undefined = '127.0.0.1', headers: object = {}): FastifyRequest =>
  ({ ip, raw: { headers, socket: { remoteAddress: peer } } }) as unknown as FastifyRequest

t.test('ports are left out, and NAT64 is the IPv4 client behind it', async t => {
  const { addresses, warnings } = make()
  for (const [said, key] of [
    ['203.0.113.1:40000', '203.0.113.1'], ['203.0.113.1', '203.0.113.1'], ['[2001:db8::1]:40000', '2001:db8:0:0:0:0:0:0/64'], ['[2001:db8::1]', '2001:db8:0:0:0:0:0:0/64'],
    ['64:ff9b::203.0.113.1', '203.0.113.1'], ['64:ff9b::cb00:7101', '203.0.113.1'], ['[64:ff9b::cb00:7101]:443', '203.0.113.1'], ['::ffff:203.0.113.1', '203.0.113.1'],
  ] as const) t.equal(addresses.keyOf(request(said)), key, said)
  t.not(addresses.keyOf(request('64:ff9b:1::cb00:7101')), '203.0.113.1', 'a prefix of one network\'s own')
  t.same(warnings, [])
})

t.test('what can\'t be read is one client, and said once', async t => {
  const { addresses, warnings } = make()
  for (const said of ['unknown', '_hidden', '203.0.113.1:x', '[2001:db8::1', `a\u202e${'x'.repeat(5000)}`]) t.equal(addresses.keyOf(request(said)), 'unreadable', said.slice(0, 20))
  t.equal(warnings.length, 1)
  t.match(warnings[0], /no address/)
  t.equal(addresses.keyOf(request(undefined)), 'local', 'a Unix socket')
  t.equal(addresses.keyOf(request('')), 'local')
})

t.test('a proxy that is not trusted is said once, with what to write', async t => {
  const { addresses, warnings } = make()
  const forwarded = { 'x-forwarded-for': '203.0.113.1' }
  for (let i = 0; i < 5; i++) t.equal(addresses.keyOf(request('10.0.0.7', '10.0.0.7', forwarded)), '10.0.0.7')
  t.equal(warnings.length, 1)
  t.match(warnings[0], /10\.0\.0\.7.*trustProxy: \['/)
  const trusted = make()
  trusted.addresses.keyOf(request('203.0.113.1', '10.0.0.7', forwarded))
  trusted.addresses.keyOf(request('10.0.0.7', '10.0.0.7'))
  t.same(trusted.warnings, [])
})

t.test('lists of addresses and networks', async t => {
  const { addresses } = make(['192.0.2.7', '10.0.0.0/8', '2001:db8::/32'])
  for (const said of ['192.0.2.7', '192.0.2.7:443', '10.255.0.1', '::ffff:10.1.2.3', '2001:db8:ffff::1']) t.equal(addresses.isListed(request(said)), true, said)
  for (const said of ['192.0.2.8', '11.0.0.1', '2001:db9::1', 'unknown', undefined]) t.equal(addresses.isListed(request(said)), false, String(said))
  t.equal(make().addresses.isListed(request('10.0.0.1')), false)
  for (const bad of ['', 'x', '10.0.0.0/33', '::1/129', '10.0.0.1/a', '10.0.0.1/', '1.2.3.4/8/8', 'fe80::1%lo']) {
    t.throws(() => compileAddresses(['10.0.0.1', bad], 'here'), { code: 'WSG_ERR_OPTION', message: /here\[1\]: expected .* got "/ }, bad)
  }
})

t.test('an address, or none', async t => {
  t.equal(clientAddress({ ip: '192.0.2.1' } as FastifyRequest), '192.0.2.1')
  t.equal(clientAddress({ get ip (): never { throw new TypeError('no socket') } } as unknown as FastifyRequest), undefined)
})
