import { WSG_ERR_CONTRACT } from '../../errors/contract-error.js'
import { isSingleScript } from './scripts.js'
import { hasForbiddenOrBreak, hasMarkRun, withinBytes } from './rules.js'

// Tested in test/contract/text/text.test.ts.

const DEFAULT_PATTERN = '[\\p{L}\\p{N}_\\-][\\p{L}\\p{M}\\p{N}_\\-]*'
const ASCII_DEFAULT = /^[A-Za-z0-9_-]+$/
// Invisible: zero width, direction marks, variation selectors, tag characters, Hangul fillers.
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/u
const ALL_INVISIBLE = /\p{Default_Ignorable_Code_Point}+/gu

/**
 * The form of an identifier in which two of them are the same: NFKC, without invisible characters, case-folded. For
 * comparison and unique indexes only; store and show the original. Stable: the key of a key is the key. Close to
 * NFKC_Casefold (UAX #44), and joins a little more: dotless `ı` and `i` are one. Look-alikes of one script (`rn`,
 * `m`) stay different. Never throws; for a value that no `identifier` accepts (more than 30 marks in a row) returns
 * it as it is.
 */
export function identifierKey (value: string): string {
  if (ASCII_DEFAULT.test(value)) return value.toLowerCase()
  let key = value
  // Folding may denormalise and normalising may unfold; three rounds settle every code point, two nearly all.
  for (let round = 0; round < 4; round++) {
    // first, since marks that an invisible character keeps apart are one run without it
    const visible = key.replace(ALL_INVISIBLE, '')
    if (hasMarkRun(visible)) return value
    const next = visible.normalize('NFKC').toLowerCase().toUpperCase().toLowerCase().normalize('NFKC')
    if (next === key) break
    key = next
  }
  return key
}

/**
 * The character rule of `identifier`, without lengths. The allow-list has to match the value and its NFKC form:
 * U+FDFA is one letter, and 18 characters with spaces after NFKC. Throws WSG_ERR_CONTRACT for a pattern that does
 * not compile.
 */
export function compileIdentifier (pattern: string | undefined, maxBytes: number): (value: string) => boolean {
  let allowed: RegExp
  try {
    allowed = new RegExp(`^(?:${pattern ?? DEFAULT_PATTERN})$`, 'u')
  } catch {
    throw new WSG_ERR_CONTRACT('text policy, pattern: expected the source of a regular expression with the u flag')
  }
  return value => {
    if (pattern === undefined && ASCII_DEFAULT.test(value)) return true
    if (!value.isWellFormed() || hasForbiddenOrBreak(value) || INVISIBLE.test(value) || hasMarkRun(value)) return false
    if (!allowed.test(value)) return false
    const folded = value.normalize('NFKC')
    if (folded === value) return isSingleScript(value)
    return withinBytes(folded, maxBytes) && allowed.test(folded) && isSingleScript(folded)
  }
}
