import { parsePattern, type PatternNode } from './parse.js'
import { findAmbiguity } from './ambiguity.js'

/** UTF-16 units of a string that may stand before a pattern with an unbounded repetition. */
export const MAX_PATTERN_INPUT = 256

export interface PatternVerdict {
  /** Why the pattern is not provably linear, or null. */
  readonly fault: string | null
  /** It has a repetition without an upper bound. */
  readonly unbounded: boolean
  /** UTF-16 units of the shortest text that may match. */
  readonly least: number
}

/**
 * Decides whether a backtracking engine matches a pattern in linear time. Conservative: what can't be proven is
 * refused, as are backreferences and lookbehind. It never passes a pattern on which paths through it can multiply
 * (Weideman et al., "Analyzing Matching Time Behavior of Backtracking Regular Expression Matchers", 2016).
 */
export function findPatternFault (source: string, flags: string): PatternVerdict {
  const parsed = parsePattern(source, flags)
  if ('fault' in parsed) return { fault: parsed.fault, unbounded: true, least: 0 }
  const { node, anchored, unbounded } = parsed
  return { fault: findAmbiguity(node, anchored), unbounded, least: leastOf(node) }
}

function leastOf (node: PatternNode): number {
  switch (node.type) {
    case 'set': return 1
    case 'cat': return node.nodes.reduce((sum, part) => sum + leastOf(part), 0)
    case 'alt': return Math.min(...node.nodes.map(leastOf))
    case 'repeat': return node.min === 0 ? 0 : node.min * leastOf(node.node)
    default: return 0
  }
}
