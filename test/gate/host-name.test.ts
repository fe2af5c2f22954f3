import fc from 'fast-check'
import t from 'tap'
import { isHost, isIPv6, isLoopback, readPort } from '../../lib/gate/host-name.js'
import { compileOrigins } from '../../lib/gate/origin.js'

// The URL parser is the oracle here, never at run time.
const serialised = (text: string): string | null => URL.canParse(text) ? new URL(text).origin : null

const any = compileOrigins(['*'], { optionName: 'origins', development: false, allowMissing: false, allowNull: false })

t.test('an origin that passes is its own serialisation', async t => {
  const piece = fc.constantFrom('a', 'b-c', '1', '0', '255', '256', '0x1f', '.', '..', '-', ':', ':80', ':443', ':8443', ':0', ':08', ':65536', '[', ']', '::', '::1', '2001:db8', 'ffff',
    '/', '@', '%2e', '_', 'A', 'é', '。', '\t', ' ', '\\', '#', '?', 'https://', 'http://')
  const text = fc.tuple(fc.constantFrom('https://', 'http://', ''), fc.array(piece, { maxLength: 8 })).map(([scheme, pieces]) => scheme + pieces.join(''))
  fc.assert(fc.property(text, origin => !any.allows(origin) || serialised(origin) === origin), { numRuns: 20000 })
  t.pass()
})

t.test('what a page of a plain host sends, passes', async t => {
  const label = fc.stringMatching(/^[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,20})?$/).filter(text => !/^..--/.test(text))
  const host = fc.oneof(fc.tuple(fc.array(label, { minLength: 1, maxLength: 4 }), fc.constantFrom('com', 'test', 'localhost')).map(([labels, top]) => [...labels, top].join('.')), fc.ipV4(), fc.ipV6().map(text => `[${text}]`))
  const url = fc.tuple(fc.constantFrom('https', 'http'), host, fc.integer({ min: 1, max: 65535 })).map(([scheme, name, port]) => `${scheme}://${name}:${port}/path`)
  fc.assert(fc.property(url, text => any.allows(serialised(text)!)), { numRuns: 5000 })
  t.pass()
})

t.test('an IPv6 address has one spelling, the URL parser\'s', async t => {
  const group = fc.constantFrom('0', '0', '0', '1', 'a', 'ffff', '0db8', 'DB8')
  const address = fc.oneof(fc.ipV6(), fc.array(group, { minLength: 8, maxLength: 8 }).map(groups => groups.join(':')),
    fc.tuple(fc.array(group, { maxLength: 7 }), fc.array(group, { maxLength: 7 })).map(([head, tail]) => `${head.join(':')}::${tail.join(':')}`))
  fc.assert(fc.property(address, text => {
    const url = `http://[${text}]`
    const canonical = URL.canParse(url) ? new URL(url).hostname.slice(1, -1) : null
    return isIPv6(text) === (text === canonical) && (canonical === null || isIPv6(canonical))
  }), { numRuns: 5000 })
  t.ok(isIPv6('::') && isIPv6('::1') && isIPv6('1::') && isIPv6('1:0:2:3:4:5:6:7'))
  t.notOk(isIPv6(':') || isIPv6('') || isIPv6(':::') || isIPv6('1::2:3:4:5:6:7:8') || isIPv6('::1%lo'))
})

t.test('hosts, ports and loopback names', async t => {
  for (const host of ['a', 'a-b.test', '1.test', 'xn--mnchen-3ya.de', '192.0.2.1', '[::1]', `${'a'.repeat(63)}.test`, 'a_b', 'feature_x.test', '_a._b.test', '-a.test', 'a-.test', '-.test']) t.ok(isHost(host, 0, host.length), host)
  for (const host of ['', '.', 'a.', 'A', '-', 'a.-b', 'a.b-', 'a b', 'a;b', '1', '1.2', '0x1', 'a.0x', '1.2.3.4.5', '[::1', '[]', `${'a'.repeat(64)}.test`, `${'a.'.repeat(126)}ab`]) t.notOk(isHost(host, 0, host.length), host)
  t.same(['1', '80', '65535', '0', '080', '65536', '', '+1', '1e3', '100000', '٣'].map(text => readPort(text, 0, text.length)), [1, 80, 65535, 0, 0, 0, 0, 0, 0, 0, 0])
  t.same(['localhost', 'a.localhost', '127.9.9.9', '[::1]'].map(isLoopback), [true, true, true, true])
  t.same(['localhost.test', 'xlocalhost', '127.evil.test', '128.0.0.1', '[::2]'].map(isLoopback), [false, false, false, false, false])
})
