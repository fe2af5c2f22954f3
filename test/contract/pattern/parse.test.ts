import t from 'tap'
import { OTHERS, parsePattern, type PatternNode } from '../../../lib/contract/pattern/parse.js'

/** The sets of a pattern, in order. */
function setsOf (source: string, flags = ''): string[] {
  const parsed = parsePattern(source, flags)
  if ('fault' in parsed) return [parsed.fault]
  const found: string[] = []
  const visit = (node: PatternNode): void => {
    if (node.type === 'set') {
      const ascii = [...node.set.subarray(0, OTHERS).keys()].filter(code => node.set[code] === 1)
      found.push((ascii.length > 9 ? 'many' : String.fromCharCode(...ascii)) + (node.set[OTHERS] === 1 ? '…' : ''))
    } else if ('nodes' in node) {
      node.nodes.forEach(visit)
    } else if ('node' in node) {
      visit(node.node)
    }
  }
  visit(parsed.node)
  return found
}

t.test('an atom is what the engine says it is', async t => {
  t.same(setsOf('a[bc]\\d.'), ['a', 'bc', 'many', 'many…'])
  t.same(setsOf('\\x61\\u0062\\/[\\]]'), ['a', 'b…', '/', ']'], 'a \\u may stand for more: on the safe side')
  t.same(setsOf('\\u{2}'), ['u…'], 'two times u')
  t.same(setsOf('\\u{62}', 'u'), ['b…'])
  t.same(setsOf('\\ud83d\\ude00a', 'u'), ['…', 'a'], 'a pair is one character')
  t.same(setsOf('\\ud83d\\ude00a'), ['…', '…', 'a'], 'two without the flag')
  t.same(setsOf('k', 'iu'), ['Kk…'], 'the Kelvin sign')
  t.same(setsOf('(?:a)(?<n>b)(?=c)(?!d)'), ['a', 'b', 'c', 'd'])
})

t.test('what can not be judged says why', async t => {
  for (const source of ['(a)\\1', '\\060', '\\c', '(?<n>a)\\k<n>']) t.match(setsOf(source)[0], /backreferences and octal/, source)
  for (const source of ['(?<=a)b', '(?<!a)b', '(?i:a)']) t.match(setsOf(source)[0], /lookbehind and inline flags/, source)
  t.match(setsOf('a'.repeat(1001))[0], /longer than 1000/)
})

t.test('anchors and bounds', async t => {
  const read = (source: string) => { const { anchored, unbounded } = parsePattern(source, '') as Exclude<ReturnType<typeof parsePattern>, { fault: string }>; return { anchored, unbounded } }
  t.same(read('^a|^b'), { anchored: true, unbounded: false })
  t.same(read('^a|b+'), { anchored: false, unbounded: true })
  t.same(read('^a{2,}$'), { anchored: true, unbounded: true })
  t.same(read('^a{2,9}$'), { anchored: true, unbounded: false })
})
