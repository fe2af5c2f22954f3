import t from 'tap'
import { addressKey } from '../../lib/gate/address.js'

t.test('spellings of one address are one client', async t => {
  const same: [string, string, number][] = [
    ['127.0.0.1', '::ffff:127.0.0.1', 64], ['127.0.0.1', '::FFFF:127.0.0.1', 64], ['127.0.0.1', '::ffff:7f00:1', 64], ['192.0.2.255', '::ffff:c000:2ff', 128],
    ['2001:db8::1', '2001:DB8:0:0::ffff', 64], ['2001:db8:0:0:1::', '2001:db8::2', 64], ['2001:db8::1', '2001:db8:0:0:0:0:0:1', 128], ['fe80::1%eth0', 'fe80::1', 128],
    ['2001:db8:1:2::', '2001:db8:1:ffff::', 48], ['2001:db8:1:80::', '2001:db8:1:ff::', 57], ['64:ff9b::192.0.2.1', '64:ff9b::c000:201', 128],
  ]
  for (const [a, b, prefix] of same) t.equal(addressKey(a, prefix), addressKey(b, prefix), `${a} and ${b} by /${prefix}`)
})

t.test('others are not', async t => {
  const different: [string, string, number][] = [
    ['127.0.0.1', '127.0.0.2', 64], ['2001:db8:0:1::1', '2001:db8:0:2::1', 64], ['2001:db8::1', '2001:db8::2', 128], ['2001:db8:1::', '2001:db8:2::', 48],
    ['2001:db8:1:7f::', '2001:db8:1:80::', 57], ['127.0.0.1', '::1', 64], ['127.0.0.1', '::127.0.0.1', 128],
  ]
  for (const [a, b, prefix] of different) t.not(addressKey(a, prefix), addressKey(b, prefix), `${a} and ${b} by /${prefix}`)
})

t.test('what is no address counts under one name', async t => {
  for (const address of [undefined, '', 'unix:', '256.1.1.1', 'x'.repeat(1000), '::g', '1:2:3:4:5:6:7:8:9', '::ffff:999.1.1.1']) t.equal(addressKey(address, 64), 'local', String(address).slice(0, 30))
})
