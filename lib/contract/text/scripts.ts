// Scripts that are in wide modern use: UAX #31, table 5. Others (historic ones, and those of which UTS #39 says that
// they imitate Latin) are not accepted in identifiers.
const RECOMMENDED = [
  'Latin', 'Cyrillic', 'Greek', 'Han', 'Hiragana', 'Katakana', 'Hangul', 'Arabic', 'Hebrew', 'Devanagari', 'Thai',
  'Bengali', 'Tamil', 'Telugu', 'Kannada', 'Malayalam', 'Gujarati', 'Gurmukhi', 'Oriya', 'Sinhala', 'Armenian',
  'Georgian', 'Ethiopic', 'Khmer', 'Lao', 'Myanmar', 'Tibetan', 'Thaana', 'Bopomofo',
]

// Writing systems of more than one script count as one (UTS #39, section 5.1).
const SYSTEMS: readonly (readonly string[])[] = [['Han', 'Hiragana', 'Katakana'], ['Han', 'Hangul'], ['Han', 'Bopomofo']]

const exactly = (scripts: readonly string[]): RegExp =>
  new RegExp(`^[${[...scripts, 'Common', 'Inherited'].map(script => `\\p{Script=${script}}`).join('')}]*$`, 'u')

const NEUTRAL = exactly([])
const FIRST_LETTER = /[^\p{Script=Common}\p{Script=Inherited}]/u

const testers = new Map<string, readonly RegExp[]>()
const scriptTests = new Map<string, RegExp>()

function testersOf (script: string): readonly RegExp[] {
  let found = testers.get(script)
  if (found === undefined) {
    const systems = SYSTEMS.filter(system => system.includes(script))
    found = (systems.length === 0 ? [[script]] : systems).map(exactly)
    testers.set(script, found)
  }
  return found
}

function scriptOf (letter: string): string | undefined {
  for (const script of RECOMMENDED) {
    let test = scriptTests.get(script)
    if (test === undefined) scriptTests.set(script, test = new RegExp(`\\p{Script=${script}}`, 'u'))
    if (test.test(letter)) return script
  }
  return undefined
}

/**
 * True when all letters are of one script, or of one writing system (Japanese, Korean, Chinese with Bopomofo). Digits,
 * punctuation and marks that all scripts share do not count. Linear: the first letter's script is looked up, then the
 * whole is tested against it. False for scripts outside UAX #31, table 5. Which character belongs to which script is the
 * engine's Unicode data.
 */
export function isSingleScript (value: string): boolean {
  if (NEUTRAL.test(value)) return true
  const letter = FIRST_LETTER.exec(value)?.[0]
  const script = letter === undefined ? undefined : scriptOf(letter)
  return script !== undefined && testersOf(script).some(test => test.test(value))
}
