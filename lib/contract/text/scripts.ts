// Scripts that are in wide modern use: UAX #31, table 5. Others (historic ones, and those of which UTS #39 says that
// they imitate Latin) are not accepted in identifiers.
const RECOMMENDED = [
  'Latin', 'Cyrillic', 'Greek', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Arabic', 'Hebrew', 'Devanagari', 'Thai',
  'Bengali', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Gujarati', 'Gurmukhi', 'Oriya', 'Sinhala', 'Armenian',
  'Georgian', 'Ethiopic', 'Khmer', 'Lao', 'Myanmar', 'Tibetan', 'Thaana', 'Bopomofo',
]
// Tested in test/contract/text/text.test.ts.

const EAST_ASIAN = ['Han', 'Hiragana', 'Katakana', 'Hangul', 'Bopomofo']

// Writing systems of more than one script count as one (UTS #39, section 5.1).
const SYSTEMS: readonly (readonly string[])[] = [
  ['Han', 'Hiragana', 'Katakana'], ['Han', 'Hangul'], ['Han', 'Bopomofo'],
  ...RECOMMENDED.filter(script => !EAST_ASIAN.includes(script)).map(script => [script]),
]

// Script_Extensions: what is common to some scripts only, such as the long mark of Japanese or the Arabic tatweel,
// counts for those (UAX #24, section 2.9).
const classOf = (scripts: readonly string[]): string =>
  scripts.map(script => `\\p{Script_Extensions=${script}}`).join('')

const NEUTRAL_CLASS = classOf(['Common', 'Inherited'])
const NEUTRAL = new RegExp(`^[${NEUTRAL_CLASS}]*$`, 'u')
const FIRST_LETTER = new RegExp(`[^${NEUTRAL_CLASS}]`, 'u')

interface System { readonly letter: RegExp, readonly whole: RegExp }

// Made when first needed: most applications never see a letter beyond ASCII in an identifier.
let compiled: readonly System[] | undefined

function systems (): readonly System[] {
  compiled ??= SYSTEMS.map(scripts => ({
    letter: new RegExp(`[${classOf(scripts)}]`, 'u'),
    whole: new RegExp(`^[${classOf(scripts)}${NEUTRAL_CLASS}]*$`, 'u'),
  }))
  return compiled
}

/**
 * True when all letters are of one script, or of one writing system (Japanese, Korean, Chinese with Bopomofo), by
 * their Script_Extensions (UTS #39, section 5.1). What all scripts share does not count. Linear: the systems of the
 * first letter are looked up, then the whole is tested against each. False for scripts outside UAX #31, table 5.
 * Which character belongs to which script is the engine's Unicode data.
 */
export function isSingleScript (value: string): boolean {
  if (NEUTRAL.test(value)) return true
  const letter = FIRST_LETTER.exec(value)![0]
  return systems().some(system => system.letter.test(letter) && system.whole.test(value))
}
