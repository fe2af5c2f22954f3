// Counting user-perceived characters (UAX #29). The engine's segmenter takes some 250 ns for each, and more the
// longer its text is; so it is asked only about places where characters may join, in short pieces, and no further
// than to the limit.

// Characters between two of which there is always a boundary: no combining mark, joiner, conjoining jamo, regional
// indicator or prepended mark, and neither CR nor LF. Of the pairs, emoji and Han of the planes that hold none of
// those.
const BMP = '\\0-\\t\\x0b\\x0c\\x0e-\\u02ff\\u0370-\\u0482\\u048a-\\u0590\\u05d0-\\u05f4\\u0620-\\u064a' +
  '\\u1e00-\\u200b\\u200e-\\u20cf\\u2100-\\u2cee\\u3000-\\u3029\\u3030-\\u3098\\u309b-\\ua66e\\uac00-\\ud7a3'
const HIGH = '\\ud83d\\ud83e\\ud840-\\ud87f'
const ALONE = `(?:[${BMP}]|[${HIGH}][\\udc00-\\udfff])`
const JOINING = `(?:[^${BMP}${HIGH}]|[${HIGH}](?![\\udc00-\\udfff]))`
/** A run of characters between two of which there is always a boundary. */
export const APART = new RegExp(`${ALONE}+`, 'y')
// Few that stand alone are cheaper to be asked about than to be left out: each question costs as much as 16
// characters.
const MAY_JOIN = new RegExp(`(?:${JOINING}+${ALONE}{0,16}(?=${JOINING}|$))*${JOINING}*`, 'y')

/** UTF-16 units that the segmenter is given at once. */
const PIECE = 128

let segmenter: Intl.Segmenter | undefined

/** True when the text has at most `max` user-perceived characters. Linear; stops soon after `max`. Never throws. */
export function withinGraphemes (value: string, max: number): boolean {
  const { length } = value
  if (length <= max) return true
  let count = 1
  for (let at = 0; at < length && count <= max;) {
    const apart = endOf(APART, value, at)
    if (apart > at) count += codePoints(value, at, apart) - 1
    const joined = endOf(MAY_JOIN, value, apart)
    if (joined > apart) {
      // with the neighbours, which may join from both sides
      const start = apart > at ? apart - (isSurrogate(value, apart - 1) ? 2 : 1) : apart
      const end = joined < length ? joined + (isSurrogate(value, joined) ? 2 : 1) : joined
      count += segments(value.slice(start, end), max - count + 1) - 1
    }
    at = joined
  }
  return count <= max
}

/** Where the run of matching characters ends that begins at `at`. */
function endOf (run: RegExp, value: string, at: number): number {
  run.lastIndex = at
  return run.test(value) ? run.lastIndex : at
}

function isSurrogate (value: string, at: number): boolean {
  return (value.charCodeAt(at) & 0xf800) === 0xd800
}

function codePoints (value: string, start: number, end: number): number {
  let count = end - start
  for (let i = start; i < end; i++) if ((value.charCodeAt(i) & 0xfc00) === 0xd800) count--
  return count
}

/** User-perceived characters, counted not far beyond `enough`. */
function segments (value: string, enough: number): number {
  segmenter ??= new Intl.Segmenter('en', { granularity: 'grapheme' })
  let count = 0
  let width = PIECE
  for (let at = 0; count <= enough;) {
    let found = 0
    let last = 0
    let end = at + width
    // half a pair would be a character of its own, and end the one in front
    if (end < value.length && (value.charCodeAt(end) & 0xfc00) === 0xdc00) end++
    for (const { index } of segmenter.segment(value.slice(at, end))) {
      found++
      last = index
    }
    if (end >= value.length) return count + found
    // the last one of a piece may go on behind it; one that fills the piece needs a longer one
    if (found === 1) {
      width *= 2
    } else {
      count += found - 1
      at += last
      width = PIECE
    }
  }
  return count
}
