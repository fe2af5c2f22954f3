import fc from 'fast-check'
import t from 'tap'
import { APART, withinGraphemes } from '../../../lib/contract/text/graphemes.js'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
const graphemes = (value: string): number => [...segmenter.segment(value)].length

/** Finds the count by asking for every limit. */
const agrees = (value: string): boolean => {
  const count = graphemes(value)
  return withinGraphemes(value, count) && (count === 0 || !withinGraphemes(value, count - 1)) && withinGraphemes(value, count + 1)
}

// What joins, and what it joins with.
const PIECES = [
  'a', 'я', '漢', '한', '😀', '\u{1f469}', '\u200d', '\u{1f467}', '\u{1f3fd}', '🇩', '🇪', '\u0301', '\ufe0f', '\u1100', '\u1161', '\u11a8', '가', '각', 'नि', '\u094d', 'क',
  '\u0e01\u0e33', '\u0600', '\r', '\n', '\r\n', '\u00a9', '\u2764', '\u{e0067}', '\u{1f3f4}', '\u{20000}', '\u00ad', '\u200c', '\u{11082}', '\ud7b0', '\u303d', '\ud83d', '\udc00',
]

/** A character next to which, if it is another such, there is always a boundary. */
function standsAlone (char: string): boolean {
  APART.lastIndex = 0
  return APART.test(char)
}

t.test('counts what the segmenter counts', async t => {
  const joined = fc.array(fc.constantFrom(...PIECES), { maxLength: 40 }).map(parts => parts.join(''))
  t.equal(fc.check(fc.property(joined, agrees), { numRuns: 4000 }).counterexample, null)
  t.equal(fc.check(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), agrees), { numRuns: 300 }).counterexample, null)
  for (const long of ['\u1100', '\u200d', '🇩', '\u0301', 'a\u0301', '\u{1f469}\u200d', 'नि']) t.equal(agrees(`x${long.repeat(500)}y`), true, `500 x ${JSON.stringify(long)}`)
})

t.test('no character that is counted without the segmenter joins another', async t => {
  const wrong: string[] = []
  let alone = 0
  for (let code = 0; code <= 0x10ffff; code++) {
    const char = String.fromCodePoint(code)
    if (!standsAlone(char)) continue
    alone++
    if (graphemes(`a${char}a${char}${char}a`) !== 6) wrong.push(code.toString(16))
  }
  t.same(wrong, [])
  t.ok(alone > 70_000, `${alone} characters`)
  for (const text of ['Latin', 'кириллица', 'ελληνικά', '漢字', 'かな', '한글', '😀']) t.ok([...text].every(standsAlone), text)
})
