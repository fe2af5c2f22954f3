import t from 'tap'
import { Type } from '@sinclair/typebox'
import { compileContract } from '../../../lib/contract/compile.js'
import { findPatternFault } from '../../../lib/contract/pattern/safety.js'
import { identifier } from '../../../lib/contract/text/builders.js'
import { REFUSED } from '../../../lib/protocol/refused.js'
import { attackOf, compileMessage, oneMessage, readCorpus } from '../../helpers/contract.js'
import { isLinear } from '../../helpers/growth.js'

interface Row {
  readonly id: string
  readonly pattern: string
  readonly flags: string
  readonly verdict: string
  readonly attack: { readonly n: number, readonly length: number, readonly recipe: string }
}

/** Linear, but beyond what can be proven: a loop inside a loop that never fails. */
const NOT_PROVEN = new Set(['csv'])

t.test('F19: corpus', async t => {
  for (const row of readCorpus<{ patterns: Row[] }>('redos.json').patterns) {
    const { fault } = findPatternFault(row.pattern, row.flags)
    const bad = row.verdict !== 'linear' || NOT_PROVEN.has(row.id)
    t.equal(fault !== null, bad, `${row.id}: ${fault ?? 'passes'}`)
    const schema = Type.Object({ v: Type.RegExp(new RegExp(row.pattern, row.flags), { maxLength: 256 }) })
    if (bad) {
      t.throws(() => compileContract(oneMessage(schema)), { code: 'WSG_ERR_CONTRACT', message: /super-linear/ }, row.id)
      continue
    }
    const { accept } = compileMessage(schema)
    const attack = attackOf(row.attack.recipe)
    t.equal(attack(row.attack.n).length, row.attack.length, `${row.id}: the recipe`)
    await isLinear(t, row.id, 240, n => attack(n).slice(0, 256), v => accept({ v }))
  }
})

/** Empty, in 32 ways. */
const BLANK = '(?:|)'.repeat(5)

function nested (depth: number, wrap: (inner: string) => string, inner: string): string {
  return depth === 0 ? inner : nested(depth - 1, wrap, wrap(inner))
}

// Verdicts of recheck 4.5.0 for both lists.
t.test('F19: what multiplies is refused', async t => {
  const bad = [
    '^(a+)+$', '^(a|aa)+$', '^(a|a?)+$', '(.*)a{12}', '^(.*)-(.*)$', '^a*a*$', '^\\s+|\\s+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '^(\\d+)*$',
    '^(a*b*)*$', '^.*x.*y$', '^[ab]*[bc]*$', '^(x|y)*z?(x|y)*$', '^\\w+\\d+$', '^(?:a|b|ab)*c$', '^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$',
    // repetitions of what can be empty, and several branches that can
    '^(?:[0-9a-f]?){26}$', '^(?:[a-z](?:-?)+)+$', '^(?:\\d(?: ?|-?))+$', '^(?:a?){13,26}$', '^(?:a*){9}$', '^(?:|){20}$', '^(?:(?:|){20})?b$', '^(?:(?:a|b?|c?)-?)*$', '^(?:a(?:){100000})*$',
    // what old syntax means: octal numbers, a lone \c, braces without the u flag
    '^(?:\\060|0)*$', '^(?:[\\377]|\u00ff)*$', '^(?:\\c|\\\\c)*$', '^(?:\\u{2}|uu)*$', '^(?:\\p{L}|p\\{L\\})*$',
    // characters beyond ASCII that are escaped for no reason
    '^(?:\\\u00e9+)+$', '^(?:[\\\u00e9\\\u00fc]+)+$', '^(?:[\\\u00e9]|\\\u00e9)*$', '^(?:\\\u00e9|\u00e9)*$', '^(?:[!-\\\u00ff]+)+$',
    // what is empty in many ways, beside the rest and again
    ...[2, 3, 5].map(depth => `^${nested(depth, inner => `(?=${BLANK}${inner})`, '(?!)')}a$`), `^${nested(3, inner => `(?!${BLANK}${inner})`, '$')}a$`,
    ...['?', '*', '+', '{0,5}', '{1,5}'].map(how => `^${nested(3, inner => `(?:${BLANK}${inner})${how}`, '$')}a$`), `^${nested(20, inner => `(?:${inner})+`, '(?:|)')}a$`,
    // lookahead is walked beside the rest
    '^(?=(a+)+$)a', '^(?:a(?=a*b))*$', '^(?!.*x.*x)', '(?=a*b)a',
    '^(?<name>a+)+$', '^(a+?)+?$', '^(?:a{0,9}){0,99}$', '^(\\x61|a)*$', '^([a-f]|[^g-z])*$', '^(.|\\n)*x(.|\\s)*y$',
  ]
  for (const pattern of bad) t.ok(findPatternFault(pattern, '').fault !== null, pattern)
  for (const pattern of bad.filter(one => one.includes('\\\u00e9'))) t.ok(findPatternFault(pattern, 'i').fault !== null, `${pattern} i`)
  for (const [pattern, flags] of [['^(k|\u212a)*$', 'iu'], ['^([a-z]|[A-Y])*$', 'i'], ['^(\\p{L}|\u00e9)*$', 'u'], ['^(\\w|\u017f)*$', 'iu'], ['^(?:\\ud83d\\ude00a|.a)*$', 'u']] as const) {
    t.ok(findPatternFault(pattern, flags).fault !== null, `${pattern} ${flags}`)
  }
})

t.test('F19: what is linear passes', async t => {
  const good = [
    '^[a-z0-9]+$', '^[A-Za-z0-9_-]{1,64}$', '^[a-z0-9]+(?:-[a-z0-9]+)*$', '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(\\.\\d+)?Z$',
    '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$', '^#[0-9a-fA-F]{6}$', '^(https?)://[^\\s/$.?#].[^\\s]*$',
    '^[^@\\s]+@[^@\\s.]+(\\.[^@\\s.]+)+$', '^\\+?[1-9]\\d{1,14}$', '^[a-z]{2,3}(-[A-Z]{2})?$', '^(foo|bar|baz)$', 'foo', '^room-(.*)$',
    '^-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?$', '^(\\w+\\.)*\\w+$', '^\\d{1,3}(\\.\\d{1,3}){3}$', '^[a-z]{16}[a-z0-9]{16}$', '^$', '^[\\]\\\\]*$', '^a{$', '^\\/\\cA\\0*$',
    '^(?:\\\u00e9+)$', '^[\\\u00e9\\\u00fc]+(?:-[\\\u00e9\\\u00fc]+)*$', '^(?:\\\u00e9|a)*$', '^(?=$|a)(?!b|$)(?:a|b)+$', '^(?:(?=a))?a+$', '^(?:|)(?:|)a+$',
    '^(?:a?){3}$', '^(?:-?)+$', '^(a{60}){60}$', '^(?!-)[a-z-]{1,63}$', '^(?=.*\\d)[a-z\\d]{8,64}$', '^(?:25[0-5]|2[0-4]\\d|[01]?\\d\\d?)(?:\\.(?:25[0-5]|2[0-4]\\d|[01]?\\d\\d?)){3}$',
    '^(0|[1-9]\\d*)\\.(0|[1-9]\\d*)(?:-((?:0|[1-9]\\d*|\\d*[a-z-][0-9a-z-]*)(?:\\.(?:0|[1-9]\\d*|\\d*[a-z-][0-9a-z-]*))*))?$',
    '^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$', '^(a*b)*$', '^x*y*z*$', '^\\101\\060+$',
  ]
  for (const pattern of good) t.equal(findPatternFault(pattern, '').fault, null, pattern)
  t.equal(findPatternFault('^[\\p{L}\\p{N}]+$', 'u').fault, null)
  t.equal(findPatternFault('^\u{1f600}+\\u{1f601}$', 'u').unbounded, true)
})

// The search counts its steps; a test that never ends would be one that does not.
t.test('what is beyond proof is refused', async t => {
  for (const pattern of ['^(?<=a)b$', '^(.)\\1$', '^(?<a>x)\\k<a>$', '^(?<!a)b$', `^${'(a|b|c)?'.repeat(120)}$`, `^(${'[a-c]?'.repeat(90)})*$`, `^(${'ab|'.repeat(99)}c)*$`, 'a'.repeat(1001), '('.repeat(9), '^(a?){900}$']) {
    t.ok(findPatternFault(pattern, '').fault !== null, pattern.slice(0, 30))
  }
})

t.test('opt-outs, lengths and places', async t => {
  const fails = (schema: Parameters<typeof oneMessage>[0], message: RegExp): void => {
    t.throws(() => compileContract(oneMessage(schema)), { code: 'WSG_ERR_CONTRACT', message }, String(message))
  }
  const csv = '^(([^,]*),?)*$'
  fails(Type.Object({ v: Type.String({ pattern: csv, maxLength: 9 }) }), /super-linear/)
  t.ok(compileMessage(Type.Object({ v: Type.String({ pattern: csv, maxLength: 9, patternProvenSafe: true }) })), 'proven by other means')
  fails(Type.Object({ v: Type.String({ pattern: '^[a-z]+$', maxLength: 257 }) }), /\{ maxLength \} of 256 at most/)
  t.ok(compileMessage(Type.Object({ v: Type.String({ pattern: '^[a-z]+$', maxLength: 256 }) })))
  t.ok(compileMessage(Type.Object({ v: Type.String({ pattern: '^[a-z]{1,900}$', maxLength: 900 }) })), 'bounded by itself')
  fails(Type.Object({ v: Type.Record(Type.String({ pattern: '^(a+)+$' }), Type.Null(), { maxProperties: 3 }) }), /super-linear/)
  fails(Type.Object({ v: identifier({ maxLength: 9, pattern: '(?:[a-z]+)+' }) }), /super-linear/)
  t.ok(compileContract({ name: 'test', url: '/', outbound: { o: Type.Object({ v: Type.String({ pattern: csv }) }) } }), 'what we send ourselves')
  const { accept } = compileMessage(Type.Object({ v: Type.String({ pattern: '^(a+)+$', maxLength: 8, patternProvenSafe: true }) }))
  t.equal(accept({ v: 'a'.repeat(40) + '!' }), REFUSED, 'the length is checked before the pattern')
})

t.test('how long the shortest text is that may match', async t => {
  for (const [pattern, least] of [['^[0-9]{6}$', 6], ['a?b*c+', 1], ['^(?:ab|c)d$', 2], ['(?=abc)a', 1], ['^\\bx{2,}$', 2], ['', 0], ['^(ab{3}){2}', 8], ['a|', 0]] as const) {
    t.equal(findPatternFault(pattern, '').least, least, pattern)
  }
})
