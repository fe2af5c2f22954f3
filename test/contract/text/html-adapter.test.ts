import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import sanitizeHtml from 'sanitize-html'
import t from 'tap'
import { compileTextPolicy } from '../../../lib/contract/text/policy.js'
import { html } from '../../../lib/contract/text/builders.js'
import { sanitizeHtmlAdapter, type SanitizeHtmlAdapterOptions, type SanitizeHtmlRules } from '../../../lib/contract/text/html-adapter.js'
import { isLinear } from '../../helpers/growth.js'

interface Row { readonly id: string, readonly payload: string, readonly activeWhenRaw: string[] }
const corpus = (JSON.parse(readFileSync(`${process.cwd()}/test/corpus/xss.own.json`, 'utf8')) as { entries: Row[] }).entries
const adapter = sanitizeHtmlAdapter(sanitizeHtml, { maxInput: 65_536 })
const policy = compileTextPolicy(html({ maxLength: 65_536 }).wsText, { html: adapter })

// Independent of any parser: the output has to be text without `<`, and tags of exactly these spellings. A browser's
// tokenizer has no choice how to read that.
const TAG = /<\/?(?:b|blockquote|code|em|i|li|ol|p|pre|s|strong|u|ul)>|<br \/>|<\/a>|<a(?: href="(?:https?|mailto):[^"<>]*")? rel="noopener noreferrer nofollow">/g
function active (out: string): string[] {
  const rest = out.replace(TAG, '')
  const reasons: string[] = []
  if (rest.includes('<')) reasons.push(`tag: ${rest.slice(rest.indexOf('<'), rest.indexOf('<') + 40)}`)
  for (const [tag] of out.matchAll(TAG)) {
    if (/\son[a-z]+\s*=|(?:javascript|vbscript|data):/i.test(tag)) reasons.push(tag)
  }
  if (/<script|<iframe|<svg|<style|srcdoc/i.test(out.replace(/&lt;/g, ''))) reasons.push('element')
  return reasons
}

t.test('the judge of these tests sees what is active', async t => {
  for (const bad of ['<script>', '<img src=x onerror=alert(1)>', '<b onclick=x>', '<a href="javascript:x" rel="noopener noreferrer nofollow">', '<svg>', '<a href=x>', '<b', '<xmp>']) t.not(active(bad).length, 0, bad)
  for (const good of ['<b>x</b>', 'a &lt;script&gt;', '<a href="https://a.example/?x=1&amp;y=2" rel="noopener noreferrer nofollow">x</a>', 'javascript: the good parts']) t.same(active(good), [], good)
  t.ok(corpus.filter(row => active(row.payload).length > 0).length > 100, 'and finds most raw payloads active')
})

t.test('G02 html allow-list: nothing active comes out, and twice is once', async t => {
  t.equal(corpus.length, 238)
  let delivered = 0
  for (const { id, payload } of corpus) {
    const out = policy(payload)
    if (out === undefined) continue
    delivered++
    t.same(active(out), [], `${id} inert`)
    t.equal(policy(out), out, `${id} idempotent`)
  }
  t.ok(delivered > 220, `${delivered} of 238 are delivered`)
})

t.test('what is allowed stays', async t => {
  t.equal(policy('<p>Hello <b>you</b><br></p>'), '<p>Hello <b>you</b><br /></p>')
  t.equal(policy('<a href="https://a.example/" rel="opener" onclick="x()">x</a>'), '<a href="https://a.example/" rel="noopener noreferrer nofollow">x</a>')
  t.equal(policy('<a href="javascript:alert(1)">x</a>')?.includes('javascript'), false)
  t.equal(policy('<a href="//evil.example">x</a>')?.includes('evil'), false, 'no protocol-relative links')
  for (const href of ['/logout', 'https:/logout', 'https:logout', 'https:&#x2f;logout', 'http:\\\\evil.example', 'https:///x', '\u200bjavascript:alert(1)', 'java\tscript:x', '&#x6a;avascript:x']) t.notMatch(policy(`<a href="${href}">x</a>`) ?? 'href', /href/, 'absolute links only')
  t.equal(policy('Tom & Jerry'), 'Tom &amp; Jerry', 'the value is HTML from here on')
  t.match(policy('<a href="mailto:a@a.example">x</a>'), /href="mailto:a@a.example"/)
  const images = sanitizeHtmlAdapter(sanitizeHtml, { tags: ['img', 'blockquote'], attributes: { img: ['src', 'alt'], blockquote: ['cite'] } })
  t.equal(images('<img src="https://a.example/x.png" alt="x">'), '<img src="https://a.example/x.png" alt="x" />')
  for (const src of ['/logout', 'https:/logout', '//evil.example/x']) t.notMatch(images(`<img src="${src}"><blockquote cite="${src}">x</blockquote>`), /src|cite/, `${src} is no source either`)
  const headings = sanitizeHtmlAdapter(sanitizeHtml, { tags: ['h1', 'a'], attributes: { a: ['href', 'title'] }, schemes: ['https'] })
  t.equal(headings('<h1>x</h1><b>y</b><a href="http://a.example" title="t">z</a>').includes('<b>'), false)
  t.match(headings('<h1>x</h1><a href="https://a.example" title="t">z</a>'), /<h1>x<\/h1><a href="https:\/\/a\.example" title="t" rel="[^"]+">z<\/a>/)
  const none = sanitizeHtmlAdapter(sanitizeHtml, { tags: [] })
  t.equal(none('<xmp><img src=x onerror=alert(1)></xmp><b>x</b>').includes('<'), false)
})

t.test('G03 nested input takes linear time, and is capped', async t => {
  const nested = (depth: number): string => '<b>'.repeat(depth) + 'x' + '</b>'.repeat(depth)
  for (const depth of [500, 1000, 2000]) t.match(policy(nested(depth)) ?? 'x', /x/)
  await isLinear(t, 'nested tags', 2000, nested, policy)
  const small = sanitizeHtmlAdapter(sanitizeHtml, { maxInput: 10 })
  t.equal(small('0123456789'), '0123456789')
  t.throws(() => small('0123456789x'), { code: 'WSG_ERR_HTML_REFUSED' })
  t.equal(compileTextPolicy(html({ maxLength: 10 }).wsText, { html: small })('0123456789x'), undefined, 'the policy fails closed')
})

t.test('what the adapter can not take is a boot error, and nothing is sanitised twice in vain', async t => {
  const boot = (maxLength: number) => () => compileTextPolicy(html({ maxLength }).wsText, { html: sanitizeHtmlAdapter(sanitizeHtml) })
  t.throws(boot(16_385), { code: 'WSG_ERR_CONTRACT', message: /maxLength: expected at most the adapter's maxInput \(16384\), got 16385/ })
  t.doesNotThrow(boot(16_384))
  let calls = 0
  const counting = sanitizeHtmlAdapter((dirty, rules) => { calls++; return sanitizeHtml(dirty, rules) })
  const callsFor = (value: string, maxLength: number): number => {
    calls = 0
    compileTextPolicy(html({ maxLength }).wsText, { html: counting })(value)
    return calls
  }
  t.equal(callsFor('<p>good</p>', 100), 1, 'what is not changed is stable')
  t.equal(callsFor('<i>changed', 100), 2)
  t.equal(callsFor('<'.repeat(400), 400), 1, 'what grows beyond the limit is refused at once')
})

t.test('G02 a function that lets attacks through is refused at boot', async t => {
  const before2174 = (dirty: string, rules: SanitizeHtmlRules): string => /^<xmp>/.test(dirty) ? dirty.slice(5, -6) : sanitizeHtml(dirty, rules)
  t.throws(() => sanitizeHtmlAdapter(before2174), { code: 'WSG_ERR_DEPENDENCY', message: /2\.17\.4/ })
  t.throws(() => sanitizeHtmlAdapter(value => value), { code: 'WSG_ERR_DEPENDENCY' })
  t.throws(() => sanitizeHtmlAdapter(undefined as never), { code: 'WSG_ERR_OPTION' })
  const growing = sanitizeHtmlAdapter((dirty, rules) => `${sanitizeHtml(dirty, rules)}.`)
  t.throws(() => growing('x'), { code: 'WSG_ERR_HTML_REFUSED', message: /stable/ }, 'not idempotent')
})

t.test('unsafe or malformed options are boot errors', async t => {
  const unsafe: SanitizeHtmlAdapterOptions[] = [{ tags: ['script'] }, { tags: ['svg'] }, { tags: ['xmp'] }, { attributes: { a: ['onclick'] } }, { attributes: { a: ['style'] } }, { tags: ['p'], attributes: { p: ['srcdoc'] } }, { schemes: ['javascript'] }, { schemes: ['data'] }]
  for (const options of unsafe) {
    t.throws(() => sanitizeHtmlAdapter(sanitizeHtml, options), { code: 'WSG_ERR_OPTION_UNSAFE' }, JSON.stringify(options))
  }
  for (const options of [{ tags: ['*'] }, { tags: ['B'] }, { tags: 'b' }, { attributes: { img: ['alt'] } }, { attributes: { a: ['*'] } }, { maxInput: 0 }, { nesting: 1.5 }, { allowedTags: ['b'] }]) {
    t.throws(() => sanitizeHtmlAdapter(sanitizeHtml, options as never), { code: 'WSG_ERR_OPTION' }, JSON.stringify(options))
  }
})

t.test('property: any string, nothing active', async t => {
  const pieces = fc.array(fc.oneof(fc.constantFrom('<', '>', '"', "'", '/', '&', ';', '=', ' ', '<a href=', '<b', '</b>', '<xmp>', '<svg>', '<math>', '<style>', '<!--', '-->', '<![CDATA[', 'onerror=', 'javascript:', '&lt;', '\t'), fc.string({ unit: 'binary', maxLength: 4 })), { maxLength: 14 }).map(parts => parts.join(''))
  const check = fc.check(fc.property(pieces, value => {
    const out = policy(value)
    return out === undefined || (active(out).length === 0 && policy(out) === out)
  }), { numRuns: 1000 })
  t.equal(check.counterexample, null)
})
