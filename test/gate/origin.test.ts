import { readFileSync } from 'node:fs'
import t from 'tap'
import { compileOrigins, corsOrigin, originsFromHosts } from '../../lib/gate/origin.js'
import type { OriginOptions } from '../../lib/gate/origin.js'
import { isLinear } from '../helpers/growth.js'

interface Row { id: string, list: string, origin: string | string[] | null, expect: 'accept' | 'reject' | 'either', cat: string }
interface Corpus { allowLists: Record<string, string[]>, rows: Row[] }

const corpus = JSON.parse(readFileSync(`${process.cwd()}/test/corpus/origins.json`, 'utf8')) as Corpus

const compile = (patterns: string[], options: Partial<OriginOptions> = {}) =>
  compileOrigins(patterns, { optionName: 'origins', development: false, allowMissing: false, allowNull: false, ...options })

const CANONICAL = /^https?:\/\/(?:[a-z0-9._-]+|\[[0-9a-f:]+\])(?::\d+)?$/

/** Of free choice, and what browsers send: a hyphen that begins a label. */
const SENT = new Set(['origin-263', 'origin-265'])

t.test('corpus: every row has its verdict, and spellings browsers never send are refused', async t => {
  const policies = new Map(Object.entries(corpus.allowLists).map(([name, list]) => [name, compile(list)]))
  const count = { accept: 0, reject: 0, either: 0 }
  for (const row of corpus.rows) {
    // Node joins repeated Origin lines; UTF-8 bytes arrive as latin1.
    const joined = Array.isArray(row.origin) ? row.origin.join(', ') : row.origin ?? undefined
    for (const origin of new Set([joined, joined && Buffer.from(joined).toString('latin1')])) {
      const refusal = policies.get(row.list)!.check(origin)
      t.equal(refusal === null, row.expect === 'accept' || SENT.has(row.id), `${row.id} ${row.cat} ${JSON.stringify(origin)?.slice(0, 80)}`)
      if (refusal) t.equal(refusal.value, origin)
    }
    count[row.expect]++
  }
  t.comment(`origins: ${count.accept} accepted, ${count.reject} refused, ${count.either} of free choice refused`)
  t.ok(count.accept >= 6 && count.reject >= 150)
})

t.test('corpus: with "*" only well-formed http and https origins pass', async t => {
  const policy = compile(['*'])
  for (const row of corpus.rows) {
    if (typeof row.origin !== 'string') continue
    t.ok(!policy.allows(row.origin) || CANONICAL.test(row.origin), row.id)
    if (row.expect === 'accept') t.ok(policy.allows(row.origin), row.id)
  }
  t.equal(policy.any, true)
  t.ok(policy.allows('http://evil.test:8080'))
  t.ok(policy.allows('https://[2001:db8::1]:8443'))
  t.ok(policy.allows('https://192.0.2.10'))
  t.equal(policy.check(undefined)?.code, 'WSG_ERR_ORIGIN_MISSING')
  t.equal(policy.check('null')?.code, 'WSG_ERR_ORIGIN_NULL')
  for (const origin of ['', 'NULL', 'file://', 'https://', 'http://..', 'https://a b', 'https://a.test:443', 'http://a.test:80', 'https://a.test:0',
    'https://a.test:65536', 'https://a.test:08443', 'https://a.test:', 'https://A.test', 'https://a.test.', 'https://a.test/', 'https://u@a.test',
    'chrome-extension://abcdefghijklmnop', 'ws://a.test', 'https://127.1', 'https://0x7f.1', 'https://[::0001]', 'https://[0:0:0:0:0:0:0:1]',
    'https://[2001:DB8::1]', 'https://[::1', 'https://[::1]x', 'https://[]', 'https://a~b.test', 'https://a.b-']) {
    t.equal(policy.check(origin)?.code, 'WSG_ERR_ORIGIN_NOT_ALLOWED', origin)
  }
})

t.test('missing and null are options of their own', async t => {
  const list = ['https://goodsite.com']
  t.equal(compile(list).check(undefined)?.code, 'WSG_ERR_ORIGIN_MISSING')
  t.equal(compile(list, { allowMissing: true }).check(undefined), null)
  t.equal(compile(list, { allowMissing: true }).check('')?.code, 'WSG_ERR_ORIGIN_NOT_ALLOWED', 'an empty header is not a missing one')
  t.equal(compile(list, { allowMissing: true }).check('null')?.code, 'WSG_ERR_ORIGIN_NULL')
  t.same(compile(list).check('null'), { code: 'WSG_ERR_ORIGIN_NULL', value: 'null' })
  t.equal(compile(list, { allowNull: true }).check('null'), null)
  t.equal(compile(list, { allowNull: true }).check('Null')?.code, 'WSG_ERR_ORIGIN_NOT_ALLOWED')
  t.equal(compile(list, { allowNull: true }).check(undefined)?.code, 'WSG_ERR_ORIGIN_MISSING')
  t.equal(compile([], { allowMissing: true }).check(undefined), null, 'a service without pages')
})

// pattern, canonical entries, allowed, refused
const forms: [string, string[], string[], string[]][] = [
  ['goodsite.com', ['https://goodsite.com'], ['https://goodsite.com'],
    ['http://goodsite.com', 'https://goodsite.com:8443', 'https://a.goodsite.com', 'wss://goodsite.com', 'chrome-extension://goodsite.com']],
  ['goodsite.com:8443', ['https://goodsite.com:8443'], ['https://goodsite.com:8443'], ['https://goodsite.com', 'http://goodsite.com:8443']],
  ['goodsite.com:443', ['https://goodsite.com'], ['https://goodsite.com'], ['https://goodsite.com:443']],
  ['.goodsite.com', ['https://.goodsite.com'], ['https://goodsite.com', 'https://a.goodsite.com', 'https://a.b.goodsite.com', 'https://feature_x.goodsite.com', 'https://-a.goodsite.com', 'https://a-.goodsite.com'],
    ['http://goodsite.com', 'http://a.goodsite.com', 'https://xgoodsite.com', 'https://.goodsite.com', 'https://a..goodsite.com',
      'https://goodsite.com.evil.test', 'https://a.goodsite.com:8443', 'https://feature_xgoodsite.com', 'https://a;b.goodsite.com',
      `https://${'a'.repeat(64)}.goodsite.com`]],
  ['.goodsite.com:8443', ['https://.goodsite.com:8443'], ['https://goodsite.com:8443', 'https://a.goodsite.com:8443'],
    ['https://goodsite.com', 'https://a.goodsite.com:8444', 'https://a.goodsite.com:08443']],
  ['http://.goodsite.com:80', ['http://.goodsite.com'], ['http://goodsite.com', 'http://a.goodsite.com'],
    ['http://goodsite.com:80', 'https://goodsite.com', 'http://a.goodsite.com:80', 'http://a.goodsite.com:8080']],
  ['https://feature_x.goodsite.com', ['https://feature_x.goodsite.com'], ['https://feature_x.goodsite.com'], ['https://feature-x.goodsite.com', 'https://a.feature_x.goodsite.com']],
  ['http://other.site.com', ['http://other.site.com'], ['http://other.site.com'], ['https://other.site.com', 'http://site.com']],
  ['https://*.goodsite.com', ['https://*.goodsite.com'], ['https://a.goodsite.com', 'https://a.b.goodsite.com'],
    ['https://goodsite.com', 'https://*.goodsite.com', 'http://a.goodsite.com']],
  ['*.goodsite.com', ['https://*.goodsite.com'], ['https://a.goodsite.com'], ['https://goodsite.com']],
  ['HTTPS://GoodSite.COM', ['https://goodsite.com'], ['https://goodsite.com'], ['https://GoodSite.COM']],
  ['https://bücher.example', ['https://xn--bcher-kva.example'], ['https://xn--bcher-kva.example'], ['https://bücher.example']],
  ['https://BÜCHER.example', ['https://xn--bcher-kva.example'], ['https://xn--bcher-kva.example'], ['https://bucher.example']],
  ['https://[2001:DB8::1]:8443', ['https://[2001:db8::1]:8443'], ['https://[2001:db8::1]:8443'], ['https://[2001:db8::1]', 'https://[2001:db8::2]:8443']],
  ['\u212aelvin.example', ['https://kelvin.example'], ['https://kelvin.example'], ['https://\u212aelvin.example']],
  ['192.0.2.10', ['https://192.0.2.10'], ['https://192.0.2.10'], ['https://1.192.0.2.10', 'https://192.0.2.1']],
  ['chrome-extension://abcdefghijklmnop', ['chrome-extension://abcdefghijklmnop'], ['chrome-extension://abcdefghijklmnop'],
    ['chrome-extension://abcdefghijklmnopq', 'https://abcdefghijklmnop', 'CHROME-extension://abcdefghijklmnop']],
  ['capacitor://localhost', ['capacitor://localhost'], ['capacitor://localhost'], ['ionic://localhost', 'http://localhost']],
  ['safari-web-extension://9E2F0A1B-1C2D-4E3F-8A9B-0C1D2E3F4A5B', ['safari-web-extension://9E2F0A1B-1C2D-4E3F-8A9B-0C1D2E3F4A5B'],
    ['safari-web-extension://9E2F0A1B-1C2D-4E3F-8A9B-0C1D2E3F4A5B'], ['safari-web-extension://9e2f0a1b-1c2d-4e3f-8a9b-0c1d2e3f4a5b']],
  ['localhost', ['https://localhost'], ['https://localhost'], ['http://localhost', 'https://localhost:3000']],
  ['.localhost', ['https://.localhost'], ['https://localhost', 'https://a.localhost'], ['http://a.localhost']],
  ['https://toString', ['https://tostring'], ['https://tostring'], ['toString', 'constructor', '__proto__', 'hasOwnProperty']],
]

t.test('each form of a pattern, both sides', async t => {
  for (const [pattern, entries, allowed, refused] of forms) {
    const policy = compile([pattern])
    t.same(policy.entries, entries, pattern)
    t.equal(policy.any, false)
    for (const origin of allowed) t.equal(policy.check(origin), null, `${pattern} allows ${origin}`)
    for (const origin of refused) t.equal(policy.check(origin)?.code, 'WSG_ERR_ORIGIN_NOT_ALLOWED', `${pattern} refuses ${origin.slice(0, 60)}`)
  }
})

t.test('development: loopback hosts without a scheme mean http too, on any port; others do not change', async t => {
  const policy = compile(['localhost', '.dev.localhost', '127.0.0.1:3000', '[::1]', 'goodsite.com', 'http://127.0.0.2'], { development: true })
  for (const origin of ['http://localhost', 'https://localhost', 'http://localhost:5173', 'https://localhost:8443', 'http://dev.localhost:1',
    'http://a.dev.localhost:65535', 'https://a.b.dev.localhost', 'http://127.0.0.1:3000', 'https://127.0.0.1:3000', 'http://[::1]', 'http://[::1]:8000',
    'https://goodsite.com', 'http://127.0.0.2']) t.equal(policy.check(origin), null, origin)
  for (const origin of ['http://127.0.0.1', 'http://127.0.0.1:3001', 'http://a.localhost', 'http://goodsite.com', 'https://goodsite.com:3000', 'http://127.0.0.2:80',
    'http://127.0.0.2:81', 'http://localhost:0', 'http://localhost:80', 'https://localhost:443', 'http://localhost:65536', 'http://localhost:+1', 'http://localhost.',
    'http://localhost.evil.test', 'http://localhost:3000.evil.test', 'ws://localhost', 'http://127.1', 'http://[::1]:', 'http://[::2]']) {
    t.equal(policy.check(origin)?.code, 'WSG_ERR_ORIGIN_NOT_ALLOWED', origin)
  }
  t.same(compile(['localhost:80'], { development: true }).entries, ['http://localhost', 'https://localhost:80'])
})

t.test('wildcard tells whether a real domain is trusted with its subdomains', async t => {
  t.equal(compile(['https://goodsite.com']).wildcard, false)
  t.equal(compile(['*']).wildcard, false)
  t.equal(compile(['.localhost']).wildcard, false)
  t.equal(compile(['.goodsite.com']).wildcard, true)
  t.equal(compile(['https://app.goodsite.com', 'https://*.goodsite.com']).wildcard, true)
})

// entry, what the message must say
const faults: [string, RegExp][] = [
  ['', /is empty/],
  ['.', /no domain/],
  ['..', /ends with a dot/],
  ['..goodsite.com', /not a host name/],
  ['*.', /no domain/],
  ['.com', /every site under ".com".*\.goodsite\.com/],
  ['https://.com', /every site under/],
  ['*.com', /every site under/],
  ['https://*.com', /every site under/],
  ['https://*', /alone for any origin/],
  ['https://*:8443', /"\*"/],
  ['*:80', /"\*"/],
  ['**', /"\*"/],
  ['.*', /"\*"/],
  ['https://a.*.goodsite.com', /"\*"/],
  ['https://*goodsite.com', /"\*"/],
  ['null', /dangerouslyAllowNullOrigin/],
  ['NULL', /dangerouslyAllowNullOrigin/],
  ['file://', /dangerouslyAllowNullOrigin/],
  ['data://x', /dangerouslyAllowNullOrigin/],
  ['ftp://goodsite.com', /can't match/],
  ['wss://goodsite.com', /write "https:\/\/goodsite\.com"/],
  ['ws://goodsite.com:8080', /write "http:\/\/goodsite\.com:8080"/],
  ['https://', /is empty/],
  ['https://goodsite.com/', /path.*write "https:\/\/goodsite\.com"/],
  ['https://goodsite.com/chat', /path.*write "https:\/\/goodsite\.com"/],
  ['goodsite.com?x', /query/],
  ['goodsite.com#x', /fragment/],
  ['//goodsite.com', /starts with a path/],
  ['https:/goodsite.com', /path|port/],
  ['https:goodsite.com', /port/],
  ['://goodsite.com', /no valid scheme/],
  ['1https://goodsite.com', /no valid scheme/],
  ['https://goodsite.com:0', /port from 1 to 65535/],
  ['https://goodsite.com:65536', /port from 1 to 65535/],
  ['https://goodsite.com:+443', /port from 1 to 65535/],
  ['https://goodsite.com:0443', /port from 1 to 65535/],
  ['https://goodsite.com:', /port from 1 to 65535/],
  ['https://goodsite.com:*', /"\*"/],
  ['goodsite.com:80', /https on port 80; write "http:\/\/goodsite\.com"/],
  ['https://user@goodsite.com', /user information/],
  ['https://goodsite.com, https://other.com', /comma|white space/],
  ['goodsite.com,other.com', /comma/],
  [' goodsite.com', /white space/],
  ['goodsite.com\n', /white space/],
  ['good\u200bsite.com', /white space/],
  ['https://goodsite.com.', /ends with a dot/],
  ['.goodsite.com.', /ends with a dot/],
  ['good~site.com', /not a host name/],
  ['a.goodsite-', /not a host name/],
  [`${'a'.repeat(64)}.com`, /not a host name/],
  ['xn--app-.goodsite.com', /not a host name/],
  ['ｇoodsite.com', /is read as "goodsite\.com"; write that/],
  ['goodsite。com', /is read as "goodsite\.com"; write that/],
  ['127.1', /is read as "127\.0\.0\.1"; write that/],
  ['0x7f000001', /is read as "127\.0\.0\.1"; write that/],
  ['192.0.2.010', /is read as "192\.0\.2\.8"; write that/],
  ['999.999.999.999', /not a host name/],
  ['.0.0.1', /not a host name|every site|is read as/],
  ['.127.0.0.1', /IP address/],
  ['https://*.192.0.2.1', /IP address/],
  ['.[::1]', /IP address/],
  ['::1', /brackets/],
  ['[::1', /brackets/],
  ['[0:0:0:0:0:0:0:1]', /write "\[::1\]"/],
  ['[::ffff:127.0.0.1]', /write "\[::ffff:7f00:1\]"/],
  ['[fe80::1%eth0]', /percent/],
  ['[zz]', /not a canonical IPv6/],
  ['[::1]x', /port/],
  ['chrome-extension://*', /in full/],
  ['chrome-extension://.abc', /in full/],
  ['chrome-extension://abc/page.html', /full origin/],
  ['chrome-extension://', /full origin/],
  ['custom://host:0', /illegal port/],
]

t.test('an entry that could never match, or would match too much, fails at boot and says how to write it', async t => {
  for (const [entry, message] of faults) {
    try {
      compile(['https://fine.example', entry])
      t.ok(false, `${JSON.stringify(entry)} must be refused`)
    } catch (error) {
      const { code, message: text } = error as Error & { code: string }
      t.equal(code, 'WSG_ERR_ORIGIN_PATTERN', entry)
      t.match(text, /^origins\[1\]: "/, 'names the option and the entry')
      t.match(text, message, `${entry}: ${text}`)
      t.match(text, /write|leave|see|set/, 'says what to do')
    }
  }
  t.throws(() => compile([]), { code: 'WSG_ERR_ORIGIN_PATTERN', message: /^origins: is empty/ })
  t.throws(() => compile([42 as never]), { code: 'WSG_ERR_ORIGIN_PATTERN', message: /type number/ })
  t.throws(() => compile([`https://${'x'.repeat(5000)}/`]), { message: /^.{1,600}$/ }, 'a long entry is cut')
})

t.test('hostile text is refused in linear time, without throwing', async t => {
  const policy = compile(['.goodsite.com', 'https://*.a.test', '*'], {})
  for (const unit of ['a.', '.', '-', ':', '[', '[:', '::', '[::', ']', '0.', '@', '\u0000', '\ud800', 'https://', 'https://[', 'é']) {
    const origins = (text: string): string[] => [text, `https://${text}`, `https://${text}.goodsite.com`, `https://[${text}]`, `https://goodsite.com:${text}`]
    for (const origin of origins(unit.repeat(8000))) t.ok(policy.check(origin) !== null)
    await isLinear(t, JSON.stringify(unit), 8000, size => origins(unit.repeat(size)), all => { for (const origin of all) policy.check(origin) })
  }
})

t.test('thousands of entries keep each other out', async t => {
  const policy = compile(Array.from({ length: 5000 }, (_, i) => `https://.tenant${i}.goodsite.com`))
  t.ok(policy.allows('https://a.tenant4999.goodsite.com'))
  t.ok(policy.allows('https://tenant0.goodsite.com'))
  t.notOk(policy.allows('https://a.tenant5000.goodsite.com'))
  t.notOk(policy.allows('https://goodsite.com'))
})

t.test('origins derived from allowedHosts', async t => {
  const derive = (hosts: string[], development = false) => originsFromHosts(hosts, { development })
  t.same(derive(['goodsite.com', '.goodsite.com', 'app.goodsite.com:8443', 'a.test:443', 'b.test:80', '[::1]', 'Bücher.example']),
    ['https://goodsite.com', 'https://.goodsite.com', 'https://app.goodsite.com:8443', 'https://a.test', 'https://b.test', 'https://[::1]', 'https://xn--bcher-kva.example'])
  t.same(derive(['localhost', 'goodsite.com'], true), ['localhost', 'https://goodsite.com'])
  t.same(derive(['localhost'], false), ['https://localhost'])
  t.same(derive([], true), ['localhost', '127.0.0.1', '[::1]'])
  t.same(derive([]), [])
  t.throws(() => derive(['*']), { code: 'WSG_ERR_ORIGIN_PATTERN', message: /allowedHosts\[0\].*set origins/ })
  t.throws(() => derive(['https://goodsite.com']), { code: 'WSG_ERR_HOST_PATTERN' })
  const policy = compile(derive([], true), { development: true })
  t.ok(policy.allows('http://localhost:5173'))
  t.notOk(policy.allows('http://sub.localhost'))
})

t.test('corsOrigin answers @fastify/cors from the same list', async t => {
  const cors = corsOrigin(compile(['https://app.goodsite.com'], { allowMissing: true }))
  const ask = (origin: string | undefined) => {
    let answer: unknown[] = []
    cors(origin, (...args) => { answer = args })
    return answer
  }
  t.same(ask('https://app.goodsite.com'), [null, true])
  t.same(ask('https://evil.test'), [null, false])
  t.same(ask('null'), [null, false])
  t.same(ask(undefined), [null, false], 'nothing to reflect')
})

t.test('a policy cannot be changed from outside', async t => {
  const list = ['https://goodsite.com']
  const policy = compile(list)
  list.push('https://evil.test')
  t.notOk(policy.allows('https://evil.test'))
  t.ok(Object.isFrozen(policy) && Object.isFrozen(policy.entries))
})
