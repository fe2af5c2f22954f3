import { readFileSync } from 'node:fs'
import { FormatRegistry, type TString } from '@sinclair/typebox'
import fc from 'fast-check'
import t from 'tap'
import { identifierKey } from '../../../lib/contract/text/identifier.js'
import { compileTextPolicy, type TextAdapters } from '../../../lib/contract/text/policy.js'
import type { WsText } from '../../../lib/contract/text/spec.js'
import { withinGraphemes } from '../../../lib/contract/text/graphemes.js'
import { hasForbidden, hasForbiddenOrBreak, hasMarkRun, maybeMark, plainString, SAFE_ASCII, SAFE_LINE, SAFE_TEXT, utf8Length } from '../../../lib/contract/text/rules.js'
import { POLICY_PATTERN } from '../../../lib/contract/text/spec.js'
import { html, identifier, line, text, url, type TText } from '../../../lib/contract/text/builders.js'
import { typeBoxCheck } from '../../helpers/contract.js'
import { isLinear } from '../../helpers/growth.js'

interface UnicodeRow { readonly id: string, readonly group: string, readonly value: string, readonly expect: { readonly strict: string, readonly clean: string | null }, readonly props: { readonly utf8: number, readonly graphemes: number } }
interface XssRow { readonly id: string, readonly group: string, readonly payload: string }

const corpus = <Row>(name: string): Row[] => (JSON.parse(readFileSync(`${process.cwd()}/test/corpus/${name}`, 'utf8')) as { entries: Row[] }).entries
const unicode = corpus<UnicodeRow>('unicode.json')
const xss = corpus<XssRow>('xss.own.json')
const policyOf = (schema: TText, adapters?: TextAdapters) => compileTextPolicy(schema.wsText, adapters)

const BIG = { maxLength: 100_000 }
const strict = policyOf(text(BIG))
const clean = policyOf(text({ ...BIG, clean: true }))
const strictLine = policyOf(line(BIG))
const cleanLine = policyOf(line({ ...BIG, clean: true }))

// Rows where this project is stricter than the corpus' reference: a BOM, and more than 30 combining marks in a row.
const STRICTER: { readonly [id: string]: { readonly clean: string | undefined } } = { 'uni-058': { clean: 'x' }, 'uni-095': { clean: undefined } }

t.test('G08 G09 F08 F09 unicode corpus, text', async t => {
  t.equal(unicode.length, 62)
  for (const { id, value, expect } of unicode) {
    const stricter = STRICTER[id]
    const accepted = expect.strict === 'accept' && stricter === undefined
    t.equal(strict(value), accepted ? value : undefined, `${id} strict`)
    t.equal(clean(value), stricter !== undefined ? stricter.clean : expect.clean ?? undefined, `${id} clean`)
  }
})

t.test('unicode corpus, line: no line break of any kind, the rest as text', async t => {
  for (const { id, value } of unicode) {
    const breaks = /[\n\r\x85\u2028\u2029]/.test(value)
    t.equal(strictLine(value), breaks ? undefined : strict(value), `${id} strict`)
    t.notMatch(cleanLine(value) ?? '', /[\n\r\x85\u2028\u2029]/, `${id} clean`)
  }
  t.equal(cleanLine('one\r\ntwo\u2028three'), 'one two three', 'a break becomes one space')
})

t.test('G01 what a policy accepts is delivered unchanged', async t => {
  // eslint-disable-next-line no-control-regex
  const declared = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]/
  let delivered = 0
  for (const { id, payload } of xss) {
    const out = strict(payload)
    if (out !== undefined) delivered++
    t.equal(out, declared.test(payload) || !payload.isWellFormed() ? undefined : payload, id)
    t.equal(plainString(payload), payload.isWellFormed() && !payload.includes('\0'), `${id} without a policy`)
  }
  t.ok(delivered > 200, `${delivered} of ${xss.length} are delivered`)
})

t.test('G04 benign text survives, cleaned or not', async t => {
  const rows = xss.filter(row => row.group === 'benign-must-survive')
  t.ok(rows.length > 20)
  for (const { id, payload } of rows) {
    t.equal(strict(payload), payload, id)
    t.equal(clean(payload), payload.normalize('NFC').trim(), `${id} clean`)
  }
  t.equal(clean('if (a<b) return'), 'if (a<b) return', 'nothing is taken for a tag')
})

t.test('G08 bidirectional overrides and isolates, both sides', async t => {
  for (const bad of ['\u202a', '\u202e', '\u2066', '\u2069', '\ufff9', '\ufeff']) {
    t.equal(strict(`a${bad}b`), undefined, JSON.stringify(bad))
    t.equal(clean(`a${bad}b`), 'ab', `${JSON.stringify(bad)} clean`)
  }
  for (const good of ['\u200d', '\u200c', '\ufe0f', '\u200e', '\u200f', '\u061c']) {
    t.equal(strict(`a${good}b`), `a${good}b`, JSON.stringify(good))
    t.equal(clean(`a${good}b`), `a${good}b`, `${JSON.stringify(good)} clean`)
  }
})

t.test('G08 identifiers: allow-list, one script, key for comparison', async t => {
  const check = policyOf(identifier({ maxLength: 64 }))
  for (const good of ['admin', 'a-b_c9', 'Ærøskøbing', 'дмитрий', '山田たろう', '김철수', 'नमस्ते', 'עברית', 'ａｄｍｉｎ', '_', 'é', 'e\u0301']) {
    t.equal(check(good), good, `${good} is stored as it is`)
  }
  for (const bad of ['', 'a b', 'a.b', 'раypal', 'O0oΟо', 'а1z', 'user\u200fname', 'x\u200by', 'a\ufe00b', 'a\u202eb', '\ufdfa', 'x\ufeff', 'a\n', '\u3164', 'ᎪᏴ', '\ud800', '<b>', '__proto__\0', 'a' + '\u0301'.repeat(31)]) {
    t.equal(check(bad), undefined, JSON.stringify(bad))
  }
  for (const [same, key] of [['Admin', 'admin'], ['ⓐⓓⓜⓘⓝ', 'admin'], ['𝐚𝐝𝐦𝐢𝐧', 'admin'], ['paypaⅼ', 'paypal'], ['ﬁle', 'file'], ['admın', 'admin'], ['STRASSE', identifierKey('straße')], ['\u212aelvin', 'kelvin'], ['e\u0301', identifierKey('É')]] as const) {
    t.equal(identifierKey(same), key, `${same} is ${key}`)
  }
  // by Script_Extensions: what only some scripts share counts for those (long mark of Japanese, tatweel, digits of India and Arabia)
  for (const bad of ['ad\u30fcmin', 'ad\u0640min', 'a\u0966', 'я\u0661', '\u30fc가']) t.equal(check(bad), undefined, JSON.stringify(bad))
  for (const good of ['サーバー', 'ー', 'サーバー1', 'مـحمد', 'क\u0966', 'م\u0661', '漢字かな交じり']) t.equal(check(good), good, good)
  t.not(identifierKey('rn'), identifierKey('m'))
  t.equal(policyOf(identifier({ maxLength: 64, clean: true }))('  e\u0301 '), 'é', 'clean: NFC and trim')
  t.equal(policyOf(identifier({ maxLength: 64, clean: true }))('ad\0min'), undefined, 'clean drops nothing inside')
})

t.test('identifiers: an own pattern has to match the whole, and opens no invisible character', async t => {
  const digits = policyOf(identifier({ maxLength: 8, pattern: '[0-9]{2,4}' }))
  t.equal(digits('123'), '123')
  t.equal(digits('x123'), undefined)
  t.equal(digits('12345'), undefined)
  const anything = policyOf(identifier({ maxLength: 8, pattern: '.*' }))
  t.equal(anything('a.b c'), 'a.b c')
  for (const bad of ['a\nb', 'a\u200db', 'a\u202eb', 'aя', '\udc00']) t.equal(anything(bad), undefined, JSON.stringify(bad))
})

/** Marks of two classes in turn, which NFC has to sort; 30 at most stand together. */
function brokenRun (between: string): string {
  return 'a' + '\u0315\u0300'.repeat(15) + between + '\u0315\u0300'.repeat(15) + between
}

t.test('a run of marks is one, whatever invisible stands in it', async t => {
  for (const between of ['\u200d', '\u200b', '\ufe0f', '\u3164', '\u{e0101}', '\xad\u034f']) {
    const value = brokenRun(between)
    t.equal(identifierKey(value), value, `no identifier: ${between.codePointAt(0)!.toString(16)}`)
    const short = 'a' + '\u0315'.repeat(15) + between + '\u0315'.repeat(15)
    t.equal(identifierKey(short), 'a' + '\u0315'.repeat(30))
  }
})

t.test('identifierKey is stable for every code point', async t => {
  const unstable: string[] = []
  for (let code = 0; code < 0x30000; code++) {
    if (code >= 0xd800 && code <= 0xdfff) continue
    const key = identifierKey(String.fromCodePoint(code))
    if (identifierKey(key) !== key) unstable.push(code.toString(16))
  }
  t.same(unstable, [])
})

t.test('G05 url: scheme list, no credentials, nothing the parser forgives', async t => {
  const check = policyOf(url({ maxLength: 2048 }))
  const repair = policyOf(url({ maxLength: 2048, clean: true }))
  for (const good of ['https://example.com', 'http://example.com:8080/a?b=c#d', 'HTTPS://Example.com/', 'mailto:a@example.com', 'https://пример.рф/путь', 'https://[::1]/', 'https://example.com/@me?x=a%20b']) {
    t.equal(check(good), good, `${good} is delivered as it is`)
    t.equal(repair(good), new URL(good).href, `${good} clean`)
  }
  const rows = xss.filter(row => row.group === 'url-scheme-raw')
  t.ok(rows.length >= 28)
  for (const { id, payload } of rows) {
    t.equal(check(payload), undefined, `${id} refused`)
    t.match(repair(payload) ?? 'https://evil.example/', /^https:\/\/evil\.example\/$/, `${id} clean`)
  }
  t.equal(repair('https:evil.example'), 'https://evil.example/', 'repair forgives as a browser does')
  // what `URL.href` spells otherwise, and escapes that are none
  const rewritten = [
    ['https://a.b/"x', 'https://a.b/%22x'], ['https://a.b/<i>', 'https://a.b/%3Ci%3E'], ['https://0177.0.0.1/', 'https://127.0.0.1/'],
    ['https://2130706433/', 'https://127.0.0.1/'], ['https://0x7f.1/', 'https://127.0.0.1/'], ['https://a.b/x/../y', 'https://a.b/y'], ['https://a.b:443/', 'https://a.b/'],
    ['https://[0:0::1]/', 'https://[::1]/'], ['https://\uff45xample.com/', 'https://example.com/'], ['https://a\u3002b/', 'https://a.b/'], ['https://\u212aelvin.b/', 'https://kelvin.b/'],
    ['https://\u2460.b/', 'https://1.b/'], ["https://a.b/?'", 'https://a.b/?%27'], ['https://a.b:/', 'https://a.b/'], ['https://\ufb01\u00e9.b/', new URL('https://fi\u00e9.b/').href],
  ] as const
  for (const [value, href] of rewritten) {
    t.equal(check(value), undefined, `${value} refused`)
    t.equal(repair(value), href, `${value} clean`)
  }
  for (const value of ['https://a.b/%zz', 'https://a.b/?%', 'mailto:a@b?x=%4']) {
    t.equal(check(value), undefined, `${value} refused`)
    t.equal(repair(value), undefined, `${value}: nothing to repair it to`)
  }
  for (const good of ['https://a.b?x', 'https://a.b#x', 'https://a.b/%41', 'https://пример.рф:8080/путь?ключ=я#я', 'https://ПРИМЕР.рф/', 'https://127.0.0.1/', 'https://faß.de/']) t.equal(check(good), good, good)
  // a name has 253 characters; longer ones are refused before they are mapped
  const long = (host: string): string => `https://${host}/`
  for (const host of ['я'.repeat(254), `${'a.'.repeat(126)}aa`, 'я.'.repeat(20_000)]) {
    t.equal(check(long(host)), undefined)
    t.equal(repair(long(host)), undefined)
    t.equal(repair(`https:\\\\${host}`), undefined)
  }
  t.equal(check(long(`${'a.'.repeat(126)}a`)), long(`${'a.'.repeat(126)}a`), '253')
  t.equal(check(`mailto:${'a'.repeat(300)}@b.example`), `mailto:${'a'.repeat(300)}@b.example`, 'mailto has no host')
  for (const bad of ['', '/path', '//evil.example', 'https://', 'https:///evil.example', 'https:/evil.example', 'https://a\\b.example', 'https://user@example.com', 'https://@example.com', 'https://u:p@example.com/', 'https://%65vil.example', 'https://example.com/a b', 'https://example.com/\u200b', 'ftp://example.com', 'wss://example.com']) {
    t.equal(check(bad), undefined, JSON.stringify(bad))
  }
  t.equal(policyOf(url({ maxLength: 99, protocols: ['wss'] }))('wss://example.com/x'), 'wss://example.com/x')
  // what the parser doesn't encode in each scheme: a link in an attribute ends there
  const schemes = ['https', 'mailto', 'tel', 'app']
  const [any, cleanAny] = [false, true].map(clean => policyOf(url({ maxLength: 200, protocols: schemes, clean })))
  for (const [start, fine] of [['https://example.com/', 'a'], ['https://example.com/?q=', 'a'], ['https://example.com/#', 'a'], ['mailto:', 'ann@example.com?subject=a%22b'], ['tel:', '+1-2'], ['app:', 'x'], ['app://host/', 'x'], ['app://host?', 'x']] as const) {
    t.equal(any!(start + fine), start + fine)
    t.equal(cleanAny!(start + fine), start + fine)
    for (const [bad, encoded] of [['"', '%22'], ['<', '%3C'], ['>', '%3E'], ['"><img/src=x/onerror=alert(1)>', '%22%3E%3Cimg/src=x/onerror=alert(1)%3E']] as const) {
      t.equal(any!(start + bad), undefined, start + bad)
      const repaired = cleanAny!(start + bad)
      t.equal(repaired, start + encoded)
      t.equal(any!(repaired!), repaired, 'what is repaired is accepted')
    }
  }
  t.equal(policyOf(url({ maxLength: 99, protocols: ['wss'] }))('https://example.com/x'), undefined)
  t.throws(() => policyOf(url({ maxLength: 99, protocols: ['javascript'] })), { code: 'WSG_ERR_CONTRACT', message: /javascript/ })
  t.throws(() => policyOf(url({ maxLength: 99, protocols: ['HTTPS:'] })), { code: 'WSG_ERR_CONTRACT', message: /lower case/ })
})

t.test('G09 byte cap before and after normalising', async t => {
  const ligature = '\ufdfa'
  t.equal(policyOf(text({ maxLength: 100 }))(ligature.repeat(100)), ligature.repeat(100), 'free text is never NFKC: no expansion')
  t.equal(policyOf(text({ maxLength: 100, maxBytes: 299 }))(ligature.repeat(100)), undefined, '300 bytes')
  t.equal(policyOf(identifier({ maxLength: 10, pattern: '[\\p{L} ]+' }))(ligature), ligature, '33 bytes as NFKC, within 40')
  t.equal(policyOf(identifier({ maxLength: 4, pattern: '[\\p{L} ]+' }))(ligature), undefined, '33 bytes as NFKC, above 16')
  const cleaned = policyOf(text({ maxLength: 10, maxBytes: 20, clean: true }))
  t.equal(cleaned('\ufb2c'.repeat(3)), '\u05e9\u05bc\u05c1'.repeat(3), '9 bytes become 18')
  t.equal(cleaned('\ufb2c'.repeat(4)), undefined, '12 bytes become 24')
  t.equal(cleaned(' '.repeat(21)), undefined, 'before: what came is above the cap')
  t.equal(policyOf(text({ maxLength: 2, clean: true }))(' ab '), 'ab', 'length counts after trimming')
  t.equal(policyOf(text({ maxLength: 2 }))(' ab '), undefined)
  t.equal(policyOf(text({ maxLength: 9, minLength: 1, clean: true }))(' \ufeff '), undefined, 'nothing is left')
  t.equal(policyOf(text({ maxLength: 9, minLength: 1 }))(' '), ' ')
})

t.test('utf8Length agrees with the encoder', async t => {
  for (const { id, value, props } of unicode) {
    if (value.isWellFormed()) t.equal(utf8Length(value), props.utf8, id)
  }
})

t.test('G14 runs of combining marks are refused before normalising', async t => {
  const bombOf = (size: number): string => 'a' + '\u0316\u0300'.repeat(size)
  for (const schema of [text(BIG), text({ ...BIG, clean: true }), line({ ...BIG, clean: true }), identifier(BIG), identifier({ ...BIG, clean: true }), url({ ...BIG, clean: true })]) {
    const policy = policyOf(schema)
    const valueOf = (size: number): string => (schema.wsText.policy === 'url' ? 'https://x.example/' : '') + bombOf(size)
    t.equal(policy(valueOf(15_000)), undefined)
    await isLinear(t, schema.wsText.policy, 15_000, valueOf, policy)
  }
  await isLinear(t, 'identifierKey', 15_000, bombOf, identifierKey)
  await isLinear(t, 'identifierKey, marks that an invisible character keeps apart', 16_000, size => 'a' + brokenRun('\u200d').slice(1).repeat(size / 62), identifierKey)
  t.equal(strict('a' + '\u0301'.repeat(30)), 'a' + '\u0301'.repeat(30), '30 are accepted')
  t.equal(strict('a' + '\u0301'.repeat(31)), undefined, '31 are not')
  t.equal(clean('x' + '\u0344'.repeat(30)), undefined, '30 that NFC makes 60 of')
})

t.test('G14 the fast look for marks misses none', async t => {
  const missed: string[] = []
  for (let code = 0; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code)
    if (/\p{M}/u.test(character) && !maybeMark(character)) missed.push(code.toString(16))
  }
  t.same(missed, [])
  for (const mark of ['\u0301', '\u0e31', '\u{1e8d0}', '\ufe0f']) {
    t.equal(hasMarkRun(mark.repeat(31)), true, 'at the start')
    t.equal(hasMarkRun(`${'a'.repeat(40)}${mark.repeat(31)}b`), true, 'in the middle')
    t.equal(hasMarkRun(`${mark.repeat(30)}x${mark.repeat(30)}`), false, '30, twice')
  }
  t.equal(maybeMark('Latin, кириллица, ελληνικά, 漢字, かな, 한글, العربية'), false, 'most text is settled by it')
})

t.test('what is accepted at one look is exactly what the rules would let pass one by one', async t => {
  const wrong: string[] = []
  for (let unit = 0; unit <= 0xffff; unit++) {
    const character = String.fromCharCode(unit)
    const settled = character.isWellFormed() && !maybeMark(character)
    if (SAFE_LINE.test(character) !== (settled && !hasForbiddenOrBreak(character))) wrong.push(`line ${unit.toString(16)}`)
    if (SAFE_TEXT.test(character) !== (settled && !hasForbidden(character))) wrong.push(`text ${unit.toString(16)}`)
  }
  for (let code = 0x10000; code <= 0x10ffff; code++) {
    const character = String.fromCodePoint(code)
    const isEmoji = code >= 0x1f000 && code < 0x1fc00
    if (SAFE_LINE.test(character) !== isEmoji || SAFE_TEXT.test(`a${character}a`) !== isEmoji) wrong.push(code.toString(16))
    if (isEmoji && /\p{M}/u.test(character)) wrong.push(`mark ${code.toString(16)}`)
  }
  t.same(wrong, [])
  for (const safe of [SAFE_LINE, SAFE_TEXT]) t.same(['ж\0', 'ж\u202e', 'a\u0301', '\ud83d', '\ude00', '\ud83d\ud83d', 'жa\n\0'].map(text => safe.test(text)), Array(7).fill(false))
})

t.test('G15 counting graphemes is bounded', async t => {
  const counted = policyOf(text({ ...BIG, maxGraphemes: 500 }))
  for (const [name, unit] of [['ascii', 'a'], ['emoji', '\u{1f600}']] as const) {
    t.equal(counted(unit.repeat(16_384)), undefined)
    await isLinear(t, `counting ${name}`, 16_384, size => unit.repeat(size), counted)
  }
  const family = '\u{1f469}\u200d\u{1f469}\u200d\u{1f467}\u200d\u{1f466}'
  t.equal(policyOf(text({ maxLength: 100, maxGraphemes: 2 }))(family + family), family + family, 'two families are two')
  t.equal(policyOf(text({ maxLength: 100, maxGraphemes: 2 }))(family + family + 'x'), undefined)
  for (const { id, value, props } of unicode) {
    t.equal(withinGraphemes(value, props.graphemes), true, id)
    if (props.graphemes > 1) t.equal(withinGraphemes(value, props.graphemes - 1), false, `${id}, one less`)
  }
  t.equal(withinGraphemes('a\r\nb', 3), true, 'CRLF is one')
})

t.test('every policy takes linear time on 64 KB of anything', async t => {
  const policies = [strict, clean, strictLine, cleanLine, policyOf(identifier(BIG)), policyOf(url(BIG)), policyOf(url({ ...BIG, clean: true }))]
  for (const seed of ['a', 'é', 'я', '\u0301a', 'x' + '\u0301'.repeat(30), '\u0344'.repeat(30) + 'x', '\r', '\ufeff', '가', '\u1100', '한a', '\u{1f600}', 'https://', '%41', '@', '-']) {
    const name = [...seed].slice(0, 2).map(c => c.codePointAt(0)!.toString(16)).join(' ')
    await isLinear(t, name, 65_536, size => seed.repeat(size / seed.length), value => { for (const policy of policies) policy(value) })
  }
})

const utf16 = fc.array(fc.oneof(
  fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0x300, max: 0x36f }), fc.integer({ min: 0x2000, max: 0x206f }),
  fc.integer({ min: 0xd800, max: 0xdfff }), fc.integer({ min: 0, max: 0xffff })
), { maxLength: 60 }).map(units => String.fromCharCode(...units))
const anyText = fc.oneof(utf16, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), fc.webUrl(), fc.constantFrom(...unicode.map(row => row.value)))

t.test('property: never throws, idempotent, cleaned is valid, valid is unchanged', async t => {
  const limits = { maxLength: 80, maxGraphemes: 40 }
  const builders = [text, line, identifier, url]
  for (const build of builders) {
    const validate = policyOf(build(limits))
    const repair = policyOf(build({ ...limits, clean: true }))
    t.equal(await fc.check(fc.property(anyText, value => {
      const valid = validate(value)
      if (valid !== undefined && valid !== value) return false
      const repaired = repair(value)
      if (repaired === undefined) return true
      return repair(repaired) === repaired && validate(repaired) === repaired && repaired.isWellFormed()
    }), { numRuns: 1500 }).counterexample, null, build.name)
  }
  t.equal(fc.check(fc.property(anyText, value => {
    const key = identifierKey(value)
    return identifierKey(key) === key && plainString(value) === (value.isWellFormed() && !value.includes('\0'))
  }), { numRuns: 1500 }).counterexample, null, 'identifierKey, plainString')
})

t.test('plainString and SAFE_ASCII', async t => {
  for (const good of ['', 'a', 'é\u0001', '\u{1f600}', '\ufeff']) t.equal(plainString(good), true, JSON.stringify(good))
  for (const bad of ['\0', 'a\0b', '\ud800', 'x\udc00', 'я\0']) t.equal(plainString(bad), false, JSON.stringify(bad))
  t.equal(SAFE_ASCII.test(' ~'), true)
  for (const bad of ['\n', '\x7f', 'é', '\x1f']) t.equal(SAFE_ASCII.test(`a${bad}`), false, JSON.stringify(bad))
})

t.test('builders return plain data that TypeBox checks', async t => {
  const schema: TString = text({ maxLength: 5, minLength: 2, description: 'a word' })
  t.same(JSON.parse(JSON.stringify(schema)), {
    type: 'string', description: 'a word', minLength: 2, maxLength: 5, pattern: POLICY_PATTERN, wsText: { policy: 'text', clean: false, maxLength: 5, minLength: 2, maxBytes: 20 },
  })
  const check = typeBoxCheck(schema)
  t.equal(check('abc'), true)
  t.equal(check('abcdef'), false)
  t.equal(check('a'), false)
  t.same(Object.keys(line({ maxLength: 1 }).wsText), ['policy', 'clean', 'maxLength', 'maxBytes'], 'no key without a value')
  t.same(url({ maxLength: 9 }).wsText.protocols, ['https', 'http', 'mailto'])
  t.equal(identifier({ maxLength: 9 }).minLength, 1)
  t.equal(html({ maxLength: 9 }).wsText.clean, true)
  for (const built of [text, line, identifier, url, html]) {
    const schema = built({ maxLength: 9, maxGraphemes: 3, maxBytes: 12 })
    t.same(JSON.parse(JSON.stringify(schema.wsText)), schema.wsText, `${built.name} is JSON`)
  }
  t.equal(FormatRegistry.Has('wsText'), false)
})

t.test('a malformed wsText is a boot error that names the option', async t => {
  const bad: [unknown, RegExp][] = [
    [null, /wsText/], ['text', /wsText/], [{}, /policy/], [{ policy: 'txt', clean: false, maxLength: 1 }, /policy.*txt/],
    [{ policy: 'text', clean: false }, /maxLength/], [{ policy: 'text', clean: false, maxLength: 0 }, /maxLength.*got 0/],
    [{ policy: 'text', clean: false, maxLength: 1.5 }, /maxLength/], [{ policy: 'text', clean: false, maxLength: Infinity }, /maxLength/],
    [{ policy: 'text', maxLength: 1 }, /clean/], [{ policy: 'text', clean: 'yes', maxLength: 1 }, /clean.*yes/],
    [{ policy: 'text', clean: false, maxLength: 1, minLength: 2 }, /minLength.*at most/],
    [{ policy: 'text', clean: false, maxLength: 1, maxByte: 2 }, /got "maxByte"; did you mean "maxBytes"/],
    [{ policy: 'text', clean: false, maxLength: 1, pattern: 'a' }, /pattern.*identifier/],
    [{ policy: 'line', clean: false, maxLength: 1, protocols: ['https'] }, /protocols.*url/],
    [{ policy: 'url', clean: false, maxLength: 1, protocols: [] }, /protocols/],
    [{ policy: 'identifier', clean: false, maxLength: 1, pattern: '(' }, /pattern/],
    [{ policy: 'html', clean: false, maxLength: 1 }, /clean/],
    [{ policy: 'text', clean: false, maxLength: 1, toString: 1 }, /toString/],
  ]
  for (const [wsText, message] of bad) {
    t.throws(() => compileTextPolicy(wsText as WsText), { code: 'WSG_ERR_CONTRACT', message }, JSON.stringify(wsText))
  }
  t.equal(compileTextPolicy({ policy: 'text', clean: false, maxLength: 1 })('a'), 'a')
})

t.test('G02 G03 html needs an adapter, and fails closed', async t => {
  const schema = html({ maxLength: 40 })
  t.throws(() => policyOf(schema), { code: 'WSG_ERR_CONTRACT', message: /htmlAdapter/ })
  t.equal(policyOf(schema, { html: value => value.toLowerCase() })('<B>'), '<b>')
  let calls = 0
  const counting = policyOf(schema, { html: value => { calls++; return value } })
  t.equal(counting('x'.repeat(161)), undefined, 'input cap before the adapter')
  t.equal(counting('\ud800'), undefined)
  t.equal(counting('a\0b'), undefined)
  t.equal(calls, 0)
  t.equal(counting('y'.repeat(41)), undefined, 'length counts after the adapter')
  t.equal(calls, 1)
  for (const broken of [() => { throw new Error('x') }, () => 5, () => undefined, () => Promise.resolve('x'), () => '\ud800', () => 'a\0', () => 'z'.repeat(41)]) {
    t.equal(policyOf(schema, { html: broken as never })('x'), undefined, broken.toString())
  }
})

t.test('an option that is misspelt, or there without a value, is refused where it is written', async t => {
  const misspelt = { maxLength: 5, maxGraphems: 3 }
  t.throws(() => text(misspelt), { code: 'WSG_ERR_CONTRACT', message: /text\(\): expected only the keys .*, got "maxGraphems"; did you mean "maxGraphemes"/ })
  t.throws(() => line({ maxLength: 5, clean: undefined as never }), { code: 'WSG_ERR_CONTRACT', message: /line\(\)\.clean: expected a value/ })
  t.throws(() => html({ maxLength: 5, clean: false } as never), { code: 'WSG_ERR_CONTRACT' }, 'html always repairs')
  t.throws(() => text({ maxLength: 5, protocols: ['https'] } as never), { code: 'WSG_ERR_CONTRACT' }, 'an option of another policy')
  t.ok(url({ maxLength: 5, protocols: ['https'], clean: true, description: 'x' }))
})
