// Tested in test/contract/text/text.test.ts.

// Character rules that the text policies are made of. Every one is linear in the length of its argument, and none
// throws.

/**
 * Printable ASCII only. Measured on Node 20 against a charCodeAt loop: 22 and 27 ns for 20 characters, 31 and 81 ns
 * for 60, 88 and 255 ns for 200. For strings without a policy `plainString` is faster still.
 */
export const SAFE_ASCII = /^[\x20-\x7e]*$/

/** Printable ASCII of several lines, where CR is to become LF. */
export const SAFE_ASCII_REPAIRED = /^[\x20-\x7e\t\n]*$/

// Characters of blocks without combining marks that no text is refused for; of pairs, those of U+1F000 to U+1FBFF.
const SAFE = '\\t\\x20-\\x7e\\xa0-\\u02ff\\u0370-\\u0482\\u048a-\\u0590\\u05d0-\\u05f4\\u0620-\\u064a\\u1e00-\\u2027' +
  '\\u202f-\\u2065\\u206a-\\u20cf\\u2100-\\u2cee\\u3000-\\u3029\\u3030-\\u3098\\u309b-\\ua66e\\uac00-\\ud7ff'

/**
 * What `line` accepts without a further look: most text of most scripts. One look at 60 characters is 56 ns of
 * Cyrillic instead of 102, 94 of Japanese instead of 175, and no dearer for ASCII.
 */
export const SAFE_LINE = safeRun(SAFE)

/** The same for `text`: line breaks as well. */
export const SAFE_TEXT = safeRun(`${SAFE}\\n\\r\\u2028\\u2029`)

function safeRun (safe: string): RegExp {
  return new RegExp(`^[${safe}]*(?:[\\ud83c-\\ud83e][\\udc00-\\udfff][${safe}]*)*$`)
}

/** UTF-16 units up to which a loop beats the two calls into the engine: 4 against 12 ns for 5 letters. */
const SHORT = 24

/**
 * The rule for every string of a contract: well-formed UTF-16 (F08: a lone surrogate can't be UTF-8) and no NUL
 * (F09). 10-18 ns for longer Latin text up to 1000, since V8 knows one-byte strings to be well-formed; 170 ns for
 * 200 Cyrillic letters. No regular expression in front of it pays.
 */
export function plainString (value: string): boolean {
  const { length } = value
  if (length > SHORT) return value.isWellFormed() && value.indexOf('\0') === -1
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i)
    if (unit === 0) return false
    // a surrogate: whether it has its half, the engine says
    if ((unit & 0xf800) === 0xd800) return value.isWellFormed() && value.indexOf('\0') === -1
  }
  return true
}

// C0 without TAB, LF, CR; DEL and C1; bidirectional embeddings, overrides and isolates; interlinear annotation; BOM.
// ZWJ, ZWNJ, variation selectors, LRM, RLM and ALM stay: emoji, Persian, Indic and Hebrew text need them.
const FORBIDDEN = '\\0-\\x08\\x0b\\x0c\\x0e-\\x1f\\x7f-\\x9f\\u202a-\\u202e\\u2066-\\u2069\\ufeff\\ufff9-\\ufffb'
const FORBIDDEN_TEXT = new RegExp(`[${FORBIDDEN}]`)
const FORBIDDEN_LINE = new RegExp(`[${FORBIDDEN}\\n\\r\\u2028\\u2029]`)
const FORBIDDEN_ALL = new RegExp(`[${FORBIDDEN}]+`, 'g')
const LINE_BREAKS = /\r\n|[\n\r\x85\u2028\u2029]/g

/** A character that no text may hold. */
export function hasForbidden (value: string): boolean {
  return FORBIDDEN_TEXT.test(value)
}

/** A character that no text may hold, or a line break of any kind. */
export function hasForbiddenOrBreak (value: string): boolean {
  return FORBIDDEN_LINE.test(value)
}

/** CR and CRLF become LF, forbidden characters go. */
export function repairText (value: string): string {
  return value.replace(/\r\n?/g, '\n').replace(FORBIDDEN_ALL, '')
}

/** A line break becomes one space, so that words stay apart; forbidden characters go. */
export function repairLine (value: string): string {
  return value.replace(LINE_BREAKS, ' ').replace(FORBIDDEN_ALL, '')
}

const BEYOND_LATIN = /[\u0300-\uffff]/
// Not in a block without combining marks. Without the u flag three to six times as fast as \p{M}; a test holds it
// to that.
const MAYBE_MARK = new RegExp('[^\\0-\\u02ff\\u0370-\\u0482\\u048a-\\u0590\\u05d0-\\u05f4\\u0620-\\u064a' +
  '\\u1e00-\\u20cf\\u2100-\\u2cee\\u3000-\\u3029\\u3030-\\u3098\\u309b-\\ua66e\\uac00-\\ud7ff]')
const MARK = /\p{M}/u
const MOST_MARKS = 30

/** For each UTF-16 unit 1 where it is a combining mark. Made when first needed, in some 3 ms. */
let marks: Uint8Array | undefined

/** All characters below U+0300: none is a combining mark, and NFC changes none of them. */
export function isLatin (value: string): boolean {
  return !BEYOND_LATIN.test(value)
}

/** A character that may be a combining mark (Unicode category M): true for every mark, and for some others. */
export function maybeMark (value: string): boolean {
  return MAYBE_MARK.test(value)
}

/**
 * More than 30 combining marks in a row. No language needs them (UAX #15, section 13: stream-safe text), they draw
 * over the neighbouring lines, and NFC is quadratic in them: 320 ms for 60 KB (G14). Ask before normalising.
 */
export function hasMarkRun (value: string): boolean {
  const { length } = value
  if (length <= MOST_MARKS || !maybeMark(value)) return false
  // a table and a loop take a tenth of what /\p{M}{31}/u does
  marks ??= Uint8Array.from({ length: 0x10000 }, (_, unit) => MARK.test(String.fromCharCode(unit)) ? 1 : 0)
  let run = 0
  for (let i = 0; i < length; i++) {
    const unit = value.charCodeAt(i)
    const isPair = (unit & 0xfc00) === 0xd800
    const isMark = isPair ? MARK.test(value.slice(i, i + 2)) : marks[unit] === 1
    if (isPair) i++
    run = isMark ? run + 1 : 0
    if (run > MOST_MARKS) return true
  }
  return false
}

/** Bytes of the UTF-8 form of a well-formed string. */
export function utf8Length (value: string): number {
  let bytes = value.length
  for (let i = 0; i < value.length; i++) {
    const unit = value.charCodeAt(i)
    if (unit < 0x80) continue
    // A surrogate pair is four bytes, so each of its halves counts two.
    bytes += unit < 0x800 || (unit >= 0xd800 && unit <= 0xdfff) ? 1 : 2
  }
  return bytes
}

/** True when the UTF-8 form has at most `max` bytes. Counts only where the length does not already tell. */
export function withinBytes (value: string, max: number): boolean {
  const { length } = value
  if (length > max) return false
  return length * 3 <= max || utf8Length(value) <= max
}
