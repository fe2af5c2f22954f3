import { readFileSync } from 'node:fs'
import t from 'tap'
import { compileHosts } from '../../lib/gate/host.js'

interface Row { id: string, list: string, host: string | string[] | null, forwardedHost?: string, expect: 'accept' | 'reject', cat: string }
interface Corpus { allowHosts: Record<string, string[]>, rows: Row[] }

const corpus = JSON.parse(readFileSync(`${process.cwd()}/test/corpus/hosts.json`, 'utf8')) as Corpus
const compile = (patterns: string[], development = false) => compileHosts(patterns, { optionName: 'allowedHosts', development })

t.test('corpus: every Host value has its verdict', async t => {
  const count = { accept: 0, reject: 0, wire: 0 }
  for (const row of corpus.rows) {
    if (row.forwardedHost !== undefined) {
      // X-Forwarded-Host is judged where requests are; here only the direct Host counts.
      count.wire++
      continue
    }
    // Repeated lines are refused by the handshake check, before any value is looked at; joined they are malformed.
    const joined = Array.isArray(row.host) ? row.host.join(', ') : row.host ?? undefined
    for (const host of new Set([joined, joined && Buffer.from(joined).toString('latin1')])) {
      const refusal = compile(corpus.allowHosts[row.list]!).check(host)
      t.equal(refusal === null, row.expect === 'accept', `${row.id} ${row.cat} ${JSON.stringify(host)?.slice(0, 80)}`)
      if (refusal) t.equal(refusal.value, host)
      if (row.cat === 'syntax' && refusal && !/^[a-z]+$/.test(joined ?? '')) t.equal(refusal.code, 'WSG_ERR_HOST_MALFORMED', row.id)
    }
    count[row.expect]++
  }
  t.comment(`hosts: ${count.accept} accepted, ${count.reject} refused, ${count.wire} need the wire`)
  t.ok(count.accept >= 9 && count.reject >= 95)
})

const verdict = (policy: ReturnType<typeof compile>, host: string | undefined) => policy.check(host)?.code.replace('WSG_ERR_HOST_', '') ?? 'OK'

t.test('well-formed but foreign is NOT_ALLOWED, anything else MALFORMED', async t => {
  const policy = compile(['app.goodsite.com'])
  for (const host of ['goodsite.com', 'evil.test', 'a.app.goodsite.com', 'app.goodsite.com.evil.test', '192.0.2.1', '[::1]', '[::ffff:7f00:1]:80', 'localhost', 'a_b.goodsite.com', '-a.goodsite.com', 'a-.goodsite.com', 'xn--mnchen-3ya.de:8443', '10.0.0.1:1']) {
    t.equal(verdict(policy, host), 'NOT_ALLOWED', host)
  }
  for (const host of [undefined, '', ' ', '.', '..', '-', ':80', 'app.goodsite.com:', 'app.goodsite.com:0', 'app.goodsite.com:65536', 'app.goodsite.com:+443', 'app.goodsite.com:-1',
    'app.goodsite.com:0443', 'app.goodsite.com:443:443', 'app.goodsite.com..', '.app.goodsite.com', 'a..goodsite.com', 'app.goodsite.com/', 'u@app.goodsite.com', 'a~b.goodsite.com',
    'a;b.goodsite.com', 'app goodsite.com', 'app.goodsite.com\n', 'app.goodsite.com\u0000', 'äpp.goodsite.com', '\u212aelvin.test', '127.1', '2130706433', '0x7f.1',
    '127.0.0.01', '127.0.0.1.', '256.1.1.1', '1.2.3', '::1', '[::1', '::1]', '[]', '[:]', '[::::]', '[::1].', '[::1]x', '[::0001]', '[0:0:0:0:0:0:0:1]', '[::ffff:127.0.0.1]', '[::1%25lo]',
    '[1:2:3:4:5:6:7:8:9]', '[1::2::3]', '[v1.x]', '[127.0.0.1]', `${'a'.repeat(64)}.test`, `${'a.'.repeat(127)}test`, 'x'.repeat(20000)]) {
    t.equal(verdict(policy, host), 'MALFORMED', JSON.stringify(host)?.slice(0, 60))
  }
})

t.test('each form of an entry, both sides', async t => {
  const rows: [string, string[], string[]][] = [
    ['goodsite.com', ['goodsite.com', 'GOODSITE.com', 'goodsite.com.', 'goodsite.com:1', 'goodsite.com.:65535', 'GoodSite.com:8443'], ['a.goodsite.com', 'xgoodsite.com']],
    ['GoodSite.com', ['goodsite.com'], ['goodsite.org']],
    ['.goodsite.com', ['goodsite.com', 'a.goodsite.com', 'A.B.goodsite.com.:8443'], ['xgoodsite.com', 'goodsite.com.evil.test', 'com']],
    ['goodsite.com:8443', ['goodsite.com:8443', 'goodsite.com.:8443'], ['goodsite.com', 'goodsite.com:443', 'a.goodsite.com:8443']],
    ['.goodsite.com:8443', ['goodsite.com:8443', 'a.goodsite.com:8443'], ['a.goodsite.com', 'a.goodsite.com:8444']],
    ['goodsite.com:443', ['goodsite.com', 'goodsite.com:443'], ['goodsite.com:80', 'goodsite.com:8443']],
    ['goodsite.com:80', ['goodsite.com', 'goodsite.com:80'], ['goodsite.com:443']],
    ['192.0.2.1', ['192.0.2.1', '192.0.2.1:80'], ['192.0.2.10', '1.2.0.1']],
    ['[2001:DB8::1]', ['[2001:db8::1]', '[2001:DB8::1]:8443'], ['[2001:db8::2]']],
    ['[::1]:3000', ['[::1]:3000'], ['[::1]', '[::1]:3001']],
    ['bücher.example', ['xn--bcher-kva.example', 'XN--BCHER-KVA.example'], ['bucher.example']],
    ['.localhost', ['localhost', 'a.localhost:3000'], ['localhost.evil.test']],
    ['intranet', ['intranet', 'intranet:8080'], ['a.intranet']],
    ['*', ['anything.test', '10.0.0.1:80', '[::1]', 'a'], []],
  ]
  for (const [entry, allowed, refused] of rows) {
    for (const host of allowed) t.equal(verdict(compile([entry]), host), 'OK', `${entry} serves ${host}`)
    for (const host of refused) t.equal(verdict(compile([entry]), host), 'NOT_ALLOWED', `${entry} does not serve ${host}`)
  }
  const star = compile(['*'])
  for (const host of [undefined, '', '*', '*.goodsite.com', 'a b', 'a:0', '~x.goodsite.com', '127.1', '[::::]']) t.equal(verdict(star, host), 'MALFORMED', String(host))
})

t.test('development adds the loopback names', async t => {
  const policy = compile([], true)
  t.same(policy.entries, ['localhost', '.localhost', '127.0.0.1', '[::1]'])
  for (const host of ['localhost', 'localhost:3000', 'a.localhost:5173', '127.0.0.1:8000', '[::1]:8000']) t.equal(verdict(policy, host), 'OK', host)
  for (const host of ['127.0.0.2', 'goodsite.com', 'localhost.evil.test', '0.0.0.0', '[::2]']) t.equal(verdict(policy, host), 'NOT_ALLOWED', host)
  const both = compile(['goodsite.com'], true)
  t.equal(verdict(both, 'goodsite.com'), 'OK')
  t.equal(verdict(both, 'localhost:3000'), 'OK')
  t.equal(verdict(compile(['goodsite.com']), 'localhost:3000'), 'NOT_ALLOWED')
})

t.test('an entry that could never match, or would match too much, fails at boot and says how to write it', async t => {
  const faults: [string, RegExp][] = [
    ['', /is empty/], ['.', /no domain/], ['.com', /every site under/], ['*.goodsite.com', /write "\.goodsite\.com"/], ['*.com', /every site under/], ['a*.goodsite.com', /"\*"/],
    ['https://goodsite.com', /has a scheme.*write "goodsite\.com"/], ['https://goodsite.com/x', /has a scheme.*write "goodsite\.com"/], ['goodsite.com/', /path.*write "goodsite\.com"/],
    ['goodsite.com:0', /port from 1/], ['goodsite.com:99999', /port from 1/], ['goodsite.com:+80', /port from 1/], ['goodsite.com:', /port from 1/], ['goodsite.com.', /ends with a dot/],
    ['u@goodsite.com', /user information/], ['a,b', /comma/], ['a b', /white space/], ['my~host', /not a host name/], ['.0.0.1', /write/], ['.2.3', /write/], ['.3', /write/], ['127.1', /write/],
    ['::1', /brackets/], ['[::1', /brackets/], ['[::0001]', /write "\[::1\]"/], ['.[::1]', /IP address/],
  ]
  for (const [entry, message] of faults) {
    try {
      compile(['fine.example', entry])
      t.ok(false, `${JSON.stringify(entry)} must be refused`)
    } catch (error) {
      const { code, message: text } = error as Error & { code: string }
      t.equal(code, 'WSG_ERR_HOST_PATTERN', entry)
      t.match(text, /^allowedHosts\[1\]: "/)
      t.match(text, message, `${entry}: ${text}`)
    }
  }
  t.throws(() => compile([]), { code: 'WSG_ERR_HOST_PATTERN', message: /^allowedHosts: is empty/ })
  t.throws(() => compile([null as never]), { code: 'WSG_ERR_HOST_PATTERN', message: /type null/ })
})
