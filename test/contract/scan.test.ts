import t from 'tap'
import fc from 'fast-check'
import { existsSync, readFileSync } from 'node:fs'
import { compileScan, hasForbiddenKey, isPlain, mayHoldForbiddenKey as mayHold } from '../../lib/contract/inbound/scan.js'
import { DEFAULT_ENVELOPE } from '../../lib/protocol/envelope.js'
import { isLinear } from '../helpers/growth.js'

const mayHoldForbiddenKey = (text: string): boolean => mayHold(text, isPlain(text))

/** All keys are the payload's. */
const FLAT = { ...DEFAULT_ENVELOPE, data: null }
const scan = compileScan({ maxPayload: 65_536, depth: 8, nodes: 1024 }, FLAT)

/** The same judgement on the parsed value. */
function measure (value: unknown): { depth: number, nodes: number } {
  if (typeof value !== 'object' || value === null) return { depth: 0, nodes: 0 }
  const inner = Object.values(value).map(measure)
  const colons = Array.isArray(value) ? 0 : inner.length
  return {
    depth: 1 + Math.max(0, ...inner.map(item => item.depth)),
    nodes: 1 + Math.max(0, inner.length - 1) + colons + inner.reduce((sum, item) => sum + item.nodes, 0),
  }
}

t.test('F01: depth', async t => {
  for (const depth of [1, 7, 8]) {
    t.equal(scan('['.repeat(depth) + ']'.repeat(depth)), null, `${depth} arrays`)
    t.equal(scan('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)), null, `${depth} objects`)
  }
  for (const depth of [9, 33, 1000, 3000, 10_000, 32_000]) {
    t.equal(scan('['.repeat(depth) + ']'.repeat(depth)), 'too_deep', `${depth} arrays`)
    t.equal(scan('{"a":'.repeat(depth) + '1' + '}'.repeat(depth)), 'too_deep', `${depth} objects`)
    t.equal(scan('[{"a":'.repeat(depth)), 'too_deep', `${depth} mixed, not closed`)
  }
  t.equal(scan(`{"a":"${'['.repeat(500)}"}`), null, 'brackets in text')
  t.equal(scan(`{"a":"\\"${'['.repeat(500)}"}`), null, 'behind an escaped quote')
  t.equal(scan(`{"a":"\\\\","b":${'['.repeat(9)}`), 'too_deep', 'behind an escaped backslash')
  t.equal(scan(`[${'[],'.repeat(200)}[]]`), null, 'wide, not deep')
})

t.test('F02, F25: values', async t => {
  t.equal(scan(`[${'1,'.repeat(1000)}1]`), null)
  t.equal(scan(`[${'1,'.repeat(1100)}1]`), 'too_many_nodes')
  t.equal(scan(`[${'[],'.repeat(30_000)}[]]`), 'too_many_nodes', '30k empty arrays')
  t.equal(scan(`{${Array.from({ length: 10_000 }, (_, i) => `"${i * 65_536}":0`).join(',')}}`), 'too_many_nodes', '10k strided keys')
  t.equal(scan(`["${','.repeat(60_000)}"]`), null, 'commas in text')
})

t.test('the scan agrees with the parser on any JSON', async () => {
  const tiny = compileScan({ maxPayload: 65_536, depth: 2, nodes: 6 }, FLAT)
  const strings = fc.oneof(fc.string({ unit: 'binary', maxLength: 60 }), fc.constantFrom('"', '\\', '\\"', '[[[[', '{,:', '\\\\"'))
  fc.assert(fc.property(fc.jsonValue({ maxDepth: 4, stringUnit: 'binary' }), fc.array(strings, { maxLength: 4 }), fc.integer({ min: 0, max: 2 }), (value, more, space) => {
    const whole = { value, more }
    const { depth, nodes } = measure(whole)
    const text = JSON.stringify(whole, null, space)
    return tiny(text) === (depth > 2 ? 'too_deep' : nodes > 6 ? 'too_many_nodes' : null)
  }), { numRuns: 2000 })
})

t.test('keys that the envelope ignores do not count against the contract, but have a budget of their own', async t => {
  const tight = compileScan({ maxPayload: 65_536, depth: 2, nodes: 8 }, DEFAULT_ENVELOPE)
  const nest = (depth: number): string => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)
  t.equal(tight(`{"meta":${nest(9)},"type":"x","data":{"a":1}}`), null, 'nested')
  t.equal(tight(`{"type":"x","data":{"a":1},"list":[${'1,'.repeat(900)}1]}`), null, 'long')
  t.equal(tight(`{"meta":${nest(9)},"data":${nest(2)}}`), 'too_deep', 'what follows counts again')
  t.equal(tight(`{"meta":[1],"data":[${'1,'.repeat(9)}1]}`), 'too_many_nodes')
  t.equal(tight(`{"meta":"data","data":${nest(2)}}`), 'too_deep', 'a value is no key')
  t.equal(tight(`{"d\\u0061ta":${nest(2)}}`), 'too_deep', 'a key that is spelt with escapes')
  t.equal(tight(`{"meta":${nest(17)}}`), 'too_deep', 'too deep for anybody')
  t.equal(tight(`{"meta":[${'[],'.repeat(1100)}1]}`), 'too_many_nodes', 'too many for anybody')
  t.equal(tight(`[{"meta":${nest(2)}}]`), 'too_deep', 'an array has no keys')
})

t.test('text that is not JSON is left to the parser', async t => {
  for (const text of ['', '"', '"\\', '{"a', ']]]]', '\ufeff{}', 'null', '"abc']) t.equal(scan(text), null, JSON.stringify(text))
  fc.assert(fc.property(fc.string({ unit: fc.constantFrom('"', '\\', '[', ']', '{', '}', ',', 'a'), maxLength: 60 }), text => { scan(text) }))
})

t.test('64 KiB of anything is judged in linear time', async t => {
  const wide = compileScan({ maxPayload: 65_536, depth: 8, nodes: 1e6 }, FLAT)
  for (const unit of ['"a",', '\\"', '\\\\', '[],', '"', '{"a":1},', '"\\\\"']) {
    await isLinear(t, unit, 65_536, size => '["' + unit.repeat(size / unit.length), wide)
  }
})

t.test('F10, F11: forbidden keys', async t => {
  const rows: [text: string, forbidden: boolean][] = [
    ['{"__proto__":1}', true],
    ['{"a":[{"b":{"__proto__":null}}]}', true],
    ['{"\\u005f_proto__":{}}', true],
    ['{"\\u005F\\u005fproto\\u005f_":{}}', true],
    ['{"constructor":{"prototype":{}}}', true],
    ['{"c\\u006fnstructor":{"prototyp\\u0065":{}}}', true],
    ['{"constructor":{"x":1}}', false],
    ['{"constructor":"prototype"}', false],
    ['{"a":"__proto__"}', false],
    ['{"__proto":1,"proto__":2}', false],
    ['"__proto__"', false],
    ['null', false],
    ['[]', false],
  ]
  for (const [text, forbidden] of rows) {
    t.equal(hasForbiddenKey(JSON.parse(text)), forbidden, text)
    if (forbidden) t.equal(mayHoldForbiddenKey(text), true, `${text}: the quick look sees it`)
  }
  t.equal(mayHoldForbiddenKey('{"type":"say","data":{"text":"hello"}}'), false)
  const depth = 10_000
  t.equal(hasForbiddenKey(JSON.parse('[{"a":'.repeat(depth) + '{"__proto__":1}' + '}]'.repeat(depth))), true, 'however deep')
  fc.assert(fc.property(fc.jsonValue(), fc.func(fc.nat({ max: 3 })), (value, pick) => {
    // any letter of the key may be spelt as an escape
    const key = [...'__proto__'].map((char, i) => pick(i) === 0 ? `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}` : char).join('')
    const text = `{"a":${JSON.stringify(value)},"b":{"${key}":1}}`
    return mayHoldForbiddenKey(text) && hasForbiddenKey(JSON.parse(text))
  }))
})

t.test('plain text holds neither NUL nor a lone surrogate', async t => {
  for (const text of ['{"a":"hello"}', '{"a":"\\n\\t\\"\\\\ü😀"}', '']) t.equal(isPlain(text), true, text)
  for (const text of ['{"a":"\\u0000"}', '{"\\u0000":1}', '{"a":"\\ud800"}', '{"\\udfff":1}', '{"type":"\\u0000"}', '{"a":"\\u0061"}', '{"a":"\\\\u"}']) {
    t.equal(isPlain(text), false, text)
  }
  const plain = (value: unknown): boolean => typeof value === 'string'
    ? value.isWellFormed() && !value.includes('\0')
    : typeof value !== 'object' || value === null || Object.entries(value).every(([key, inner]) => plain(key) && plain(inner))
  const string = fc.string({ unit: fc.oneof(fc.string({ unit: 'binary', maxLength: 1 }), fc.constantFrom('\0', '\ud800', '\udc00', 'a', '\\', '"')) })
  fc.assert(fc.property(fc.object({ key: string, values: [string], withNullPrototype: false }), value => {
    // as it comes from a peer: bytes, decoded
    const text = Buffer.from(JSON.stringify(value)).toString()
    return !isPlain(text) || plain(JSON.parse(text))
  }), { numRuns: 2000 })
})

const CORPUS = `${process.cwd()}/../shared/corpus/json-parsing.json`
t.test('F06: a scan in front of the parser changes no verdict', { skip: existsSync(CORPUS) ? false : 'no corpus' }, async t => {
  const { entries } = JSON.parse(readFileSync(CORPUS, 'utf8')) as { entries: { name: string, expect: string, base64: string }[] }
  const free = compileScan({ maxPayload: 1e6, depth: 1e6, nodes: 1e6 }, FLAT)
  for (const { name, expect, base64 } of entries) {
    const text = Buffer.from(base64, 'base64').toString('utf8')
    t.equal(free(text), null, name)
    if (expect === 'accept') JSON.parse(text)
    t.equal(typeof mayHoldForbiddenKey(text), 'boolean')
  }
})
