import { parsePattern } from './parse.js'
import { findAmbiguity } from './ambiguity.js'

/** UTF-16 units of a string that may stand before a pattern with an unbounded repetition. */
export const MAX_PATTERN_INPUT = 256

export interface PatternVerdict {
  /** Why the pattern is not provably linear, or null. */
  readonly fault: string | null
  /** It has a repetition without an upper bound. */
  readonly unbounded: boolean
}

/**
 * Decides whether a backtracking engine matches a pattern in linear time. Conservative: what can't be proven is
 * refused, as are backreferences and lookbehind. It never passes a pattern on which paths through it can multiply
 * (Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", 2016).
 */
export function findPatternFault (source: string, flags: string): PatternVerdict {
  const parsed = parsePattern(source, flags)
  if ('fault' in parsed) return { fault: parsed.fault, unbounded: true }
  return { fault: findAmbiguity(parsed.node, parsed.anchored), unbounded: parsed.unbounded }
}
