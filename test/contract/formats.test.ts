import { FormatRegistry, Type } from '@sinclair/typebox'
import t from 'tap'
import { registerFormats } from '../../lib/contract/tree/formats.js'
import { typeBoxCheck } from '../helpers/contract.js'
import { isLinear } from '../helpers/growth.js'

const CASES: { readonly [format: string]: readonly [accepted: readonly string[], refused: readonly string[]] } = {
  email: [['a@example.com', 'a.b+c@sub.example.com'], ['a', 'a@', '@b', 'a@b@c.com', 'a@b', 'a b@example.com', 'a@example.com\n']],
  uri: [['https://example.com/a?b#c', 'urn:isbn:123'], ['', '/a', 'example.com', 'http://a b', 'http://exa\nmple.com']],
  'uri-reference': [['/a', 'https://example.com', '#x'], ['a b', '\\x']],
  'uri-template': [['/a/{b}'], ['/a/{b', '{}']],
  uuid: [['2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2EB8AA08-AA98-11EA-B4AA-73B441D16380'], ['', '2eb8aa08aa9811eab4aa73b441d16380', 'urn:uuid:2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2eb8aa08-aa98-11ea-b4aa-73b441d1638g', '2eb8aa08-aa98-11ea-b4aa-73b441d16380\n']],
  'date-time': [['2026-02-28T23:59:59Z', '2026-02-28t23:59:59.123+05:30', '1998-12-31T23:59:60Z'], ['2026-02-29T00:00:00Z', '2026-02-28T24:00:00Z', '2026-02-28 10:00:00Z', '2026-02-28\n10:00:00Z', '2026-02-28T10:00:00', '2026-02-28T10:00:00+0530', '2026-02-28T10:00:00+05', '1998-12-31T23:58:60Z']],
  date: [['2024-02-29', '2000-02-29'], ['2023-02-29', '1900-02-29', '2024-13-01', '2024-1-1', '2024-02-29\n']],
  time: [['10:00:00Z', '10:00:00.5-03:00'], ['10:00', '10:00:00', '25:00:00Z', '10:00:00+03']],
  duration: [['P1Y2M3DT4H', 'P2W'], ['P', 'PT', '1Y', 'P1W2D']],
  ipv4: [['127.0.0.1', '255.255.255.255'], ['256.0.0.1', '1.2.3', '01.2.3.4', '0x7f.0.0.1', '1.2.3.4\n']],
  ipv6: [['::1', '2001:db8::ff00:42:8329', '::ffff:1.2.3.4'], [':::1', '1::2::3', '12345::', '::1%eth0']],
  hostname: [['example.com', 'localhost', 'xn--bcher-kva.example'], ['-a.com', 'a_b.com', 'a..b', `${'a'.repeat(64)}.com`, 'exa mple']],
  'json-pointer': [['', '/a/~0b/~1'], ['a', '/~2']],
  'json-pointer-uri-fragment': [['#/a%20b'], ['/a', '#a']],
  'relative-json-pointer': [['0', '1/a', '0#'], ['/a', '-1', '01']],
}

t.test('registerFormats keeps what the application registered', async t => {
  const own = (value: string): boolean => value === 'own'
  FormatRegistry.Set('email', own)
  FormatRegistry.Set('colour', own)
  registerFormats()
  t.equal(FormatRegistry.Get('email'), own)
  t.equal(FormatRegistry.Has('colour'), true, 'an own format is known')
  FormatRegistry.Delete('email')
  registerFormats()
  t.not(FormatRegistry.Get('email'), own)
  const uri = FormatRegistry.Get('uri')
  registerFormats()
  t.equal(FormatRegistry.Get('uri'), uri, 'twice is once')
})

t.test('each format accepts and refuses', async t => {
  registerFormats()
  for (const [format, [accepted, refused]] of Object.entries(CASES)) {
    const check = typeBoxCheck(Type.String({ format }))
    for (const value of accepted) t.equal(check(value), true, `${format} ${JSON.stringify(value)}`)
    for (const value of refused) t.equal(check(value), false, `${format} not ${JSON.stringify(value)}`)
  }
})

t.test('the formats that are known are exactly those that are tested here', async t => {
  FormatRegistry.Delete('colour')
  registerFormats()
  t.same([...FormatRegistry.Entries().keys()].sort(), Object.keys(CASES).sort())
  for (const left of ['url', 'regex', 'byte', 'binary', 'password', 'toString', '__proto__']) t.equal(FormatRegistry.Has(left), false, left)
})

t.test('F19 formats are linear under attack strings', async t => {
  registerFormats()
  const seeds = ['a', '1', '-', '.', 'a.', 'a-', '1.', '1:', ':', '/', '%41', '@', 'a@', '0', 'T', 'P1Y', '1Y', '~0', '{a}', '{a,', 'é', '\u00a1-', 'http://a', ' ']
  const heads = ['', 'http://', 'http://a@', 'a@', 'mailto:', '/', '#/', 'P', '{', 'https://[', '2020-01-01T', '12:00:00.', '2020-01-01T12:00:00.']
  const tails = ['', '!', '\n', '\0', '"']
  for (const format of Object.keys(CASES)) {
    const test = FormatRegistry.Get(format)!
    for (const seed of seeds) {
      const values = (size: number): string[] => heads.flatMap(head => tails.map(tail => head + seed.repeat(size / seed.length) + tail))
      await isLinear(t, `${format}: ${seed}`, 4096, values, all => { for (const value of all) test(value) })
    }
  }
})
